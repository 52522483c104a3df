"""The sandbox as one ASGI application."""

import asyncio
import contextlib
import html
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from . import fileserver, methods, oauth, openid, snapshot, socket_mode, testside, triggers
from .errors import Impossible, SlackError
from .sandbox import Sandbox
from .wire import Wire

_PAGES = Path(__file__).parent / "people" / "static"
# How soon after a change a snapshot file is written.
SAVE_EVERY = 2.0


def create_app(
    *,
    base_url: str = "http://127.0.0.1:8100",
    seed: int | None = None,
    rates: bool = False,
    patience: float = 1.0,
    snapshot_file: Path | None = None,
    hosts: tuple[str, ...] = (),
) -> FastAPI:
    """An application to serve on loopback; `app.state.sandbox` is its Sandbox. Rate limits are off unless asked for.

    With `hosts`, requests for other host names are refused: a web page elsewhere may point its own name at this machine.
    """
    box = Sandbox(base_url=base_url, seed=seed, rates=rates, patience=patience)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        if snapshot_file is not None and not box.state.workspaces:
            snapshot.load(box, snapshot_file)
        saving = asyncio.create_task(_keep(box, snapshot_file)) if snapshot_file else None
        try:
            yield
        finally:
            if saving is not None:
                saving.cancel()
            await box.close()
            if snapshot_file is not None:
                snapshot.write(snapshot.encode(box), snapshot_file)

    app = FastAPI(
        title="Slack sandbox: test side",
        docs_url="/sandbox/docs",
        redoc_url=None,
        openapi_url="/sandbox/openapi.json",
        lifespan=lifespan,
    )
    app.state.sandbox = box
    if hosts:
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(hosts), www_redirect=False)
    app.add_exception_handler(Impossible, _impossible)
    app.add_exception_handler(SlackError, _refused)
    app.add_exception_handler(RequestValidationError, _malformed)
    wire = Wire(box, methods.load())
    app.router.routes += [
        Route("/api/{method:path}", wire.answer, methods=["GET", "POST"]),
        Route("/actions/{team}/{number}/{key}", _respond, methods=["POST"]),
        Route("/avatars/{name}", _avatar),
        Route("/files-pri/{file}/{rest:path}", fileserver.download),
        Route("/upload/v1/{key}", fileserver.upload, methods=["POST", "PUT"]),
        Route("/oauth/v2/authorize", oauth.authorize, methods=["GET", "POST"]),
        Route("/.well-known/openid-configuration", openid.configuration),
        Route("/openid/connect/authorize", openid.authorize, methods=["GET", "POST"]),
        Route("/openid/connect/keys", openid.keys),
        WebSocketRoute("/link/", _link),
    ]
    for router in testside.routers():
        app.include_router(router)
    if (_PAGES / "index.html").exists():
        app.router.routes.append(Route("/", _index))
        app.mount("/people", StaticFiles(directory=_PAGES))
    return app


async def _keep(box: Sandbox, file: Path) -> None:
    saved = box.version
    while True:
        await asyncio.sleep(SAVE_EVERY)
        if box.version != saved:
            saved = box.version
            await asyncio.to_thread(snapshot.write, snapshot.encode(box), file)


async def _impossible(_: Request, error: Exception) -> Response:
    assert isinstance(error, Impossible)
    return JSONResponse({"error": error.error, "detail": error.detail}, error.status)


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, SlackError)
    return JSONResponse({**error.answer(), "detail": "; ".join(error.messages)}, 422)


async def _malformed(_: Request, error: Exception) -> Response:
    """What is wrong and where; not what was sent, which may be anything, bytes included."""
    assert isinstance(error, RequestValidationError)
    return JSONResponse({"detail": [{key: one[key] for key in ("type", "loc", "msg")} for one in error.errors()]}, 422)


async def _index(_: Request) -> Response:
    return FileResponse(_PAGES / "index.html", headers={"Cache-Control": "no-cache"})


async def _link(socket: WebSocket) -> None:
    await socket_mode.link(socket.app.state.sandbox, socket)


async def _respond(request: Request) -> Response:
    raw: Any = await request.body()
    if not raw.lstrip().startswith(b"{"):
        raw = (await request.form()).get("payload") or b"null"
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return PlainTextResponse("invalid_payload", 400)
    status, answer = triggers.respond(request.app.state.sandbox, request.path_params["key"], body)
    return PlainTextResponse("ok") if status == 200 else JSONResponse(answer, status)


async def _avatar(request: Request) -> Response:
    """A coloured square with the person's initial, so that a page needs no picture files."""
    user_id = request.path_params["name"].partition("-")[0]
    user = request.app.state.sandbox.state.users.get(user_id)
    if user is None:
        return PlainTextResponse("no such person", 404)
    initial = html.escape((user.real_name or user.name)[:1].upper())
    hue = sum(map(ord, user_id)) * 47 % 360
    picture = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48"><rect width="48" height="48" rx="6" '
        f'fill="hsl({hue} 45% 45%)"/><text x="24" y="33" font-family="sans-serif" font-size="26" font-weight="700" '
        f'text-anchor="middle" fill="#fff">{initial}</text></svg>'
    )
    return Response(picture, media_type="image/svg+xml", headers={"Cache-Control": "max-age=3600"})
