"""The Acknowledge button of pages and welcomes."""

from __future__ import annotations

from dispatch.kit.errors import NotAllowed, NotFound
from dispatch.kit.slack.registry import Answer, Request, action
from dispatch.people.queries import by_chat
from dispatch.situations.actions import answer_page
from dispatch.situations.slack.messages import ACKNOWLEDGE, OPEN_LINK


@action(ACKNOWLEDGE)
async def pressed(asked: Request) -> Answer:
    """I lead. Checked at the click: another person may have become commander meanwhile."""
    value = str((asked.payload.get("actions") or [{}])[0].get("value", ""))
    org_slug, _, number = value.rpartition("/")
    if org_slug != asked.installation.org_slug or not number.isdigit():
        raise NotFound("This button is not of this organization.")
    async with asked.db.tx(asked.org) as t:
        person = await by_chat(t, team=asked.installation.team_id, user=asked.user_id)
        if person is None:
            raise NotAllowed("Dispatch does not know you yet. Join the incident channel first.")
        fresh = await answer_page(t, int(number), by=person)
    text = "You lead now. Thank you." if fresh else "You had acknowledged this already."

    async def tell() -> None:
        await asked.installation.client.call(
            "chat.postEphemeral", channel=asked.channel_id, user=asked.user_id, text=text
        )

    asked.later(tell())
    return None


@action(OPEN_LINK)
async def opened(_asked: Request) -> Answer:
    """A link button: Slack opens the page itself and only wants an answer."""
    return None
