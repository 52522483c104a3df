"""Nothing a caller sends makes the sandbox fall over."""

import itertools
import random
from typing import Any

import httpx
import pytest
from stage_set import Stage

from slack_sandbox import facts, methods

ODD: list[Any] = ["", "x", "0", "-1", "[]", "{}", "[1]", '{"a": 1}', "null", "\x00", "💥" * 10, [], {}, [1, None], {"type": "modal"}, 0, -1, 1e9, True, [[]], [{}], {"type": []}]  # fmt: skip
NAMES = sorted(
    {
        "channel", "channel_id", "channels", "user", "users", "user_id", "name", "text", "blocks", "attachments", "metadata", "ts",
        "timestamp", "thread_ts", "view", "view_id", "external_id", "trigger_id", "hash", "limit", "cursor", "types", "oldest",
        "latest", "topic", "purpose", "email", "title", "type", "link", "bookmark_id", "files", "file", "filename", "length",
        "changes", "canvas_id", "document_content", "criteria", "access_level", "user_ids", "usergroup", "handle", "profile",
        "manifest", "message", "post_at", "unfurls", "chunks", "prompts", "status", "code", "client_id", "client_secret",
        "markdown_text", "force", "is_private", "username", "icon_emoji", "presence", "include_labels", "event_context",
    }
)  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
async def test_no_arguments_break_a_method(stage: Stage, seed: int) -> None:
    chance = random.Random(seed)
    channel = await stage.room("fuzz", stage.ada)
    ts = (await stage.bot.chat_postMessage(channel=channel, text="x"))["ts"]
    real = {
        "channel": channel,
        "channel_id": channel,
        "ts": ts,
        "timestamp": ts,
        "user": stage.ada,
        "user_id": stage.ada,
    }
    tokens = [stage.keys["bot_token"], stage.keys["user_token"], stage.keys["app_token"]]
    broken = []
    async with httpx.AsyncClient(base_url=stage.running.api_url, timeout=120) as http:
        for name, _ in itertools.product(sorted(methods.load()), range(6)):
            if name in ("apps.uninstall", "auth.revoke"):
                continue
            known = facts.methods().get(name)
            chosen = {*chance.sample(NAMES, 6), *(known.required if known else ())}
            body = {key: chance.choice([real.get(key, "x"), chance.choice(ODD)]) for key in chosen}
            headers = {"Authorization": f"Bearer {chance.choice(tokens)}"}
            if chance.random() < 0.5:
                answer = await http.post(name, json=body, headers=headers)
            else:
                answer = await http.post(name, data={key: str(value) for key, value in body.items()}, headers=headers)
            if answer.status_code != 200:
                broken.append((name, body, answer.status_code))
    assert broken == []


@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("POST", "workspaces"), ("POST", "apps"), ("POST", "users/U1/messages"), ("POST", "users/U1/commands"),
        ("POST", "users/U1/actions"), ("PUT", "faults"), ("POST", "clock"), ("PUT", "settings"), ("PUT", "snapshot"),
    ],
)  # fmt: skip
async def test_no_body_breaks_the_test_side(stage: Stage, verb: str, path: str) -> None:
    bodies: list[bytes] = [
        b"",
        b"{",
        b"[]",
        b"null",
        b"{}",
        b'{"team": 1}',
        b'{"channel": "C1", "text": 5}',
        b'{"advance": -1}',
    ]
    async with httpx.AsyncClient(base_url=f"{stage.running.base_url}/sandbox/") as http:
        for body in bodies:
            answer = await http.request(verb, path, content=body, headers={"Content-Type": "application/json"})
            assert answer.status_code < 500, (body, answer.text)
