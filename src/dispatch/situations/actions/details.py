"""Changing what is known about a situation: exactly the given fields, with a conflict notice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, select

from dispatch.kit import clock
from dispatch.kit.db import Tx
from dispatch.kit.errors import Invalid, Stale
from dispatch.kit.events import Event, Subject, record
from dispatch.people.models import Person
from dispatch.people.queries import person
from dispatch.projects import queries as projects
from dispatch.projects.models import Priority, Severity, SituationType, Tag
from dispatch.situations.actions.command import locked
from dispatch.situations.actions.opening import set_tags
from dispatch.situations.actions.search_words import remember_words
from dispatch.situations.events import DetailsChanged
from dispatch.situations.models import Situation, SituationTag

#: What may be changed here, and how it is called in the timeline. Status and visibility have actions of their own.
FIELDS = {
    "title": "the title",
    "description": "the description",
    "resolution": "the resolution",
    "project": "the project",
    "type": "the type",
    "severity": "the severity",
    "priority": "the priority",
    "tags": "the tags",
}
CHOICES: dict[str, type[SituationType] | type[Severity] | type[Priority]] = {
    "type": SituationType,
    "severity": Severity,
    "priority": Priority,
}
#: How much of a long text the timeline keeps of before and after.
KEPT = 500


async def update_details(
    t: Tx, situation_id: int, changes: Mapping[str, Any], *, by: Person, expected_version: int | None = None
) -> Situation:
    """Change exactly the given fields (keys of `FIELDS`; names of choices, not ids). The caller asked `access.require`.

    What equals the present value changes nothing; when nothing changes, nothing is recorded.

    Args:
        expected_version: what the person was looking at; None changes in any case.

    Raises:
        Stale: one of the given fields was changed by somebody else after `expected_version`.
        Invalid: an empty title or description, an unknown choice or tag, an unknown field.
    """
    unknown = set(changes) - set(FIELDS)
    if unknown:
        raise Invalid(f"Unknown fields: {', '.join(sorted(unknown))}. There are: {', '.join(FIELDS)}.")
    situation = await locked(t, situation_id)
    before = await _present(t, situation)
    wanted = {key: value for key, value in changes.items() if value is not None and before[key] != _plain(value)}
    if expected_version is not None and expected_version != situation.version:
        await _refuse_overwriting(t, situation, set(wanted), expected_version)
    if not wanted:
        return situation
    await _apply(t, situation, wanted, before)
    situation.version += 1
    situation.changed_at = clock.now()
    await t.flush()
    if wanted.keys() & {"title", "description"}:
        await remember_words(t, situation.id)
    after = await _present(t, situation)
    changed = {key: [_cut(before[key]), _cut(after[key])] for key in FIELDS if before[key] != after[key]}
    await record(
        t,
        DetailsChanged(what=_sentence(changed), changes=changed, version=situation.version),
        about=Subject(situation.kind, situation.id),
        by=by.id,
    )
    return situation


async def _present(t: Tx, situation: Situation) -> dict[str, Any]:
    made: dict[str, Any] = {
        "title": situation.title,
        "description": situation.description,
        "resolution": situation.resolution,
        "project": (await projects.project_by_id(t, situation.project_id)).slug,
    }
    for key, cls in CHOICES.items():
        made[key] = await t.scalar(
            select(cls.name).where(cls.org_id == t.org, cls.id == getattr(situation, f"{key}_id"))
        )
    made["tags"] = sorted(
        await t.scalars(
            select(Tag.name)
            .join(SituationTag, (SituationTag.org_id == Tag.org_id) & (SituationTag.tag_id == Tag.id))
            .where(SituationTag.org_id == t.org, SituationTag.situation_id == situation.id)
        )
    )
    return made


async def _apply(t: Tx, situation: Situation, wanted: Mapping[str, Any], before: Mapping[str, Any]) -> None:
    if "title" in wanted:
        title = str(wanted["title"]).strip()
        if not title:
            raise Invalid("Please give a title.", field="title")
        if len(title) > 200:
            raise Invalid(f"A title has at most 200 characters; this one has {len(title)}.", field="title")
        situation.title = title
    if "description" in wanted:
        if not str(wanted["description"]).strip():
            raise Invalid("Please describe what is happening.", field="description")
        situation.description = str(wanted["description"]).strip()
    if "resolution" in wanted:
        situation.resolution = str(wanted["resolution"]).strip()
    for key in ("project", *CHOICES):
        if key in wanted and not str(wanted[key]).strip():
            raise Invalid(f"Please choose a {key}.", field=key)
    project = await projects.project_by_id(t, situation.project_id)
    if "project" in wanted:
        project = await projects.project(t, str(wanted["project"]))
        situation.project_id = project.id
    for key in CHOICES:
        if key in wanted or "project" in wanted:
            name = str(wanted.get(key, before[key]))
            setattr(situation, f"{key}_id", await _choice(t, CHOICES[key], project.id, name, situation.kind, key))
    if "tags" in wanted or "project" in wanted:
        kept = wanted["tags"] if "tags" in wanted else await _those_it_has(t, project.id, before["tags"])
        await t.execute(
            delete(SituationTag).where(SituationTag.org_id == t.org, SituationTag.situation_id == situation.id)
        )
        await set_tags(t, situation, project, tuple(kept))


async def _those_it_has(t: Tx, project_id: int, names: list[str]) -> list[str]:
    """Of these tags the ones that the other project has as well: nobody asked for them to be taken away."""
    return list(
        await t.scalars(select(Tag.name).where(Tag.org_id == t.org, Tag.project_id == project_id, Tag.name.in_(names)))
    )


async def _choice(t: Tx, cls: type[Any], project_id: int, name: str, kind: str, field: str) -> int:
    """The id of the choice of that name; in another project a name may be missing, and the person has to choose."""
    options = await projects.choices(t, cls, project_id, kind=kind)
    return int(projects.chosen(options, name, field=field).id)


async def _refuse_overwriting(t: Tx, situation: Situation, wanted: set[str], expected: int) -> None:
    """Two people who change different fields do not disturb each other."""
    later = (
        await t.scalars(
            select(Event)
            .where(
                Event.org_id == t.org,
                Event.subject_kind == situation.kind,
                Event.subject_id == situation.id,
                Event.fact == DetailsChanged.name,
                Event.data["version"].as_integer() > expected,
            )
            .order_by(Event.id.desc())
        )
    ).all()
    for event in later:
        overlap = wanted & set(event.data.get("changes", {}))
        if overlap:
            who = (await person(t, event.actor)).name if event.actor is not None else "Dispatch"
            raise Stale(
                f"{who} changed {_sentence(dict.fromkeys(overlap))} while you were writing. Nothing of yours is lost: "
                "look at what is there now, then save again."
            )


def _sentence(keys: Mapping[str, Any]) -> str:
    words = [FIELDS[key] for key in FIELDS if key in keys]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _plain(value: Any) -> Any:
    return sorted(str(v) for v in value) if isinstance(value, list | tuple | set) else str(value).strip()


def _cut(value: Any) -> str:
    text = ", ".join(value) if isinstance(value, list) else str(value or "")
    return text if len(text) <= KEPT else f"{text[:KEPT]}…"
