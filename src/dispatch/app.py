"""The composition root: the only module that knows everything. Builds the web application and the worker."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import importlib
import os
import pkgutil
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import structlog
from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from jinja2 import Environment
from sqlalchemy.exc import InterfaceError, OperationalError

import dispatch.documents.web
import dispatch.people.web.audit
import dispatch.people.web.members
import dispatch.people.web.profile
import dispatch.people.web.provider
import dispatch.people.web.sign_in
import dispatch.people.web.sign_in_settings
import dispatch.people.web.tokens
import dispatch.projects.web
import dispatch.situations.acknowledge_link
import dispatch.situations.api
import dispatch.situations.flows
import dispatch.situations.slack
import dispatch.situations.web
from dispatch.documents.builtin import BuiltinDocuments
from dispatch.kit import backup, clock, embedded
from dispatch.kit.crypto import Vault
from dispatch.kit.db import APP_ROLE, Database, OrgId, Tx
from dispatch.kit.errors import DispatchError, ProviderError, SetupError
from dispatch.kit.events import Subject
from dispatch.kit.flows import Runner, StepContext, all_flows
from dispatch.kit.flows.journal import JOB_KIND, re_enqueue_orphans
from dispatch.kit.jobs import JobWorker
from dispatch.kit.signing import Signer
from dispatch.kit.slack.budget import DatabaseBudget
from dispatch.kit.slack.client import SlackClient
from dispatch.kit.slack.dispatcher import Dispatcher
from dispatch.kit.slack.drain import Drain
from dispatch.kit.slack.endpoints import Endpoints
from dispatch.kit.slack.inbox import Inbox, prune
from dispatch.kit.slack.rates import Lane
from dispatch.kit.slack.sockets import RENEW, Sockets
from dispatch.kit.web import health
from dispatch.kit.web.bodies import limited_bodies
from dispatch.kit.web.headers import security_headers
from dispatch.kit.web.live import Live
from dispatch.kit.web.pages import static_files, templates
from dispatch.oncall.actions import escalate_due_pages
from dispatch.people import queries as people
from dispatch.people.oidc import OpenIdProviders
from dispatch.people.throttle import Throttle
from dispatch.people.web import SignInNeeded, Visits
from dispatch.people.web.letters import Letters
from dispatch.people.web.sign_in import Door
from dispatch.plugins import Outside, discover
from dispatch.projects.installations import SLUG, SlackInstallations
from dispatch.projects.plugin_setup import fill_missing_ids
from dispatch.projects.providers import Providers
from dispatch.projects.queries import instances
from dispatch.projects.reach import note_reach, slack_down_since
from dispatch.schema import metadata
from dispatch.settings import Settings
from dispatch.situations import queries as situations
from dispatch.situations.actions import open_unanswered_commands, remind_hand_offs
from dispatch.situations.builtin import BuiltinTickets
from dispatch.situations.queries import Links

log = structlog.get_logger()
SRC = Path(__file__).parent

#: Seconds between looks at rows whose time has come.
DUE_LOOK = 1.0
#: Seconds between looks for steps whose job is gone, and at whether Slack answers.
CARE_LOOK = 10.0
#: Seconds between looks whether last night's backup is there.
BACKUP_LOOK = 60.0
#: Seconds between deletions of what is kept long enough.
TIDY_LOOK = 600.0


def load_slack_handlers() -> None:
    """Import every file of every slice's `slack` folder: what is there is registered."""
    for package in (dispatch.situations.slack,):
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
    http: aiohttp.ClientSession
    name: str
    outside: Outside

    @property
    def base_url(self) -> str:
        return self.settings.base_url.rstrip("/")

    @property
    def backups_of(self) -> Path | None:
        """The data directory whose database we back up ourselves; None when the database is the operator's."""
        return None if self.settings.database_url else self.settings.data_dir.absolute()


