"""/dispatch-list-participants: who takes part, in which role, since when and why. From our own rows alone (W-60)."""

from __future__ import annotations

from dispatch.kit.db import Read
from dispatch.kit.slack import blocks as b
from dispatch.kit.slack.opening import redraw
from dispatch.kit.slack.pages import on_turn, page_row, page_there
from dispatch.kit.slack.registry import Answer, Request, command
from dispatch.people.queries import chat_ids
from dispatch.situations import queries
from dispatch.situations.slack.actor import actor
from dispatch.situations.slack.opening import open_here
from dispatch.situations.slack.place import Here, carried, carrying, here

TITLE = "Incident participants"
KEY = "list_participants"
SIZE = 25


@command(
    "list_participants",
    name="/dispatch-list-participants",
    description="Opens a modal with the list of incident participants.",
)
async def typed(asked: Request) -> Answer:
    """Everybody who sees the incident may look."""
    await open_here(asked, TITLE, lambda t, place: _list(t, asked, place, 1))
    return None


@on_turn(KEY)
async def turned(asked: Request, page: int) -> None:
    """Another page."""
    came = carrying(asked.view)
    person = await actor(asked)

    async def fill() -> b.View:
        async with asked.db.read(asked.org) as t:
            return await _list(t, asked, await here(t, asked, person, int(came["id"])), page)

    redraw(asked, TITLE, fill)


async def _list(t: Read, asked: Request, place: Here, page: int) -> b.View:
    everybody = await queries.participants(t, place.situation.id)
    page = page_there(page, size=SIZE, total=len(everybody))
    shown = everybody[(page - 1) * SIZE : page * SIZE]
    ids = await chat_ids(t, (row.person.id for row in shown), team=asked.installation.team_id)
    return b.modal(
        TITLE,
        [
            b.context(f"*{place.situation.name}* · {len(everybody)} people"),
            *(b.section(_line(row, ids.get(row.person.id))) for row in shown),
            *page_row(KEY, page=page, size=SIZE, total=len(everybody)),
        ],
        callback_id=KEY,
        private_metadata=carried(place.situation.id),
    )


def _line(row: queries.ParticipantRow, user_id: str | None) -> str:
    who = row.person
    name = b.user(user_id) if user_id else f"*{b.escape(b.cut(who.name, 100))}*"
    work = ", ".join(b.escape(b.cut(each, 100)) for each in (who.title, who.team, who.department, who.location) if each)
    why = f"added by {b.escape(row.added_by)}" if row.added_by else ""
    if row.added_reason:
        why = f"{why or 'added'}: {b.escape(b.cut(row.added_reason, 200))}"
    away = f"not in the channel: {b.escape(b.cut(row.note, 200))}" if row.in_channel is False else ""
    small = " · ".join(each for each in (work, why, away) if each)
    roles = ", ".join(row.roles) + (" (acting)" if row.acting else "")
    return f"{name} · {roles}" + (f"\n{small}" if small else "")
