"""Who may see and do what in a situation. One predicate and one table, used by Slack, web, API and jobs alike."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, or_, select, union

from dispatch.kit import clock
from dispatch.kit.db import Read
from dispatch.kit.errors import NotAllowed
from dispatch.kit.web.live import Changes
from dispatch.people.models import Person
from dispatch.people.queries import Viewer, admins, person, viewer_of_person
from dispatch.projects.models import Priority
from dispatch.situations.kinds import KINDS, STEERING
from dispatch.situations.models import Participant, ParticipantRole, RestrictedAccess, Situation

#: Where there is no such incident, and where there is one that is not for these eyes: the two are not told apart.
NOT_YOURS = "There is no such incident that you may see."
#: What steers: needs Commander, Scribe or an admin, of the project or the organization; until a commander acknowledged, the reporter may, too.
#: The words complete the sentence "To ... you need to be ...".
STEERS = {
    "assign_role": "assign roles",
    "update": "change this",
    "change_status": "change the status",
    "report": "write a report",
    "notifications_group": "edit the notifications group",
    "add_event": "add to the timeline",
    "create_task": "create a task",
    "retry": "try a step again",
    "merge": "merge it with another one",
    "relate": "link it with another one",
    "change_visibility": "change who can see this",
    "invite": "bring in people",
    "update_participant": "change what is known about others",
    "engage_oncall": "call who is on call",
}
#: Who steers without a role in the situation.
AN_ADMIN = "an admin of the project or the organization"
#: Of those, what everybody who takes part may do, too.
TAKING_PART = frozenset({"engage_oncall"})


def visible_to(viewer: Viewer) -> ColumnElement[bool]:
    """Restricted situations exist for their participants and for admins with a recorded reason only.

    Everything else is there for every member; a workspace's guests see what they take part in. A machine
    (an API token) is nobody's participant and sees open situations.
    """
    if viewer.person_id is None:
        return Situation.visibility == "open"
    takes_part = select(Participant.id).where(
        Participant.org_id == Situation.org_id,
        Participant.situation_id == Situation.id,
        Participant.person_id == viewer.person_id,
    )
    if viewer.role == "guest":
        return exists(takes_part.correlate(Situation))
    if not viewer.is_admin:
        return or_(Situation.visibility == "open", _for_this_row(takes_part))
    looks = select(RestrictedAccess.id).where(
        RestrictedAccess.org_id == Situation.org_id,
        RestrictedAccess.situation_id == Situation.id,
        RestrictedAccess.person_id == viewer.person_id,
        RestrictedAccess.until > clock.now(),
    )
    return or_(Situation.visibility == "open", _for_this_row(takes_part), _for_this_row(looks))


async def sees(t: Read, who: Person, situation_id: int) -> bool:
    """Whether there is such a situation for this person."""
    viewer = await viewer_of_person(t, who)
    found = select(Situation.id).where(Situation.org_id == t.org, Situation.id == situation_id, visible_to(viewer))
    return await t.scalar(found) is not None


async def only_seen_by(t: Read, situation_id: int) -> frozenset[int] | None:
    """The people who may see a restricted situation; None for an open one, which every member may see."""
    restricted = select(Situation.id).where(
        Situation.org_id == t.org, Situation.id == situation_id, Situation.visibility != "open"
    )
    if await t.scalar(restricted) is None:
        return None
    here = (Participant.org_id == t.org, Participant.situation_id == situation_id)
    looks = (
        RestrictedAccess.org_id == t.org, RestrictedAccess.situation_id == situation_id,
        RestrictedAccess.until > clock.now(),
    )  # fmt: skip
    people = union(select(Participant.person_id).where(*here), select(RestrictedAccess.person_id).where(*looks))
    return frozenset(await t.scalars(people))


async def told_of(t: Read, viewer: Viewer, changed: Changes) -> Changes:
    """Those of the changes that may be told to the viewer, as far as situations go: everything they tell of is visible."""
    ids = {each.id for change in changed if change is not None for each in change.tells_of if each.kind in KINDS}
    if not ids:
        return changed
    seen = select(Situation.id).where(Situation.org_id == t.org, Situation.id.in_(ids), visible_to(viewer))
    hidden = ids - set(await t.scalars(seen))
    return {
        change
        for change in changed
        if change is None or not any(each.kind in KINDS and each.id in hidden for each in change.tells_of)
    }


async def unseen(t: Read, viewer: Viewer, ids: Collection[int]) -> frozenset[int]:
    """Those of the situations that are there and not for the viewer's eyes."""
    hidden = select(Situation.id).where(Situation.org_id == t.org, Situation.id.in_(ids), ~visible_to(viewer))
    return frozenset(await t.scalars(hidden)) if ids else frozenset()


def _for_this_row(found: Select[Any]) -> ColumnElement[bool]:
    """Asked for each restricted row. The offset keeps PostgreSQL from collecting all a person ever took part in first."""
    return exists(found.correlate(Situation).offset(0))


