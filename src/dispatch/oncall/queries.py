"""Who is on call, and what was paged."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, select, tuple_

from dispatch.kit import clock
from dispatch.kit.db import Read
from dispatch.kit.errors import NotFound
from dispatch.kit.events import Subject
from dispatch.kit.forms import Option
from dispatch.oncall.models import Page, Rotation, RotationOverride
from dispatch.people.queries import unreachable
from dispatch.projects.queries import all_projects


@dataclass(frozen=True)
class OnCall:
    """Somebody's time on a rotation. `instead_of` is whose turn it would be, when somebody stands in."""

    rotation_id: int
    rotation: str
    person_id: int
    until: datetime
    since: datetime
    instead_of: int | None = None


#: Rows of a schedule at most; shifts of an hour over weeks would be a page nobody reads.
LONGEST_SCHEDULE = 200


def turn(
    rotation: Rotation,
    at: datetime,
    *,
    ahead: int = 0,
    overrides: Sequence[RotationOverride] = (),
    gone: Collection[int] = (),
) -> OnCall | None:
    """Whose turn it is at a moment, `ahead` turns later; None for an empty rotation or before its start.

    Args:
        overrides: those of this rotation; who stands in at that moment counts. Not together with `ahead`.
        gone: people who cannot be called any more (`people.queries.unreachable`): the next on the rotation has their turn.
    """  # fmt: skip
    overrides = [each for each in overrides if each.person_id not in gone]
    standing_in = next((each for each in overrides if each.starts_at <= at < each.ends_at), None) if not ahead else None
    regular = _regular(rotation, at, ahead, gone)
    if standing_in is not None:
        instead = regular.person_id if regular is not None else None
        return OnCall(
            rotation.id, rotation.name, standing_in.person_id, standing_in.ends_at, standing_in.starts_at, instead
        )
    if regular is None:
        return None
    later = [each.starts_at for each in overrides if at < each.starts_at < regular.until]
    earlier = [each.ends_at for each in overrides if regular.since < each.ends_at <= at]
    return replace(regular, until=min([*later, regular.until]), since=max([*earlier, regular.since]))


def _regular(rotation: Rotation, at: datetime, ahead: int, gone: Collection[int]) -> OnCall | None:
    if not rotation.members or at < rotation.starts_at:
        return None
    shift = timedelta(hours=rotation.shift_hours)
    number = (at - rotation.starts_at) // shift
    # An hour more or less where clocks changed.
    while _begins(rotation, number + 1) <= at:
        number += 1
    while number > 0 and _begins(rotation, number) > at:
        number -= 1
    first = (number + ahead) % len(rotation.members)
    in_order = [int(each) for each in [*rotation.members[first:], *rotation.members[:first]]]
    member = next((each for each in in_order if each not in gone), None)
    if member is None:
        return None
    skipped = in_order[0] if member != in_order[0] else None
    return OnCall(rotation.id, rotation.name, member, _begins(rotation, number + 1), _begins(rotation, number), skipped)


def _begins(rotation: Rotation, number: int) -> datetime:
    """When a shift begins; shifts of whole days at the same time of day where the rotation is at home."""
    if rotation.shift_hours % 24:
        return rotation.starts_at + number * timedelta(hours=rotation.shift_hours)
    there = rotation.starts_at.astimezone(ZoneInfo(rotation.tz))
    wall = there.replace(tzinfo=None) + number * timedelta(hours=rotation.shift_hours)
    return wall.replace(tzinfo=there.tzinfo).astimezone(UTC)


def schedule(
    rotation: Rotation,
    overrides: Sequence[RotationOverride],
    since: datetime,
    until: datetime,
    gone: Collection[int] = (),
) -> list[OnCall]:
    """Who is on call from one moment to another, at most `LONGEST_SCHEDULE` spans."""
    found: list[OnCall] = []
    at = since
    while at < until and len(found) < LONGEST_SCHEDULE:
        now = turn(rotation, at, overrides=overrides, gone=gone)
        if now is not None:
            found.append(now)
            at = now.until
            continue
        # Before its start, or nobody on it: only whoever stands in.
        begins = [each.starts_at for each in overrides if each.starts_at > at and each.person_id not in gone]
        begins += [rotation.starts_at] if rotation.members and rotation.starts_at > at else []
        if not begins:
            break
        at = min(begins)
    return found


