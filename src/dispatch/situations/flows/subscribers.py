"""People who want to be told without being in the channel: a direct message when the state changes."""

from __future__ import annotations

from typing import Any

from sqlalchemy import exists, select

from dispatch.kit.db import Tx
from dispatch.kit.events import Recorded, on
from dispatch.kit.flows import Deciding, Flow, Skip, StepContext, flow, step
from dispatch.people import queries as people
from dispatch.situations.access import visible_to
from dispatch.situations.events import StatusChanged
from dispatch.situations.flows.common import chat_of, tell_each
from dispatch.situations.models import Situation, Subscriber
from dispatch.situations.slack import messages


async def tell_subscribers(c: StepContext, message: dict[str, Any]) -> None:
    """A direct message to each who may see the situation now: it may have become restricted since.

    Raises:
        Skip: there are none.
    """
    _, chat = await chat_of(c)
    async with c.db.read(c.org) as t:
        wanted = list(
            await t.scalars(
                select(Subscriber.person_id)
                .where(Subscriber.org_id == t.org, Subscriber.situation_id == c.subject.id)
                .order_by(Subscriber.person_id)
            )
        )
        told = []
        for person_id in wanted:
            viewer = await people.viewer_of_person(t, await people.person(t, person_id))
            sees = select(Situation.id).where(
                Situation.org_id == t.org, Situation.id == c.subject.id, visible_to(viewer)
            )
            if person_id != c.actor and await t.scalar(sees) is not None:
                told.append(person_id)
    if not told:
        raise Skip("Nobody has subscribed.")
    await tell_each(c, chat, dict.fromkeys(told, message))


async def tell_status(c: StepContext) -> None:
    """The new state."""
    brief, _ = await chat_of(c)
    await tell_subscribers(c, messages.subscribed(brief, what=f"is {c.data['after']} now (was {c.data['before']})"))


status_told = flow("incident.tell_subscribers", version=1)(
    step("tell", tell_status, title="Tell those who subscribed", delivery="once"),
)


def if_subscribed(told: Flow) -> Deciding:
    """The flow only where somebody has subscribed."""

    async def decide(t: Tx, recorded: Recorded) -> int:
        anybody = exists().where(Subscriber.org_id == t.org, Subscriber.situation_id == recorded.subject.id)
        return await told.start(t, recorded) if await t.scalar(select(anybody)) else 0

    return Deciding(told, decide)


on(StatusChanged, if_subscribed(status_told))
