"""The addresses where files are sent to and fetched from."""

from urllib.parse import quote

from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from . import files
from .sandbox import Sandbox
from .state import File


async def download(request: Request) -> Response:
    """Private files: for a token with files:read, and for the people page on this machine."""
    box: Sandbox = request.app.state.sandbox
    file = box.state.files.get(request.path_params["file"].partition("-")[2])
    if file is None or file.deleted:
        return PlainTextResponse("file not found", 404)
    bearer = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
    if bearer and not _may_read(box, bearer, file):
        return PlainTextResponse("not allowed", 403)
    return served(file)


def _may_read(box: Sandbox, bearer: str, file: File) -> bool:
    token = box.state.tokens.get(bearer)
    return token is not None and not token.revoked and token.team_id == file.team_id and "files:read" in token.scopes


def served(file: File) -> Response:
    # Never as a page of this origin: an uploaded document must not run scripts here.
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name)}",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }
    return Response(file.content, headers=headers, media_type=file.mimetype)


async def upload(request: Request) -> Response:
    """Where files.getUploadURLExternal sends an app with the bytes; raw or multipart."""
    file = files.awaited(request.app.state.sandbox, request.path_params["key"])
    if file is None:
        return PlainTextResponse("no such upload", 404)
    try:
        content = await _uploaded(request)
    except MultiPartException as error:
        return PlainTextResponse(error.message, 400)
    if len(content) > files.SIZE_LIMIT:
        return PlainTextResponse(f"more than {files.SIZE_LIMIT} bytes", 413)
    files.filled(file, content)
    return PlainTextResponse(f"OK - {file.size}")


async def _uploaded(request: Request) -> bytes:
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        return await request.body()
    for part in (await request.form()).values():
        return part.encode() if isinstance(part, str) else await part.read()
    return b""
