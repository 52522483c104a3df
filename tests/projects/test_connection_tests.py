"""*Test connection* of every shipped plugin, pressed on the page, against a real receiver on loopback."""

from __future__ import annotations

import hashlib
import hmac
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from aiosmtpd.controller import Controller

from tests.projects.settings_pages import Admin, admin, instance
from tests.stage import Stage

SECRET = "0123456789abcdef0123"


@pytest.fixture
def mail_server() -> Iterator[int]:
    """A real SMTP server; its port."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    server = Controller(object(), hostname="127.0.0.1", port=port)
    server.start()
    yield port
    server.stop()


@dataclass
class Receiver:
    """What arrived; `status` is the answer."""

    url: str = ""
    status: int = 204
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    got = Receiver()

    async def take(request: web.Request) -> web.Response:
        got.requests.append(({k.lower(): v for k, v in request.headers.items()}, await request.read()))
        return web.Response(status=got.status)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    got.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield got
    await runner.cleanup()


async def said(ada: Admin, where: str | int, **values: Any) -> str:
    """What the page shows after *Test connection*, without htmx: the whole page."""
    answer = await ada.send(where, to="/test", **values)
    assert answer.status_code == 200, answer.text
    return answer.text.split('id="checks"')[1]


async def test_smtp_answers_before_it_is_saved(stage: Stage, mail_server: int) -> None:
    ada = await admin(stage)
    form: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": mail_server,
        "security": "none",
        "sender": "incidents@example.com",
    }
    assert "127.0.0.1 answers." in await said(ada, "new/smtp", **form)
    assert "Everything works" in await said(ada, "new/smtp", **form)
    assert "needs your attention" in await said(ada, "new/smtp", **form | {"port": 1})
    # A login over an unprotected connection is refused at the field, before anything is sent.
    answer = await ada.send("new/smtp", to="/test", **form, username="dispatch", password="right")
    assert "A password is not sent over an unprotected connection." in answer.text
    await ada.send("new/smtp", **form)
    saved = await instance(stage, "smtp")
    assert not saved.enabled and saved.settings["port"] == mail_server
    assert "Everything works" in await said(ada, saved.id)
    assert [check["ok"] for check in (await instance(stage, "smtp")).checks] == [True]


async def test_a_webhook_gets_a_signed_test_that_pages_nobody(stage: Stage, receiver: Receiver) -> None:
    ada = await admin(stage)
    form = {"url": f"{receiver.url}/pages", "signing_secret": SECRET}
    assert "Took a test request." in await said(ada, "new/webhook", **form)
    headers, body = receiver.requests[-1]
    expected = hmac.new(
        SECRET.encode(), headers["dispatch-timestamp"].encode() + b"." + body, hashlib.sha256
    ).hexdigest()
    assert headers["dispatch-signature"] == f"v1={expected}" and b'"type":"test"' in body
    receiver.status = 401
    page = await said(ada, "new/webhook", **form)
    assert "The webhook refused the request (HTTP 401)." in page and "Check URL and Signing Secret" in page


async def test_a_saved_secret_is_used_when_the_form_sends_none(stage: Stage, receiver: Receiver) -> None:
    ada = await admin(stage)
    await ada.send("new/webhook", url=f"{receiver.url}/pages", signing_secret=SECRET)
    saved = await instance(stage, "webhook")
    assert "Took a test request." in await said(ada, saved.id, url=f"{receiver.url}/elsewhere")
    headers, body = receiver.requests[-1]
    expected = hmac.new(
        SECRET.encode(), headers["dispatch-timestamp"].encode() + b"." + body, hashlib.sha256
    ).hexdigest()
    assert headers["dispatch-signature"] == f"v1={expected}"
    # What was tried is not what is stored: nothing is kept of it.
    after = await instance(stage, "webhook")
    assert after.checks == [] and after.settings["url"] == f"{receiver.url}/pages"


async def test_jitsi_asks_the_server(stage: Stage, receiver: Receiver) -> None:
    ada = await admin(stage)
    jitsi = await instance(stage, "jitsi")
    receiver.status = 200
    assert "Answers with HTTP 200." in await said(ada, jitsi.id, server_url=receiver.url)
    page = await said(ada, jitsi.id, server_url="http://127.0.0.1:1")
    assert "Does not answer" in page and "Rooms are made all the same" in page


async def test_from_the_menu_the_stored_settings_are_tested(stage: Stage) -> None:
    ada = await admin(stage)
    contact = await instance(stage, "slack-contact")
    page = (await ada.press(f"{contact.id}/test")).text
    assert "Works in the workspace Example Company" in page
    assert (await instance(stage, "slack-contact")).version == contact.version
    assert "Connection works" in (await ada.open("")).text
