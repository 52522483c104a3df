"""Somebody has a role from now on: the channel reads it."""

from __future__ import annotations

from dispatch.kit.events import on
from dispatch.kit.flows import StepContext, flow, step
from dispatch.people import queries as people
from dispatch.situations.events import RoleAssigned
from dispatch.situations.flows.common import channel_of, chat_of, still_open
from dispatch.situations.slack import messages


async def tell_role(c: StepContext) -> None:
    """Who, what, and by whom, so that everybody knows whom to ask."""
    brief, chat = await chat_of(c)
    async with c.db.read(c.org) as t:
        by = (await people.person(t, c.actor)).name if c.actor is not None else "Dispatch"
    message = messages.role_assigned(brief, person=str(c.data["person"]), role=str(c.data["role"]), by=by)
    await chat.post(channel_of(brief), message, key=c.key, look_first=c.repeat)


role_assigned = flow("incident.role_assigned", version=1)(
    step("tell", tell_role, title="Say who has which role", when=still_open, delivery="once"),
)

on(RoleAssigned, role_assigned)
