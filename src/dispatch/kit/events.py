"""What happened: facts, the event row each becomes, and what reacts to them.

`record()` is one write with three readers. In the caller's transaction it inserts the event row (the
timeline and the audit log), starts what reacts (`on`), and tells live pages (`pg_notify`, delivered by
PostgreSQL on commit only). So history, effects and pages cannot disagree with the data.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Protocol, TypeVar

import orjson
from sqlalchemy import BigInteger, Index, Text, func, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.kit import clock
from dispatch.kit.db import Base, OrgId, Read, Tenant, Tx

LIVE_CHANNEL = "dispatch_live"

#: Subjects whose events are the audit log of configuration and membership.
CONFIGURATION = ("organization", "project", "member")


@dataclass(frozen=True, kw_only=True)
class Fact:
    """Something that happened. Subclasses are frozen dataclasses whose fields are plain JSON values.

    `name` is data and never changes once released; `says` is the sentence people read, formatted with the
    fields and `{by}`, the actor. `part` names what of the subject's page shows it; `icon` is a Tabler icon.
    """

    name: ClassVar[str]
    says: ClassVar[str]
    icon: ClassVar[str] = "point"
    part: ClassVar[str] = "timeline"


@dataclass(frozen=True)
class Subject:
    """What an event is about, such as ("incident", 7)."""

    kind: str
    id: int


@dataclass(frozen=True)
class Recorded:
    """A fact with its row's identity, as given to what reacts."""

    org: OrgId
    event_id: int
    subject: Subject
    fact: Fact
    actor: int | None
    at: datetime


class Reaction(Protocol):
    """What may hang on a fact: a flow. It starts inside the transaction that made the fact."""

    @property
    def name(self) -> str: ...

    async def start(self, t: Tx, recorded: Recorded) -> int: ...


class Event(Tenant, Base):
    """One row per fact: the timeline of a situation, the audit log of the configuration."""

    __tablename__ = "event"
    __table_args__ = (
        Index("ix_event_subject", "org_id", "subject_kind", "subject_id", "at", "id"),
        Index(
            "ix_event_configuration", "org_id", "at", "id",
            postgresql_where=f"subject_kind in {CONFIGURATION}",
        ),
    )  # fmt: skip

    subject_kind: Mapped[str] = mapped_column(Text)
    subject_id: Mapped[int]
    at: Mapped[datetime]
    actor: Mapped[int | None] = mapped_column(BigInteger)
    fact: Mapped[str] = mapped_column(Text)
    data: Mapped[dict[str, Any]]
    pinned: Mapped[bool] = mapped_column(default=False)


F = TypeVar("F", bound=type[Fact])

_facts: dict[str, type[Fact]] = {}
_reactions: dict[type[Fact], list[tuple[Reaction, Callable[[Any], bool]]]] = {}


def fact(cls: F) -> F:
    """Register a fact class under its name. Two classes with one name stop the start."""
    known = _facts.setdefault(cls.name, cls)
    if known is not cls:
        raise RuntimeError(f"two facts are called {cls.name!r}: {known} and {cls}")
    return cls


def fact_named(name: str) -> type[Fact] | None:
    """The class behind an event row; None for a fact that a later version removed."""
    return _facts.get(name)


def facts() -> list[type[Fact]]:
    """All registered facts by name, for `dispatch explain`."""
    return [_facts[name] for name in sorted(_facts)]


def on(cls: type[Fact], reaction: Reaction, *, when: Callable[[Any], bool] = lambda _fact: True) -> None:
    """Let `reaction` start whenever a `cls` is recorded for which `when` holds."""
    _reactions.setdefault(cls, []).append((reaction, when))


def reactions_to(cls: type[Fact]) -> list[Reaction]:
    """Who reacts to a fact, in the order of registration."""
    return [reaction for reaction, _ in _reactions.get(cls, [])]


