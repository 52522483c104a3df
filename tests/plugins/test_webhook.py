"""A page by webhook: signed, with a key the receiver drops doubles by, and never passed on by a redirect."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import ValidationError
from slack_place import outside

from dispatch.kit.errors import Refused, Unavailable
from dispatch.plugins.webhook import plugin
from dispatch.plugins.webhook.provider import Webhook
from dispatch.ports.paging import Page, PageReceipt, Paging

SECRET = "0123456789abcdef"
PAGE = Page(
    key="run-7/page",
    person="Ada Lovelace",
    email="ada@acme.test",
    name="INC-1",
    title="Database “down”",
    url="https://dispatch.test/acme/incidents/INC-1",
    priority="High",
)


@dataclass
class Receiver:
    url: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    seen: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    session: aiohttp.ClientSession | None = None

    async def handle(self, request: web.Request) -> web.Response:
        self.seen.append((request.path, dict(request.headers), await request.read()))
        return web.Response(status=self.status, headers=self.headers)

    def webhook(self, url: str | None = None) -> Paging:
        assert self.session is not None
        settings = plugin.settings.model_validate({"url": url or f"{self.url}/pages", "signing_secret": SECRET})
        return Webhook(settings, outside(self.session, ""))  # type: ignore[arg-type]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", made.handle)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        made.url, made.session = str(server.make_url("")).rstrip("/"), session
        yield made


async def test_a_page_is_signed_over_time_and_body(receiver: Receiver) -> None:
    assert await receiver.webhook().page(PAGE) == PageReceipt("webhook", PAGE.key)
    [(path, headers, body)] = receiver.seen
    stamp = headers["Dispatch-Timestamp"]
    expected = hmac.new(SECRET.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    assert headers["Dispatch-Signature"] == f"v1={expected}"
    assert abs(time.time() - int(stamp)) < 5
    assert path == "/pages" and headers["Idempotency-Key"] == PAGE.key and headers["Content-Type"] == "application/json"
    content = json.loads(body)
    assert content["type"] == "page" and content["key"] == PAGE.key
    assert content["page"]["title"] == "Database “down”" and content["page"]["url"] == PAGE.url


@pytest.mark.parametrize("status", [408, 425, 429, 500, 503])
async def test_what_may_pass_is_tried_again(receiver: Receiver, status: int) -> None:
    receiver.status, receiver.headers = status, {"Retry-After": "7"}
    with pytest.raises(Unavailable) as later:
        await receiver.webhook().page(PAGE)
    assert later.value.retry_after == 7 and str(status) in str(later.value)


@pytest.mark.parametrize("status", [302, 400, 401, 404, 410])
async def test_what_will_not_pass_is_refused_and_not_followed(receiver: Receiver, status: int) -> None:
    receiver.status, receiver.headers = status, {"Location": f"{receiver.url}/elsewhere"}
    with pytest.raises(Refused) as refused:
        await receiver.webhook().page(PAGE)
    assert refused.value.code == f"http_{status}" and refused.value.hint and len(receiver.seen) == 1


async def test_nobody_there_is_unavailable_and_the_test_says_so(receiver: Receiver) -> None:
    webhook = receiver.webhook("http://127.0.0.1:9/")
    with pytest.raises(Unavailable):
        await webhook.page(PAGE)
    [check] = await webhook.check()
    assert not check.ok


async def test_a_test_request_is_marked_as_one(receiver: Receiver) -> None:
    [check] = await receiver.webhook().check()
    assert check.ok and json.loads(receiver.seen[0][2])["type"] == "test"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("url", "example.com/pages"),
        ("url", "ftp://example.com"),
        ("url", "https://user:password@example.com/"),
        ("signing_secret", "short"),
        ("signing_secret", "*" * 20),
    ],
)
def test_mistakes_are_named(field: str, value: str) -> None:
    good = {"url": "https://example.com/pages", "signing_secret": SECRET}
    with pytest.raises(ValidationError) as error:
        plugin.settings.model_validate({**good, field: value})
    assert [each["loc"][0] for each in error.value.errors()] == [field] and "password@" not in str(error.value)
