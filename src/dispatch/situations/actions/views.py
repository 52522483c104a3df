"""Saved views of the list: filters under a name."""

from __future__ import annotations

from sqlalchemy import or_, select

from dispatch.kit import clock
from dispatch.kit.db import Tx
from dispatch.kit.errors import Conflict, Invalid, NotAllowed, NotFound
from dispatch.kit.events import Subject, record
from dispatch.people.queries import Viewer
from dispatch.situations.events import ViewRemoved, ViewShared
from dispatch.situations.models import SavedView

LONGEST_NAME = 60
LONGEST_QUERY = 2000
MOST_VIEWS = 100


async def save_view(t: Tx, viewer: Viewer, name: str, query: str, *, shared: bool) -> SavedView:
    """Save under a name; one's own view of that name is replaced. What is shared is on record.

    Args:
        query: the part of the list's address behind the question mark.

    Raises:
        Invalid: no name, or something is too long, or too many views.
        Conflict: somebody else shared a view of that name.
        NotAllowed: machines and guests share nothing.
    """
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME:
        raise Invalid(f"A view needs a name of 1 to {LONGEST_NAME} characters.", field="name")
    if len(query) > LONGEST_QUERY:
        raise Invalid("These filters are too long to be saved.", field="query")
    if viewer.person_id is None:
        raise NotAllowed("Views belong to people; a token cannot save one.")
    if shared and viewer.role == "guest":
        raise NotAllowed("Guests cannot share a view with the organization. Save it for yourself.")
    kept = list(
        await t.scalars(
            select(SavedView).where(
                SavedView.org_id == t.org, or_(SavedView.owner_id == viewer.person_id, SavedView.shared)
            )
        )
    )
    same = next((v for v in kept if v.name == name and v.shared == shared), None)
    if same is not None and same.owner_id != viewer.person_id and not viewer.is_admin:
        raise Conflict(f'Somebody else shared a view "{name}". Choose another name.')
    if same is None and sum(v.owner_id == viewer.person_id for v in kept) >= MOST_VIEWS:
        raise Invalid(f"You have {MOST_VIEWS} views; delete one first.")
    view = same or SavedView(org_id=t.org, owner_id=viewer.person_id, name=name, shared=shared)
    view.query, view.changed_at = query, clock.now()
    t.add(view)
    await t.flush()
    if shared:
        await record(t, ViewShared(view=name), about=Subject("organization", t.org), by=viewer.person_id)
    return view


async def remove_view(t: Tx, viewer: Viewer, view_id: int) -> None:
    """Delete one's own view; an admin also one that is shared.

    Raises:
        NotFound: none that the viewer may delete.
    """
    view = await t.get(SavedView, (t.org, view_id))
    own = view is not None and view.owner_id == viewer.person_id
    if view is None or not (own or (view.shared and viewer.is_admin)):
        raise NotFound("There is no view of yours that could be deleted.")
    if view.shared:
        await record(t, ViewRemoved(view=view.name), about=Subject("organization", t.org), by=viewer.person_id)
    await t.delete(view)
