"""Writes when a person answers a page, from wherever: Slack, the web, the link in a mail."""

from __future__ import annotations

from dispatch.kit.db import Tx
from dispatch.kit.errors import NotFound
from dispatch.kit.events import Subject
from dispatch.oncall.actions import acknowledge_pages
from dispatch.oncall.queries import was_called
from dispatch.people.models import Person
from dispatch.situations.access import NOT_YOURS, sees
from dispatch.situations.actions.command import acknowledge_command, commander_role, locked, take_command


async def answer_page(t: Tx, situation_id: int, *, by: Person) -> bool:
    """ "I lead": the command is acknowledged and nobody is called any more. False when it was before.

    Whoever was called because the commander did not answer leads by answering.

    Raises:
        NotFound: none, or this person does not see it and was not called; the two are not told apart.
        NotAllowed: somebody else is the commander, and this person was not called, or too late.
    """
    situation = await locked(t, situation_id)
    about = Subject(situation.kind, situation.id)
    called = await was_called(t, about, by.id)
    if not called and not await sees(t, by, situation_id):
        raise NotFound(NOT_YOURS)
    held = await commander_role(t, situation_id)
    stands_in = held is not None and held[1] != by.id and held[0].acknowledged_at is None
    if stands_in and called:
        await take_command(t, situation, by=by, reason="called, because nobody had answered")
        fresh = True
    else:
        fresh = await acknowledge_command(t, situation_id, by=by)
    await acknowledge_pages(t, about, by)
    return fresh
