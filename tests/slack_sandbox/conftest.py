"""One sandbox per test."""

from collections.abc import AsyncIterator

import pytest
from slack_sdk.web.async_client import AsyncWebClient
from stage_set import WORKSPACE, Stage, manifest, recorder

from slack_sandbox.testing import running_sandbox


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with running_sandbox() as running, recorder() as app:
        # Three seconds for a modal are short on a busy machine: time moves only when a test moves it.
        running.sandbox.clock.stop()
        made = await running.client.call("POST", "workspaces", WORKSPACE)
        team = made["team"]["id"]
        keys = await running.client.app(team, manifest(app.url))
        ids = {user["name"]: user["id"] for user in made["users"]}
        bot = AsyncWebClient(token=keys["bot_token"], base_url=running.api_url)
        general = made["channels"][0]["id"]
        yield Stage(running, app, keys, team, ids["ada"], ids["bo"], ids["cy"], general, bot)
