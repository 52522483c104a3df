"""Whatever comes in signed: an answer below 500, and nothing stored by halves."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from dispatch.kit.slack import dispatcher, drain, registry
from tests.scenarios.test_requests_from_slack import org_id, slack_of
from tests.slack_side import SlackSide, own_channel
from tests.stage import BO, COMMAND, Stage, staged

#: In place of each field, one at a time and a few together.
ODD: list[Any] = [
    None, True, 0, -1, 1.5, 10**30, "", " ", "x" * 100_000, [], {}, [None], [[]], {"id": None}, {"id": ["C1"]}, [{"id": "U1"}],
    "🔥" * 500, "שלום עליכם \u202e gnihton", "\0", "a\0b", "\ud83d", "%s{x}", "C0OURS' or 1=1", "../../x", "\u2028\r\n", "1e400",
]  # fmt: skip
REMOVE = object()

EVENT = {
    "token": "x", "team_id": "TEAM", "api_app_id": "APP", "type": "event_callback", "event_id": "EVENT", "event_time": 1700000000,
    "event": {
        "type": "member_joined_channel", "user": "U0CY", "channel": "C0OURS", "channel_type": "G", "event_ts": "1700000000.000100",
        "inviter": BO, "item": {"channel": "C0OURS", "ts": "1.2"}, "text": "x",
    },
    "authorizations": [{"user_id": "U0BOT", "is_bot": True}],
}  # fmt: skip
FORM = {
    "team_id": "TEAM", "api_app_id": "APP", "command": COMMAND, "text": "default", "user_id": BO, "channel_id": "C0OURS",
    "trigger_id": "1.2.x", "response_url": "https://hooks.slack.test/x",
}  # fmt: skip
VIEW = {
    "id": "V1", "callback_id": "report_incident", "hash": "1.x", "private_metadata": "",
    "blocks": [{"type": "input", "block_id": "title", "element": {"type": "plain_text_input", "action_id": "title"}}],
    "state": {"values": {"title": {"title": {"type": "plain_text_input", "value": "Fire"}}, "description": {"description": {"value": "x"}}}},
}  # fmt: skip
BASE = {
    "team": {"id": "TEAM"}, "api_app_id": "APP", "user": {"id": BO, "team_id": "TEAM"}, "trigger_id": "1.2.x",
    "channel": {"id": "C0OURS"}, "container": {"channel_id": "C0OURS"},
}  # fmt: skip
INTERACTIONS: list[dict[str, Any]] = [
    BASE | {"type": "view_submission", "view": VIEW},
    BASE | {"type": "block_actions", "view": VIEW, "actions": [{"action_id": "project", "block_id": "project", "selected_option": {"value": "default"}}]},
    BASE | {"type": "block_actions", "actions": [{"action_id": "acknowledge_command", "value": "default/1"}], "message": {"ts": "1.2"}},
    BASE | {"type": "shortcut", "callback_id": "report_incident_global"},
    BASE | {"type": "message_action", "callback_id": "report_incident_message", "message": {"text": "x", "ts": "1.2"}},
    BASE | {"type": "view_closed", "view": VIEW},
]  # fmt: skip
OPTIONS = BASE | {"type": "block_suggestion", "action_id": "tags", "block_id": "tags", "value": "da", "view": VIEW}


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every field, at any depth."""
    found: list[tuple[Any, ...]] = []
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inside:
        found += [(*path, key), *places(each, (*path, key))]
    return found


def changed(value: Any, path: tuple[Any, ...], odd: Any) -> Any:
    """A copy with one field replaced or missing; what is not there any more is left as it is."""
    copy = json.loads(json.dumps(value))
    inside = copy
    for key in path[:-1]:
        try:
            inside = inside[key]
        except (KeyError, IndexError, TypeError):
            return copy
    try:
        if odd is REMOVE:
            del inside[path[-1]]
        else:
            inside[path[-1]] = odd
    except (KeyError, IndexError, TypeError):
        pass
    return copy


def filled(value: Any, slack: SlackSide, event_id: str) -> Any:
    said = (
        json.dumps(value)
        .replace('"TEAM"', f'"{slack.team}"')
        .replace('"APP"', f'"{slack.app}"')
        .replace('"EVENT"', f'"{event_id}"')
    )
    return json.loads(said)


@pytest.fixture
async def ready(sample_database: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Stage, SlackSide]]:
    # Rendering each expected traceback with its variables would take longer than everything else.
    monkeypatch.setattr(dispatcher.log, "error", lambda *_args, **_kwargs: None, raising=False)
    monkeypatch.setattr(drain.log, "error", lambda *_args, **_kwargs: None, raising=False)
    async with staged(sample_database) as stage:
        await own_channel(stage.house.db, await org_id(stage), stage.app["team_id"], "C0OURS", subject=1)
        yield stage, slack_of(stage)


