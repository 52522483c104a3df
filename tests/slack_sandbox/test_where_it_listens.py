"""The program listens on this machine only unless told otherwise, and says which it is."""

from typing import Any

import httpx
import pytest

from slack_sandbox import cli, serving
from slack_sandbox.listening import listen
from slack_sandbox.server import create_app


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, tuple[str, ...]]]:
    """What would be served: the bound address, and the host names it answers to."""
    seen: list[tuple[str, tuple[str, ...]]] = []

    async def serve(listener: Any, *, hosts: tuple[str, ...], ready: Any, **_: Any) -> None:
        seen.append((listener.getsockname()[0], hosts))
        listener.close()
        ready()

    monkeypatch.setattr(serving, "serve", serve)
    return seen


def test_unless_told_otherwise_only_this_machine_reaches_it(served: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["start", "--port", "0"]) == 0
    [(address, hosts)] = served
    assert (address, set(hosts)) == ("127.0.0.1", {"127.0.0.1", "localhost"})
    assert "Listening on 127.0.0.1: only this machine can reach it." in capsys.readouterr().out


def test_an_open_address_is_said_to_be_open(served: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["start", "--port", "0", "--host", "0.0.0.0"]) == 0
    assert served == [("0.0.0.0", ())]
    assert "anyone who reaches this machine can act as anybody in it" in capsys.readouterr().err


def test_an_address_in_use_is_an_error_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    taken = listen("127.0.0.1", 0)
    taken.listen()
    try:
        assert cli.main(["start", "--port", str(taken.getsockname()[1])]) == 1
    finally:
        taken.close()
    assert "Address already in use" in capsys.readouterr().err


async def test_a_page_elsewhere_cannot_point_its_own_name_here() -> None:
    app = create_app(hosts=("127.0.0.1", "localhost"))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://elsewhere.test") as foreign:
        assert (await foreign.get("/sandbox/workspaces")).status_code == 400
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8100") as own:
        assert (await own.get("/sandbox/workspaces")).status_code == 200
