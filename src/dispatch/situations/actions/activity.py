"""Writes about what people do in the channel: their messages count, observers who write take part."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from dispatch.kit import clock
from dispatch.kit.db import Tx
from dispatch.kit.events import Subject, record
from dispatch.people.models import Person
from dispatch.situations.actions.participants import add_participant, end_role
from dispatch.situations.events import ASIDE, ToldAside, TookPart
from dispatch.situations.models import CountedMessage, Participant, ParticipantRole, Situation, ToldOnce

#: Longer than a delivery is kept and may be tried again (`kit.slack.inbox`).
COUNTED_FOR = timedelta(days=31)


@dataclass(frozen=True)
class Wrote:
    """A person's message. `message` is "channel/ts"."""

    person: Person
    message: str
    at: datetime


async def count_messages(t: Tx, situation: Situation, wrote: Sequence[Wrote]) -> set[str]:
    """Count each message once for its writer, however often and in whatever order it is told. Answers those that are new."""
    if not wrote:
        return set()
    fresh = set(
        await t.scalars(
            upsert(CountedMessage)
            .values(
                [
                    {
                        "org_id": t.org, "situation_id": situation.id, "message": each.message,
                        "person_id": each.person.id, "at": each.at,
                    }
                    for each in {each.message: each for each in wrote}.values()
                ]
            )
            .on_conflict_do_nothing()
            .returning(CountedMessage.message)
        )
    )  # fmt: skip
    by_person: dict[int, list[Wrote]] = defaultdict(list)
    for each in {each.message: each for each in wrote if each.message in fresh}.values():
        by_person[each.person.id].append(each)
    await _take_part(t, situation, {person_id: rows[0].person for person_id, rows in by_person.items()})
    # In one order everywhere, so that two channels of one situation do not wait for each other.
    for person_id, rows in sorted(by_person.items()):
        await t.execute(
            update(Participant)
            .where(
                Participant.org_id == t.org,
                Participant.situation_id == situation.id,
                Participant.person_id == person_id,
            )
            .values(
                messages=Participant.messages + len(rows),
                last_message_at=func.greatest(Participant.last_message_at, max(each.at for each in rows)),
            )
        )
    return fresh


async def _take_part(t: Tx, situation: Situation, people: Mapping[int, Person]) -> None:
    """Whoever writes is at least a participant."""
    roles: dict[int, set[str]] = defaultdict(set)
    rows = await t.execute(
        select(Participant.person_id, ParticipantRole.role)
        .join(
            ParticipantRole,
            (ParticipantRole.org_id == Participant.org_id) & (ParticipantRole.participant_id == Participant.id),
        )
        .where(
            Participant.org_id == t.org,
            Participant.situation_id == situation.id,
            Participant.person_id.in_(people),
            ParticipantRole.renounced_at.is_(None),
        )
    )
    for person_id, role in rows:
        roles[person_id].add(role)
    for person_id, person in people.items():
        if roles[person_id] - {"Observer"}:
            continue
        if roles[person_id]:
            await end_role(t, situation, person_id, "Observer", quietly=True)
        await add_participant(
            t, situation, person, role="Participant", reason="wrote in the channel", by=person_id,
            quietly=bool(roles[person_id]),
        )  # fmt: skip
        if roles[person_id]:
            await record(
                t,
                TookPart(person=person.name, person_id=person_id, why="they wrote in the channel"),
                about=Subject(situation.kind, situation.id),
                by=person_id,
            )


async def tell_once(
    t: Tx,
    situation: Situation,
    who: Person,
    what: str,
    *,
    about: str = "",
    user: str,
    channel: str,
    thread: str = "",
    words: Mapping[str, Any] | None = None,
) -> bool:
    """Say something that only this person reads, unless they were told. Returns False when they were.

    Args:
        what: threads, after_hours or timeline.
        about: the thread or the message it is about; empty for what is said once per situation.
        user, channel, thread: where, in the chat system.
        words: what the sentence is made from.
    """
    told = (
        await t.execute(
            upsert(ToldOnce)
            .values(org_id=t.org, situation_id=situation.id, person_id=who.id, what=what, about=about, at=clock.now())
            .on_conflict_do_nothing()
            .returning(ToldOnce.id)
        )
    ).scalar_one_or_none()
    if told is None:
        return False
    await record(
        t,
        ToldAside(
            what=what, person=who.name, person_id=who.id, user=user, channel=channel, thread=thread,
            words=dict(words or {}),
        ),
        about=Subject(ASIDE, situation.id),
    )  # fmt: skip
    return True


async def already_told(t: Tx, situation: Situation, people: Iterable[int], what: str) -> set[int]:
    """Who of these was told this here, whatever it was about."""
    return set(
        await t.scalars(
            select(ToldOnce.person_id).where(
                ToldOnce.org_id == t.org,
                ToldOnce.situation_id == situation.id,
                ToldOnce.what == what,
                ToldOnce.person_id.in_(set(people)),
            )
        )
    )


async def forget_counted_messages(t: Tx) -> None:
    """Delete what no delivery can bring again; what they counted for stays."""
    await t.execute(
        delete(CountedMessage).where(CountedMessage.org_id == t.org, CountedMessage.at < clock.now() - COUNTED_FOR)
    )
