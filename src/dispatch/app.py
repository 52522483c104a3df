"""The composition root: the only module that knows everything. Builds the web application."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from jinja2 import Environment
from starlette.middleware.gzip import GZipMiddleware

import dispatch.announcements.api
import dispatch.announcements.web
import dispatch.desk.api_page
import dispatch.desk.web
import dispatch.desk.web.first_run
import dispatch.desk.web.setup
import dispatch.documents.web
import dispatch.oncall.api
import dispatch.oncall.web
import dispatch.people.api
import dispatch.people.web.audit
import dispatch.people.web.members
import dispatch.people.web.organization
import dispatch.people.web.profile
import dispatch.people.web.provider
import dispatch.people.web.sign_in
import dispatch.people.web.sign_in_settings
import dispatch.people.web.tokens
import dispatch.projects.api
import dispatch.projects.deliveries_web
import dispatch.projects.web
import dispatch.reports.api
import dispatch.reports.web
import dispatch.situations.acknowledge_link
import dispatch.situations.api
import dispatch.situations.flows
import dispatch.situations.slack
import dispatch.situations.web
import dispatch.tasks.api
import dispatch.tasks.web
from dispatch import error_pages, migrations
from dispatch.house import House, house, load_slack_handlers
from dispatch.kit.errors import SetupError
from dispatch.kit.flows import all_flows
from dispatch.kit.signing import Signer
from dispatch.kit.slack.endpoints import Endpoints
from dispatch.kit.slack.sockets import RENEW
from dispatch.kit.web import health
from dispatch.kit.web.bodies import limited_bodies
from dispatch.kit.web.headers import security_headers
from dispatch.kit.web.pages import static_files, templates
from dispatch.oncall.queries import rotation_options
from dispatch.people.oidc import OpenIdProviders
from dispatch.people.throttle import Throttle
from dispatch.people.web import Visits
from dispatch.people.web.letters import Letters
from dispatch.people.web.sign_in import Door
from dispatch.projects.queries import project_names, run_by
from dispatch.situations.access import unseen
from dispatch.worker import background, moved_clock, running_worker

SRC = Path(__file__).parent


def create_app(make_house: Callable[[], Any], *, worker: bool = False, socket_look: float = RENEW) -> FastAPI:
    """The web application; with `worker` it also works jobs in the same process, and looks for sockets to hold."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with make_house() as h, background(h.live.run(), "live"):
            app.state.https = h.base_url.startswith("https")
            _mount(app, h, pages)
            app.state.house = h
            if worker:
                async with running_worker(h, socket_look=socket_look):
                    yield
            else:
                async with moved_clock(h):
                    yield

    app = FastAPI(
        title="Dispatch", version="0.1.0", summary="Incidents, their people, tasks and timeline", docs_url=None,
        redoc_url=None, openapi_url="/api/v1/openapi.json", lifespan=lifespan,
    )  # fmt: skip
    pages = templates(*sorted(SRC.glob("*/templates")))
    error_pages.install(app, pages)
    app.mount("/static", static_files())
    app.add_middleware(limited_bodies)
    app.add_middleware(security_headers)
    # Live events are left alone, and what is compressed already. Level 5: the size of 9 within 2 %, in half the time.
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)
    return app


def _mount(app: FastAPI, h: House, pages: Environment) -> None:
    visits = Visits(h.db)
    app.include_router(health.routes(h.db, schema=migrations.head(), backups_of=h.backups_of))
    app.include_router(Endpoints(h.dispatcher).router(), prefix="/api/v1")
    app.include_router(dispatch.situations.api.router(h.db, visits), prefix="/api/v1")
    app.include_router(dispatch.tasks.api.router(h.db, visits), prefix="/api/v1")
    app.include_router(dispatch.reports.api.router(h.db, visits), prefix="/api/v1")
    app.include_router(dispatch.people.api.router(h.db, visits), prefix="/api/v1")
    app.include_router(dispatch.projects.api.router(h.db, visits, rotation_options), prefix="/api/v1")
    app.include_router(dispatch.oncall.api.router(h.db, visits), prefix="/api/v1")
    app.include_router(dispatch.announcements.api.router(h.db, visits), prefix="/api/v1")
    app.include_router(dispatch.desk.api_page.router(app, visits, pages))
    door = _mount_people(app, h, visits, pages)
    app.include_router(dispatch.projects.web.router(h.db, visits, pages, h.providers, rotation_options))
    app.include_router(dispatch.oncall.web.router(h.db, visits, pages))
    app.include_router(dispatch.projects.deliveries_web.router(h.db, visits, pages, h.inbox, unseen))
    app.include_router(dispatch.documents.web.router(h.db, visits, pages))
    app.include_router(dispatch.announcements.web.router(h.db, visits, pages))
    signer = h.services[Signer]
    assert isinstance(signer, Signer)
    app.include_router(dispatch.situations.acknowledge_link.router(h.db, pages, signer))
    app.include_router(dispatch.desk.web.first_run.router(door, signer))
    app.include_router(
        dispatch.desk.web.setup.router(
            h.db, visits, pages, h.live, h.providers, base_url=h.base_url, slack_api_url=h.settings.slack_api_url
        )
    )
    app.include_router(dispatch.tasks.web.router(h.db, visits))
    app.include_router(dispatch.reports.web.router(h.db, visits))
    app.include_router(dispatch.situations.web.router(h.db, visits, pages, h.live))
    # The last one: it takes /{org}.
    app.include_router(dispatch.desk.web.router(h.db, visits, pages, h.live, h.backups_of))


def _mount_people(app: FastAPI, h: House, visits: Visits, pages: Environment) -> Door:
    web = dispatch.people.web
    letters = Letters(h.db, h.base_url, lambda org: h.providers.organization_mailer(org.id))
    throttle = Throttle(h.db, h.outside.derive("throttle"))
    providers = OpenIdProviders(h.outside.http, loopback=not h.settings.production)
    door = Door(h.db, pages, throttle, letters, h.base_url)
    app.include_router(web.sign_in.router(door))
    app.include_router(web.provider.router(door, h.vault, providers))
    app.include_router(web.profile.router(h.db, visits, pages, throttle))
    app.include_router(web.members.router(h.db, visits, pages, letters, base_url=h.base_url, projects_of=run_by))
    app.include_router(web.organization.router(h.db, visits, pages))
    app.include_router(web.tokens.router(h.db, visits, pages))
    app.include_router(web.audit.router(h.db, visits, pages, project_names=project_names))
    app.include_router(web.sign_in_settings.router(h.db, visits, pages, h.vault, providers, base_url=h.base_url))
    return door


__all__ = ["House", "SetupError", "all_flows", "create_app", "house", "load_slack_handlers", "running_worker"]
