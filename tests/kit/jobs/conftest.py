"""A database with the job tables for each test, and workers in this process and in others."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from dispatch.kit import embedded
from dispatch.kit.embedded import Cluster
from dispatch.kit.embedded.testing import (
    clone_database,
    drop_database,
    fastest_place,
    prepared_database,
    temporary_cluster,
)
from dispatch.kit.jobs import JobWorker, enqueue, grants, install_sql

HEARTBEAT = timedelta(seconds=1.5)
PROGRAM = Path(__file__).with_name("worker_program.py")
_numbers = itertools.count()

# What the handlers of these tests leave behind, since some of them run in other processes.
SEEN = """
CREATE TABLE seen (job text, worker text, what text, at timestamptz DEFAULT clock_timestamp());
GRANT SELECT, INSERT ON seen TO dispatch_app;
"""


def prepare(owner_url: str) -> None:
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute(install_sql())
        connection.execute(grants("dispatch_app"))
        connection.execute(SEEN)


async def eventually(condition: Callable[[], Awaitable[bool]], *, seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.02)


@dataclass
class Database:
    """One test's database, as the application role sees it."""

    url: str

    @property
    def name(self) -> str:
        return str(conninfo_to_dict(self.url)["dbname"])

    async def connect(self, **options: Any) -> psycopg.AsyncConnection[Any]:
        return await psycopg.AsyncConnection.connect(self.url, **options)

    async def enqueue(self, kind: str, payload: bytes = b"", **options: Any) -> int:
        async with await self.connect() as connection:
            job_id = await enqueue(connection, kind, payload, **options)
        assert job_id is not None
        return job_id

    async def rows(self, query: str, *args: object) -> list[tuple[Any, ...]]:
        async with await self.connect(autocommit=True) as connection:
            return await (await connection.execute(query.encode(), args or None)).fetchall()

    async def states(self) -> list[str]:
        """The status of each job there is."""
        return [status for (status,) in await self.rows("SELECT status::text FROM jobs.pgqueuer ORDER BY id")]

    async def until(self, query: str, *args: object, seconds: float = 15.0) -> list[tuple[Any, ...]]:
        """Wait for the query to find something."""
        found: list[tuple[Any, ...]] = []

        async def look() -> bool:
            found[:] = await self.rows(query, *args)
            return bool(found)

        await eventually(look, seconds=seconds)
        return found


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Cluster]:
    # Without pytest-xdist ("master") the parent belongs to all runs on this machine, not to this one.
    base = tmp_path_factory.getbasetemp()
    with temporary_cluster(base if worker_id == "master" else base.parent) as running:
        prepared_database(running.owner_url, "jobs_template", prepare)
        yield running


@pytest.fixture
def database(cluster: Cluster, worker_id: str) -> Iterator[Database]:
    name = f"jobs_{worker_id}_{next(_numbers)}"
    url = clone_database(cluster.owner_url, "jobs_template", name)
    yield Database(url.replace("dispatch_owner@", "dispatch_app@"))
    drop_database(cluster.owner_url, name)


@pytest.fixture
def killable() -> Iterator[tuple[Cluster, Database]]:
    """A server of its own for a test that kills it; durable, so that what was committed survives the kill."""
    directory = Path(tempfile.mkdtemp(prefix="dispatch-jobs-", dir=fastest_place()))
    directory.chmod(0o711)
    server = embedded.start(directory)
    prepare(server.owner_url)
    yield server, Database(server.app_url)
    server.release()
    shutil.rmtree(directory)


@pytest.fixture
async def serve(database: Database) -> AsyncIterator[Callable[..., JobWorker]]:
    """Start a worker in this process; it is stopped at the end of the test."""
    async with contextlib.AsyncExitStack() as stack:

        def start(handlers: dict[str, Any], *, on: Database = database, **options: Any) -> JobWorker:
            options = {"heartbeat_timeout": HEARTBEAT, "poll": timedelta(seconds=0.3), **options}
            worker = JobWorker(on.url, handlers, **options)
            serving = asyncio.create_task(worker.run())

            async def end() -> None:
                worker.stop()
                await asyncio.wait_for(serving, 20)

            stack.push_async_callback(end)
            return worker

        yield start


@pytest.fixture
def begun() -> Callable[[JobWorker], Awaitable[None]]:
    """Wait until a worker has looked into the queue."""

    async def wait(worker: JobWorker) -> None:
        before = worker.last_beat

        async def beat() -> bool:
            return worker.last_beat > before

        await eventually(beat)

    return wait


@pytest.fixture
def spawn(database: Database) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start a worker in a process of its own; it serves `sleep`, whose payload is a number of seconds."""
    processes: list[subprocess.Popen[bytes]] = []

    def start(name: str, *, graceful: float = 10.0, on: Database = database) -> subprocess.Popen[bytes]:
        arguments = [on.url, name, str(HEARTBEAT.total_seconds()), str(graceful)]
        processes.append(subprocess.Popen([sys.executable, str(PROGRAM), *arguments]))
        return processes[-1]

    yield start
    for process in processes:
        process.send_signal(signal.SIGCONT)
        process.kill()
        process.wait()
