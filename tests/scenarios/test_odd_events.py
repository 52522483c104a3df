"""Events with fields missing, of the wrong type, or huge: nothing breaks, and what follows them is handled."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from sqlalchemy import text

from dispatch.kit.slack import registry
from tests.scenarios.test_leaving import inside, ready
from tests.scenarios.test_requests_from_slack import slack_of
from tests.stage import ADA, BO, Stage

WRONG: tuple[Any, ...] = (None, 7, True, "", "x" * 70_000, "‮🙂\0", [], [{}], {}, {"id": {}}, {"id": "U1", "ts": []})


def sound(kind: str, channel: str) -> dict[str, Any]:
    """An event as Slack sends it, with every field that is looked at."""
    name, _, _ = kind.partition(".")
    channel_field: Any = {"id": channel, "name": "inc-new"} if name.endswith("rename") else channel
    profile = {"real_name": "Bo", "email": "bo@example.com", "title": "x", "image_512": "https://x.invalid/a.png"}
    return {
        "type": name, "channel": channel_field, "channel_type": "group", "user": BO, "ts": f"{time.time():.6f}", "text": "hi?",
        "thread_ts": "1700000000.000100", "subtype": None, "message": {"ts": "1700000000.000100", "text": "new"},
        "deleted_ts": "1700000000.000100", "reaction": "stopwatch", "actor_id": BO, "tokens": {"bot": [], "oauth": []},
        "item": {"type": "message", "channel": channel, "ts": "1700000000.000100"}, "profile": profile,
        "event_ts": f"{time.time():.6f}",
    } | ({"user": {"id": BO, "name": "bo", "profile": profile, "updated": 1}} if kind in ("user_change", "team_join") else {})  # fmt: skip


def odd(kind: str, channel: str) -> Iterator[dict[str, Any]]:
    """The event with each field in turn missing or wrong; the channel stays, or it would not be ours."""
    whole = sound(kind, channel)
    for key in [each for each in whole if each not in ("type", "channel", "channel_type")]:
        yield {name: value for name, value in whole.items() if name != key}
        if key == "item":
            yield from (whole | {"item": {"channel": channel, "ts": wrong}} for wrong in WRONG)
        else:
            yield from (whole | {key: wrong} for wrong in WRONG)
    for subtype in ("message_changed", "message_deleted", "bot_message"):
        yield whole | {"subtype": subtype}
        yield whole | {"subtype": subtype, "message": None, "deleted_ts": None}


async def test_odd_events_break_nothing(stage: Stage) -> None:
    _, channel = await ready(stage)
    slack = slack_of(stage)
    number = 0
    for kind in sorted(registry.events):
        # For good, and so no part of this.
        if kind.endswith(("deleted", "archive", "unarchive")) or kind in ("app_uninstalled", "member_left_channel"):
            continue
        for happened in list(odd(kind, channel))[:: 3 if kind.startswith("message") else 5]:
            number += 1
            assert (await slack.event(happened, event_id=f"Ev0ODD{number}")).status_code in (200, 400)
    before = (await inside(stage, ADA))["messages"]
    await slack.event(sound("message.groups", channel) | {"user": ADA, "text": "sound"}, event_id="Ev0SOUND")

    async def heard() -> bool:
        return bool((await inside(stage, ADA))["messages"] > before)

    await stage.settle(120)
    await stage.eventually(heard)
    async with stage.house.db.system() as t:
        states = {state: n for state, n in await t.execute(text("select state, count(*) from slack_inbox group by 1"))}
    assert set(states) == {"done"}, states
