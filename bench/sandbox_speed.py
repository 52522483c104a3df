"""How fast the Slack sandbox is and how much memory it takes: start, chat.postMessage, conversations.history, RSS.

    python bench/sandbox_speed.py [--messages 100000] [--json]

Starts a sandbox of its own on a free loopback port and measures from outside, over plain keep-alive connections, so that
the client costs little of the machine's time. Targets are those of docs/sandbox.md.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

Json = dict[str, Any]
WORKSPACE = {
    "team": {"id": "T0BENCH", "name": "Bench", "domain": "bench"},
    "users": [{"id": "U0ADA", "name": "ada"}],
    "channels": [{"name": "general", "members": ["U0ADA"]}],
}
MANIFEST = {
    "display_information": {"name": "Bench"},
    "features": {"bot_user": {"display_name": "bench"}},
    "oauth_config": {
        "scopes": {"bot": ["chat:write", "chat:write.public", "channels:read", "channels:history", "channels:join"]}
    },
    "settings": {"socket_mode_enabled": False},
}
BLOCKS = [
    {"type": "section", "text": {"type": "mrkdwn", "text": "*Checkout is failing* since 14:02"}},
    {
        "type": "actions",
        "elements": [{"type": "button", "action_id": "take", "text": {"type": "plain_text", "text": "Take it"}}],
    },
]


class Line:
    """One keep-alive connection."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def open(self) -> None:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)

    async def call(self, verb: str, path: str, body: Json | None = None, token: str = "") -> Json:
        raw = json.dumps(body).encode() if body is not None else b""
        head = f"{verb} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(raw)}\r\nContent-Type: application/json; charset=utf-8\r\n"
        self._writer.write((head + (f"Authorization: Bearer {token}\r\n" if token else "") + "\r\n").encode() + raw)
        answered = await self._reader.readuntil(b"\r\n\r\n")
        length = next(
            int(row.split(b":")[1]) for row in answered.split(b"\r\n") if row.lower().startswith(b"content-length")
        )
        shown: Json = json.loads(await self._reader.readexactly(length))
        return shown


def rss(pid: int) -> float:
    """Megabytes of resident memory."""
    rows = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(row for row in rows if row.startswith("VmRSS")).split()[1]) / 1024


def cpu(pid: int) -> float:
    """Seconds of processor time it has taken: what a busy machine does not change."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def posted(port: int, token: str, channel: str, number: int, **more: Any) -> float:
    """Messages per second over sixteen connections."""
    lines = [Line(port) for _ in range(16)]
    await asyncio.gather(*(one.open() for one in lines))
    left = iter(range(number))

    async def work(line: Line) -> None:
        for place in left:
            answer = await line.call(
                "POST", "/api/chat.postMessage", {"channel": channel, "text": f"message {place}", **more}, token
            )
            assert answer["ok"], answer

    began = time.perf_counter()
    await asyncio.gather(*(work(line) for line in lines))
    return number / (time.perf_counter() - began)


async def read(port: int, pid: int, token: str, channel: str, times: int = 1_000) -> tuple[float, float]:
    """p95 of conversations.history in milliseconds, newest page of 100, and the sandbox's processor time for one."""
    line = Line(port)
    await line.open()
    taken = []
    before = cpu(pid)
    for _ in range(times):
        began = time.perf_counter()
        answer = await line.call("GET", f"/api/conversations.history?channel={channel}&limit=100", token=token)
        taken.append((time.perf_counter() - began) * 1000)
        assert answer["ok"], answer
    return round(statistics.quantiles(taken, n=20)[-1], 2), round((cpu(pid) - before) / times * 1000, 2)


async def measured(messages: int) -> Json:
    began = time.perf_counter()
    program = (sys.executable, "-m", "slack_sandbox.cli", "start", "--port", "0", "--seed", "1")
    process = await asyncio.create_subprocess_exec(*program, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        said = (await process.stdout.readline()).decode()
        port = int(said.split("//")[1].split("/")[0].split(":")[1])
        line = Line(port)
        await line.open()
        await line.call("GET", "/api/api.test")
        figures: Json = {"start_s": round(time.perf_counter() - began, 2)}
        await asyncio.sleep(2)
        figures["rss_idle_mb"] = round(rss(process.pid), 1)
        made = await line.call("POST", "/sandbox/workspaces", WORKSPACE)
        keys = await line.call("POST", "/sandbox/apps", {"team": "T0BENCH", "manifest": MANIFEST})
        token, channel = keys["bot_token"], made["channels"][0]["id"]
        await line.call("POST", "/api/conversations.join", {"channel": channel}, token)
        await posted(port, token, channel, 1_000)
        figures["history_p95_ms_at_1000"], figures["history_cpu_ms_at_1000"] = await read(
            port, process.pid, token, channel
        )
        before = cpu(process.pid)
        figures["posts_per_s"] = round(await posted(port, token, channel, messages - 1_000))
        figures["posts_per_cpu_s"] = round((messages - 1_000) / (cpu(process.pid) - before))
        figures["history_p95_ms_at_end"], figures["history_cpu_ms_at_end"] = await read(
            port, process.pid, token, channel
        )
        figures["posts_with_blocks_per_s"] = round(await posted(port, token, channel, 5_000, blocks=BLOCKS))
        figures["messages"] = messages + 5_000
        figures["rss_at_end_mb"] = round(rss(process.pid), 1)
        return figures
    finally:
        process.terminate()
        await process.wait()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    figures = asyncio.run(measured(options.messages))
    if options.json:
        print(json.dumps(figures))
        return 0
    for name, figure in figures.items():
        print(f"{name:26} {figure}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
