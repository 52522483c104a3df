"""The reaction that puts a message into the timeline, and takes it out again.

The exact message, replies in threads and messages of apps included; once, however many people mark it; for as long as
somebody's reaction is on it. Decision 13 says whose reactions count. What is told late or in the wrong order changes
nothing: the later one by Slack's clock holds, per person and message.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dispatch.kit.db import Database
from dispatch.kit.slack import payloads
from dispatch.kit.slack.registry import Installation, events_at_once
from dispatch.people.models import Person
from dispatch.situations import queries
from dispatch.situations.actions import note_of_message, remove_note
from dispatch.situations.actions.activity import tell_once
from dispatch.situations.actions.marks import Mark, Marked, enter_marked, in_timeline, note_marks, still_marked
from dispatch.situations.actions.participants import add_participant
from dispatch.situations.slack.actor import everybody
from dispatch.situations.slack.place import situation_id_of_event, situation_of
from dispatch.situations.slack.transcript import message_ts, quotations, read_messages

NEEDS = ("reactions:read", "channels:history", "groups:history")


@dataclass(frozen=True)
class Reacted:
    """One reaction event of ours."""

    user: str
    ts: str
    at_us: int


@events_at_once("reaction_added", needs=NEEDS)
async def added(installation: Installation, db: Database, happened: Sequence[Mapping[str, Any]]) -> None:
    """Read the messages as they are now, then note reactions and entries in one transaction."""
    channel, situation_id, reacted = await _ours(installation, db, happened)
    if situation_id is None:
        return
    people = await everybody(installation, db, (each.user for each in reacted))
    async with db.read(installation.org) as t:
        there = await in_timeline(t, situation_id, [_key(installation, channel, each.ts) for each in reacted])
    wanted = {each.ts for each in reacted if each.user in people and _key(installation, channel, each.ts) not in there}
    messages = await read_messages(installation, channel, wanted)
    quotes = await quotations(installation, db, messages.values())
    by_key = {_key(installation, channel, ts): each for ts, each in messages.items()}
    async with db.tx(installation.org) as t:
        situation = await situation_of(t, situation_id)
        if situation is None:
            return
        place = next((r for r in await queries.resources(t, situation_id) if r.external_id == channel), None)
        url = place.url if place is not None else ""
        news = await note_marks(t, situation, _marks(installation, channel, reacted, people, present=True))
        marked = [
            # What an app wrote, or somebody we do not know, is attributed to whoever marked it; the text names them.
            Marked(
                mark, quotes[message.ts].text, quotes[message.ts].author or mark.person, message.at, message.link(url)
            )
            for mark in news
            if (message := by_key.get(mark.message)) is not None
        ]
        entered: dict[int, list[Mark]] = defaultdict(list)
        for mark in await enter_marked(t, situation, marked):
            entered[mark.person.id].append(mark)
        for marks in entered.values():
            who, first = marks[0].person, by_key[marks[0].message]
            await add_participant(t, situation, who, role="Observer", reason="marked a message", by=who.id)
            user = next(each.user for each in reacted if each.user in people and people[each.user].id == who.id)
            # Marked in one go, said in one sentence.
            await tell_once(
                t, situation, who, "timeline", about=marks[0].message, user=user, channel=channel,
                thread=first.thread if len(marks) == 1 else "", words={"count": len(marks)},
            )  # fmt: skip


@events_at_once("reaction_removed", needs=NEEDS)
async def removed(installation: Installation, db: Database, happened: Sequence[Mapping[str, Any]]) -> None:
    """The entry goes with the last reaction on its message."""
    channel, situation_id, reacted = await _ours(installation, db, happened)
    if situation_id is None:
        return
    people = await everybody(installation, db, (each.user for each in reacted))
    async with db.tx(installation.org) as t:
        situation = await situation_of(t, situation_id)
        if situation is None:
            return
        gone = await note_marks(t, situation, _marks(installation, channel, reacted, people, present=False))
        marked = await still_marked(t, situation_id, [mark.message for mark in gone])
        for mark in gone:
            note = await note_of_message(t, situation_id, mark.message)
            if note is not None and note.source == "reaction" and mark.message not in marked:
                await remove_note(t, note, by=mark.person, why="the reaction was taken away")


async def _ours(
    installation: Installation, db: Database, happened: Sequence[Mapping[str, Any]]
) -> tuple[str, int | None, list[Reacted]]:
    """The channel, its situation, and the events with the project's timeline reaction on a message of it."""
    emoji = str(installation.options.get("timeline_event_reaction") or "stopwatch")
    channel = payloads.channel_of(happened[0])
    found = [
        Reacted(user, ts, payloads.micros(each, {}))
        for each in happened
        # A skin tone does not make it another reaction.
        if payloads.text(each.get("reaction"), 200).partition("::")[0] == emoji
        and (ts := message_ts(payloads.part(each, "item").get("ts")))
        and (user := payloads.ident(each.get("user")))
    ]
    situation_id = await situation_id_of_event(installation, db, channel) if found else None
    return channel, situation_id, found


def _marks(
    installation: Installation, channel: str, reacted: Sequence[Reacted], people: Mapping[str, Person], *, present: bool
) -> list[Mark]:
    return [
        Mark(people[each.user], _key(installation, channel, each.ts), present, each.at_us)
        for each in reacted
        if each.user in people
    ]


def _key(installation: Installation, channel: str, ts: str) -> str:
    return f"{installation.team_id}/{channel}/{ts}"