async def stored_whole(stage: Stage) -> None:
    """Every incident has what belongs to it; every delivery can be opened."""
    async with stage.house.db.system() as t:
        rows = (await t.execute(text("select org_id, team_id, event_id, body, kind from slack_inbox"))).all()
    for row in rows:
        body = stage.house.inbox.opened(row)  # type: ignore[arg-type]
        assert row.kind in registry.events and isinstance(body["event"], dict)
    async with stage.house.db.read(await org_id(stage)) as t:
        halves = await t.execute(
            text(
                "select s.name from situation s where s.source_key is not null and ("
                " not exists (select from participant p where p.org_id = s.org_id and p.situation_id = s.id)"
                " or not exists (select from flow_run r where r.org_id = s.org_id and r.subject_id = s.id)"
                " or not exists (select from event e where e.org_id = s.org_id and e.subject_id = s.id))"
            )
        )
        assert halves.all() == []


def body_of(kind: str, payload: Any) -> tuple[str, bytes, str]:
    if kind == "event":
        return "event", json.dumps(payload).encode(), "application/json"
    if kind == "command":
        flat = {str(key): value if isinstance(value, str) else json.dumps(value) for key, value in payload.items()}
        return (
            "command",
            urlencode({k: v.encode("utf-8", "surrogatepass") for k, v in flat.items()}).encode(),
            "application/x-www-form-urlencoded",
        )
    return kind, urlencode({"payload": json.dumps(payload)}).encode(), "application/x-www-form-urlencoded"


async def send(slack: SlackSide, kind: str, payload: Any) -> int:
    place, body, content_type = body_of(kind, payload)
    answer = await slack.post(place, body, content_type)
    assert answer.status_code < 500, f"{answer.text} for {kind} {json.dumps(payload)[:3000]}"
    return answer.status_code


async def test_each_field_missing_or_of_another_kind(ready: tuple[Stage, SlackSide]) -> None:
    stage, slack = ready
    tried: list[tuple[str, Any]] = []
    for kind, example in (
        ("event", EVENT),
        ("command", FORM),
        ("menu", OPTIONS),
        *(("action", each) for each in INTERACTIONS),
    ):
        for place in places(example):
            few = [REMOVE, None, 7, [], {}, "", "🔥\0\u202e"] if kind == "action" else [REMOVE, *ODD]
            tried += [(kind, changed(example, place, odd)) for odd in few]
    queue = iter(enumerate(tried))
    statuses: dict[int, int] = {}

    async def client() -> None:
        for n, (kind, payload) in queue:
            status = await send(slack, kind, filled(payload, slack, f"Ev{n:08d}"))
            statuses[status] = statuses.get(status, 0) + 1

    await asyncio.gather(*(client() for _ in range(8)))
    assert set(statuses) <= {200, 400, 403, 413}
    assert statuses[200] > len(tried) / 4
    await stage.settle(timeout=100)
    await stored_whole(stage)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=50),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)
PLACES = [(kind, example, place) for kind, example in (("event", EVENT), ("command", FORM), ("menu", OPTIONS), *(("action", i) for i in INTERACTIONS)) for place in places(example)]  # fmt: skip
oddities = st.lists(
    st.tuples(st.integers(0, len(PLACES) - 1), st.integers(0, len(ODD) - 1).map(ODD.__getitem__) | json_values),
    min_size=1,
    max_size=4,
)


async def test_several_fields_at_once_are_anything(ready: tuple[Stage, SlackSide]) -> None:
    stage, slack = ready
    loop = asyncio.get_running_loop()
    number = 0

    @settings(
        max_examples=150, deadline=None, database=None, phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck), derandomize=True,
    )  # fmt: skip
    @given(oddities)
    def any_of_them(odd: list[tuple[int, Any]]) -> None:
        nonlocal number
        number += 1
        kind, payload, _ = PLACES[odd[0][0]]
        for index, value in odd:
            payload = changed(payload, PLACES[index][2], value)
        asyncio.run_coroutine_threadsafe(send(slack, kind, filled(payload, slack, f"Ev1{number:07d}")), loop).result(60)

    await asyncio.to_thread(any_of_them)
    await stage.settle(timeout=100)
    await stored_whole(stage)


async def test_bytes_that_are_nothing(ready: tuple[Stage, SlackSide]) -> None:
    _, slack = ready
    loop = asyncio.get_running_loop()

    @settings(max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(st.binary(max_size=300), st.sampled_from(["event", "command", "action", "menu"]))
    def any_bytes(body: bytes, place: str) -> None:
        answer = asyncio.run_coroutine_threadsafe(slack.post(place, body), loop).result(60)
        assert answer.status_code in (200, 400, 403, 413)

    await asyncio.to_thread(any_bytes)
