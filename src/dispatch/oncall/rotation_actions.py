"""Writes about rotations and who stands in; each is recorded with what was before and after."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError

from dispatch.kit.db import Read, Tx
from dispatch.kit.errors import Conflict, NotFound, Stale
from dispatch.kit.events import Subject, record
from dispatch.kit.forms import FormErrors, differences, fingerprint, inputs
from dispatch.oncall.models import Rotation, RotationOverride
from dispatch.oncall.rotation_events import (
    OverrideAdded,
    OverrideRemoved,
    RotationAdded,
    RotationChanged,
    RotationRemoved,
)
from dispatch.oncall.rotation_forms import OverrideForm, RotationForm, in_units, there, wall
from dispatch.people.models import Person
from dispatch.people.queries import people
from dispatch.projects.actions import take_turn
from dispatch.projects.configure import STALE
from dispatch.projects.models import Project, SituationType


async def stored(t: Read, rotation: Rotation) -> dict[str, Any]:
    """What the form asks for, as the rotation has it: people by e-mail, times in its zone."""
    who = await people(t, [int(m) for m in rotation.members])
    shift, unit = in_units(rotation.shift_hours)
    return {
        "name": rotation.name,
        "members": [who[int(m)].email for m in rotation.members if int(m) in who],
        "shift": shift,
        "unit": unit,
        "tz": rotation.tz,
        "starts_at": wall(rotation.starts_at, rotation.tz),
    }


async def save_rotation(
    t: Tx, project: Project, form: RotationForm, *, rotation_id: int | None, seen: str, by: int | None
) -> Rotation:
    """Add (without an id) or change.

    Raises:
        FormErrors: the name is taken, or somebody is not, or no longer, a person of this organization.
        Stale: changed by somebody else since `seen`, the fingerprint of what the person was shown.
    """
    await take_turn(t, project)
    rotation = await _locked(t, project, rotation_id) if rotation_id is not None else None
    before = await stored(t, rotation) if rotation is not None else {}
    if rotation is not None and fingerprint(RotationForm, before) != seen:
        raise Stale(STALE)
    taken = await t.scalar(
        select(Rotation.name).where(
            Rotation.org_id == t.org, Rotation.project_id == project.id, Rotation.id != (rotation_id or 0),
            func.lower(Rotation.name) == form.name.lower(),
        )
    )  # fmt: skip
    labels = {key: each.label for key, each in inputs(RotationForm).items()}
    if taken is not None:
        raise FormErrors({"name": f"There is already a rotation called {taken}."}, labels=labels)
    members = await _people(t, form.members, field="members", labels=labels)
    values = {
        "name": form.name, "members": [each.id for each in members], "shift_hours": form.shift_hours, "tz": form.tz,
        "starts_at": there(form.starts_at, form.tz),
    }  # fmt: skip
    if rotation is None:
        rotation = Rotation(org_id=t.org, project_id=project.id, **values)
        t.add(rotation)
    else:
        for key, value in values.items():
            setattr(rotation, key, value)
    await t.flush()
    was, now = differences(RotationForm, before, form.model_dump())
    about = Subject("project", project.id)
    if rotation_id is None:
        await record(t, RotationAdded(rotation=rotation.name, item=rotation.id, after=now), about=about, by=by)
    elif now:
        await record(
            t,
            RotationChanged(rotation=rotation.name, item=rotation.id, changed=", ".join(now), before=was, after=now),
            about=about,
            by=by,
        )
    return rotation


async def remove_rotation(t: Tx, project: Project, rotation_id: int, *, by: int | None) -> str:
    """Take away a rotation that nothing names; its name.

    Raises:
        Conflict: a type, or a rule for a role, names it.
    """
    rotation = await _locked(t, project, rotation_id)
    types = list(
        await t.scalars(
            select(SituationType.name)
            .where(SituationType.org_id == t.org, SituationType.rotation_id == rotation.id)
            .order_by(SituationType.name)
            .limit(5)
        )
    )
    if types:
        raise Conflict(
            f"{rotation.name} leads incidents of the types {', '.join(types)}. Give these another rotation first."
        )
    name = rotation.name
    try:
        async with t.begin_nested():
            await t.execute(delete(Rotation).where(Rotation.org_id == t.org, Rotation.id == rotation_id))
    except IntegrityError:
        raise Conflict(f"Rules name {name} (Settings → Project → Roles). Change these first.") from None
    t.expunge(rotation)
    await record(t, RotationRemoved(rotation=name, item=rotation_id), about=Subject("project", project.id), by=by)
    return name


async def add_override(
    t: Tx, project: Project, rotation_id: int, form: OverrideForm, *, by: int | None
) -> RotationOverride:
    """Somebody stands in for a span of time.

    Raises:
        FormErrors: not a person of this organization, or somebody else stands in then.
    """
    rotation = await _locked(t, project, rotation_id)
    labels = {key: each.label for key, each in inputs(OverrideForm).items()}
    [who] = await _people(t, [form.person], field="person", labels=labels)
    since, until = there(form.starts_at, rotation.tz), there(form.ends_at, rotation.tz)
    if until <= since:
        raise FormErrors({"ends_at": "It has to end after it begins."}, labels=labels)
    other = await t.scalar(
        select(RotationOverride)
        .where(
            RotationOverride.org_id == t.org, RotationOverride.rotation_id == rotation.id,
            RotationOverride.starts_at < until, RotationOverride.ends_at > since,
        )
        .order_by(RotationOverride.starts_at)
        .limit(1)
    )  # fmt: skip
    if other is not None:
        name = (await people(t, [other.person_id]))[other.person_id].name
        span = f"from {_shown(other.starts_at, rotation)} until {_shown(other.ends_at, rotation)}"
        raise FormErrors({"starts_at": f"{name} stands in {span}. Take that back first."}, labels=labels)
    made = RotationOverride(org_id=t.org, rotation_id=rotation.id, person_id=who.id, starts_at=since, ends_at=until)
    t.add(made)
    await t.flush()
    await record(t, OverrideAdded(**_told(rotation, made, who)), about=Subject("project", project.id), by=by)
    return made


async def remove_override(t: Tx, project: Project, rotation_id: int, override_id: int, *, by: int | None) -> None:
    """The turns hold again."""
    rotation = await _locked(t, project, rotation_id)
    found = await t.scalar(
        select(RotationOverride).where(
            RotationOverride.org_id == t.org,
            RotationOverride.rotation_id == rotation.id,
            RotationOverride.id == override_id,
        )
    )
    if found is None:
        raise NotFound("That is taken back already.")
    who = (await people(t, [found.person_id]))[found.person_id]
    told = _told(rotation, found, who)
    await t.delete(found)
    await t.flush()
    await record(t, OverrideRemoved(**told), about=Subject("project", project.id), by=by)


async def _locked(t: Tx, project: Project, rotation_id: int) -> Rotation:
    found = await t.scalar(
        select(Rotation)
        .where(Rotation.org_id == t.org, Rotation.project_id == project.id, Rotation.id == rotation_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound("There is no such rotation in this project.")
    return found


async def _people(t: Tx, emails: Sequence[str], *, field: str, labels: dict[str, str]) -> list[Person]:
    """The people of these addresses, in their order; who has left cannot be called."""
    wanted = [each.strip().lower() for each in emails]
    found = {
        p.email: p for p in await t.scalars(select(Person).where(Person.org_id == t.org, Person.email.in_(wanted)))
    }
    unknown = [each for each in wanted if each not in found]
    if unknown:
        raise FormErrors({field: f"Nobody here has the address {', '.join(unknown)}."}, labels=labels)
    left = [found[each].name for each in wanted if found[each].left_at is not None]
    if left:
        raise FormErrors({field: f"{', '.join(left)} cannot be on call any more: deactivated."}, labels=labels)
    return [found[each] for each in wanted]


def _told(rotation: Rotation, override: RotationOverride, who: Person) -> dict[str, Any]:
    return {
        "rotation": rotation.name, "item": rotation.id, "person": who.name, "person_id": who.id,
        "since": _shown(override.starts_at, rotation), "until": _shown(override.ends_at, rotation),
    }  # fmt: skip


def _shown(at: datetime, rotation: Rotation) -> str:
    return f"{at.astimezone(ZoneInfo(rotation.tz)):%Y-%m-%d %H:%M} {rotation.tz}"
