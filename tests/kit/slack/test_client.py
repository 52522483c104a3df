"""The Web API client against a server that misbehaves as told: errors, time-outs, limits, and what is never logged."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from prometheus_client import REGISTRY

import dispatch.kit.slack.client as client_module
from dispatch.kit.errors import Refused, Unavailable
from dispatch.kit.slack.client import SlackClient, respond
from dispatch.kit.slack.errors import PERMANENT, SlackRefused, from_answer
from dispatch.kit.slack.rates import NEVER_WAIT, PER_MINUTE, Budget, Lane, MemoryBudget
from dispatch.kit.slack.scopes import REQUIRED, REQUIRED_OF_APP, REQUIRED_OF_USER

Answer = Callable[[web.Request], Awaitable[web.Response]]


class Slack:
    """Answers with what is put into `answers`, the last one again and again."""

    def __init__(self) -> None:
        self.answers: list[Any] = [{"ok": True}]
        self.seen: list[dict[str, Any]] = []
        self.base_url = ""
        self.session: aiohttp.ClientSession

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.json() if request.content_type == "application/json" else dict(await request.post())
        self.seen.append({"path": request.path, "body": body, "auth": request.headers.get("Authorization", "")})
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if callable(answer):
            answer = await answer()
        if isinstance(answer, web.Response):
            return answer
        return web.json_response(answer)

    def client(self, token: str = "xoxb-secret", *, budget: Budget | None = None, **more: Any) -> SlackClient:
        return SlackClient(
            token, base_url=f"{self.base_url}/api/", session=self.session, budget=budget or MemoryBudget(), **more
        )


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    fake = Slack()
    app = web.Application()
    app.router.add_post("/{path:.*}", fake.handle)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        fake.base_url, fake.session = str(server.make_url("")).rstrip("/"), session
        yield fake


def limited(seconds: int) -> web.Response:
    return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": str(seconds)})


def test_every_declared_method_has_a_rate_and_the_other_way_round() -> None:
    declared = REQUIRED.keys() | REQUIRED_OF_USER.keys() | REQUIRED_OF_APP.keys()
    assert declared == PER_MINUTE.keys()
    assert declared >= NEVER_WAIT


async def test_a_method_nobody_declared_cannot_be_called(slack: Slack) -> None:
    with pytest.raises(RuntimeError, match="not declared"):
        await slack.client().call("admin.users.remove")
    with pytest.raises(RuntimeError, match="user tokens"):
        await slack.client("xoxp-secret").call("chat.postMessage")
    assert not slack.seen


async def test_arguments_travel_as_a_form_with_json_inside(slack: Slack) -> None:
    await slack.client().call(
        "chat.postMessage", channel="C1", text="ä", blocks=[{"type": "divider"}], unfurl_links=False, thread_ts=None
    )
    [request] = slack.seen
    assert request["path"] == "/api/chat.postMessage" and request["auth"] == "Bearer xoxb-secret"
    assert request["body"] == {
        "channel": "C1",
        "text": "ä",
        "blocks": '[{"type":"divider"}]',
        "unfurl_links": "false",
    }


@pytest.mark.parametrize("code", ["fatal_error", "internal_error", "service_unavailable", "request_timeout"])
async def test_slacks_own_trouble_may_be_tried_again(slack: Slack, code: str) -> None:
    slack.answers = [{"ok": False, "error": code}]
    with pytest.raises(Unavailable, match=code):
        await slack.client().call("auth.test")
    assert len(slack.seen) == 1  # the client itself repeats nothing


@pytest.mark.parametrize(
    "answer",
    [
        web.Response(status=500, text="<html>oops</html>", content_type="text/html"),
        web.Response(status=502, text="bad gateway", content_type="text/plain"),
        web.Response(status=503, text="{", content_type="application/json"),
    ],
)
async def test_a_broken_server_is_unavailable_whatever_it_says(slack: Slack, answer: web.Response) -> None:
    slack.answers = [answer]
    with pytest.raises(Unavailable):
        await slack.client().call("auth.test")


@pytest.mark.parametrize(
    "answer",
    [
        web.Response(status=200, text="<html>Please sign in</html>", content_type="text/html"),
        web.Response(status=200, text="hello", content_type="text/plain"),
        web.Response(status=404, text="no", content_type="text/html"),
        web.json_response([]),
        web.json_response([1]),
    ],
)
async def test_an_answer_that_is_not_slacks_points_to_the_address(slack: Slack, answer: web.Response) -> None:
    slack.answers = [answer]
    with pytest.raises(Refused) as refused:
        await slack.client().call("auth.test")
    assert "DISPATCH_SLACK_API_URL" in refused.value.hint


async def test_nobody_there_is_unavailable(slack: Slack) -> None:
    client = SlackClient("xoxb-1", base_url="http://127.0.0.1:9/api/", session=slack.session, budget=MemoryBudget())
    with pytest.raises(Unavailable, match=r"did not answer auth\.test"):
        await client.call("auth.test")


async def test_forms_get_less_time_than_the_rest(slack: Slack, monkeypatch: pytest.MonkeyPatch) -> None:
    async def slow() -> web.Response:
        await asyncio.sleep(0.3)
        return web.json_response({"ok": True})

    monkeypatch.setattr(client_module, "VIEW_TIMEOUT", 0.1)
    slack.answers = [slow]
    with pytest.raises(Unavailable, match="within"):
        await slack.client().call("views.open", trigger_id="1", view={})
    assert await slack.client().call("auth.test") == {"ok": True}


async def test_a_429_closes_the_budget_for_everybody_who_shares_it(slack: Slack) -> None:
    budget = MemoryBudget()
    slack.answers = [limited(30), {"ok": True}]
    first, second = (slack.client(budget=budget, team_id="T1", app_id="A1") for _ in range(2))
    with pytest.raises(Unavailable) as limit:
        await first.call("users.info", user="U1")
    assert limit.value.retry_after == 30
    with pytest.raises(Unavailable) as wait:
        await second.call("users.info", user="U1")
    assert wait.value.retry_after is not None and 29 < wait.value.retry_after < 37
    await second.call("users.lookupByEmail", email="ada@acme.test")
    await slack.client(budget=budget, team_id="T2", app_id="A1").call("users.info", user="U1")
    assert len(slack.seen) == 3


async def test_one_second_for_a_message_concerns_the_channel_alone(slack: Slack) -> None:
    client = slack.client(team_id="T1", app_id="A1")
    slack.answers = [limited(1), {"ok": True}]
    with pytest.raises(Unavailable):
        await client.call("chat.postMessage", channel="C1", text="x")
    began = asyncio.get_running_loop().time()
    await client.call("chat.postMessage", channel="C2", text="x")
    assert asyncio.get_running_loop().time() - began < 0.5
    await client.call("chat.postMessage", channel="C1", text="x")
    assert asyncio.get_running_loop().time() - began > 0.9


async def test_short_waits_happen_inside_and_long_ones_go_back_to_the_flow(slack: Slack) -> None:
    client = slack.client(team_id="T1", app_id="A1")
    began = asyncio.get_running_loop().time()
    for _ in range(3):
        await client.call("chat.postMessage", channel="C1", text="x")
    assert 0.9 < asyncio.get_running_loop().time() - began < 2
    with pytest.raises(Unavailable) as postponed:
        for _ in range(30):
            await client.call("pins.add", lane=Lane.PEOPLE, channel="C1", timestamp="1")
    assert postponed.value.retry_after is not None and postponed.value.retry_after > 2
    assert "rate limit" in str(postponed.value)


async def test_later_lanes_leave_the_last_part_to_earlier_ones(slack: Slack) -> None:
    client = slack.client(team_id="T1", app_id="A1")

    async def spend(lane: Lane) -> int:
        count = 0
        try:
            while True:
                await client.call("conversations.setTopic", lane=lane, channel="C1", topic="x")
                count += 1
        except Unavailable:
            return count

    assert [await spend(lane) for lane in reversed(Lane)] == [10, 5, 3, 2]


async def test_opening_a_form_never_waits(slack: Slack) -> None:
    class Closed(MemoryBudget):
        async def take(self, wanted: Any) -> float:
            return 60.0 if wanted else 0.0

    client = slack.client(budget=Closed())
    await client.call("views.open", trigger_id="1", view={})
    with pytest.raises(Unavailable):
        await client.call("users.info", user="U1")


async def test_identity_knows_team_app_and_scopes_and_moves_to_their_budget(slack: Slack) -> None:
    who = {
        "ok": True,
        "team_id": "T1",
        "team": "Acme",
        "url": "https://acme.slack.com/",
        "user_id": "U1",
        "bot_id": "B1",
    }
    slack.answers = [
        web.json_response(who, headers={"X-OAuth-Scopes": "chat:write, commands"}),
        {"ok": True, "bot": {"app_id": "A1"}},
        {"ok": True},
    ]
    client = slack.client()
    identity = await client.identity()
    assert (identity.team_id, identity.app_id, identity.scopes) == ("T1", "A1", frozenset({"chat:write", "commands"}))
    assert (client.team_id, client.app_id) == ("T1", "A1")


async def test_identity_does_without_the_app_id_when_a_scope_is_missing(slack: Slack) -> None:
    slack.answers = [
        {"ok": True, "team_id": "T1", "user_id": "U1", "bot_id": "B1"},
        {"ok": False, "error": "missing_scope", "needed": "users:read"},
    ]
    assert (await slack.client().identity()).app_id == ""


def test_every_permanent_error_is_a_sentence() -> None:
    for code, (message, hint) in PERMANENT.items():
        assert message.endswith((".", ")")) and (not hint or hint.endswith((".", ")", ""))), code
        error = from_answer("chat.postMessage", status=200, body={"ok": False, "error": code})
        assert isinstance(error, SlackRefused) and error.code == code and str(error) == message


@pytest.mark.parametrize(
    ("token", "where"),
    [("bot", "Bot Token Scopes"), ("user", "User Token Scopes"), ("app", "App-Level Tokens")],
)
def test_a_missing_scope_says_which_and_where(token: str, where: str) -> None:
    body = {"ok": False, "error": "missing_scope", "needed": "channels:manage,channels:write", "provided": "chat:write"}
    error = from_answer("conversations.create", status=200, body=body, token=token)
    assert isinstance(error, SlackRefused)
    assert "channels:manage or channels:write" in str(error) and where in error.hint
    assert error.needed == ("channels:manage", "channels:write")


def test_a_programming_error_says_where() -> None:
    body = {
        "ok": False,
        "error": "invalid_blocks",
        "response_metadata": {
            "messages": ["[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]"]
        },
    }
    error = from_answer("chat.postMessage", status=200, body=body)
    assert isinstance(error, Refused) and "[json-pointer:/blocks/0/text/text]" in str(error)


def test_an_error_nobody_has_heard_of_is_not_tried_again() -> None:
    error = from_answer("chat.postMessage", status=200, body={"ok": False, "error": "brand_new_error"})
    assert isinstance(error, Refused) and error.code == "brand_new_error" and "brand_new_error" in str(error)
    ekm = from_answer("chat.postMessage", status=200, body={"ok": False, "error": "ekm_something"})
    assert "keys" in str(ekm)


async def test_calls_are_counted_by_method_and_outcome(slack: Slack) -> None:
    def count(outcome: str) -> float:
        labels = {"method": "team.info", "outcome": outcome}
        return REGISTRY.get_sample_value("dispatch_slack_calls_total", labels) or 0

    before = [count(each) for each in ("ok", "refused", "ratelimited", "unavailable")]
    slack.answers = [{"ok": True}, {"ok": False, "error": "team_not_found"}, limited(1), web.Response(status=500)]
    for index in range(4):
        client = slack.client(budget=MemoryBudget())
        if index == 0:
            await client.call("team.info")
            continue
        with pytest.raises((Refused, Unavailable)):
            await client.call("team.info")
    after = [count(each) for each in ("ok", "refused", "ratelimited", "unavailable")]
    assert [b - a for a, b in zip(before, after, strict=True)] == [1, 1, 1, 1]


async def test_neither_content_nor_tokens_are_logged(slack: Slack, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    slack.answers = [{"ok": True, "message": {"text": "very private"}}, {"ok": False, "error": "invalid_blocks"}]
    await slack.client().call("chat.postMessage", channel="C1", text="very private")
    with pytest.raises(Refused) as refused:
        await slack.client().call("chat.postMessage", channel="C1", text="very private")
    logged = caplog.text + json.dumps([str(each.__dict__) for each in caplog.records if each.name != "aiohttp.access"])
    assert "very private" not in logged and "xoxb-secret" not in logged
    assert "very private" not in f"{refused.value}{refused.value.__dict__}"


# --- response_url ---


async def test_a_response_url_is_answered_as_it_is(slack: Slack) -> None:
    slack.answers = [web.Response(text="ok")]
    await respond(slack.session, f"{slack.base_url}/commands/1", {"text": "Done", "response_type": "ephemeral"})
    assert slack.seen[0]["body"] == {"text": "Done", "response_type": "ephemeral"} and not slack.seen[0]["auth"]


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (web.json_response({"ok": False, "error": "Expired url"}, status=404), "expired_url"),
        (web.Response(status=404, text="used_url"), "expired_url"),
        (web.json_response({"ok": False, "error": "invalid_blocks"}), "invalid_blocks"),
        (web.Response(status=302, headers={"Location": "/elsewhere"}), "http_302"),
    ],
)
async def test_a_response_url_that_refuses_says_why(slack: Slack, answer: web.Response, code: str) -> None:
    slack.answers = [answer]
    with pytest.raises(Refused) as refused:
        await respond(slack.session, f"{slack.base_url}/commands/1", {"text": "x"})
    assert refused.value.code == code and len(slack.seen) == 1


async def test_a_response_url_that_does_not_answer_is_tried_once(slack: Slack) -> None:
    slack.answers = [web.Response(status=503)]
    with pytest.raises(Unavailable):
        await respond(slack.session, f"{slack.base_url}/commands/1", {"text": "x"})
    assert len(slack.seen) == 1
