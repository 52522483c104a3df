"""The stage scenarios play on: Dispatch, the sandbox and the worker in one event loop, and the cast."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from dispatch.app import House, create_app, house, load_slack_handlers
from dispatch.desk import sample
from dispatch.kit import clock
from dispatch.kit.crypto import generate_key
from dispatch.kit.db import OrgId
from dispatch.kit.slack import client
from dispatch.kit.slack.manifest import manifest
from dispatch.people.actions import account_for
from dispatch.people.machines import create_token
from dispatch.people.queries import organization
from dispatch.people.sessions import one_time_link
from dispatch.projects.plugin_actions import configure_plugin
from dispatch.projects.queries import project as project_named
from dispatch.projects.queries import projects
from dispatch.settings import Settings
from slack_sandbox.client import SandboxClient
from slack_sandbox.sandbox import Sandbox
from slack_sandbox.testing import running_sandbox, serving

#: Marks tests (or a module, as `pytestmark`) that play over Socket Mode, or over both transports.
over_sockets = pytest.mark.parametrize("stage", ["socket"], indirect=True)
over_both = pytest.mark.parametrize("stage", ["http", "socket"], indirect=True)

ADA, BO, CY = "U0ADA", "U0BO", "U0CY"
COMMAND = "/dispatch-report-incident"
#: Scenarios are about what happens, not about how quick a loaded test machine is.
PATIENCE = 6.0

_BUSY = text(
    "select exists (select from slack_inbox where state = 'waiting' and next_at <= now()) or exists ("
    "select from flow_step s"
    " join flow_run r on r.org_id = s.org_id and r.id = s.run_id"
    " join situation i on i.org_id = r.org_id and i.id = r.subject_id"
    " where s.state = 'running' or (s.state = 'pending' and s.ready and s.next_at is null))"
)


@dataclass
class Stage:
    """What a scenario uses."""

    house: House
    slack: SandboxClient
    web: httpx.AsyncClient
    base_url: str
    general: str
    app: dict[str, Any]
    asgi: FastAPI
    box: Sandbox
    clock_offset: timedelta = timedelta()
    _org: OrgId | None = None

    async def settle(self, timeout: float = 60.0) -> None:
        """Until nothing is on its way from Slack, and no step is pending or running, or those left wait for a later try."""
        async with asyncio.timeout(timeout):
            # What was on its way may have made steps, and steps may make Slack send events: quiet twice over.
            while await self._busy() or await self._busy():
                await asyncio.sleep(0.03)

    async def _busy(self) -> bool:
        """Whether Slack's sandbox is delivering an event, the inbox holds what could be handled now, or a step could run."""
        if self.box.sending:
            return True
        if self._org is None:
            async with self.house.db.system() as t:
                org = await organization(t, "default")
            assert org is not None
            self._org = org.id
        # One statement: this is asked again and again, in the event loop that does the work.
        async with self.house.db.read(self._org) as t:
            return bool((await t.execute(_BUSY)).scalar())

    async def steps(self, incident: str | None = None) -> list[dict[str, Any]]:
        """Rows of the journal, of one incident or of all."""
        async with self.house.db.system() as t:
            org = await organization(t, "default")
        assert org is not None
        async with self.house.db.read(org.id) as t:
            rows = await t.execute(
                text(
                    "select s.name, s.state, s.ready, s.next_at, s.reason, s.hint, s.attempts, s.id, i.name as incident"
                    " from flow_step s join flow_run r on r.org_id = s.org_id and r.id = s.run_id"
                    " join situation i on i.org_id = r.org_id and i.id = r.subject_id"
                    " where cast(:name as text) is null or i.name = :name order by s.id"
                ),
                {"name": incident},
            )
            return [dict(row._mapping) for row in rows]

    async def report(self, by: str = BO, **values: Any) -> str:
        """Type the command, fill the modal, press Report; returns the incident's name."""
        await self.slack.command(by, self.general, COMMAND)
        view = await self.form(by)
        filled = {"Title": "Checkout answers with errors", "Description": "Since 03:10, one order in five.", **values}
        answer = await self.slack.submit(by, view["id"], filled)
        assert answer["outcome"] == "updated", answer
        return str(answer["view"]["title"]["text"])

    async def form(self, by: str) -> dict[str, Any]:
        """The modal once the placeholder was replaced."""
        async with asyncio.timeout(60):
            while True:
                view = await self.slack.view(by)
                if any(block["type"] == "input" for block in view["blocks"]):
                    return view
                await asyncio.sleep(0.02)

    async def eventually(self, look: Callable[[], Awaitable[Any]], timeout: float = 60.0) -> Any:
        """What `look` finds once it finds something; what happens after an answer has no promised moment."""
        async with asyncio.timeout(timeout):
            while not (found := await look()):
                await asyncio.sleep(0.03)
        return found

    async def told(self, user: str, channel: str) -> list[str]:
        """The texts only this person reads in a channel, once there is one."""

        async def look() -> list[str]:
            return [m["text"] for m in await self.slack.messages(channel, as_=user) if m.get("ephemeral")]

        texts: list[str] = await self.eventually(look)
        return texts

    async def configure(self, plugin: str, values: dict[str, Any], *, project: str = "") -> None:
        """Enable a plugin of a project, or of all, with these settings, as an operator does."""
        async with self.house.db.system() as t:
            org = await organization(t, "default")
        assert org is not None
        async with self.house.db.tx(org.id) as t:
            for each in [await project_named(t, project)] if project else await projects(t):
                await configure_plugin(
                    t, each, self.house.providers.plugins[plugin], values, vault=self.house.vault, enabled=True
                )

    async def advance(self, **span: float) -> None:
        """Move Dispatch's clock forward: `advance(minutes=10)`."""
        await self.later(seconds=(self.clock_offset + timedelta(**span)).total_seconds())

    async def later(self, **span: float) -> None:
        """Set Dispatch's clock so much ahead of the real one; nothing sets it right. For all processes, so that none moves it back."""
        self.clock_offset = timedelta(**span)
        async with self.house.db.system() as t:
            await t.execute(
                text(
                    "insert into clock_offset (id, seconds) values (1, :seconds)"
                    " on conflict (id) do update set seconds = excluded.seconds"
                ),
                {"seconds": self.clock_offset.total_seconds()},
            )
        await self.house.db.sync_clock()

    async def pages(self, incident: str) -> list[dict[str, Any]]:
        """Page rows, oldest first."""
        async with self.house.db.system() as t:
            org = await organization(t, "default")
        assert org is not None
        async with self.house.db.read(org.id) as t:
            rows = await t.execute(
                text(
                    "select p.through, p.state, p.round, p.note, p.due_at, who.email from page p"
                    " join person who on who.org_id = p.org_id and who.id = p.person_id"
                    " join situation i on i.org_id = p.org_id and i.id = p.subject_id where i.name = :name order by p.id"
                ),
                {"name": incident},
            )
            return [dict(row._mapping) for row in rows]

    async def direct_messages(self, user: str, starts: str = "") -> list[dict[str, Any]]:
        """What the app wrote to this person, oldest first."""
        return [
            {**message, "channel": channel["id"]}
            for channel in await self.slack.channels(as_=user)
            if channel["id"].startswith("D")
            for message in await self.slack.messages(channel["id"], as_=user)
            if message["text"].startswith(starts)
        ]

    async def report_on_the_web(self, browser: httpx.AsyncClient, **values: str) -> str:
        """Fill the form, press Report; the incident's name."""
        form = (await browser.get("/default/report")).text
        csrf = form.split('name="csrf" content="')[1].split('"')[0]
        filled = {"title": "No chat", "description": "Slack is away", "project": "default", **values}
        receipt = await browser.post("/default/report", data={"csrf": csrf, **filled})
        assert receipt.status_code == 200, receipt.text
        return str(receipt.url).split("/")[-2]

    async def channel_of(self, incident: str) -> dict[str, Any]:
        """The incident's channel as the sandbox has it; exactly one."""
        found = [c for c in await self.slack.channels() if f"{c['name']}-".startswith(f"{incident.lower()}-")]
        assert len(found) == 1, [c["name"] for c in found]
        return found[0]

    async def sign_in(self, email: str) -> httpx.AsyncClient:
        """A browser of that person."""
        async with self.house.db.system() as t:
            token = await one_time_link(t, await account_for(t, email))
        # Long enough that only what hangs fails: the client's own five seconds would be a promise about this machine.
        browser = httpx.AsyncClient(base_url=self.base_url, follow_redirects=True, timeout=60)
        answer = await browser.get("/sign-in", params={"token": token})
        assert answer.status_code == 200, answer.text
        return browser

    async def token(self, role: str = "member") -> str:
        """An API token of the sample organization."""
        async with self.house.db.system() as t:
            org = await organization(t, "default")
            assert org is not None
        async with self.house.db.tx(org.id) as t:
            return (await create_token(t, name=f"test {uuid4().hex[:8]}", role=role))[1]


