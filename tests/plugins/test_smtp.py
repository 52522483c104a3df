"""E-mail over SMTP against a real server on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import aiohttp
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from pydantic import ValidationError
from slack_place import outside

from dispatch.kit.errors import Refused, Unavailable
from dispatch.plugins.smtp import plugin
from dispatch.plugins.smtp.message import message_id
from dispatch.plugins.smtp.provider import Smtp
from dispatch.ports.email import Email, Mailer

MAIL = Email(
    key="run-7.mail",
    to=("ada@acme.test", "bo@acme.test"),
    subject="INC-1: Datenbank\nBcc: evil@acme.test",
    text="Es brennt.\n",
    html="<p>Es brennt.</p>",
    reply_to="incidents@acme.test",
    reference="run-1.mail",
)


@dataclass
class Mailbox:
    """What arrived; `answers` says no to some addresses."""

    port: int = 0
    answers: dict[str, str] = field(default_factory=dict)
    data_answer: str = "250 OK"
    arrived: list[tuple[list[str], EmailMessage]] = field(default_factory=list)

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.data_answer.startswith("250"):
            assert isinstance(envelope.content, bytes)
            parsed = message_from_bytes(envelope.content, _class=EmailMessage, policy=policy.default)
            self.arrived.append((list(envelope.rcpt_tos), parsed))
        return self.data_answer


def _serve(mailbox: Mailbox, **how: Any) -> Iterator[Mailbox]:
    # aiosmtpd tries a connection to itself before it says that it runs: it has to know its port.
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        mailbox.port = free.getsockname()[1]
    controller = Controller(mailbox, hostname="127.0.0.1", port=mailbox.port, **how)
    controller.start()
    yield mailbox
    controller.stop()


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    yield from _serve(Mailbox())


@pytest.fixture
def locked() -> Iterator[Mailbox]:
    """A server that asks for a login."""

    def check(server: Any, session: Any, envelope: Any, mechanism: Any, data: Any) -> AuthResult:
        return AuthResult(success=data.password == b"right", handled=False)

    yield from _serve(Mailbox(), authenticator=check, auth_required=True, auth_require_tls=False)


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as made:
        yield made


def mailer(port: int, session: aiohttp.ClientSession, **more: Any) -> Mailer:
    given = {"host": "127.0.0.1", "port": port, "security": "none", "sender": "dispatch@acme.test", **more}
    return Smtp(plugin.settings.model_validate(given), outside(session, ""))  # type: ignore[arg-type]


async def test_a_message_arrives_with_its_key_as_message_id(mailbox: Mailbox, session: aiohttp.ClientSession) -> None:
    sent = await mailer(mailbox.port, session).send(MAIL)
    assert sent.message_id == "<run-7.mail@acme.test>" and not sent.refused
    [(to, message)] = mailbox.arrived
    assert to == ["ada@acme.test", "bo@acme.test"]
    assert message["Message-ID"] == "<run-7.mail@acme.test>" and message["In-Reply-To"] == "<run-1.mail@acme.test>"
    assert message["Subject"] == "INC-1: Datenbank Bcc: evil@acme.test" and message["Bcc"] is None
    assert message["From"] == "Dispatch <dispatch@acme.test>" and message["Reply-To"] == "incidents@acme.test"
    assert message["Auto-Submitted"] == "auto-generated" and message["Date"]
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None and "Es brennt." in plain.get_content()
    assert html is not None and "<p>Es brennt.</p>" in html.get_content()


async def test_one_bad_address_keeps_nobody_else_from_their_mail(
    mailbox: Mailbox, session: aiohttp.ClientSession
) -> None:
    mailbox.answers["bo@acme.test"] = "550 No such user"
    sent = await mailer(mailbox.port, session).send(MAIL)
    assert mailbox.arrived[0][0] == ["ada@acme.test"]
    assert list(sent.refused) == ["bo@acme.test"] and "No such user" in sent.refused["bo@acme.test"]


async def test_nobody_accepted_is_refused_or_tried_again(mailbox: Mailbox, session: aiohttp.ClientSession) -> None:
    mailbox.answers = {"ada@acme.test": "550 No such user", "bo@acme.test": "550 No such user"}
    with pytest.raises(Refused) as refused:
        await mailer(mailbox.port, session).send(MAIL)
    assert "ada@acme.test: 550 No such user" in str(refused.value)
    mailbox.answers["ada@acme.test"] = "450 Mailbox busy"
    with pytest.raises(Unavailable, match="try later"):
        await mailer(mailbox.port, session).send(MAIL)


@pytest.mark.parametrize(("answer", "kind"), [("451 Try later", Unavailable), ("554 Looks like spam", Refused)])
async def test_the_servers_last_word_decides(
    mailbox: Mailbox, session: aiohttp.ClientSession, answer: str, kind: type[Exception]
) -> None:
    mailbox.data_answer = answer
    with pytest.raises(kind, match=answer[4:]):
        await mailer(mailbox.port, session).send(MAIL)


async def test_nobody_there_is_unavailable(session: aiohttp.ClientSession) -> None:
    with pytest.raises(Unavailable, match="does not answer"):
        await mailer(9, session).send(MAIL)


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
async def test_a_wrong_password_is_refused_and_the_test_says_so(
    locked: Mailbox, session: aiohttp.ClientSession
) -> None:
    # The settings refuse a password without protection; the server in this test has no certificate.
    def with_password(password: str) -> Mailer:
        made = mailer(locked.port, session, username="dispatch")
        changed = made._settings.model_copy(update={"password": _secret(password)})  # type: ignore[attr-defined]
        return Smtp(changed, outside(session, ""))

    with pytest.raises(Refused, match="refused the login"):
        await with_password("wrong").send(MAIL)
    [check] = await with_password("wrong").check()
    assert not check.ok and "SMTP" in check.hint
    [check] = await with_password("right").check()
    assert check.ok and "Signed in as dispatch" in check.message
    await with_password("right").send(MAIL)
    assert len(locked.arrived) == 1


async def test_a_server_without_starttls_is_not_written_to_in_clear(
    mailbox: Mailbox, session: aiohttp.ClientSession
) -> None:
    with pytest.raises(Refused):
        await mailer(mailbox.port, session, security="starttls").send(MAIL)
    assert not mailbox.arrived


@pytest.mark.parametrize("address", ["nobody", "a@b\nBcc: c@d", "a@b, c@d", ""])
async def test_what_is_no_address_never_reaches_the_server(
    mailbox: Mailbox, session: aiohttp.ClientSession, address: str
) -> None:
    with pytest.raises(Refused, match="no e-mail address"):
        await mailer(mailbox.port, session).send(Email("k", (address,), "s", "t"))


def test_any_key_makes_a_valid_message_id() -> None:
    assert message_id("INC-1/page <1>\n", "acme.test").count("@") == 1
    assert (
        message_id("a" * 500, "acme.test") == message_id("a" * 500, "acme.test") != message_id("a" * 501, "acme.test")
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [("sender", "Dispatch <a@b>"), ("port", 0), ("password", "********"), ("password", "x"), ("security", "ssl")],
)
def test_mistakes_are_named(field: str, value: Any) -> None:
    good = {"host": "mail.acme.test", "sender": "dispatch@acme.test"}
    with pytest.raises(ValidationError) as error:
        plugin.settings.model_validate({**good, field: value})
    assert [each["loc"][0] for each in error.value.errors()] == [field]


def _secret(text: str) -> Any:
    from pydantic import SecretStr

    return SecretStr(text)
