"""What people and programs read when something does not work."""

from __future__ import annotations

import os
from urllib.parse import quote

import structlog
from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from jinja2 import Environment
from sqlalchemy.exc import DataError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from dispatch.kit.errors import DispatchError
from dispatch.people.web import SignInNeeded

log = structlog.get_logger()


def install(app: FastAPI, pages: Environment) -> None:
    """Call it before the first request: later is too late."""

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
    @app.exception_handler(PoolTimeout)
    async def no_database(request: Request, _why: Exception) -> Response:
        return answer(request, 503, "Dispatch is not ready", "The database does not answer.")

    @app.exception_handler(DataError)
    async def unstorable(request: Request, _why: Exception) -> Response:
        return answer(request, 422, "Please check the input", "It has a number or a character that cannot be stored.")

    @app.exception_handler(Exception)
    async def unexpected(request: Request, _why: Exception) -> Response:
        reference = os.urandom(4).hex()
        log.error("request failed", reference=reference)
        return answer(request, 500, "Something broke on our side", "", reference)
