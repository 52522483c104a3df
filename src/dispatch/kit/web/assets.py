"""Our own static files: held in memory, compressed once, addressed by the hash of their content."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

STATIC = Path(__file__).parent / "static"
PREFIX = "/static"
FOREVER = "public, max-age=31536000, immutable"
COMPRESSIBLE = {".css", ".js", ".svg"}
#: Whole lines of comment, and in CSS any.
COMMENTS = {".css": re.compile(rb"/\*.*?\*/\n?", re.DOTALL), ".js": re.compile(rb"^\s*//.*\n", re.MULTILINE)}


@dataclass(frozen=True)
class Asset:
    content: bytes
    gzipped: bytes | None
    media_type: str


@dataclass(frozen=True)
class Assets:
    """One digest for the whole folder, so that a stylesheet's relative links keep working under it."""

    digest: str
    files: dict[str, Asset]


@cache
def assets() -> Assets:
    paths = sorted(path for path in STATIC.rglob("*") if path.is_file())
    digest = hashlib.sha256(b"".join(path.name.encode() + path.read_bytes() for path in paths))
    files = {path.relative_to(STATIC).as_posix(): _read(path) for path in paths}
    return Assets(digest.hexdigest()[:12], files)


def _read(path: Path) -> Asset:
    content = path.read_bytes() if path.parent.name == "vendor" else _without_comments(path)
    media_type = mimetypes.guess_type(path.name)[0] or "text/plain"
    # mtime=0: the same bytes from every process, so a shared cache keeps one copy.
    gzipped = gzip.compress(content, 9, mtime=0) if path.suffix in COMPRESSIBLE else None
    return Asset(content, gzipped, media_type)


def _without_comments(path: Path) -> bytes:
    """They are for those who read the source, not for every visitor: 1.5 KB of each first page. Vendored files keep theirs."""
    comment = COMMENTS.get(path.suffix)
    content = path.read_bytes()
    return comment.sub(b"", content) if comment is not None else content


def static(path: str) -> str:
    """The address of a file in the static folder; `KeyError` when there is none, so a typo fails in the tests."""
    known = assets()
    _ = known.files[path]
    return f"{PREFIX}/{known.digest}/{path}"


def static_files() -> ASGIApp:
    """The ASGI application to mount at `PREFIX`."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        await _answer(scope)(scope, receive, send)

    return serve


def _answer(scope: Scope) -> Response:
    known = assets()
    below = scope["path"].removeprefix(scope.get("root_path", "")).removeprefix(PREFIX).lstrip("/")
    digest, _, name = below.partition("/")
    asset = known.files.get(name)
    if asset is None or scope["method"] not in {"GET", "HEAD"}:
        return Response("Not found", 404 if asset is None else 405, media_type="text/plain")
    # During an upgrade a page of the other version may ask here: answer, but let nobody keep it.
    headers = {"cache-control": FOREVER if digest == known.digest else "no-store"}
    if asset.gzipped is None:
        return Response(asset.content, headers=headers, media_type=asset.media_type)
    headers["vary"] = "accept-encoding"
    if "gzip" not in Headers(scope=scope).get("accept-encoding", ""):
        return Response(asset.content, headers=headers, media_type=asset.media_type)
    headers["content-encoding"] = "gzip"
    return Response(asset.gzipped, headers=headers, media_type=asset.media_type)
