"""Who may see and do what. One predicate and one table, used by Slack, web, API and jobs alike."""

from __future__ import annotations

from sqlalchemy import ColumnElement, exists, or_, true

from dispatch.kit.errors import NotAllowed
from dispatch.people.queries import Viewer
from dispatch.situations.models import Participant, Situation


def visible_to(viewer: Viewer) -> ColumnElement[bool]:
    """Restricted situations are there for their participants only; everything else for every member."""
    if viewer.person_id is None:
        return Situation.visibility == "open"
    return or_(
        Situation.visibility == "open",
        exists().where(
            Participant.org_id == Situation.org_id,
            Participant.situation_id == Situation.id,
            Participant.person_id == viewer.person_id,
        ),
    ) & true()


def may_retry(viewer: Viewer, *, roles: set[str]) -> None:
    """Retrying a step steers the situation.

    Raises:
        NotAllowed: says what is missing and who can help.
    """
    if viewer.is_admin or roles & {"Commander", "Scribe", "Reporter"}:
        return
    raise NotAllowed(
        "To try a step again you need to be Commander, Scribe, Reporter or an admin of the organization. "
        "Ask the commander named on this page."
    )
