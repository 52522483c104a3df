"""`Mailer` over SMTP."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import aiosmtplib
from aiosmtplib import errors

from dispatch.kit.errors import ProviderError, Refused, Unavailable
from dispatch.plugins.smtp.message import compose
from dispatch.plugins.smtp.settings import Security, SmtpSettings
from dispatch.ports.answers import Check
from dispatch.ports.email import Email, Sent
from dispatch.ports.plugin import Outside

_TIMEOUT: Final = 15.0
_WHERE: Final = "Settings → Project → Plugins → SMTP"
_ADDRESS: Final = re.compile(r"[^@\s<>\",;]+@[^@\s<>\",;]+")


class Smtp:
    """One connection per message: incident mail is rare, and a kept connection is dead when it is needed."""

    provider = "smtp"

    def __init__(self, settings: SmtpSettings, outside: Outside) -> None:
        self._settings = settings
        self._clock = outside.clock

    async def send(self, email: Email) -> Sent:
        wrong = [each for each in (*email.to, email.reply_to) if each and not _ADDRESS.fullmatch(each)]
        if wrong or not any(email.to):
            raise Refused(f"This is no e-mail address: {', '.join(wrong) or '(none given)'}.", code="bad_address")
        message = compose(email, sender=self._settings.sender, sender_name=self._settings.sender_name, at=self._clock())
        async with self._connected() as server:
            answers, _ = await server.send_message(message, sender=self._settings.sender, recipients=list(email.to))
        return Sent(str(message["Message-ID"]), {who: answer.message for who, answer in answers.items()})

    async def check(self) -> Sequence[Check]:
        """Connects and signs in; sends nothing."""
        try:
            async with self._connected() as server:
                await server.noop()
        except ProviderError as why:
            return [Check("Server", False, str(why), why.hint if isinstance(why, Refused) else "")]
        login = f" Signed in as {self._settings.username}." if self._settings.username else ""
        return [Check("Server", True, f"{self._settings.host} answers.{login}")]

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[aiosmtplib.SMTP]:
        """A connection, with the server's errors as the house's two kinds."""
        s = self._settings
        server = aiosmtplib.SMTP(
            hostname=s.host,
            port=s.port,
            timeout=_TIMEOUT,
            use_tls=s.security is Security.TLS,
            start_tls=s.security is Security.STARTTLS,
            username=s.username or None,
            password=s.password.get_secret_value() or None,
        )
        try:
            async with server:
                yield server
        except errors.SMTPAuthenticationError as why:
            raise _refused(f"The mail server refused the login ({why.code}).", "auth") from why
        except errors.SMTPRecipientsRefused as why:
            raise _recipients(why) from why
        except errors.SMTPResponseException as why:
            if 400 <= why.code < 500:
                raise Unavailable(f"The mail server asks to try later ({why.code} {why.message}).") from why
            raise _refused(f"The mail server refused it ({why.code} {why.message}).", str(why.code)) from why
        except (errors.SMTPException, OSError, TimeoutError) as why:
            # What a server does not support (STARTTLS, a login) is the bare class.
            if type(why) in {errors.SMTPException, errors.SMTPNotSupported}:
                raise _refused(f"The mail server cannot do what is configured: {why}", "not_supported") from why
            raise Unavailable(f"The mail server {s.host} does not answer: {why or type(why).__name__}.") from why


def _recipients(why: errors.SMTPRecipientsRefused) -> ProviderError:
    """Nobody was accepted: try again when that may be a passing matter for one of them."""
    refused = [each for each in why.recipients if isinstance(each, errors.SMTPRecipientRefused)]
    said = "; ".join(f"{each.recipient}: {each.code} {each.message}" for each in refused)
    if any(400 <= each.code < 500 for each in refused):
        return Unavailable(f"The mail server asks to try later ({said}).")
    return Refused(
        f"The mail server took none of the addresses ({said}).", hint="Correct the addresses.", code="recipients"
    )


def _refused(message: str, code: str) -> Refused:
    return Refused(message, hint=f"Check server, login and addresses in {_WHERE}.", code=code)
