"""When it is over, everybody who took part is asked how it went."""

from __future__ import annotations

from datetime import timedelta

from dispatch.feedback.slack.messages import ask
from dispatch.kit.events import on
from dispatch.kit.flows import Skip, StepContext, flow, step
from dispatch.situations import queries
from dispatch.situations.events import StatusChanged
from dispatch.situations.flows.common import chat_of, tell_each
from dispatch.situations.flows.status import still_closed


async def ask_everybody(c: StepContext) -> None:
    """A direct message with one button; drills too, since they are there to learn from."""
    brief, chat = await chat_of(c)
    async with c.db.read(c.org) as t:
        everybody = await queries.participants(t, c.subject.id)
    asked = [row.person.id for row in everybody if set(row.roles) != {"Observer"}]
    if not asked:
        raise Skip("Nobody took part.")
    await tell_each(c, chat, dict.fromkeys(asked, ask(brief)))


closed = flow("feedback.ask", version=1)(
    step("ask", ask_everybody, title="Ask everybody how it went", when=still_closed, deadline=timedelta(hours=12),
         delivery="once", lane="decoration"),
)  # fmt: skip

# Of two that are the same, one is asked about.
on(StatusChanged, closed, when=lambda happened: happened.after == "Closed" and not happened.duplicate)
