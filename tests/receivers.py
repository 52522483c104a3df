"""Mail server and webhook receiver on loopback: what reaches people outside of Slack."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import orjson
from aiohttp import web
from aiosmtpd.smtp import SMTP, Envelope, Session

SECRET = "a secret both sides know"


@dataclass
class Mailbox:
    """One message per Message-ID, as a mailbox shows it. `down` answers "try again later"."""

    port: int = 0
    down: bool = False
    arrived: dict[str, EmailMessage] = field(default_factory=dict)
    copies: int = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.down:
            return "451 try again later"
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, _class=EmailMessage, policy=policy.default)
        self.copies += 1
        self.arrived.setdefault(str(mail["Message-ID"]), mail)
        return "250 OK"

    def to(self, address: str, subject: str = "") -> list[EmailMessage]:
        """What this person got, oldest first."""
        return [m for m in self.arrived.values() if m["To"] == address and subject in str(m["Subject"])]

    @property
    def settings(self) -> dict[str, Any]:
        """Of the SMTP plugin."""
        return {"host": "127.0.0.1", "port": self.port, "security": "none", "sender": "dispatch@example.com"}


@dataclass
class Pager:
    """One page per Idempotency-Key. `down` answers 503, `hangs` not until it is over."""

    url: str = ""
    down: bool = False
    hangs: asyncio.Event | None = None
    waiting: int = 0
    pages: dict[str, dict[str, Any]] = field(default_factory=dict)

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.read()
        if self.hangs is not None:
            self.waiting += 1
            await self.hangs.wait()
        signed = request.headers["Dispatch-Timestamp"].encode() + b"." + body
        expected = "v1=" + hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(request.headers["Dispatch-Signature"], expected):
            return web.Response(status=401)
        if self.down:
            return web.Response(status=503)
        said = orjson.loads(body)
        if said["type"] == "page":
            self.pages.setdefault(request.headers["Idempotency-Key"], said["page"])
        return web.Response()

    @property
    def settings(self) -> dict[str, Any]:
        """Of the webhook plugin."""
        return {"url": self.url, "signing_secret": SECRET}


@asynccontextmanager
async def running_mailbox() -> AsyncIterator[Mailbox]:
    """A mail server in the test's own event loop."""
    mailbox = Mailbox()
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(mailbox, hostname="mail.test"), "127.0.0.1", 0)
    mailbox.port = int(server.sockets[0].getsockname()[1])
    async with server:
        yield mailbox


@asynccontextmanager
async def running_pager() -> AsyncIterator[Pager]:
    """A webhook receiver in the test's own event loop."""
    pager = Pager()
    app = web.Application()
    app.router.add_post("/pages", pager.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    pager.url = f"http://127.0.0.1:{runner.addresses[0][1]}/pages"
    try:
        yield pager
    finally:
        await runner.cleanup()


def link_in(mail: EmailMessage, label: str) -> str:
    """The address below a label of the plain text."""
    body = mail.get_body(("plain",))
    assert body is not None
    text = body.get_content().replace("\r\n", "\n")
    return text.split(f"{label}:\n")[1].split("\n")[0].strip()