async def all_rotations(t: Read, project_id: int | None = None) -> list[Rotation]:
    """All of a project, or of the organization, by name; empty ones too, for the settings."""
    query = select(Rotation).where(Rotation.org_id == t.org)
    if project_id is not None:
        query = query.where(Rotation.project_id == project_id)
    return list(await t.scalars(query.order_by(Rotation.name, Rotation.id)))


async def rotation_options(t: Read, project_id: int) -> list[Option]:
    """The rotations a type of the project may name: its own first, then those of other projects."""
    found = sorted(await all_rotations(t), key=lambda each: each.project_id != project_id)
    elsewhere = {each.id: each.name for each in await all_projects(t)}
    return [
        Option(str(r.id), r.name if r.project_id == project_id else f"{r.name} ({elsewhere.get(r.project_id, '?')})")
        for r in found
    ]


async def rotation(t: Read, project_id: int, rotation_id: int) -> Rotation:
    """By id.

    Raises:
        NotFound: not one of this project.
    """
    found = await t.scalar(
        select(Rotation).where(Rotation.org_id == t.org, Rotation.project_id == project_id, Rotation.id == rotation_id)
    )
    if found is None:
        raise NotFound("There is no such rotation in this project.")
    return found


async def overrides_of(t: Read, rotation_ids: Iterable[int], *, after: datetime) -> list[RotationOverride]:
    """Those that end after a moment, by their start."""
    wanted = list(rotation_ids)
    found = await t.scalars(
        select(RotationOverride)
        .where(
            RotationOverride.org_id == t.org,
            RotationOverride.rotation_id.in_(wanted),
            RotationOverride.ends_at > after,
        )
        .order_by(RotationOverride.starts_at)
    )
    return list(found)


async def on_call(t: Read, rotation_id: int, at: datetime | None = None) -> OnCall | None:
    """Whose turn it is, now or at another moment."""
    found = await t.scalar(select(Rotation).where(Rotation.org_id == t.org, Rotation.id == rotation_id))
    if found is None:
        return None
    moment = at or clock.now()
    return (await turns(t, [found], moment))[found.id]


async def turns(t: Read, found: Sequence[Rotation], at: datetime) -> dict[int, OnCall | None]:
    """Whose turn it is on each of these rotations, by their id, with whoever stands in; two statements for all."""
    overrides = await overrides_of(t, [each.id for each in found], after=at)
    gone = await gone_from(t, found, overrides)
    return {r.id: turn(r, at, overrides=[o for o in overrides if o.rotation_id == r.id], gone=gone) for r in found}


async def gone_from(t: Read, found: Iterable[Rotation], overrides: Iterable[RotationOverride]) -> frozenset[int]:
    """Who is named on rotations, or stands in, and cannot be called any more."""
    return await unreachable(
        t, {int(member) for each in found for member in each.members} | {each.person_id for each in overrides}
    )


async def rotations(t: Read, project_id: int) -> list[Rotation]:
    """The project's rotations that have members, by name."""
    found = await t.scalars(
        select(Rotation).where(Rotation.org_id == t.org, Rotation.project_id == project_id).order_by(Rotation.name)
    )
    return [rotation for rotation in found if rotation.members]


async def rotation_by_id(t: Read, rotation_id: int) -> Rotation | None:
    """None when it is gone."""
    return await t.scalar(select(Rotation).where(Rotation.org_id == t.org, Rotation.id == rotation_id))


async def pages_about(t: Read, *about: Subject) -> list[Page]:
    """Everything that was paged for these subjects, latest first."""
    return list(
        await t.scalars(
            select(Page)
            .where(
                Page.org_id == t.org,
                tuple_(Page.subject_kind, Page.subject_id).in_([(each.kind, each.id) for each in about]),
            )
            .order_by(Page.id.desc())
        )
    )


async def called_later(t: Read, about: Subject, person_id: int, *, through: str, call: int) -> bool:
    """Whether a later call than this one reached the person through the same channel.

    Only then is the earlier one stale: a second call by mail does not replace a first one in Slack that is late.
    """
    return await _reached(t, about, person_id, Page.through == through, Page.round > call)


async def was_called(t: Read, about: Subject, person_id: int) -> bool:
    """Whether a page about the subject reached this person."""
    return await _reached(t, about, person_id)


async def _reached(t: Read, about: Subject, person_id: int, *more: ColumnElement[bool]) -> bool:
    found = await t.scalar(
        select(Page.id)
        .where(
            Page.org_id == t.org,
            Page.subject_kind == about.kind,
            Page.subject_id == about.id,
            Page.person_id == person_id,
            Page.state != "failed",
            *more,
        )
        .limit(1)
    )
    return found is not None
