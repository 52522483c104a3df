"""What the page of an incident is made of: parts, each a fragment that is fetched again when it changes.

A slice adds its part where its routes are, with `page_part(...)`; nothing is listed by hand. The part's template
`_{key}.html` lies in the slice's own `templates`; the page puts it into a live section with the key as its id.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fastapi import Request

from dispatch.kit.db import Read
from dispatch.kit.errors import NotFound
from dispatch.kit.events import Subject
from dispatch.people.queries import Viewer
from dispatch.people.web import Visit
from dispatch.situations import queries
from dispatch.situations.access import Standing, standing
from dispatch.situations.models import Situation
from dispatch.situations.web.zone import zone_shown

#: Where a part stands: over the whole width, in the wide column, or beside it.
COLUMNS: Final = ("top", "main", "side")


@dataclass(frozen=True)
class Look:
    """Who looks at which incident, as what; `query` is what the address says, such as filters of a part."""

    viewer: Viewer
    situation: Situation
    here: Standing
    query: Mapping[str, str]

    @property
    def about(self) -> Subject:
        return Subject(self.situation.kind, self.situation.id)


@dataclass(frozen=True)
class Part:
    """One part of the page. `read` gives what its template takes; names must not be those of another part."""

    key: str
    column: str
    position: int
    read: Callable[[Read, Look], Awaitable[dict[str, Any]]]
    frame: str
    follows: tuple[str, ...]

    @property
    def template(self) -> str:
        return f"_{self.key}.html"


_parts: dict[str, Part] = {}


def page_part(
    key: str, *, column: str, position: int, read: Callable[[Read, Look], Awaitable[dict[str, Any]]], frame: str = "",
    follows: tuple[str, ...] = (),
) -> Part:  # fmt: skip
    """Register a part; the same key twice stops the start.

    Args:
        key: the section's id, the name of its live event (`Fact.part`), and of its template, `_{key}.html`.
        column: one of `COLUMNS`.
        position: smaller is further up in its column.
        read: what the template takes, on top of `incident`, `can`, `here` and what every page has. Read anew for
            each change, so a fixed number of statements.
        frame: a template around the live section for what an update must not touch, such as a filter; it has to
            include the section itself (`ui.live(key, path)`).
        follows: other live events after which it is read again, such as those that change what the viewer may do.
    """
    if column not in COLUMNS:
        raise RuntimeError(f"the page of an incident has the columns {', '.join(COLUMNS)}, not {column!r}")
    part = Part(key, column, position, read, frame, follows)
    if _parts.setdefault(key, part) != part:
        raise RuntimeError(f"two parts of the incident page are called {key!r}")
    return part


def parts() -> list[Part]:
    """All of them, in the order they stand."""
    return sorted(_parts.values(), key=lambda p: (COLUMNS.index(p.column), p.position, p.key))


def part_named(key: str) -> Part:
    """One of them.

    Raises:
        NotFound: there is none of that name.
    """
    if key not in _parts:
        raise NotFound("There is no such part.")
    return _parts[key]


def shown(changed: Collection[str]) -> list[str]:
    """The parts to read again after these live events; `*` means all."""
    return [p.key for p in parts() if "*" in changed or p.key in changed or set(p.follows) & set(changed)]


async def look(t: Read, visit: Visit, name: str, request: Request) -> Look:
    """The incident for the visitor's eyes.

    Raises:
        NotFound: none, or not for these eyes.
    """
    situation = await queries.by_name(t, visit.viewer, name)
    here = await standing(t, visit.viewer, situation)
    return Look(visit.viewer, situation, here, dict(request.query_params))


async def read_parts(t: Read, looking: Look, wanted: Iterable[Part]) -> dict[str, Any]:
    """What the templates of these parts take."""
    made = await about_it(t, looking)
    for part in wanted:
        read = await part.read(t, looking)
        twice = made.keys() & read.keys()
        if twice:
            raise RuntimeError(f"the part {part.key!r} brings {', '.join(sorted(twice))}, which is there already")
        made |= read
    return made


async def about_it(t: Read, looking: Look) -> dict[str, Any]:
    """What every template of the page takes: the incident, what the viewer may do, and whose clock its times follow."""
    incident = await queries.detail(t, looking.situation)
    return {
        "incident": incident,
        "can": allowed(looking.here, looking.situation),
        "here": looking.here,
        "shown_zone": zone_shown(looking.viewer, incident),
    }


def allowed(here: Standing, situation: Situation) -> dict[str, bool]:
    """What the viewer may do now; the routes ask again."""
    steers = here.steers and here.viewer.person_id is not None
    return {
        "acknowledge": here.leads and not here.acknowledged and situation.status != "Closed",
        "take_command": here.may_take_command and situation.status != "Closed",
        "update": steers,
        "move": steers,
        "add_event": steers,
        "assign": steers and situation.status != "Closed",
        "visibility": steers,
        "relate": steers,
    }