@dataclass(frozen=True)
class Standing:
    """What the viewer is in one situation, read once per request."""

    viewer: Viewer
    #: The viewer is an admin of the project, or of the organization.
    admin: bool
    roles: frozenset[str]
    takes_part: bool
    reporter_id: int
    commander_id: int | None
    commander: str
    acknowledged: bool
    #: Any participant may take the command: it was not acknowledged in time, or a hand-off was not answered.
    command_open: bool
    #: The project's most urgent priority: any member may take the command with a reason.
    urgent: bool
    helpers: tuple[str, ...]

    @property
    def leads(self) -> bool:
        return self.viewer.person_id is not None and self.viewer.person_id == self.commander_id

    @property
    def steers(self) -> bool:
        """Whether everything in `STEERS` is allowed."""
        if self.admin or self.roles & set(STEERING):
            return True
        return not self.acknowledged and self.viewer.person_id == self.reporter_id

    def may(self, action: str) -> bool:
        """Whether the viewer may do `action`, a key of `STEERS`."""
        return self.steers or (self.takes_part and action in TAKING_PART)

    @property
    def may_take_command(self) -> bool:
        """With or without a reason: see `needs_reason`."""
        if self.leads or self.viewer.person_id is None or self.viewer.role == "guest":
            return False
        return self.admin or (self.takes_part and self.command_open) or self.urgent

    @property
    def needs_reason(self) -> bool:
        return not (self.takes_part and self.command_open)

    def who_helps(self) -> str:
        """Names people the viewer can ask."""
        asked = [] if self.commander_id is None or self.leads else [f"{self.commander}, who leads,"]
        if self.helpers:
            asked.append(f"an admin ({', '.join(self.helpers)})")
        return f"Ask {' or '.join(asked)}." if asked else f"Ask {AN_ADMIN}."


async def standing(t: Read, viewer: Viewer, situation: Situation) -> Standing:
    """Read what the viewer is here. The caller found `situation` through `visible_to`."""
    held = (
        await t.execute(
            select(ParticipantRole, Participant.person_id)
            .join(
                Participant,
                (Participant.org_id == ParticipantRole.org_id) & (Participant.id == ParticipantRole.participant_id),
            )
            .where(
                ParticipantRole.org_id == t.org,
                ParticipantRole.situation_id == situation.id,
                ParticipantRole.renounced_at.is_(None),
                or_(ParticipantRole.role == "Commander", Participant.person_id == (viewer.person_id or 0)),
            )
        )
    ).all()
    lead = next((row for row in held if row.ParticipantRole.role == "Commander"), None)
    mine = frozenset(row.ParticipantRole.role for row in held if row.person_id == viewer.person_id)
    commander = (await person(t, lead.person_id)).name if lead is not None else "nobody"
    rank = (
        await t.execute(select(Priority.rank).where(Priority.org_id == t.org, Priority.id == situation.priority_id))
    ).scalar_one()
    higher = await t.scalar(
        select(Priority.id)
        .where(
            Priority.org_id == t.org,
            Priority.project_id == situation.project_id,
            Priority.kind == situation.kind,
            Priority.enabled,
            Priority.rank > rank,
        )
        .limit(1)
    )
    return Standing(
        viewer=viewer,
        admin=viewer.admin_of(situation.project_id),
        roles=mine,
        takes_part=bool(mine),
        reporter_id=situation.reporter_id,
        commander_id=lead.person_id if lead is not None else None,
        commander=commander,
        acknowledged=lead is not None and lead.ParticipantRole.acknowledged_at is not None,
        command_open=lead is None or lead.ParticipantRole.open_since is not None,
        urgent=higher is None,
        helpers=() if viewer.admin_of(situation.project_id) else tuple(await admins(t, project=situation.project_id)),
    )


def require(standing: Standing, action: str) -> None:
    """Stop unless the viewer may do `action` (a key of `STEERS`). Asked at the click and again at the submission.

    Raises:
        NotAllowed: says what is missing and who can help.
    """
    if not standing.may(action):
        who = "take part, or be" if action in TAKING_PART else "be Commander, Scribe or"
        raise NotAllowed(f"To {STEERS[action]} you need to {who} {AN_ADMIN}. {standing.who_helps()}")


def require_take_command(standing: Standing, *, reason: str = "") -> None:
    """Stop unless the viewer may take the command.

    Raises:
        NotAllowed: says when it will be possible, or that a reason is missing, and who can help.
    """
    if standing.leads:
        raise NotAllowed("You lead already.")
    if not standing.may_take_command:
        if standing.acknowledged:
            raise NotAllowed(
                f"{standing.commander} leads and has acknowledged. To lead instead of them, ask them to hand the "
                f"command to you. {standing.who_helps()}"
            )
        if not standing.takes_part:
            raise NotAllowed(f"Join the channel first: participants may take the command. {standing.who_helps()}")
        raise NotAllowed(
            f"{standing.commander} still has time to acknowledge; after that you may take the command. "
            f"{standing.who_helps()}"
        )
    if standing.needs_reason and not reason.strip():
        raise NotAllowed("Please give a reason: the command is not open to everybody at the moment.")


def require_merge(standing: Standing, original: Standing, *, lets_in: bool) -> None:
    """Stop unless the viewer may merge one into another.

    Args:
        original: what the viewer is in the one that goes on.
        lets_in: that one is restricted, and who is brought over will see it.

    Raises:
        NotAllowed: says what is missing and who can help.
    """
    require(standing, "merge")
    if lets_in:
        require(original, "invite")