@asynccontextmanager
async def house(settings: Settings, *, database_url: str, pool: int = 8) -> AsyncIterator[House]:
    """Build the shared parts and close them again.

    Raises:
        SetupError: row-level security would not hold, or the schema is of another version.
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

        dispatcher = Dispatcher(db, installations, inbox, services, key=key, project_of=project_of)
        yield House(
            settings, db, vault, providers, installations, services, Live(database_url), inbox, dispatcher, http,
            name=f"{socket.gethostname()} {os.getpid()} {os.urandom(3).hex()}", outside=outside,
        )  # fmt: skip


def create_app(make_house: Callable[[], Any], *, worker: bool = False, socket_look: float = RENEW) -> FastAPI:
    """The web application; with `worker` it also works jobs in the same process, and looks for sockets to hold."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with make_house() as h, _background(h.live.run(), "live"):
            app.state.https = h.base_url.startswith("https")
            _mount(app, h, pages)
            app.state.house = h
            if worker:
                async with running_worker(h, socket_look=socket_look):
                    yield
            else:
                yield

    app = FastAPI(title="Dispatch", version="0.1.0", docs_url=None, redoc_url=None, lifespan=lifespan)
    pages = templates(*sorted(SRC.glob("*/templates")))
    _errors(app, pages)
    app.mount("/static", static_files())
    app.add_middleware(limited_bodies)
    app.add_middleware(security_headers)
    return app


def _mount(app: FastAPI, h: House, pages: Environment) -> None:
    visits = Visits(h.db)
    app.include_router(health.routes(h.db, backups_of=h.backups_of))
    app.include_router(Endpoints(h.dispatcher).router(), prefix="/api/v1")
    app.include_router(dispatch.situations.api.router(h.db, visits), prefix="/api/v1")
    _mount_people(app, h, visits, pages)
    app.include_router(dispatch.projects.web.router(h.db, visits, pages, h.providers))
    app.include_router(dispatch.documents.web.router(h.db, visits, pages))
    signer = h.services[Signer]
    assert isinstance(signer, Signer)
    app.include_router(dispatch.situations.acknowledge_link.router(h.db, pages, signer))
    app.include_router(dispatch.situations.web.router(h.db, visits, pages, h.live))


def _mount_people(app: FastAPI, h: House, visits: Visits, pages: Environment) -> None:
    web = dispatch.people.web
    letters = Letters(h.db, h.base_url, lambda org: h.providers.organization_mailer(org.id))
    throttle = Throttle(h.db, h.outside.derive("throttle"))
    providers = OpenIdProviders(h.outside.http)
    door = Door(h.db, pages, throttle, letters, h.base_url)
    app.include_router(web.sign_in.router(door))
    app.include_router(web.provider.router(door, h.vault, providers))
    app.include_router(web.profile.router(h.db, visits, pages, throttle))
    app.include_router(web.members.router(h.db, visits, pages, letters, base_url=h.base_url))
    app.include_router(web.tokens.router(h.db, visits, pages))
    app.include_router(web.audit.router(h.db, visits, pages))
    app.include_router(web.sign_in_settings.router(h.db, visits, pages, h.vault, providers, base_url=h.base_url))


def _errors(app: FastAPI, pages: Environment) -> None:
    """What people and programs read when something does not work. Registered before the first request: later is too late."""

    def answer(request: Request, status: int, title: str, message: str, reference: str = "") -> Response:
        if request.url.path.startswith("/api/"):
            return JSONResponse(
                {"type": "about:blank", "title": title, "status": status, "detail": message}
                | ({"reference": reference} if reference else {}),
                status,
                media_type="application/problem+json",
            )
        page = pages.get_template("error.html").render(
            viewer=None, org=None, nav="", csrf="", request_path=request.url.path, status=status, message=message,
            reference=reference,
        )  # fmt: skip
        return HTMLResponse(page, status)

    @app.exception_handler(SignInNeeded)
    async def sign_in_needed(request: Request, why: SignInNeeded) -> Response:
        if request.url.path.startswith("/api/"):
            return answer(request, 401, why.title, str(why))
        return RedirectResponse(f"/sign-in?next={quote(request.url.path)}", 303)

    @app.exception_handler(DispatchError)
    async def expected(request: Request, why: DispatchError) -> Response:
        return answer(request, why.status, why.title, str(why))

    @app.exception_handler(HTTPException)
    async def plain(request: Request, why: HTTPException) -> Response:
        return answer(request, why.status_code, "Not possible", str(why.detail))

    @app.exception_handler(404)
    async def nothing_there(request: Request, _why: Exception) -> Response:
        return answer(request, 404, "Not found", "")

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, why: RequestValidationError) -> Response:
        first = why.errors()[0]
        where = ".".join(str(part) for part in first["loc"] if part != "body")
        return answer(request, 422, "Please check the input", f"{where}: {first['msg']}")

    @app.exception_handler(OperationalError)
    @app.exception_handler(InterfaceError)
    async def no_database(request: Request, _why: Exception) -> Response:
        return answer(request, 503, "Dispatch is not ready", "The database does not answer.")

    @app.exception_handler(Exception)
    async def unexpected(request: Request, _why: Exception) -> Response:
        reference = os.urandom(4).hex()
        log.error("request failed", reference=reference)
        return answer(request, 500, "Something broke on our side", "", reference)


