"""What machines ask: does it live, is it ready, is the work done, the figures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from sqlalchemy.exc import InterfaceError, OperationalError

from dispatch.kit import backup
from dispatch.kit.db import Database

#: Seconds a job may be due before something is wrong with the workers.
LATE = 30


def routes(db: Database, *, backups_of: Path | None) -> APIRouter:
    """The addresses.

    Args:
        backups_of: the data directory whose nightly backups belong to the work; None when we make none.
    """
    router = APIRouter(include_in_schema=False)

    @router.get("/healthz/live")
    async def alive() -> Response:
        return PlainTextResponse("ok")

    @router.get("/healthz/ready")
    async def ready() -> Response:
        try:
            async with db.system() as t:
                await t.execute(text("select 1 from organization limit 1"))
        except (OperationalError, InterfaceError):
            return PlainTextResponse("the database does not answer", 503)
        return PlainTextResponse("ok")

    @router.get("/healthz/work")
    async def work() -> Response:
        async with db.system() as t:
            row = (
                await t.execute(
                    text(
                        "select count(*) filter (where status = 'queued' and execute_after < now()) as due,"
                        " coalesce(extract(epoch from now() - min(execute_after)"
                        " filter (where status = 'queued' and execute_after < now())), 0) as oldest,"
                        " count(*) filter (where status = 'failed') as failed from jobs.pgqueuer"
                    )
                )
            ).one()
        found: dict[str, Any] = {"due": row.due, "oldest_seconds": round(float(row.oldest), 1), "failed": row.failed}
        well = float(row.oldest) <= LATE
        if backups_of is not None:
            nightly = backup.state(backups_of)
            found["backup"] = {"newest": nightly.newest, "failed_at": nightly.failed_at, "error": nightly.error}
            well = well and nightly.well
        return Response(orjson.dumps(found), 200 if well else 503, media_type="application/json")

    @router.get("/metrics")
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router
