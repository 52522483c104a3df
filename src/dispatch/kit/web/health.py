"""What machines ask: does it live, is it ready, is the work done, the figures."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import orjson
from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest
from sqlalchemy import text
from sqlalchemy.exc import InterfaceError, OperationalError, ProgrammingError

from dispatch.kit import backup
from dispatch.kit.db import Database
from dispatch.kit.slack import inbox, sockets
from dispatch.kit.slack.inbox import Counts
from dispatch.kit.slack.sockets import SocketHealth

#: Seconds a job or a delivery may be due before something is wrong with the workers.
LATE = 30
#: Seconds an app that was connected by a socket may be silent.
SILENT = 60

_DELIVERIES = Gauge("dispatch_slack_inbox", "Deliveries in the inbox", ["state"])
_OLDEST = Gauge("dispatch_slack_inbox_oldest_seconds", "How long the oldest delivery that is due has waited")
_SOCKETS = Gauge("dispatch_slack_sockets", "Socket Mode: apps by how their socket does", ["state"])
_SILENCE = Gauge(
    "dispatch_slack_socket_silent_seconds", "Socket Mode: the longest silence of an app that was connected"
)
#: Labelled, so that a process that looks after no backups shows none instead of a zero.
_BACKUP = Gauge("dispatch_backup_last_success_timestamp_seconds", "When the newest good backup was made", ["kind"])
_BACKUP_FAILED = Gauge(
    "dispatch_backup_failed", "1 when the last attempt failed or the newest backup is too old", ["kind"]
)


def routes(db: Database, *, schema: str, backups_of: Path | None) -> APIRouter:
    """The addresses.

    Args:
        schema: the version of the schema this code needs.
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
                there = (await t.execute(text("select version_num from alembic_version"))).scalar()
        except (OperationalError, InterfaceError):
            return PlainTextResponse("the database does not answer", 503)
        except ProgrammingError:
            # No such table, or a schema from before we were allowed to read it.
            there = None
        if there != schema:
            return PlainTextResponse(
                f"the database has schema {there or 'unknown'}, this Dispatch needs {schema}: "
                "run `dispatch database upgrade`, or start the version that fits",
                503,
            )
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
            letters, links = await inbox.counts(t), await sockets.health(t)
        found: dict[str, Any] = {"due": row.due, "oldest_seconds": round(float(row.oldest), 1), "failed": row.failed}
        found["inbox"] = {
            "waiting": letters.waiting,
            "oldest_seconds": round(letters.oldest_seconds, 1),
            "set_aside": letters.aside,
            "dead_letters": letters.dead,
        }
        found["sockets"] = {
            "connected": links.connected,
            "troubled": links.troubled,
            "silent_seconds": round(links.silent_seconds, 1),
        }
        well = max(float(row.oldest), letters.oldest_seconds) <= LATE and links.silent_seconds <= SILENT
        if backups_of is not None:
            nightly = await asyncio.to_thread(backup.state, backups_of)
            found["backup"] = {"newest": nightly.newest, "failed_at": nightly.failed_at, "error": nightly.error}
            well = well and nightly.well
        return Response(orjson.dumps(found), 200 if well else 503, media_type="application/json")

    @router.get("/metrics")
    async def metrics() -> Response:
        try:
            async with db.system() as t:
                _note(await inbox.counts(t), await sockets.health(t))
        except (OperationalError, InterfaceError):
            # The figures of this process are there without a database, and wanted most just then.
            _DELIVERIES.clear()
            _SOCKETS.clear()
        if backups_of is not None:
            nightly = await asyncio.to_thread(backup.state, backups_of)
            _BACKUP_FAILED.labels("nightly").set(0 if nightly.well else 1)
            if nightly.newest is not None:
                _BACKUP.labels("nightly").set(nightly.newest.timestamp())
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router


def _note(letters: Counts, links: SocketHealth) -> None:
    for state, count in (("waiting", letters.waiting), ("set_aside", letters.aside), ("dead", letters.dead)):
        _DELIVERIES.labels(state).set(count)
    _OLDEST.set(letters.oldest_seconds)
    _SOCKETS.labels("connected").set(links.connected)
    _SOCKETS.labels("troubled").set(links.troubled)
    _SILENCE.set(links.silent_seconds)
