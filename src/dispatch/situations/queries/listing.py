"""The list of situations: what it is narrowed to, its order, its pages, its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal, or_, select, union_all

from dispatch.kit.db import Read
from dispatch.people.models import Person
from dispatch.people.queries import Viewer
from dispatch.projects.models import Priority, Project, Severity, SituationType, Tag
from dispatch.situations.access import visible_to
from dispatch.situations.models import Participant, ParticipantRole, Situation, SituationTag
from dispatch.situations.queries.rows import Row, rows_of
from dispatch.situations.queries.search import Alike, matches, misspelt, typed_words

#: What a list may be ordered by; a minus before it turns the order around.
SORTS = ("reported", "changed", "name", "title", "severity", "priority", "status")
NEWEST = "-reported"
STATUSES = ("Active", "Stable", "Closed")
#: How far pages count: to say "1,000+" costs the same however many there are.
COUNTED = 1000


@dataclass(frozen=True)
class Filter:
    """What a list is narrowed to; empty means everything. Names of choices, not ids: projects share them."""

    q: str = ""
    status: tuple[str, ...] = ()
    type: tuple[str, ...] = ()
    severity: tuple[str, ...] = ()
    priority: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    #: Whether all of the tags are needed; otherwise one is enough.
    all_tags: bool = False
    #: E-mail addresses.
    participant: str = ""
    commander: str = ""
    project: str = ""
    #: Reported at or after, and before.
    since: datetime | None = None
    until: datetime | None = None
    visibility: str = ""
    drill: bool | None = None
    kind: str = "incident"


@dataclass(frozen=True)
class Listing:
    """One page of a list. `alike`: nothing had the words as typed, so similar ones were looked for.

    `counts` (by status) and `total` go as far as was asked for: one more than that says that there are more. `more`:
    there is a page behind this one.
    """

    items: list[Row]
    page: int
    size: int
    total: int
    counts: dict[str, int]
    alike: bool = False
    more: bool = False


async def listing(
    t: Read,
    viewer: Viewer,
    wanted: Filter,
    *,
    page: int = 1,
    size: int = 25,
    sort: str = NEWEST,
    count_to: int | None = None,
) -> Listing:
    """One page of situations the viewer may see, in two statements; in four when words were mistyped.

    Args:
        count_to: count no further than this per status; None counts exactly, which reads every row.
    """
    counts, ids = await _page(t, viewer, wanted, page, size, sort, count_to=count_to)
    similar = False
    if typed_words(wanted.q) and not counts and (alike := await misspelt(t, wanted.q)):
        counts, ids = await _page(t, viewer, wanted, page, size, sort, alike, count_to=count_to)
        similar = bool(counts)
    total = sum(n for status, n in counts.items() if not wanted.status or status in wanted.status)
    return Listing(await rows_of(t, ids[:size]), page, size, total, counts, similar, more=len(ids) > size)


async def found_ids(t: Read, viewer: Viewer, wanted: Filter, *, sort: str = NEWEST, limit: int) -> list[int]:
    """The same list as ids alone, at most `limit`."""
    counts, ids = await _page(t, viewer, wanted, 1, limit, sort, count_to=1)
    if typed_words(wanted.q) and not counts and (alike := await misspelt(t, wanted.q)):
        _, ids = await _page(t, viewer, wanted, 1, limit, sort, alike, count_to=1)
    return ids[:limit]


async def titles_like(t: Read, viewer: Viewer, q: str, *, limit: int = 8) -> list[Row]:
    """Situations to jump to, the newest first: by words, by the beginning of the name, or by its number."""
    name = q.replace("\0", " ").strip().upper()
    called = [Situation.name.startswith(name, autoescape=True)]
    if name.isascii() and name.isdigit():
        called.append(Situation.name.endswith(f"-{name}"))
    if typed_words(q):
        called.append(matches(q))
    found = await t.scalars(
        select(Situation.id)
        .where(Situation.org_id == t.org, Situation.kind == "incident", visible_to(viewer), or_(*called))
        .order_by((Situation.name == name).desc(), Situation.reported_at.desc(), Situation.id.desc())
        .limit(limit)
    )
    return await rows_of(t, list(found))


async def _page(
    t: Read,
    viewer: Viewer,
    wanted: Filter,
    page: int,
    size: int,
    sort: str,
    alike: Alike | None = None,
    *,
    count_to: int | None = None,
) -> tuple[dict[str, int], list[int]]:
    """(how many there are by status, the ids of one page and of the row behind it) in one statement."""
    where = [Situation.org_id == t.org, visible_to(viewer), *_conditions(t, wanted, alike)]
    by, joins = _order_column(sort)
    found: Select[Any] = select(Situation.id, Situation.status, Situation.reported_at, *by)
    for joined, on in joins:
        found = found.join(joined, on)
    found = found.where(*where)
    if wanted.q:
        # Read once: a search looks at every row.
        numbers = sorted_ones = found.cte()
        by_status: Any = select(numbers.c.status, func.count().label("n")).group_by(numbers.c.status)
    else:
        # The newest come from their index at once, and so do the numbers.
        sorted_ones = found.cte()
        by_status = _numbers(where, count_to)
    counted = by_status.subquery()
    ids = select(sorted_ones.c.id).order_by(*_order(sorted_ones.c, sort))
    if wanted.status:
        ids = ids.where(sorted_ones.c.status.in_(wanted.status))
    row = (
        await t.execute(
            select(
                select(func.jsonb_object_agg(counted.c.status, counted.c.n)).where(counted.c.n > 0).scalar_subquery(),
                func.array(ids.offset((page - 1) * size).limit(size + 1).scalar_subquery()),
            )
        )
    ).one()
    return row[0] or {}, row[1]


def _numbers(where: Sequence[ColumnElement[bool]], count_to: int | None) -> Any:
    """How many there are by status, from the index alone; no further than one more than `count_to`."""
    if count_to is None:
        return select(Situation.status, func.count().label("n")).where(*where).group_by(Situation.status)
    parts = []
    for status in STATUSES:
        some = select(literal(1)).select_from(Situation).where(*where, Situation.status == status).limit(count_to + 1)
        parts.append(select(literal(status).label("status"), func.count().label("n")).select_from(some.subquery()))
    return union_all(*parts)


async def fits(t: Read, situation_id: int, wanted: Filter) -> bool:
    """Whether the filter fits one situation, whoever may see it; for what Dispatch does by itself."""
    where = _conditions(t, wanted, None)
    if wanted.status:
        where.append(Situation.status.in_(wanted.status))
    found = select(Situation.id).where(Situation.org_id == t.org, Situation.id == situation_id, *where)
    return await t.scalar(found) is not None


def _conditions(t: Read, wanted: Filter, alike: Alike | None) -> list[ColumnElement[bool]]:
    where = [Situation.kind == wanted.kind]
    if typed_words(wanted.q):
        where.append(matches(wanted.q, alike))
    if wanted.project:
        where.append(Situation.project_id.in_(_ids(t, Project, Project.slug == wanted.project)))
    if wanted.type:
        where.append(Situation.type_id.in_(_ids(t, SituationType, SituationType.name.in_(wanted.type))))
    if wanted.severity:
        where.append(Situation.severity_id.in_(_ids(t, Severity, Severity.name.in_(wanted.severity))))
    if wanted.priority:
        where.append(Situation.priority_id.in_(_ids(t, Priority, Priority.name.in_(wanted.priority))))
    if wanted.since:
        where.append(Situation.reported_at >= wanted.since)
    if wanted.until:
        where.append(Situation.reported_at < wanted.until)
    if wanted.visibility:
        where.append(Situation.visibility == wanted.visibility)
    if wanted.drill is not None:
        where.append(Situation.drill.is_(wanted.drill))
    for tags in [(tag,) for tag in wanted.tags] if wanted.all_tags else [wanted.tags] if wanted.tags else []:
        tagged = select(SituationTag.situation_id).where(
            SituationTag.org_id == t.org, SituationTag.tag_id.in_(_ids(t, Tag, Tag.name.in_(tags)))
        )
        where.append(Situation.id.in_(tagged))
    if wanted.participant:
        where.append(Situation.id.in_(_with(t, wanted.participant)))
    if wanted.commander:
        leads = _with(t, wanted.commander).join(
            ParticipantRole,
            (ParticipantRole.org_id == Participant.org_id) & (ParticipantRole.participant_id == Participant.id),
        )
        where.append(
            Situation.id.in_(leads.where(ParticipantRole.role == "Commander", ParticipantRole.renounced_at.is_(None)))
        )
    return where


def _ids(t: Read, cls: Any, condition: ColumnElement[bool]) -> Select[Any]:
    return select(cls.id).where(cls.org_id == t.org, condition)


def _with(t: Read, email: str) -> Select[Any]:
    people = _ids(t, Person, Person.email == email.strip().lower())
    return select(Participant.situation_id).where(Participant.org_id == t.org, Participant.person_id.in_(people))


def _order_column(sort: str) -> tuple[list[Any], list[tuple[Any, ColumnElement[bool]]]]:
    """(what to order by beside the moment of the report, under the name `by`; what to join for it)."""
    match sort.removeprefix("-"):
        case "severity":
            on = (Severity.org_id == Situation.org_id) & (Severity.id == Situation.severity_id)
            return [Severity.rank.label("by")], [(Severity, on)]
        case "priority":
            on = (Priority.org_id == Situation.org_id) & (Priority.id == Situation.priority_id)
            return [Priority.rank.label("by")], [(Priority, on)]
        case "changed":
            return [Situation.changed_at.label("by")], []
        case "title":
            return [func.lower(Situation.title).label("by")], []
        case "status":
            return [func.array_position(list(STATUSES), Situation.status).label("by")], []
        case _:
            return [], []


def _order(columns: Any, sort: str) -> list[Any]:
    newest_first = [columns.reported_at.desc(), columns.id.desc()]
    match sort:
        # Names are given in the order of the reports.
        case "reported" | "name":
            return [columns.reported_at, columns.id]
        case "-reported" | "-name":
            return newest_first
    by = columns.by.desc() if sort.startswith("-") else columns.by
    return [by, *newest_first]
