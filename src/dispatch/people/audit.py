"""The audit log: what was configured and who was let in, by whom, before and after."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, select

from dispatch.kit.db import Read
from dispatch.kit.events import CONFIGURATION, Event, sentence
from dispatch.people.models import Person

SIZE = 50
#: Shown when nobody of the organization did it: the command line, a provider, Dispatch itself.
NOBODY = "Dispatch"
#: What people may look for: the part of a fact's name before the dot.
TOPICS = {
    "member": "Members",
    "token": "API tokens",
    "sign_in": "Sign-in",
    "plugin": "Plugins",
    "project": "Projects",
    "rotation": "On call",
    "organization": "Organization",
}


@dataclass(frozen=True)
class Entry:
    """One event as it is read."""

    id: int
    at: datetime
    by: str
    says: str
    topic: str
    #: (what, before, after); empty texts where there was nothing.
    changes: Sequence[tuple[str, str, str]]
    #: The project whose configuration it is; empty when the sentence names it, or it is the organization's.
    project: str


@dataclass(frozen=True)
class Log:
    """One page of the log."""

    items: Sequence[Entry]
    total: int
    people: Sequence[tuple[int, str]]


#: The names of projects by their ids; this slice does not know projects.
ProjectNames = Callable[[Read], Awaitable[Mapping[int, str]]]


async def log(
    t: Read, names: ProjectNames, *, topic: str = "", person: int | None = None, page: int = 1, size: int = SIZE
) -> Log:
    """Configuration and membership events, newest first.

    Args:
        names: what the projects are called whose configuration it is.
        topic: a key of `TOPICS`; empty: all.
        person: only what this person did.
    """
    wanted = select(Event).where(Event.org_id == t.org, Event.subject_kind.in_(CONFIGURATION))
    if topic:
        wanted = wanted.where(Event.fact.startswith(f"{topic}.", autoescape=True))
    if person is not None:
        wanted = wanted.where(Event.actor == person)
    total = (await t.execute(wanted.with_only_columns(func.count()))).scalar_one()
    rows = await t.execute(
        wanted.add_columns(Person.name)
        .outerjoin(Person, and_(Person.org_id == Event.org_id, Person.id == Event.actor))
        .order_by(Event.at.desc(), Event.id.desc())
        .limit(size)
        .offset((page - 1) * size)
    )
    actors = await t.execute(
        select(Person.id, Person.name)
        .where(
            Person.org_id == t.org,
            Person.id.in_(
                select(Event.actor).where(Event.org_id == t.org, Event.subject_kind.in_(CONFIGURATION)).distinct()
            ),
        )
        .order_by(Person.name)
    )
    projects = await names(t)
    return Log([_entry(event, name, projects) for event, name in rows], total, [(row.id, row.name) for row in actors])


def _entry(event: Event, name: str | None, projects: Mapping[int, str]) -> Entry:
    by = name or NOBODY
    of_project = event.subject_kind == "project" and "project" not in event.data
    return Entry(
        id=event.id,
        at=event.at,
        by=by,
        says=sentence(event.fact, event.data, by),
        topic=event.fact.partition(".")[0],
        changes=_changes(event.data),
        project=projects.get(event.subject_id, "") if of_project else "",
    )


def _changes(data: dict[str, Any]) -> list[tuple[str, str, str]]:
    if isinstance(data.get("changes"), list):
        return [
            (_text(each.get("title")), _text(each.get("before")), _text(each.get("after"))) for each in data["changes"]
        ]
    before, after = data.get("before"), data.get("after")
    if isinstance(before, dict) or isinstance(after, dict):
        was, now = before or {}, after or {}
        return [(key, _text(was.get(key)), _text(now.get(key))) for key in dict.fromkeys([*was, *now])]
    if before is None and after is None:
        return []
    return [("role" if data.get("person") or data.get("token") else "", _text(before), _text(after))]


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_text(each)}" for key, each in value.items())
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    return str(value)
