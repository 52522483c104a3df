"""What people do in scenarios about commands: type one, wait for its form, read what they are told."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from dispatch.kit.db import OrgId
from dispatch.people.queries import organization
from tests.stage import ADA, BO, Stage

DEE, JOY, ELI = "U0DEE", "U0JOY", "U0ELI"


async def incident(stage: Stage, *, acknowledged: bool = True, **values: Any) -> tuple[str, str]:
    """An incident Bo reported and Ada leads: (its name, its channel's id)."""
    name = await stage.report(**values)
    await stage.settle()
    # The confirmation would stand in the way of what is looked at later.
    await stage.slack.close_view(BO, (await stage.slack.view(BO))["id"])
    channel = str((await stage.channel_of(name))["id"])
    if acknowledged:
        [page, *_] = await stage.direct_messages(ADA, "You are needed")
        await stage.slack.act_in_message(ADA, page["channel"], page["ts"], "acknowledge_command")
        await stage.settle()
    return name, channel


async def typed(stage: Stage, by: str, channel: str, command: str, words: str = "") -> dict[str, Any]:
    """Type a command; the modal once its placeholder was replaced."""
    answer = await stage.slack.command(by, channel, command, words)
    assert answer["view"] is not None, answer
    return await drawn(stage, by)


async def drawn(stage: Stage, by: str) -> dict[str, Any]:
    """The person's modal once it is no placeholder any more."""

    async def look() -> dict[str, Any] | None:
        view = await stage.slack.view(by)
        return None if "One moment" in view["text"] else view

    found: dict[str, Any] = await stage.eventually(look)
    return found


async def refused(stage: Stage, by: str, channel: str, command: str, words: str = "") -> str:
    """Type a command that is not for this person, or not for this place; what only they read, and no modal opens."""
    answer = await stage.slack.command(by, channel, command, words)
    assert answer["view"] is None, answer["view"]
    return " ".join(
        [str((answer["ack"]["body"] or {}).get("text", "")), *(str(m["text"]) for m in answer["ephemeral"])]
    )


async def says(stage: Stage, channel: str, by: str, starts: str) -> dict[str, Any]:
    """The message in a channel that begins so, as this person reads it, once it is there."""

    async def look() -> dict[str, Any] | None:
        found = [m for m in await stage.slack.messages(channel, as_=by) if m["text"].startswith(starts)]
        return found[-1] if found else None

    return dict(await stage.eventually(look))


async def told_directly(stage: Stage, user: str, starts: str) -> dict[str, Any]:
    """The direct message to this person that begins so, once it is there."""

    async def look() -> dict[str, Any] | None:
        found = await stage.direct_messages(user, starts)
        return found[-1] if found else None

    return dict(await stage.eventually(look))


async def told_only(stage: Stage, user: str, channel: str, part: str) -> str:
    """What only this person reads in the channel and that contains `part`, once it is there."""

    async def look() -> str:
        return next((text for text in reversed(await stage.told(user, channel)) if part in text), "")

    return str(await stage.eventually(look))


async def shown(stage: Stage, by: str, part: str) -> dict[str, Any]:
    """The person's modal once it contains `part`."""

    async def look() -> dict[str, Any] | None:
        view = await stage.slack.view(by)
        return view if part in view["text"] else None

    return dict(await stage.eventually(look))


async def org_id(stage: Stage, slug: str = "default") -> OrgId:
    async with stage.house.db.system() as t:
        org = await organization(t, slug)
    assert org is not None
    return org.id


async def rows(stage: Stage, query: str, **values: Any) -> list[dict[str, Any]]:
    """Rows of the sample organization."""
    async with stage.house.db.read(await org_id(stage)) as t:
        return [dict(row._mapping) for row in await t.execute(text(query), values)]


async def timeline(stage: Stage, name: str, who: str = "bo") -> str:
    """The timeline as somebody reads it on the web."""
    browser = await stage.sign_in(f"{who}@example.com")
    try:
        return (await browser.get(f"/default/incidents/{name}/fragments/timeline")).text
    finally:
        await browser.aclose()
