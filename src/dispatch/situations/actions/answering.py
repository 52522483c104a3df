"""Writes when a person answers a page, from wherever: Slack, the web, the link in a mail."""

from __future__ import annotations

from dispatch.kit.db import Tx
from dispatch.kit.events import Subject
from dispatch.oncall.actions import acknowledge_pages
from dispatch.people.models import Person
from dispatch.situations.actions.command import acknowledge_command


async def answer_page(t: Tx, situation_id: int, *, by: Person) -> bool:
    """ "I lead": the command is acknowledged and nobody is called any more. False when it was before.

    Raises:
        NotAllowed: somebody else is the commander.
    """
    fresh = await acknowledge_command(t, situation_id, by=by)
    await acknowledge_pages(t, Subject("incident", situation_id), by)
    return fresh
