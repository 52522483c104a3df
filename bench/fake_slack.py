"""A Slack that costs little: every call succeeds after a fixed time. For measuring only; the strict one is slack_sandbox.

    python -m bench.fake_slack PORT

`/control?latency=0.15` sets the seconds each call takes, `/control/calls` answers the calls that matter with the
moment they were answered, `/control/view` the last form, `/control/clear` forgets the calls, `/control/forget` the form.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections import Counter
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httptools
import orjson
import uvloop

TEAM, BOT = "T0DEMO", "U0BOT"
#: Calls whose moment is asked for.
NOTED = ("conversations.create", "conversations.invite", "chat.postMessage", "views.open", "views.update")


#: Every channel has a message each hundredth of a second, so that any can be asked for.
TICK_US = 10_000


def message_ts(start: int, number: int) -> str:
    """The `ts` of a message that is there: that many after this second."""
    return f"{start + number // 100}.{number % 100 * TICK_US:06d}"


class World:
    """Channels and who is in them; counters for the rest."""

    def __init__(self) -> None:
        self.latency = 0.0
        self.number = 0
        self.channels: dict[str, dict[str, Any]] = {}
        self.names: set[str] = set()
        self.noted: list[dict[str, Any]] = []
        self.counts: Counter[str] = Counter()
        #: The last form somebody was shown, as JSON.
        self.view = "{}"

    def answer(self, method: str, args: dict[str, str]) -> dict[str, Any]:
        """What Slack would say."""
        self.counts[method] += 1
        self.number += 1
        special = getattr(self, method.replace(".", "_"), None)
        said: dict[str, Any] = special(args) if special is not None else {}
        return {"ok": True, **said}

    def note(self, method: str, args: dict[str, str], said: dict[str, Any]) -> None:
        """After the answer was sent."""
        if method.startswith("views.") and '"input"' in args.get("view", ""):
            self.view = args["view"]
        if method in NOTED:
            channel = args.get("channel") or (said.get("channel") or {})
            channel = channel.get("id") if isinstance(channel, dict) else channel
            self.noted.append(
                {
                    "at": time.time(),
                    "method": method,
                    "channel": channel,
                    "name": args.get("name"),
                    "users": args.get("users"),
                }
            )

    def auth_test(self, _args: dict[str, str]) -> dict[str, Any]:
        return {"team_id": TEAM, "team": "Demo", "url": "https://demo.slack.com/", "user_id": BOT, "bot_id": "B0BOT"}

    def bots_info(self, _args: dict[str, str]) -> dict[str, Any]:
        return {"bot": {"app_id": "A0DISPATCH"}}

    def conversations_create(self, args: dict[str, str]) -> dict[str, Any]:
        name = args["name"]
        if name in self.names:
            return {"ok": False, "error": "name_taken"}
        self.names.add(name)
        channel = {
            "id": f"C{self.number:09d}",
            "name": name,
            "created": int(time.time()),
            "creator": BOT,
            "is_private": True,
        }
        self.channels[channel["id"]] = {**channel, "members": {BOT}}
        return {"channel": channel}

    def conversations_invite(self, args: dict[str, str]) -> dict[str, Any]:
        channel = self.channels[args["channel"]]
        channel["members"] |= set(args["users"].split(","))
        return {"channel": {"id": channel["id"]}}

    def conversations_members(self, args: dict[str, str]) -> dict[str, Any]:
        return {"members": sorted(self.channels[args["channel"]]["members"])}

    def conversations_history(self, args: dict[str, str]) -> dict[str, Any]:
        oldest, latest = (round(float(args[end]) * 1_000_000) for end in ("oldest", "latest"))
        ticks = range(latest // TICK_US, -(-oldest // TICK_US) - 1, -1)
        shown = ticks[: int(args["limit"])]
        messages = [
            {
                "type": "message",
                "user": "U0BO",
                "text": f"Message {tick}",
                "ts": f"{tick // 100}.{tick % 100 * TICK_US:06d}",
            }
            for tick in shown
        ]
        return {"messages": messages, "has_more": len(ticks) > len(shown)}

    def conversations_open(self, args: dict[str, str]) -> dict[str, Any]:
        return {"channel": {"id": f"D{args['users']}"}}

    def chat_postMessage(self, args: dict[str, str]) -> dict[str, Any]:
        channel = args["channel"]
        return {
            "channel": channel if not channel.startswith("#") else "C0ANNOUNCE",
            "ts": f"{time.time():.6f}",
            "message": {},
        }

    def chat_update(self, args: dict[str, str]) -> dict[str, Any]:
        return {"channel": args["channel"], "ts": args["ts"]}

    def views_open(self, _args: dict[str, str]) -> dict[str, Any]:
        return {"view": {"id": f"V{self.number:09d}", "hash": "h", "blocks": []}}

    views_update = views_open

    def bookmarks_list(self, _args: dict[str, str]) -> dict[str, Any]:
        return {"bookmarks": []}

    def users_lookupByEmail(self, args: dict[str, str]) -> dict[str, Any]:
        return {"user": self._user(f"U0{args['email'].partition('@')[0].upper()}", args["email"])}

    def users_info(self, args: dict[str, str]) -> dict[str, Any]:
        return {"user": self._user(args["user"], f"{args['user'].removeprefix('U0').lower()}@example.com")}

    def _user(self, id: str, email: str) -> dict[str, Any]:
        name = email.partition("@")[0].title()
        return {"id": id, "name": name, "tz": "UTC", "profile": {"email": email, "real_name": name}}

    def control(self, path: str, query: dict[str, list[str]]) -> Any:
        """How the measuring side talks to it."""
        if path == "/control/calls":
            return {"calls": self.noted, "counts": self.counts}
        if path == "/control/view":
            return orjson.loads(self.view)
        if path == "/control/forget":
            self.view = "{}"
        if path == "/control/clear":
            self.noted.clear()
            self.counts.clear()
        if "latency" in query:
            self.latency = float(query["latency"][0])
        return {"latency": self.latency}


class Server(asyncio.Protocol):
    """One connection."""

    def __init__(self, world: World) -> None:
        self._world = world

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._begin()

    def _begin(self) -> None:
        self._parser = httptools.HttpRequestParser(self)
        self._url, self._body = b"", b""

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        parts = urlsplit(self._url.decode())
        body = self._body
        self._begin()
        if parts.path.startswith("/control"):
            self._write(orjson.dumps(self._world.control(parts.path, parse_qs(parts.query))))
            return
        method = parts.path.rpartition("/")[2]
        args = {name: values[-1] for name, values in parse_qs(f"{parts.query}&{body.decode()}".strip("&")).items()}
        said = self._world.answer(method, args)
        if self._world.latency:
            asyncio.get_running_loop().call_later(self._world.latency, self._end, method, args, said)
        else:
            self._end(method, args, said)

    def _end(self, method: str, args: dict[str, str], said: dict[str, Any]) -> None:
        self._write(orjson.dumps(said))
        self._world.note(method, args, said)

    def _write(self, body: bytes) -> None:
        if not self._transport.is_closing():
            head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
            self._transport.write(head.encode() + body)  # type: ignore[attr-defined]


async def serve(port: int) -> None:
    """Until killed."""
    world = World()
    server = await asyncio.get_running_loop().create_server(lambda: Server(world), "127.0.0.1", port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