async def record(
    t: Tx, happened: Fact, *, about: Subject, by: int | None = None, at: datetime | None = None, pinned: bool = False
) -> Recorded:
    """Write a fact down and set off what follows from it, all in the caller's transaction.

    Args:
        happened: the fact.
        about: the subject whose history it belongs to.
        by: the acting person's id; None when Dispatch itself acted.
        at: when it happened, if not now.
    """
    [recorded] = await record_all(t, [Happened(happened, by, at)], about=about, pinned=pinned)
    return recorded


@dataclass(frozen=True)
class Happened:
    """A fact to be written down. `by` and `at` as in `record`."""

    fact: Fact
    by: int | None = None
    at: datetime | None = None


async def record_all(t: Tx, many: Sequence[Happened], *, about: Subject, pinned: bool = False) -> list[Recorded]:
    """As `record` for each, in their order, in few statements."""
    if not many:
        return []
    now = clock.now()
    rows: list[dict[str, Any]] = [
        {
            "org_id": t.org, "subject_kind": about.kind, "subject_id": about.id, "at": each.at or now, "actor": each.by,
            "fact": each.fact.name, "data": dataclasses.asdict(each.fact), "pinned": pinned,
        }
        for each in many
    ]  # fmt: skip
    ids = await t.scalars(insert(Event).returning(Event.id, sort_by_parameter_order=True), rows)
    made = [
        Recorded(t.org, event_id, about, each.fact, each.by, row["at"])
        for event_id, each, row in zip(ids.all(), many, rows, strict=True)
    ]
    for recorded in made:
        for reaction, applies in _reactions.get(type(recorded.fact), []):
            if applies(recorded.fact):
                await reaction.start(t, recorded)
    for part in sorted({"timeline"} | {each.fact.part for each in many}):
        await announce(t, about, part)
    return made


async def announce(t: Tx, about: Subject, part: str, *, of: Subject | None = None) -> None:
    """Tell live pages on commit that a part of the subject changed. Carries ids only; pages re-read.

    Args:
        of: what the change tells of besides: only who may see that, too, is told.
    """
    told = {"org": t.org, "kind": about.kind, "id": about.id, "part": part}
    if of is not None:
        told |= {"of_kind": of.kind, "of_id": of.id}
    payload = orjson.dumps(told).decode()
    await t.execute(select(func.pg_notify(LIVE_CHANNEL, payload)))


async def history(t: Read, about: Subject, *, limit: int = 500, offset: int = 0) -> list[Event]:
    """The subject's latest events, newest first; `offset` leaves out the newest."""
    found = await t.scalars(
        select(Event)
        .where(Event.org_id == t.org, Event.subject_kind == about.kind, Event.subject_id == about.id)
        .order_by(Event.at.desc(), Event.id.desc())
        .limit(limit)
        .offset(offset)
    )
    return list(found)


async def history_length(t: Read, about: Subject) -> int:
    """How many events the subject has."""
    return (
        await t.execute(
            select(func.count())
            .select_from(Event)
            .where(Event.org_id == t.org, Event.subject_kind == about.kind, Event.subject_id == about.id)
        )
    ).scalar_one()


def sentence(name: str, data: dict[str, Any], by: str) -> str:
    """The sentence people read for an event row."""
    cls = fact_named(name)
    if cls is None:
        return name.replace(".", " ").replace("_", " ")
    try:
        return cls.says.format(**data, by=by)
    except (KeyError, IndexError):  # a row written by another version: show what there is
        return f"{name.replace('.', ' ').replace('_', ' ')}: {', '.join(f'{k} {v}' for k, v in data.items())}"


__all__ = [
    "CONFIGURATION",
    "LIVE_CHANNEL",
    "Event",
    "Fact",
    "Reaction",
    "Recorded",
    "Subject",
    "announce",
    "fact",
    "fact_named",
    "facts",
    "history",
    "history_length",
    "on",
    "reactions_to",
    "record",
    "sentence",
]
