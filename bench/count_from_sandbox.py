"""Counts, in the sandbox alone, what incidents left in Slack: lost and doubled per kind of delivery.

Standard library only, nothing of Dispatch: what it counts is what people would see, and what the sandbox wrote down of its calls.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import urlopen

Json = dict[str, Any]


@dataclass(frozen=True)
class Expected:
    """One incident that was declared."""

    name: str
    reporter: str
    commander: str


@dataclass
class Tally:
    """One kind of delivery over all incidents."""

    expected: int = 0
    seen: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)


class Count:
    """The whole sandbox read once, then counted per incident."""

    def __init__(self, slack_url: str, bot: str, calls: Iterable[Json]) -> None:
        self._bot = bot
        self.channels: list[Json] = get(slack_url, "channels")["channels"]
        self._messages = {c["id"]: get(slack_url, f"channels/{c['id']}/messages")["messages"] for c in self.channels}
        self._posts: Counter[str] = Counter()
        self._created: Counter[str] = Counter()
        self._pinned: Counter[str] = Counter()
        self._bookmarked: Counter[str] = Counter()
        for call in calls:
            self._note(call["method"], call["args"])
        self.tallies: dict[str, Tally] = {}

    def incident(self, one: Expected) -> None:
        """Add one incident to every tally."""
        mine = [c for c in self.channels if (c["name"] or "").startswith(f"{one.name.lower()}-")]
        self._add("channel", one, len(mine))
        self._add("channel (calls)", one, self._created[one.name.lower()])
        for who in (one.reporter, one.commander, self._bot):
            self._add("member", one, sum(who in c["members"] for c in mine))
        self._add("topic", one, sum(bool(c["topic"]) for c in mine))
        inside = [message for c in mine for message in self._messages[c["id"]]]
        self._add("welcome", one, self._texts(inside, f"{one.name}: "))
        summaries = [m for m in self._of_bot(inside) if m["text"] == f"Summary of {one.name}"]
        self._add("summary", one, len(summaries))
        self._add("summary (calls)", one, self._posts[f"Summary of {one.name}"])
        pins = [pin["ts"] for c in mine for pin in c["pins"]]
        self._add("pin", one, len(pins) if set(pins) == {m["ts"] for m in summaries} else 0)
        self._add("pin (calls)", one, sum(self._pinned[m["ts"]] for m in summaries))
        self._add("bookmark", one, sum(len(c["bookmarks"]) for c in mine))
        self._add("bookmark (calls)", one, sum(self._bookmarked[c["id"]] for c in mine))
        shown = json.dumps([m.get("blocks") for m in summaries])
        for word in ("Ticket", "Document", "Bridge"):
            self._add(word.lower(), one, shown.count(f"*{word}* "))
        everywhere = [m for c in self.channels if c["kind"] != "im" and c not in mine for m in self._messages[c["id"]]]
        self._add("announcement", one, self._texts(everywhere, f"New incident {one.name}: "))
        self._add("page DM", one, self._pages(one))
        for who in {one.reporter, one.commander}:
            self._add("welcome DM", one, self._texts(self._direct(who), f"{one.name} has its channel"))

    def _pages(self, one: Expected) -> int:
        """First calls: after two minutes without an answer a second one, named so, is right.

        Where the second was there before the first could be made, the first is stale and the second counts for it.
        """
        found = self._of_bot(self._direct(one.commander))
        mine = [m for m in found if m["text"].startswith(f"You are needed as commander of {one.name}: ")]
        later = [m for m in mine if "(call " in json.dumps(m.get("blocks", [])[:1])]
        first = len(mine) - len(later)
        return first or min(len(later), 1)

    def _note(self, method: str, args: Json) -> None:
        if method == "chat.postMessage":
            self._posts[str(args.get("text") or "")] += 1
        elif method == "conversations.create":
            self._created["-".join(str(args.get("name")).split("-")[:2])] += 1
        elif method == "pins.add":
            self._pinned[str(args.get("timestamp"))] += 1
        elif method == "bookmarks.add":
            self._bookmarked[str(args.get("channel_id"))] += 1

    def _add(self, kind: str, one: Expected, found: int) -> None:
        tally = self.tallies.setdefault(kind, Tally())
        tally.expected += 1
        tally.seen += found
        if found < 1:
            tally.lost.append(one.name)
        if found > 1:
            tally.doubled.append(one.name)

    def _direct(self, user: str) -> list[Json]:
        rooms = [c for c in self.channels if c["kind"] == "im" and {user, self._bot} == set(c["members"])]
        return [message for c in rooms for message in self._messages[c["id"]]]

    def _of_bot(self, messages: Iterable[Json]) -> list[Json]:
        return [m for m in messages if m.get("user") == self._bot]

    def _texts(self, messages: Iterable[Json], start: str) -> int:
        return sum(m["text"].startswith(start) for m in self._of_bot(messages))


#: Methods whose calls leave something, each of which is to be there once.
LEAVE = frozenset({"chat.postMessage", "conversations.create", "pins.add", "bookmarks.add"})


def calls_in(file: Path) -> Iterator[Json]:
    """The calls that left something, from what the sandbox wrote down of all of them (`--calls`)."""
    with file.open() as lines:
        for line in lines:
            call = json.loads(line)
            if call["ok"] and call["method"] in LEAVE:
                yield call


def get(slack_url: str, path: str) -> Json:
    """One call of the sandbox's test side."""
    with urlopen(f"{slack_url.rstrip('/')}/sandbox/{path}", timeout=120) as answer:
        found: Json = json.load(answer)
        return found


def count(slack_url: str, bot: str, expected: Iterable[Expected], calls: Path) -> dict[str, Tally]:
    """Tallies by kind of delivery; `calls` is the file the sandbox writes them to."""
    counting = Count(slack_url, bot, calls_in(calls))
    for one in expected:
        counting.incident(one)
    return counting.tallies


def wrong(tallies: dict[str, Tally]) -> dict[str, tuple[list[str], list[str]]]:
    """Lost and doubled incidents of every kind that has any."""
    return {kind: (t.lost, t.doubled) for kind, t in tallies.items() if t.lost or t.doubled}


def table(tallies: dict[str, Tally]) -> str:
    """For people."""
    lines = [f"{'delivery':<18}{'expected':>9}{'seen':>7}{'lost':>6}{'doubled':>9}"]
    for kind, t in tallies.items():
        names = " ".join(sorted({*t.lost, *t.doubled})[:8])
        lines.append(f"{kind:<18}{t.expected:>9}{t.seen:>7}{len(t.lost):>6}{len(t.doubled):>9}  {names}".rstrip())
    return "\n".join(lines)


def main() -> int:
    """0 when nothing is lost or doubled."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("slack_url", help="the sandbox's address")
    parser.add_argument("calls", type=Path, help="the file of its option --calls")
    parser.add_argument("expected", type=Path, help='JSON: {"bot": "U…", "incidents": [{name, reporter, commander}]}')
    options = parser.parse_args()
    given = json.loads(options.expected.read_text())
    tallies = count(options.slack_url, given["bot"], [Expected(**one) for one in given["incidents"]], options.calls)
    print(table(tallies))
    return 1 if wrong(tallies) or not tallies else 0


if __name__ == "__main__":
    sys.exit(main())
