"""Pager, a tiny app behind the people page's tests: one command per thing a page must show."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs

from slack_sdk.web.async_client import AsyncWebClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from slack_sandbox.testing import serving

Json = dict[str, Any]

SCOPES = [
    "channels:history",
    "channels:join",
    "channels:manage",
    "channels:read",
    "chat:write",
    "commands",
    "im:history",
    "im:write",
    "reactions:write",
    "users:read",
    "pins:write",
    "bookmarks:write",
    "bookmarks:read",
    "canvases:write",
    "channels:write.topic",
    "links:read",
    "links:write",
    "files:read",
]


def text(words: str) -> Json:
    return {"type": "plain_text", "text": words, "emoji": True}


def options(*names: str) -> list[Json]:
    return [{"text": text(name), "value": name.lower()} for name in names]


def field(block_id: str, label: str, element: Json, **more: Any) -> Json:
    return {
        "type": "input",
        "block_id": block_id,
        "label": text(label),
        "element": {"action_id": "value", **element},
        **more,
    }


def kitchen(note: str | None = None) -> Json:
    """A modal with every kind of input."""
    severities = options("SEV1", "SEV2", "SEV3")
    blocks = [
        {
            "type": "section",
            "block_id": "intro",
            "text": {"type": "mrkdwn", "text": note or "Fill in *everything* that matters."},
            "accessory": {"type": "button", "action_id": "annotate", "text": text("Add a note")},
        },
        field(
            "title",
            "Title",
            {"type": "plain_text_input", "placeholder": text("What is broken?")},
            hint=text("Short and plain."),
        ),
        field("story", "Description", {"type": "plain_text_input", "multiline": True}, optional=True),
        field(
            "severity", "Severity", {"type": "static_select", "options": severities, "initial_option": severities[1]}
        ),
        field(
            "service",
            "Service",
            {"type": "external_select", "min_query_length": 1, "placeholder": text("Type to search")},
            optional=True,
        ),
        field("commander", "Commander", {"type": "users_select"}, optional=True),
        field("helpers", "Helpers", {"type": "multi_users_select"}, optional=True),
        field("tell", "Tell", {"type": "multi_conversations_select"}, optional=True),
        field("room", "Channel", {"type": "channels_select"}, optional=True),
        field(
            "tags",
            "Tags",
            {"type": "multi_static_select", "options": options("Network", "Database", "Frontend")},
            optional=True,
        ),
        field(
            "checks",
            "Checks",
            {"type": "checkboxes", "options": options("Page the on-call", "Open a bridge")},
            optional=True,
        ),
        field("kind", "Kind", {"type": "radio_buttons", "options": options("Real", "Drill")}, optional=True),
        field("day", "Day", {"type": "datepicker"}, optional=True),
        field("hour", "Time", {"type": "timepicker"}, optional=True),
        field("moment", "Began at", {"type": "datetimepicker"}, optional=True),
        field("count", "Customers", {"type": "number_input", "is_decimal_allowed": False}, optional=True),
        field("mail", "E-mail", {"type": "email_text_input"}, optional=True),
        field("link", "Link", {"type": "url_text_input"}, optional=True),
        field("notes", "Notes", {"type": "rich_text_input"}, optional=True),
        field("others", "Other services", {"type": "multi_external_select", "min_query_length": 1}, optional=True),
        field("rooms", "Channels", {"type": "multi_channels_select"}, optional=True),
        field("talk", "Conversation", {"type": "conversations_select"}, optional=True),
        field(
            "ratio",
            "Ratio",
            {"type": "number_input", "is_decimal_allowed": True, "min_value": "0", "max_value": "1"},
            optional=True,
        ),
        field("files", "Logs", {"type": "file_input", "filetypes": ["log", "png"], "max_files": 2}, optional=True),
    ]
    return {
        "type": "modal",
        "callback_id": "kitchen",
        "title": text("Report a problem"),
        "submit": text("Report"),
        "close": text("Cancel"),
        "notify_on_close": True,
        "blocks": blocks,
    }


def panel() -> list[Json]:
    """Every element that may stand in a message and tells the app at once."""
    elements: list[Json] = [
        {"type": "external_select", "action_id": "service", "min_query_length": 1, "placeholder": text("Service")},
        {"type": "users_select", "action_id": "who", "placeholder": text("Who")},
        {"type": "conversations_select", "action_id": "where", "placeholder": text("Where")},
        {"type": "channels_select", "action_id": "room", "placeholder": text("Room")},
        {"type": "datepicker", "action_id": "day", "placeholder": text("Day")},
        {"type": "timepicker", "action_id": "hour", "placeholder": text("Hour")},
        {"type": "datetimepicker", "action_id": "moment"},
        {"type": "radio_buttons", "action_id": "kind", "options": options("Real", "Drill")},
        {"type": "checkboxes", "action_id": "checks", "options": options("Bridge", "Status page")},
    ]
    several = [
        {
            "type": "section",
            "block_id": kind,
            "text": text(f"Choose {kind}"),
            "accessory": {"action_id": f"several_{kind}", "placeholder": text(f"Several {kind}"), **element},
        }
        for kind, element in {
            "tags": {"type": "multi_static_select", "options": options("Network", "Database")},
            "services": {"type": "multi_external_select", "min_query_length": 1},
            "people": {"type": "multi_users_select"},
            "talks": {"type": "multi_conversations_select"},
            "rooms": {"type": "multi_channels_select"},
        }.items()
    ]
    typed = field("typed", "Say why", {"type": "plain_text_input", "action_id": "why"}, dispatch_action=True)
    return [{"type": "actions", "block_id": "panel", "elements": elements}, *several, typed]


def card(state: str = "Active") -> list[Json]:
    return [
        {"type": "header", "text": text("Checkout is failing :fire:")},
        {
            "type": "section",
            "text": {
                "type": "mrkdwn",
                "text": "Payments answer *502* since <!date^1764000000^{date_short} {time}|noon>.\n> 40 % of carts are lost\nSee <https://status.example.test|the status page> and `payments-api`.",
            },
            "fields": [{"type": "mrkdwn", "text": f"*State*\n{state}"}, {"type": "mrkdwn", "text": "*Severity*\nSEV1"}],
        },
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "Reported by Pager :robot_face:"}]},
        {
            "type": "actions",
            "block_id": "moves",
            "elements": [
                {"type": "button", "action_id": "take", "style": "primary", "text": text("Take it"), "value": "1"},
                {
                    "type": "button",
                    "action_id": "close",
                    "style": "danger",
                    "text": text("Close"),
                    "value": "1",
                    "confirm": {
                        "title": text("Close it?"),
                        "text": {"type": "mrkdwn", "text": "This tells *everyone*."},
                        "confirm": text("Yes, close"),
                        "deny": text("No"),
                    },
                },
                {
                    "type": "static_select",
                    "action_id": "sev",
                    "placeholder": text("Severity"),
                    "options": options("SEV1", "SEV2", "SEV3"),
                },
                {"type": "overflow", "action_id": "more", "options": options("Mute", "Export")},
            ],
        },
    ]


def manifest(url: str) -> Json:
    commands = [
        ("/report", "Report a problem", "[title]"),
        ("/card", "Post a card", ""),
        ("/whisper", "Answer only you", "[words]"),
        ("/panel", "Post every element", ""),
    ]
    return {
        "display_information": {"name": "Pager", "description": "Pages people"},
        "features": {
            "app_home": {"home_tab_enabled": True, "messages_tab_enabled": True},
            "bot_user": {"display_name": "pager"},
            "unfurl_domains": ["status.example.test"],
            "slash_commands": [
                {
                    "command": name,
                    "url": f"{url}/command",
                    "description": words,
                    **({"usage_hint": hint} if hint else {}),
                }
                for name, words, hint in commands
            ],
            "shortcuts": [
                {
                    "name": "Report a problem",
                    "type": "global",
                    "callback_id": "report",
                    "description": "Opens the form",
                },
                {"name": "Make a task", "type": "message", "callback_id": "task", "description": "From this message"},
            ],
        },
        "oauth_config": {"scopes": {"bot": SCOPES}, "redirect_urls": [f"{url}/oauth"]},
        "settings": {
            "event_subscriptions": {
                "request_url": f"{url}/event",
                "bot_events": [
                    "app_home_opened",
                    "message.im",
                    "link_shared",
                    "channel_rename",
                    "channel_deleted",
                    "user_change",
                    "team_join",
                    "app_uninstalled",
                ],
            },
            "interactivity": {
                "is_enabled": True,
                "request_url": f"{url}/action",
                "message_menu_options_url": f"{url}/menu",
            },
            "socket_mode_enabled": False,
        },
    }


class Pager:
    def __init__(self, url: str) -> None:
        self.url = url
        self.web: AsyncWebClient | None = None
        self.submitted: list[Json] = []
        self.acted: list[Json] = []
        self.seen: list[str] = []
        self._late: set[asyncio.Task[Any]] = set()

    def later(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._late.add(task)
        task.add_done_callback(self._late.discard)

    async def handle(self, request: Request) -> Response:
        raw = (await request.body()).decode()
        if raw.startswith("{"):
            return await self.event(json.loads(raw))
        form = {key: values[0] for key, values in parse_qs(raw, keep_blank_values=True).items()}
        return await (self.command(form) if "command" in form else self.interactive(json.loads(form["payload"])))

    async def event(self, body: Json) -> Response:
        if body.get("type") == "url_verification":
            return JSONResponse({"challenge": body["challenge"]})
        event = body["event"]
        self.seen.append(event["type"])
        if event["type"] == "link_shared":
            preview = {"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "*Incident 7* is open"}}]}
            unfurls = {one["url"]: preview for one in event["links"]}
            self.later(self.web.chat_unfurl(channel=event["channel"], ts=event["message_ts"], unfurls=unfurls))
        if event["type"] == "app_home_opened" and event.get("tab") == "home":
            blocks = [
                {"type": "header", "text": text("Open problems")},
                {"type": "section", "text": {"type": "mrkdwn", "text": f"Hello <@{event['user']}>, all is quiet."}},
                {
                    "type": "actions",
                    "elements": [
                        {"type": "button", "action_id": "report", "style": "primary", "text": text("Report a problem")}
                    ],
                },
            ]
            self.later(self.web.views_publish(user_id=event["user"], view={"type": "home", "blocks": blocks}))
        return PlainTextResponse("")

    async def command(self, form: Json) -> Response:
        if form["command"] == "/whisper":
            return JSONResponse({"response_type": "ephemeral", "text": f"Psst, {form['text'] or 'nothing'}"})
        if form["command"] == "/panel":
            self.later(self.web.chat_postMessage(channel=form["channel_id"], text="Everything at once", blocks=panel()))
        elif form["command"] == "/card":
            self.later(self.web.chat_postMessage(channel=form["channel_id"], text="Checkout is failing", blocks=card()))
        else:
            await self.web.views_open(trigger_id=form["trigger_id"], view=kitchen())
        return PlainTextResponse("")

    async def interactive(self, body: Json) -> Response:
        self.seen.append(body["type"])
        if body["type"] == "block_suggestion":
            return JSONResponse(
                {
                    "options": [
                        one for one in options("Payments", "Search", "Login") if body["value"].lower() in one["value"]
                    ]
                }
            )
        if body["type"] == "view_submission":
            return self.submission(body["view"])
        if body["type"] in ("shortcut", "message_action"):
            await self.web.views_open(trigger_id=body["trigger_id"], view=kitchen())
        elif body["type"] == "block_actions":
            await self.action(body)
        return PlainTextResponse("")

    def submission(self, view: Json) -> Response:
        values = view["state"]["values"]
        self.submitted.append(values)
        if "title" in values and values["title"]["value"]["value"] == "bad":
            return JSONResponse({"response_action": "errors", "errors": {"title": "Please say what is broken."}})
        if "title" in values and values["title"]["value"]["value"] == "more":
            sure = {
                "type": "modal",
                "title": text("Are you sure?"),
                "submit": text("Yes"),
                "blocks": [{"type": "section", "text": text("This pages people.")}],
            }
            return JSONResponse({"response_action": "push", "view": sure})
        return PlainTextResponse("")

    async def action(self, body: Json) -> None:
        name = body["actions"][0]["action_id"]
        self.acted.append(body["actions"][0])
        if body["actions"][0]["block_id"] in ("panel", "tags", "services", "people", "talks", "rooms", "typed"):
            return
        if name == "annotate":
            typed = body["view"]["state"]["values"]["title"]["value"]["value"]
            await self.web.views_update(view_id=body["view"]["id"], view=kitchen(f"Noted: {typed}"))
        elif name == "report":
            await self.web.views_open(trigger_id=body["trigger_id"], view=kitchen())
        elif body.get("message"):
            state = {"take": f"Taken by {body['user']['username']}", "close": "Closed"}.get(
                name, f"Changed with {name}"
            )
            await self.web.chat_update(
                channel=body["channel"]["id"], ts=body["message"]["ts"], text=state, blocks=card(state)
            )


@contextlib.asynccontextmanager
async def pager() -> AsyncIterator[Pager]:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    app = Pager(f"http://127.0.0.1:{listener.getsockname()[1]}")
    async with serving(Starlette(routes=[Route("/{path}", app.handle, methods=["POST"])]), listener):
        yield app