async def connected(slack: SandboxClient, app: str, *, count: int = 1) -> None:
    """Until so many sockets of the app are open."""
    async with asyncio.timeout(30):
        while (await slack.call("GET", f"apps/{app}/socket"))["connections"] != count:
            await asyncio.sleep(0.02)


@asynccontextmanager
async def _patient() -> AsyncIterator[None]:
    """Dispatch waits for a modal as long as this sandbox keeps its trigger."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(client, "VIEW_TIMEOUT", client.VIEW_TIMEOUT * PATIENCE)
        yield


@asynccontextmanager
async def staged(
    database_url: str, *, rates: bool = False, socket_mode: bool = False, worker: bool = True, empty: bool = False
) -> AsyncIterator[Stage]:
    """Start everything; the sample organization is filled in and connected to the sandbox, over HTTP or Socket Mode.

    Args:
        empty: nobody has set Dispatch up; the workspace is there, without the app.
    """
    load_slack_handlers()
    # Named TCP: with protocol 0 asyncio leaves Nagle on, and each answer waits 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    async with _patient(), running_sandbox(rates=rates, patience=PATIENCE) as box:
        settings = Settings(
            secret_key=generate_key(),
            base_url=base_url,
            slack_api_url=box.api_url,
            env="test",
            database_url=database_url,
        )
        app = create_app(lambda: house(settings, database_url=database_url), worker=worker, socket_look=0.1)
        async with serving(app, listener), httpx.AsyncClient(base_url=base_url, timeout=60) as web:
            h: House = app.state.house
            await box.client.workspace(**sample.workspace())
            installed: dict[str, Any] = {}
            if not empty:
                await sample.fill(h.db)
                installed = await box.client.app(sample.TEAM, manifest(base_url, sample.SLUG, socket=socket_mode))
                await sample.connect_slack(h.db, h.vault, dict(h.providers.plugins), installed, socket=socket_mode)
            if socket_mode:
                await connected(box.client, installed["app_id"])
            general = next(c["id"] for c in await box.client.channels() if c["name"] == "general")
            try:
                yield Stage(h, box.client, web, base_url, general, installed, app, box.sandbox)
            finally:
                clock.move(timedelta())


def went_well(steps: list[dict[str, Any]]) -> bool:
    """Every step is done, or had nothing to do here."""
    return {s["state"] for s in steps} <= {"done", "skipped"}
