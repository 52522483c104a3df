"""The way every command of an incident's channel opens its modal: place, permission, placeholder, form."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from dispatch.kit.db import Read
from dispatch.kit.slack import blocks as b
from dispatch.kit.slack.opening import open_modal
from dispatch.kit.slack.registry import Request
from dispatch.people.queries import by_chat
from dispatch.situations.slack.actor import actor
from dispatch.situations.slack.place import Here, here, situation_id_of_channel

Draw = Callable[[Read, Here], Awaitable[b.View]]


async def open_here(
    asked: Request, title: str, draw: Draw, *, action: str = "", before: Callable[[], Awaitable[None]] | None = None
) -> None:
    """Open the modal that `draw` makes for the incident of this channel.

    A wrong place, and a refusal to somebody we know, are answered at once and only to them. Whoever is new is looked
    up behind the placeholder.

    Args:
        asked: the command or the shortcut.
        title: of the modal.
        draw: makes the view; the incident is one the person may see.
        action: a key of `access.STEERS` that the person has to be allowed; empty: everybody who sees it may look.
        before: runs behind the placeholder before `draw`, while no transaction is open: it may ask Slack.

    Raises:
        NotFound: not an incident's channel, or none that the person may see.
        NotAllowed: says what is missing and who can help.
    """
    situation_id = await situation_id_of_channel(asked)
    async with asked.db.read(asked.org) as t:
        known = await by_chat(t, team=asked.installation.team_id, user=asked.user_id)
        if known is not None:
            _allowed(await here(t, asked, known, situation_id), action)

    async def fill() -> b.View:
        person = await actor(asked)
        if before is not None:
            await before()
        async with asked.db.read(asked.org) as t:
            return await draw(t, _allowed(await here(t, asked, person, situation_id), action))

    await open_modal(asked, title, fill)


def _allowed(place: Here, action: str) -> Here:
    if action:
        place.require(action)
    return place