@asynccontextmanager
async def running_worker(h: House, *, heartbeat: float = 8.0, socket_look: float = RENEW) -> AsyncIterator[JobWorker]:
    """Work jobs, empty the inbox, hold sockets and look after what is due, until the block is left; then what runs gets
    some seconds."""
    runner = Runner(h.db, h.services, checkpoint=_crash_points(h.settings.crash_dir))
    worker = JobWorker(
        h.db.url,
        {JOB_KIND: runner.handle},
        heartbeat_timeout=timedelta(seconds=heartbeat),
        name=f"worker {os.getpid()}",
        set_role=APP_ROLE,
    )
    sockets = Sockets(
        h.db, h.dispatcher, open_link=h.installations.socket_link, session=h.http, holder=h.name, every=socket_look
    )
    task = asyncio.create_task(worker.run())
    try:
        async with (
            _background(_every(DUE_LOOK, lambda: _call_due(h)), "due"),
            _background(_every(CARE_LOOK, lambda: _care(h)), "care"),
            _background(_every(BACKUP_LOOK, lambda: _back_up(h)), "backup"),
            _background(_every(TIDY_LOOK, lambda: _tidy(h)), "tidy"),
            _background(Drain(h.db, h.inbox, h.installations, h.dispatcher.project_of).run(), "inbox"),
            _background(sockets.run(), "sockets"),
        ):
            yield worker
    finally:
        worker.stop()
        await task


async def _back_up(h: House) -> None:
    if h.backups_of is not None:
        await backup.nightly(embedded.owner_url(h.backups_of), h.backups_of, metadata)


#: What becomes due: each claims its rows with `skip locked` and records a fact per row.
DUE: tuple[Callable[[Tx], Awaitable[int]], ...] = (escalate_due_pages, open_unanswered_commands, remind_hand_offs)


async def _call_due(h: House) -> None:
    for org in await _organizations(h):
        for claim in DUE:
            async with h.db.tx(org) as t:
                await claim(t)


async def _care(h: House) -> None:
    """Re-enqueue what lost its job, and note whether each Slack answers."""
    for org in await _organizations(h):
        async with h.db.tx(org) as t:
            await re_enqueue_orphans(t, org, older_than=timedelta(minutes=1))
        async with h.db.read(org) as t:
            chats = await instances(t, slug=SLUG)
        for instance in chats:
            async with h.db.read(org) as t:
                known = await slack_down_since(t, instance.project_id)
            chat = await h.providers.conversations(org, instance.project_id)
            if chat is None:
                continue
            try:
                who = await chat.identity()
                down = None
                await fill_missing_ids(h.db, h.providers, instance, who)
            except ProviderError:
                down = known or clock.now()
            if down != known:
                await note_reach(
                    h.db, org, instance.project_id, instance=instance.id, team=chat.team_id, down_since=down
                )


async def _tidy(h: House) -> None:
    """Delete what is kept long enough."""
    await prune(h.db)


async def _organizations(h: House) -> list[OrgId]:
    async with h.db.system() as t:
        return [org.id for org in await people.organizations(t)]


async def _every(seconds: float, look: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await look()
        except (OperationalError, InterfaceError) as why:
            log.warning("database away", error=type(why).__name__)
        await asyncio.sleep(seconds)


@asynccontextmanager
async def _background(work: Any, name: str) -> AsyncIterator[None]:
    task = asyncio.create_task(work, name=name)
    task.add_done_callback(_ended)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _ended(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        log.error("background task ended", task=task.get_name(), exc_info=task.exception())


def _crash_points(folder: str) -> Callable[[StepContext, str], None]:
    """Tests only: die, once, where a file named `<subject>.<step>.<phase>` lies."""
    if not folder:
        return lambda _context, _phase: None

    def check(context: StepContext, phase: str) -> None:
        point = Path(folder) / f"{context.org}-{context.subject.id}.{context.name}.{phase}"
        if point.exists():
            point.unlink()
            os._exit(137)

    return check


__all__ = ["SetupError", "all_flows", "create_app", "house", "running_worker"]

