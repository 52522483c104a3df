"""Mail with sign-in links, sent after the answer; what could not be sent stands in the audit log."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any
from urllib.parse import urlencode

import structlog

from dispatch.kit.crypto import hash_token
from dispatch.kit.db import Database
from dispatch.kit.errors import ProviderError
from dispatch.kit.events import Subject, record
from dispatch.people import queries
from dispatch.people.events import SignInMailFailed
from dispatch.people.models import Organization, Person
from dispatch.people.sessions import one_time_link
from dispatch.ports.email import Email, Mailer

log = structlog.get_logger()

ASKED = """Hello {name},

open this link to sign in to {org}. It works once, within 24 hours.

{link}

You did not ask for it? Then somebody typed your address. Nothing happens as long as nobody opens the link.
"""
INVITED = """Hello {name},

{by} invited you to {org} on Dispatch, where incidents are handled. This link signs you in. It works once, within 24 hours.

{link}
"""


class Letters:
    """Sends through the organization's own mail.

    Args:
        mailer: who sends an organization's mail; None when nobody does.
    """

    def __init__(self, db: Database, base_url: str, mailer: Callable[[Organization], Awaitable[Mailer | None]]) -> None:
        self.db = db
        self.base_url = base_url
        self.mailer = mailer
        self._sending: set[asyncio.Task[None]] = set()

    async def possible(self, org: Organization) -> bool:
        """Whether somebody sends mail for the organization."""
        return await self.mailer(org) is not None

    def link(self, token: str, next: str = "/") -> str:
        """The address in a letter. Mail scanners open every link, so this one asks for a click."""
        return f"{self.base_url}/sign-in/mailed?{urlencode({'token': token, 'next': next})}"

    def answer_request(self, slug: str, email: str, next: str) -> None:
        """Mail a link if the address belongs to a member. Returns at once in any case."""
        self._later(self._asked(slug, email, next))

    def invite(self, org: Organization, who: Person, token: str, by: str) -> None:
        """Mail the link of an invitation."""
        text = INVITED.format(name=who.name, by=by, org=org.name, link=self.link(token, f"/{org.slug}"))
        self._later(self._send(org, who, token, f"You are invited to {org.name}", text))

    async def _asked(self, slug: str, email: str, next: str) -> None:
        async with self.db.system() as t:
            org = await queries.organization(t, slug)
            account = await queries.account_of_email(t, email)
        if org is None or account is None:
            return
        async with self.db.tx(org.id) as t:
            viewer = await queries.viewer_of_account(t, org, account)
            if viewer is None or viewer.person_id is None:
                return
            who = await queries.person(t, viewer.person_id)
            # The organization's own mail carries it, so it opens that organization only.
            token = await one_time_link(t, account, org=org.id)
        text = ASKED.format(name=who.name, org=org.name, link=self.link(token, next))
        await self._send(org, who, token, f"Sign in to {org.name}", text)

    async def _send(self, org: Organization, who: Person, token: str, subject: str, text: str) -> None:
        mailer = await self.mailer(org)
        if mailer is None:
            return
        letter = Email(key=f"sign-in-{hash_token(token).hex()[:24]}", to=(who.email,), subject=subject, text=text)
        try:
            await mailer.send(letter)
        except ProviderError as why:
            log.warning("a sign-in link was not mailed", org=org.id, error=type(why).__name__)
            async with self.db.tx(org.id) as t:
                await record(t, SignInMailFailed(person=who.name, reason=str(why)), about=Subject("member", who.id))

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._sending.add(task)
        task.add_done_callback(self._sent)

    def _sent(self, task: asyncio.Task[None]) -> None:
        self._sending.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("mailing a sign-in link broke", exc_info=task.exception())
