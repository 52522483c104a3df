"""Every modal there is, by whatever opens one: a command, a word, a shortcut, a button. Tests about all include tomorrow's."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from dispatch.desk import sample
from dispatch.kit.slack import registry
from slack_sandbox import shapes, triggers
from tests.playing import drawn
from tests.slack_side import SlackSide
from tests.stage import Stage


@dataclass(frozen=True)
class Opened:
    """A modal on somebody's screen."""

    by: str
    view: dict[str, Any]

    @property
    def callback(self) -> str:
        """As the code knows it, without the stamp of who opened it."""
        return str(self.view["callback_id"]).partition("~")[0]

    @property
    def actions(self) -> set[str]:
        """What can be pressed or chosen in it."""
        return {str(element["action_id"]) for element in elements(self.view) if "action_id" in element}


def elements(view: dict[str, Any]) -> list[dict[str, Any]]:
    """Inputs, menus and buttons of a view."""
    found = []
    for block in view["blocks"]:
        found += [block[key] for key in ("element", "accessory") if key in block] + block.get("elements", [])
    return found


def slack_side(stage: Stage) -> SlackSide:
    """Requests made by hand, signed as Slack signs them."""
    return SlackSide(
        stage.web, sample.SLUG, stage.app["team_id"], stage.app["app_id"], stage.app["signing_secret"],
        bot=stage.app["bot_user_id"],
    )  # fmt: skip


def without_limits(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls of Slack go out at once: what a test does in seconds, people do in hours, and part of it would wait or be lost."""

    async def at_once(_wanted: object) -> float:
        return 0.0

    monkeypatch.setattr(stage.house.budget, "take", at_once)


async def answered(stage: Stage) -> None:
    """Until what Dispatch does after an answer is done."""

    async def look() -> bool:
        return not stage.house.dispatcher._background

    await stage.eventually(look)


async def every_modal(stage: Stage, who: str, channel: str, number: int) -> AsyncIterator[Opened]:
    """Each modal this person can open in the channel of incident `number`, one after the other, while it is open."""
    for command in registry.commands.values():
        for words in ["", *registry.words] if command.key == "dispatch" else [""]:
            await stage.slack.command(who, channel, command.default_name, words)
            async for opened in _on_screen(stage, who, f"{command.default_name} {words}".strip()):
                yield opened
    said = await stage.slack.say(who, channel, "It began with the release")
    for shortcut in registry.shortcuts.values():
        message = {"channel": channel, "ts": said["ts"]} if shortcut.kind == "message" else None
        await stage.slack.shortcut(who, shortcut.callback_id, message)
        async for opened in _on_screen(stage, who, f"the shortcut {shortcut.callback_id}"):
            yield opened
    for action in registry.actions:
        assert (await press(stage, who, action, f"{sample.SLUG}/{number}", channel)).status_code == 200
        async for opened in _on_screen(stage, who, f"the button {action}"):
            yield opened


async def press(
    stage: Stage, who: str, action: str, value: str, channel: str, view: dict[str, Any] | None = None
) -> Any:
    """A button with this value, in a message of the channel or in a view, wherever it is registered for."""
    box = stage.box
    place = {"container": {"type": "view", "view_id": view["id"]}, "view": view} if view else {
        "container": {"type": "message", "channel_id": channel, "message_ts": "1.2"}, "channel": {"id": channel, "name": "x"},
    }  # fmt: skip
    trigger = triggers.trigger(box, box.app(stage.app["app_id"]), box.user(who), channel=box.channel(channel))
    return await slack_side(stage).interaction(
        place | {
            "type": "block_actions", "user": {"id": who, "team_id": stage.app["team_id"]}, "trigger_id": trigger,
            "actions": [{"action_id": action, "block_id": "b", "type": "button", "value": value, "action_ts": "1.2",
                         "selected_option": {"value": value}}],
        }
    )  # fmt: skip


async def _on_screen(stage: Stage, who: str, by: str) -> AsyncIterator[Opened]:
    await answered(stage)
    if await stage.slack.call("GET", f"users/{who}/view", or_null=True) is None:
        return
    view = await drawn(stage, who)
    yield Opened(by, view)
    await stage.slack.close_view(who, view["id"], clear=True)


async def filled_in(stage: Stage, opened: Opened, who: str, *, other: str) -> dict[str, Any]:
    """The view as it is sent, every input filled in with something it takes; `other` is a user to pick."""
    view: dict[str, Any] = copy.deepcopy(shapes.view(stage.box, stage.box.state.views[opened.view["id"]]))
    values = view["state"]["values"]
    for block in view["blocks"]:
        if block["type"] != "input":
            continue
        element = block["element"]
        state = values[block["block_id"]][element["action_id"]]
        match element["type"]:
            case "plain_text_input":
                # What is given may be an address: some inputs take nothing else.
                state["value"] = "curious@example.com"
            case "users_select":
                state["selected_user"] = other
            case "multi_users_select":
                state["selected_users"] = [other]
            case "static_select":
                state["selected_option"] = state["selected_option"] or element["options"][0]
            case "external_select" if not state["selected_option"]:
                found = await stage.slack.options(who, view["id"], element["action_id"], "")
                state["selected_option"] = found["options"][0]
    return view
