"""Neither a secret nor what a person wrote ever reaches the log."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel
from slack_sdk.errors import SlackApiError

from dispatch.kit import logs
from dispatch.kit.errors import Refused, SetupError

BOT = "xoxb-12345-67890-AbCdEf"
TEXT = "Karl fired the database"
Output = Callable[[], str]


@pytest.fixture(params=[True, False], ids=["json", "console"])
def output(request: pytest.FixtureRequest) -> Iterator[Output]:
    """Everything written so far, in production's form and in the demo's."""
    yield from _configured(json=request.param)


@pytest.fixture
def lines() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    for output in _configured(json=True):
        yield partial(_parsed, output)


def _parsed(output: Output) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output().splitlines()]


def _configured(*, json: bool, **more: Any) -> Iterator[Output]:
    root = logging.getLogger()
    before = (root.handlers[:], root.level, sys.excepthook, threading.excepthook, sys.unraisablehook)
    stream = io.StringIO()
    logs.configure("DEBUG", json, stream=stream, **more)
    yield stream.getvalue
    root.handlers[:], level, sys.excepthook, threading.excepthook, sys.unraisablehook = before
    root.setLevel(level)
    structlog.reset_defaults()


def fail(text: str = TEXT) -> None:
    try:
        raise KeyError(text)
    except KeyError as error:
        raise ValueError(f"cannot post {text!r} with {BOT}") from error


def test_a_line_is_one_json_object_with_what_is_bound(lines: Callable[[], list[dict[str, Any]]]) -> None:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    with logs.bound(request="r1", org=7, incident="INC-42"):
        logs.get("dispatch.kit.test").info("channel made", channel="C1", ms=3.5, at=at, ids=[1, 2], of=None)
    logs.get("dispatch.kit.test").info("after")
    first, after = lines()
    assert first.pop("timestamp").endswith("Z")
    assert first == {
        "event": "channel made",
        "level": "info",
        "logger": "dispatch.kit.test",
        "request": "r1",
        "org": 7,
        "incident": "INC-42",
        "channel": "C1",
        "ms": 3.5,
        "at": "2026-03-01 00:00:00+00:00",
        "ids": [1, 2],
        "of": None,
    }
    assert "incident" not in after


@pytest.mark.parametrize(
    "key",
    [
        "token",
        "bot_token",
        "accessToken",
        "secret",
        "signing_secret",
        "password",
        "Authorization",
        "Set-Cookie",
        "text",
        "message_text",
        "plain_text",
        "blocks",
        "description",
        "title",
        "sub_title",
        "body",
        "email",
        "e-mail",
        "payload",
    ],
)
def test_what_stands_under_a_telling_key_is_masked_at_any_depth(output: Output, key: str) -> None:
    log = logs.get("dispatch.x")
    log.info("sent", **{key: TEXT})
    log.info("sent", data={"list": [{key: {"deep": TEXT}}]})
    assert TEXT not in output()
    assert output().count(logs.MASK) == 2


def test_a_context_is_no_text(output: Output) -> None:
    logs.get("dispatch.x").info("seen", context="inbox")
    assert "inbox" in output()


@pytest.mark.parametrize(
    "secret",
    [
        BOT,
        "xoxp-1-2-3-abc",
        "xoxe.xoxp-1-abc",
        "xoxe-1-abc",
        "xapp-1-A1-2-abc",
        "Bearer abc.def-123",
        "bearer abc.def-123",
        "Basic dXNlcjpwYXNz",
        "ada@example.com",
        "https://hooks.slack.com/commands/T1/2/abc",
        "wss://wss-primary.slack.com/link/?ticket=abc",
    ],
)
def test_a_secret_is_masked_wherever_it_stands(output: Output, secret: str) -> None:
    bare = secret.split("://")[-1]
    log = logs.get("dispatch.x")
    log.info(
        f"event {secret} end", value=f"before {secret} after", many=[{"x": (secret,)}], url=f"https://a/?x={secret}"
    )
    logging.getLogger("dispatch.y").warning("std %s and %s", secret, {"x": secret})
    logging.getLogger("foreign").warning(f"std {secret}")
    with pytest.raises(OSError, match="no") as caught:
        raise OSError(f"no {secret}")
    log.error("failed", exc_info=caught.value)
    assert bare not in output()
    assert secret.split()[-1] not in output()
    assert output().count("event ") == 1


def test_the_password_of_an_address_is_masked(output: Output) -> None:
    logs.get("dispatch.x").info("database", url="postgresql://ada:hush@db.internal:5432/dispatch")
    assert "hush" not in output()
    assert "db.internal" in output()


@pytest.mark.parametrize(
    "quoted",
    [
        json.dumps({"channel": "C1", "text": TEXT + ' "quoted" end'}),
        str({"channel": "C1", "title": TEXT}),
        f"Report(title={TEXT!r}, project='1')",
        "token=abc&text=" + TEXT.replace(" ", "+"),
        json.dumps({"text": TEXT})[:-3],
    ],
)
def test_a_quoted_field_inside_a_text_is_masked(output: Output, quoted: str) -> None:
    logs.get("dispatch.x").info("got", raw=quoted)
    assert "fired" not in output()
    assert "end" not in output()


def test_an_object_is_shown_by_its_type_only(output: Output) -> None:
    class Form(BaseModel):
        name: str

    logs.get("dispatch.x").info("got", form=Form(name=TEXT), raw=TEXT.encode(), error=ValueError(TEXT), kind=Form)
    assert TEXT not in output()
    assert "<Form>" in output()
    assert "ValueError" in output()


def test_an_exception_tells_its_type_and_places_but_not_its_message(output: Output) -> None:
    log = logs.get("dispatch.x")
    try:
        fail()
    except ValueError:
        log.exception("posting failed")
        logging.getLogger("dispatch.y").exception("posting failed")
        logging.getLogger("foreign").exception("posting failed")
    shown = output()
    assert TEXT not in shown
    assert "xoxb" not in shown
    assert shown.count("ValueError") == 3
    assert shown.count("KeyError") == 3
    assert "test_logs.py" in shown
    assert "in fail" in shown


def test_groups_notes_and_circles_are_told_without_messages(output: Output) -> None:
    one, other = ValueError(TEXT), RuntimeError(TEXT)
    one.add_note(TEXT)
    one.__cause__, other.__cause__ = other, one
    logs.get("dispatch.x").error("failed", exc_info=ExceptionGroup(TEXT, [one, other]))
    assert TEXT not in output()
    assert "RuntimeError" in output()


def test_what_the_interpreter_and_the_setup_say_is_shown(output: Output) -> None:
    log = logs.get("dispatch.x")
    for error in (
        SetupError("DISPATCH_BASE_URL is missing"),
        ModuleNotFoundError("No module named 'x'"),
        ConnectionRefusedError(111, "refused"),
    ):
        log.error("failed", exc_info=error)
    for words in ("DISPATCH_BASE_URL is missing", "No module named", "refused"):
        assert words in output()


def test_error_codes_of_other_systems_are_shown(output: Output) -> None:
    class Diag:
        constraint_name = "uq_incident_name"

    class Broken(Exception):
        sqlstate = "23505"
        diag = Diag()

    refused: Any = SlackApiError  # untyped in slack_sdk
    wrapped = RuntimeError(TEXT)
    wrapped.orig = Broken(TEXT)  # type: ignore[attr-defined]
    log = logs.get("dispatch.x")
    log.error("failed", exc_info=refused(TEXT, {"ok": False, "error": "channel_not_found"}))
    log.error("failed", exc_info=Refused(TEXT, code="name_taken"))
    log.error("failed", exc_info=wrapped)
    for code in ("channel_not_found", "name_taken", "23505 uq_incident_name"):
        assert code in output()
    assert TEXT not in output()


def test_lines_of_other_libraries_lose_what_they_quote(output: Output) -> None:
    lib = logging.getLogger("slack_sdk.web")
    lib.warning(f"Failed to send a message (error: {TEXT})")
    lib.warning("Failed to send: %s, attempt %d", TEXT, 3)
    lib.warning("Failed to send: %(what)s", {"what": TEXT})
    lib.warning("Failed to send: %d", Decimal(5))
    lib.error({"ok": False, "text": TEXT})
    lib.error(ValueError(TEXT))
    lib.info("not shown")
    shown = output()
    assert TEXT not in shown
    assert shown.count("Failed to send") == 4
    assert "attempt 3" in shown
    assert "not shown" not in shown


def test_our_own_standard_lines_keep_their_values(output: Output) -> None:
    # Another test of this process may have served something quietly.
    logging.getLogger("uvicorn.error").setLevel(logging.NOTSET)
    logging.getLogger("uvicorn").setLevel(logging.NOTSET)
    logging.getLogger("uvicorn.error").info("Uvicorn running on %s:%d", "127.0.0.1", 8000)
    logging.getLogger("pgqueuer").error("Exception while processing: %s/%s", "incident.set_up", uuid.UUID(int=1))
    logging.getLogger("pgqueuer").error("Failed: %s", ValueError(TEXT))
    assert "Uvicorn running on 127.0.0.1:8000" in output()
    assert "incident.set_up/00000000-0000-0000-0000-000000000001" in output()
    assert TEXT not in output()


def test_paths_of_requests_are_not_logged(output: Output) -> None:
    logging.getLogger("uvicorn.access").info('%s - "GET %s"', "127.0.0.1", "/sign-in/hush")
    assert output() == ""


async def test_a_task_that_failed_unseen_is_logged_without_its_message(output: Output) -> None:
    async def failing() -> None:
        fail()

    task = asyncio.create_task(failing())
    await asyncio.wait([task])
    asyncio.get_running_loop().call_exception_handler(
        {"message": "Task exception was never retrieved", "exception": task.exception(), "future": task}
    )
    assert TEXT not in output()
    assert "Task exception was never retrieved" in output()
    assert "ValueError" in output()


def test_an_exception_nobody_caught_is_logged_without_its_message(
    output: Output, capfd: pytest.CaptureFixture[str]
) -> None:
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    with pytest.raises(ValueError, match="cannot post") as caught:
        fail()
    sys.excepthook(caught.type, caught.value, caught.tb)
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert output().count("not caught") == 2
    assert TEXT not in output() + "".join(capfd.readouterr())


def test_a_line_that_cannot_be_written_is_told_without_its_content(
    lines: Callable[[], list[dict[str, Any]]], capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "_said", lambda record: 1 / 0)
    logging.getLogger("foreign").warning(TEXT)
    written = capfd.readouterr().err
    assert "foreign" in written
    assert TEXT not in written
    assert lines() == []


def test_development_may_show_messages_but_never_tokens() -> None:
    for output in _configured(json=False, exception_messages=True):
        try:
            fail()
        except ValueError:
            logs.get("dispatch.x").exception("failed")
        assert TEXT in output()
        assert "xoxb" not in output()


def test_the_level_holds() -> None:
    for output in _configured(json=True):
        logs.configure("WARNING", True, stream=sys.stderr)
        logs.get("dispatch.x").info("quiet")
        assert logging.getLogger("slack_sdk").level == logging.WARNING
        assert output() == ""


@given(st.text(), st.text(alphabet=st.characters(codec="utf-8", categories=["L", "N"]), min_size=8, max_size=60))
@settings(max_examples=200, deadline=None)
def test_a_token_is_masked_in_any_surroundings(around: str, rest: str) -> None:
    assert rest not in logs.mask_text(f"{around} xoxb-{rest} {around}").replace(around, "")


def test_a_hostile_text_is_masked_in_time() -> None:
    started = time.perf_counter()
    for text in ("a" * 200_000, "a-" * 100_000, "'" * 200_000, "token" * 40_000, "a@" * 100_000, "text='" * 30_000):
        logs.mask_text(text, 20_000)
    assert time.perf_counter() - started < 5
