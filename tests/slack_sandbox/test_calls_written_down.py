"""`--calls FILE`: every Web API call is written down, where the log keeps only the newest."""

import json
from pathlib import Path

import httpx
import pytest

from slack_sandbox import cli
from slack_sandbox.calls import Ledger
from slack_sandbox.server import create_app


async def test_every_call_is_a_line_without_secrets(tmp_path: Path) -> None:
    app, file = create_app(seed=1), tmp_path / "calls.jsonl"
    app.state.sandbox.ledger = Ledger(file)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8100") as slack:
        await slack.post("/api/api.test", data={"foo": "bar", "token": "xoxb-secret"})
        await slack.post("/api/chat.postMessage", data={"channel": "C1", "text": "hi", "token": "xoxb-secret"})
        await slack.post("/sandbox/reset")
        await slack.post("/api/api.test")
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [(row["method"], row["ok"], row["error"]) for row in lines] == [
        ("api.test", True, None), ("chat.postMessage", False, "invalid_auth"), ("api.test", True, None),
    ]  # fmt: skip
    assert lines[1]["args"] == {"channel": "C1", "text": "hi"}
    assert "secret" not in file.read_text()


def test_a_file_that_cannot_be_written_is_an_error_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["start", "--port", "0", "--calls", str(tmp_path / "nowhere" / "calls")]) == 1
    assert "Cannot write the calls to" in capsys.readouterr().err
