"""`dispatch server slack ORG PROJECT` as its own process: it serves, it ends in order, and it says what is missing."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import Any

import pytest
from sqlalchemy import text

from tests.scenarios.test_requests_from_slack import configure
from tests.stage import BO, COMMAND, Stage, connected, over_sockets

pytestmark = [pytest.mark.process, over_sockets]


async def started(stage: Stage, *arguments: str) -> asyncio.subprocess.Process:
    settings = stage.house.settings
    env = {name: value for name, value in os.environ.items() if not name.startswith("DISPATCH_")} | {
        "DISPATCH_ENV": "test",
        "DISPATCH_DATABASE_URL": stage.house.db.url,
        "DISPATCH_SECRET_KEY": settings.secret_key,
        "DISPATCH_BASE_URL": settings.base_url,
        "DISPATCH_SLACK_API_URL": settings.slack_api_url,
    }
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "dispatch.cli.run", "server", "slack", *arguments, env=env,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def ended(stage: Stage, *arguments: str) -> tuple[int | None, str]:
    process = await started(stage, *arguments)
    _, error = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, error.decode()


async def holders(stage: Stage) -> list[Any]:
    async with stage.house.db.system() as t:
        rows = await t.execute(text("select holder from slack_socket where connections > 0 and named"))
        return list(rows.scalars())


@pytest.mark.seed("dispatch server slack")
async def test_it_serves_until_it_is_told_to_stop(stage: Stage) -> None:
    process = await started(stage, "default", "payments")

    async def serves() -> bool:
        assert process.returncode is None
        return len(await holders(stage)) == 1

    await stage.eventually(serves, timeout=60)
    await connected(stage.slack, stage.app["app_id"])
    answer = await stage.slack.command(BO, stage.general, COMMAND)
    assert answer["ack"]["error"] is None
    await stage.form(BO)
    process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), 30) == 0
    assert await holders(stage) == []


async def test_what_is_missing_is_said_in_one_sentence(stage: Stage) -> None:
    for arguments, sentence in (
        (("nowhere", "default"), 'There is no organization "nowhere". There are: default.'),
        (("default", "nowhere"), 'There is no project "nowhere" here.'),
    ):
        code, said = await ended(stage, *arguments)
        assert code == 1 and sentence in said and "Traceback" not in said
    await configure(stage, {"socket_mode_app_token": "xapp-1-A0WRONG-1-wrong"})
    code, said = await ended(stage, "default", "default")
    assert code == 1 and "Socket Mode App Token" in said and "Traceback" not in said, said
    await configure(stage, {"socket_mode_app_token": ""})
    code, said = await ended(stage, "default", "default")
    assert code == 1 and "has no Socket Mode App Token" in said
    await configure(stage, {}, enabled=False)
    code, said = await ended(stage, "default", "default")
    assert code == 1 and "is not enabled" in said
