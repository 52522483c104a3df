"""One fixture: application, sandbox and worker in one event loop on loopback, each test with its own database."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import socket
from collections.abc import AsyncIterator, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from playwright.sync_api import expect
from tools.seed_checklist import RESULTS

from dispatch import migrations
from dispatch.desk import sample
from dispatch.kit.db import Database
from dispatch.kit.embedded import Cluster
from dispatch.kit.embedded.testing import (
    clone_database,
    database_url,
    drop_database,
    prepared_database,
    temporary_cluster,
)
from tests.compiled import compiled_once
from tests.receivers import Mailbox, Pager, running_mailbox, running_pager
from tests.stage import Stage, staged

# Milliseconds. A loaded machine is slow, and no test in a browser is about how quick it is.
expect.set_options(timeout=30_000)


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The test session's PostgreSQL, shared by all xdist workers."""
    shared = Path(tmp_path_factory.getbasetemp())
    if shared.name.startswith("popen-"):
        shared = shared.parent
    with temporary_cluster(shared) as made:
        yield made
        for each in _dropping:
            each.result()


@pytest.fixture(scope="session", autouse=True)
def _compiled_once() -> Iterator[None]:
    with compiled_once():
        yield


@pytest.fixture(scope="session")
def template(cluster: Cluster) -> str:
    """A database with the schema, made once and cloned per test."""
    prepared_database(cluster.owner_url, "dispatch_template", migrations.upgrade)
    return "dispatch_template"


@pytest.fixture(scope="session")
def sample_template(cluster: Cluster) -> str:
    """The same with the sample organization in it: to fill it costs more than all else that a stage does."""
    name = "dispatch_sample_template"

    async def fill(url: str) -> None:
        db = Database(url, pool=1)
        try:
            await sample.fill(db)
        finally:
            await db.close()

    def filled(url: str) -> None:
        migrations.upgrade(url)
        asyncio.run(fill(database_url(cluster.app_url, urlsplit(url).path.lstrip("/"))))

    prepared_database(cluster.owner_url, name, filled)
    return name


@pytest.fixture
def database(cluster: Cluster, template: str) -> Iterator[str]:
    """The application's URL of a fresh database under the application's own role."""
    with cloned(cluster, template) as url:
        yield url


@pytest.fixture
def sample_database(cluster: Cluster, sample_template: str) -> Iterator[str]:
    """The same with the sample organization in it."""
    with cloned(cluster, sample_template) as url:
        yield url


@contextlib.contextmanager
def cloned(cluster: Cluster, template: str) -> Iterator[str]:
    """The application's URL of a copy, which is dropped afterwards, beside the next test: the server takes its time."""
    name = f"t_{uuid4().hex[:12]}"
    clone_database(cluster.owner_url, template, name)
    try:
        yield database_url(cluster.app_url, name)
    finally:
        _dropping.append(_dropper.submit(drop_database, cluster.owner_url, name))


#: One thread: it does not hurry.
_dropper = ThreadPoolExecutor(1, thread_name_prefix="drop-database")
_dropping: list[Future[None]] = []


@pytest.fixture
async def stage(sample_database: str, request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    """Everything running, the sample organization in it. Over HTTP, or as `tests.stage.over_sockets` says."""
    async with staged(sample_database, socket_mode=getattr(request, "param", "http") == "socket") as made:
        yield made


@pytest.fixture
async def mailbox(stage: Stage) -> AsyncIterator[Mailbox]:
    """A mail server, configured in the default project."""
    async with running_mailbox() as made:
        await stage.configure("smtp", made.settings)
        yield made


@pytest.fixture
async def pager(stage: Stage) -> AsyncIterator[Pager]:
    """A webhook receiver, configured in the default project."""
    async with running_pager() as made:
        await stage.configure("webhook", made.settings)
        yield made


@pytest.fixture
def free_port() -> int:
    """A port nobody uses now."""
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def pytest_collection_finish(session: pytest.Session) -> None:
    """What was imported and collected stays to the end: not to be looked at each time garbage is collected."""
    gc.collect()
    gc.freeze()
    # A stage makes more objects than the few hundred after which Python looks for garbage by default.
    gc.set_threshold(20_000, 10, 10)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note what ran of the tests that prove a line of the seed, for tools/seed_checklist.py."""
    report = yield
    if item.get_closest_marker("seed") is not None and (report.when == "call" or not report.passed):
        RESULTS.parent.mkdir(exist_ok=True)
        with RESULTS.open("a") as results:
            results.write(json.dumps({"test": item.nodeid, "outcome": report.outcome}) + "\n")
    return report
