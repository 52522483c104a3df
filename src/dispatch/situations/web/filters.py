"""What the address of the list says: filters, order, page. The export and the saved views read it the same way."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from starlette.datastructures import QueryParams

from dispatch.kit.errors import Invalid
from dispatch.people.queries import Viewer
from dispatch.situations import queries
from dispatch.situations.queries.listing import NEWEST, SORTS

#: Each may stand in the address several times: any of them fits.
SEVERAL = ("status", "type", "severity", "priority", "tag")
ONCE = ("q", "tags", "project", "participant", "commander", "from", "to", "visibility", "drill", "sort")
#: What a value may be where it is not a name out of the database.
WORDS = {"tags": ("any", "all"), "visibility": ("open", "restricted"), "drill": ("yes", "no")}
#: Values of one filter; more is no filter any more.
MOST = 50
Query = dict[str, str | list[str]]


def query_of(sent: QueryParams) -> Query:
    """What of the address belongs to the list, without what is empty: one value, or a list of several."""
    made: Query = {}
    for key in SEVERAL:
        typed = sent.getlist(key)
        # Tags are typed into one line.
        parts = [part for value in typed for part in value.split(",")] if key == "tag" else typed
        values = list(dict.fromkeys(clean for part in parts[:MOST] if (clean := _clean(part))))
        if values:
            made[key] = values[0] if len(values) == 1 else values
    for key in ONCE:
        if value := _clean(sent.get(key, "")):
            made[key] = value
    return made


def filter_of(query: Query, viewer: Viewer) -> queries.Filter:
    """The filter of an address. Days are the viewer's; `me` is the viewer's own address.

    Raises:
        Invalid: a word or a day that is none; says what there is.
    """
    for key, words in WORDS.items():
        if key in query and query[key] not in words:
            raise Invalid(f"{key} is {' or '.join(words)}.", field=key)
    since, until = _day(query, "from", viewer), _day(query, "to", viewer)
    return queries.Filter(
        q=_one(query, "q"),
        status=_all(query, "status"),
        type=_all(query, "type"),
        severity=_all(query, "severity"),
        priority=_all(query, "priority"),
        tags=_all(query, "tag"),
        all_tags=query.get("tags") == "all",
        participant=_person(query, "participant", viewer),
        commander=_person(query, "commander", viewer),
        project=_one(query, "project"),
        since=since,
        until=until + timedelta(days=1) if until else None,
        visibility=_one(query, "visibility"),
        drill={"yes": True, "no": False}.get(_one(query, "drill")),
    )


def sort_of(query: Query) -> str:
    """The order of the list.

    Raises:
        Invalid: nothing the list can be ordered by.
    """
    sort = _one(query, "sort") or NEWEST
    if sort.removeprefix("-") not in SORTS:
        raise Invalid(f"sort is one of {', '.join(SORTS)}; with a minus before it the other way round.", field="sort")
    return sort


def address(query: Query) -> str:
    """The query as it stands in an address."""
    return urlencode(query, doseq=True)


def _clean(value: str) -> str:
    return value.replace("\0", " ").strip()[:200]


def _one(query: Query, key: str) -> str:
    value = query.get(key, "")
    return value if isinstance(value, str) else value[0]


def _all(query: Query, key: str) -> tuple[str, ...]:
    value = query.get(key, [])
    return (value,) if isinstance(value, str) else tuple(value)


def _person(query: Query, key: str, viewer: Viewer) -> str:
    value = _one(query, key)
    return viewer.email if value == "me" else value


def _day(query: Query, key: str, viewer: Viewer) -> datetime | None:
    value = _one(query, key)
    if not value:
        return None
    try:
        day = date.fromisoformat(value)
    except ValueError:
        day = date.min
    # The day after must exist, in every zone.
    if not 1900 <= day.year < 9999:
        raise Invalid(f"{key} is a day such as 2026-03-31.", field=key)
    return datetime.combine(day, time(), tzinfo=_zone(viewer))


def _zone(viewer: Viewer) -> ZoneInfo:
    try:
        return ZoneInfo(viewer.zone or "UTC")
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")
