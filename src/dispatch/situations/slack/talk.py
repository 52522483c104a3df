"""What is written in an incident's channel: it counts as activity, and entries of the timeline follow their messages.

What people write, what apps write, and what Slack itself writes are told apart: only the first counts. Texts are read
for questions and mentions and not kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dispatch.kit.db import Database, Tx
from dispatch.kit.slack import payloads
from dispatch.kit.slack.registry import Installation, events_at_once
from dispatch.people.models import Person
from dispatch.people.queries import chat_ids
from dispatch.situations import queries
from dispatch.situations.actions import edit_note, note_of_message, remove_note
from dispatch.situations.actions.activity import Wrote, already_told, count_messages, tell_once
from dispatch.situations.actions.marks import in_timeline
from dispatch.situations.models import Situation
from dispatch.situations.slack.actor import everybody
from dispatch.situations.slack.place import situation_id_of_event, situation_of
from dispatch.situations.slack.transcript import message_ts, moment, quotations, read_messages
from dispatch.situations.working_hours import lately_awake, local_time_outside

NEEDS = ("users:read", "users:read.email")
#: Subtypes of messages that people write; all others are Slack's or an app's.
BY_PEOPLE = ("", "file_share", "thread_broadcast", "me_message")


@dataclass(frozen=True)
class Said:
    """A person's message. `thread` is empty outside of threads."""

    user: str
    ts: str
    thread: str
    text: str


@events_at_once("message.channels", needs=("channels:history", *NEEDS))
@events_at_once("message.groups", needs=("groups:history", *NEEDS))
async def talked(installation: Installation, db: Database, happened: Sequence[Mapping[str, Any]]) -> None:
    """A channel's messages, edits and deletions, as many as wait, in one transaction."""
    channel = payloads.channel_of(happened[0])
    said = [each for row in happened if (each := _said(row)) is not None]
    touched = {ts for row in happened if (ts := _touched(row))}
    if not said and not touched:
        return
    situation_id = await situation_id_of_event(installation, db, channel)
    if situation_id is None:
        return
    people = await everybody(installation, db, (each.user for each in said))
    said = [each for each in said if each.user in people]
    if said:
        async with db.tx(installation.org) as t:
            situation = await situation_of(t, situation_id)
            if situation is not None:
                await _count(t, installation, situation, channel, said, people)
    if touched:
        await _follow(installation, db, situation_id, channel, touched)


async def _count(
    t: Tx,
    installation: Installation,
    situation: Situation,
    channel: str,
    said: Sequence[Said],
    people: Mapping[str, Person],
) -> None:
    fresh = await count_messages(
        t, situation, [Wrote(people[each.user], f"{channel}/{each.ts}", moment(each.ts)) for each in said]
    )
    new = [each for each in said if f"{channel}/{each.ts}" in fresh]
    if situation.status == "Closed" or not new:
        return
    if installation.options.get("ban_threads"):
        for each in new:
            if each.thread:
                await tell_once(
                    t, situation, people[each.user], "threads", about=f"{channel}/{each.thread}", user=each.user,
                    channel=channel, thread=each.thread,
                )  # fmt: skip
    await _say_how_late_it_is(t, installation, situation, channel, new, people)


async def _say_how_late_it_is(
    t: Tx,
    installation: Installation,
    situation: Situation,
    channel: str,
    new: Sequence[Said],
    people: Mapping[str, Person],
) -> None:
    """To whoever asks or names a commander who is off duty: once per person and situation."""
    asking = [each for each in new if "?" in each.text or "<@" in each.text]
    if not asking:
        return
    lead = next((p for p in await queries.participants(t, situation.id) if "Commander" in p.roles), None)
    if lead is None or await lately_awake(t, situation.id, lead.person.id):
        return
    local = local_time_outside(lead.person.tz)
    if local is None:
        return
    known = await chat_ids(t, [lead.person.id], team=installation.team_id)
    mention = f"<@{known.get(lead.person.id, 'nobody')}"
    told = await already_told(t, situation, [people[each.user].id for each in asking], "after_hours")
    for each in asking:
        who = people[each.user]
        meant = mention in each.text or "<@" not in each.text
        if meant and who.id != lead.person.id and who.id not in told:
            told.add(who.id)
            await tell_once(
                t, situation, who, "after_hours", user=each.user, channel=channel, thread=each.thread,
                words={"person": lead.person.name, "local": local},
            )  # fmt: skip


async def _follow(installation: Installation, db: Database, situation_id: int, channel: str, touched: set[str]) -> None:
    """Entries taken from messages that were edited or deleted. Slack is asked how the messages read now: of two edits the
    earlier may be told last."""

    def key(ts: str) -> str:
        return f"{installation.team_id}/{channel}/{ts}"

    async with db.read(installation.org) as t:
        there = await in_timeline(t, situation_id, [key(ts) for ts in touched])
    wanted = {ts for ts in touched if key(ts) in there}
    if not wanted:
        return
    messages = await read_messages(installation, channel, wanted)
    quotes = await quotations(installation, db, messages.values())
    async with db.tx(installation.org) as t:
        for ts in sorted(wanted):
            note = await note_of_message(t, situation_id, key(ts))
            quote = quotes.get(ts)
            if note is None:
                continue
            if quote is None:
                await remove_note(t, note, by=None, why="the message was deleted")
            else:
                await edit_note(t, note, quote.text, by=quote.author)


def _said(row: Mapping[str, Any]) -> Said | None:
    """None for what no person wrote, and for news about earlier messages."""
    subtype = row.get("subtype") or ""
    if subtype not in BY_PEOPLE or row.get("bot_id") or row.get("hidden"):
        return None
    user, ts, thread = payloads.ident(row.get("user")), message_ts(row.get("ts")), message_ts(row.get("thread_ts"))
    if not user or not ts:
        return None
    in_thread = thread and thread != ts and subtype != "thread_broadcast"
    return Said(user, ts, thread if in_thread else "", payloads.text(row.get("text")))


def _touched(row: Mapping[str, Any]) -> str:
    """The message that was edited or deleted; empty for all others."""
    if row.get("subtype") == "message_deleted":
        return message_ts(row.get("deleted_ts"))
    if row.get("subtype") == "message_changed":
        return message_ts(payloads.part(row, "message").get("ts"))
    return ""


__all__ = ["talked"]
