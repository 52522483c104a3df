"""Join and Subscribe in announcements: come into the channel, or just be told. Asked again at the click (W-57)."""

from __future__ import annotations

from dispatch.kit.errors import Conflict
from dispatch.kit.slack.registry import Answer, Request, action
from dispatch.situations.actions import end_subscription, join_situation, toggle_subscription
from dispatch.situations.slack.actor import actor
from dispatch.situations.slack.messages import JOIN, SUBSCRIBE, UNSUBSCRIBE
from dispatch.situations.slack.place import here, pressed_value


@action(JOIN)
async def joined(asked: Request) -> Answer:
    """Open incidents are open to everybody who may see them."""
    _, number = pressed_value(asked)
    person = await actor(asked)
    async with asked.db.tx(asked.org) as t:
        place = await here(t, asked, person, number)
        if place.situation.status == "Closed":
            raise Conflict(f"{place.situation.name} is closed; you find everything on its page.")
        fresh = await join_situation(t, place.situation, person)
    asked.reply(
        f"You are brought into the channel of {place.situation.name}."
        if fresh
        else f"You take part in {place.situation.name} already."
    )
    return None


@action(SUBSCRIBE)
async def subscribed(asked: Request) -> Answer:
    """Once more ends it."""
    _, number = pressed_value(asked)
    person = await actor(asked)
    async with asked.db.tx(asked.org) as t:
        place = await here(t, asked, person, number)
        on = await toggle_subscription(t, place.situation, person)
    name = place.situation.name
    asked.reply(
        f"You get a message when {name} changes its state or a report is written. Press Subscribe again to stop it."
        if on
        else f"You get no more messages about {name}."
    )
    return None


@action(UNSUBSCRIBE)
async def stopped(asked: Request) -> Answer:
    """Below each of the messages: pressed below several, or twice, it still only stops them."""
    _, number = pressed_value(asked)
    person = await actor(asked)
    async with asked.db.tx(asked.org) as t:
        ended = await end_subscription(t, number, person)
    asked.reply("You get no more of these messages." if ended else "You had stopped these messages already.")
    return None
