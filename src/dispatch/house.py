"""What every process is built from: database, keys, providers, Slack."""

from __future__ import annotations

import hashlib
import hmac
import importlib
import os
import pkgutil
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

import dispatch.announcements.flows
import dispatch.desk.slack
import dispatch.feedback.flows
import dispatch.feedback.slack
import dispatch.reports.flows
import dispatch.reports.slack
import dispatch.situations.flows
import dispatch.situations.slack
import dispatch.tasks.flows
import dispatch.tasks.leave_guard
import dispatch.tasks.slack
from dispatch.documents.builtin import BuiltinDocuments
from dispatch.kit import clock
from dispatch.kit.crypto import Vault
from dispatch.kit.db import Database, OrgId
from dispatch.kit.events import Subject
from dispatch.kit.signing import Signer
from dispatch.kit.slack.budget import DatabaseBudget
from dispatch.kit.slack.client import SlackClient
from dispatch.kit.slack.dispatcher import Dispatcher
from dispatch.kit.slack.inbox import Inbox
from dispatch.kit.slack.rates import Lane
from dispatch.kit.web.live import Live
from dispatch.plugins import Outside, discover
from dispatch.projects.heard import note_heard
from dispatch.projects.installations import SlackInstallations
from dispatch.projects.providers import Providers
from dispatch.settings import Settings
from dispatch.situations import queries as situations
from dispatch.situations.builtin import BuiltinTickets
from dispatch.situations.queries import Links

#: Packages whose every module registers what it handles.
SLACK = (
    dispatch.situations.slack,
    dispatch.tasks.slack,
    dispatch.reports.slack,
    dispatch.feedback.slack,
    dispatch.desk.slack,
)


def load_slack_handlers() -> None:
    """Import every file of every slice's `slack` folder: what is there is registered."""
    for package in SLACK:
        for module in pkgutil.iter_modules(package.__path__):
            importlib.import_module(f"{package.__name__}.{module.name}")


@dataclass
class House:
    """Everything a process shares: database, providers, Slack. `name` tells processes apart."""

    settings: Settings
    db: Database
    vault: Vault
    providers: Providers
    installations: SlackInstallations
    services: dict[type, object]
    live: Live
    inbox: Inbox
    dispatcher: Dispatcher
    budget: DatabaseBudget
    http: aiohttp.ClientSession
    name: str
    outside: Outside

    @property
    def base_url(self) -> str:
        return self.settings.base_url.rstrip("/")

    @property
    def backups_of(self) -> Path | None:
        """The data directory whose database we back up ourselves; None when the database is the operator's."""
        return self.settings.own_data


@asynccontextmanager
async def house(settings: Settings, *, database_url: str, pool: int = 8) -> AsyncIterator[House]:
    """Build the shared parts and close them again.

    Raises:
        SetupError: row-level security would not hold, or the key cannot be used.
    """
    load_slack_handlers()
    vault = Vault.from_text(settings.secret_key)
    async with AsyncExitStack() as stack:
        db = Database(database_url, pool=pool)
        stack.push_async_callback(db.close)
        await db.refuse_unsafe_role()
        if not settings.production:
            await db.sync_clock()
        http = await stack.enter_async_context(
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=100, limit_per_host=40), trust_env=True)
        )
        budget = DatabaseBudget(db)

        def slack(token: str, *, team_id: str = "", app_id: str = "", lane: Lane = Lane.ANSWERS) -> SlackClient:
            return SlackClient(
                token, base_url=settings.slack_api_url, session=http, budget=budget, team_id=team_id, app_id=app_id,
                lane=lane,
            )  # fmt: skip

        base = settings.base_url.rstrip("/")
        Links.base = base
        key = settings.secret_key.split(",")[0].encode()
        outside = Outside(
            http=http,
            slack=slack,
            base_url=base,
            clock=clock.now,
            derive=lambda what: hmac.new(key, what.encode(), hashlib.sha256).digest(),
        )
        providers = Providers(
            db,
            vault,
            plugins=discover(),
            outside=lambda _place: outside,
            builtin={
                "ticket": lambda _place: BuiltinTickets(),
                "document": lambda place: BuiltinDocuments(db, place.org, place.org_slug, base),
            },
        )
        installations = SlackInstallations(db, providers, slack)
        inbox = Inbox(db, vault)
        services: dict[type, object] = {Providers: providers, Signer: Signer(settings.secret_key)}

        async def project_of(org: OrgId, about: Subject) -> int | None:
            async with db.read(org) as t:
                return await situations.project_of(t, about.id)

        dispatcher = Dispatcher(
            db, installations, inbox, services, key=key, project_of=project_of,
            heard=lambda there, kind: note_heard(db, there, kind),
        )  # fmt: skip
        yield House(
            settings, db, vault, providers, installations, services, Live(database_url), inbox, dispatcher, budget, http,
            name=f"{socket.gethostname()} {os.getpid()} {os.urandom(3).hex()}", outside=outside,
        )  # fmt: skip
