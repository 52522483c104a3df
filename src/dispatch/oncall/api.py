"""The JSON API of on-call rotations: who takes turns, who stands in, who is on call at a moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

from fastapi import APIRouter, Header, Path, Query, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from dispatch.kit import clock
from dispatch.kit.db import Database, Read, Tx
from dispatch.kit.errors import Invalid
from dispatch.kit.web.api import LARGEST_ID, Listed, api_router, listed
from dispatch.kit.web.idempotency import answered, remember
from dispatch.oncall import queries, rotation_actions
from dispatch.oncall.models import Rotation
from dispatch.oncall.rotation_forms import UNIT_OPTIONS, OverrideForm, RotationForm, in_units, wall
from dispatch.people.machines import person_of
from dispatch.people.queries import people
from dispatch.people.web import Visits
from dispatch.projects.models import Project
from dispatch.projects.rows_api import Body, Rows, project_named, row_api
from dispatch.projects.settings_forms import zones
from dispatch.projects.settings_pages import Choices


class _RotationChanges(Body):
    members: list[str] = Field([], max_length=200, description="E-mails, in the order of their turns")
    shift: int = Field(1, ge=1, le=1000, description="Length of a shift, in `unit`s")
    unit: Literal["hours", "days", "weeks"] = "weeks"
    tz: str = Field(
        "UTC", max_length=64, description="IANA time zone; shifts of whole days change at the same time of day there"
    )


class RotationChanges(_RotationChanges):
    """Exactly the fields that are sent are changed."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"members": ["ada@example.com", "dee@example.com"], "shift": 2, "unit": "days"}]
        }
    )

    name: str | None = Field(None, max_length=60)
    starts_at: AwareDatetime | None = None


class NewRotation(_RotationChanges):
    """People who take turns."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"name": "Payments", "members": ["bo@example.com", "joy@example.com"], "shift": 1, "unit": "weeks",
                 "tz": "Europe/Stockholm", "starts_at": "2026-01-05T09:00:00+01:00"}
            ]
        }
    )  # fmt: skip

    name: str = Field(max_length=60)
    starts_at: AwareDatetime = Field(description="When the first one's first shift begins")


class NewOverride(Body):
    """Somebody stands in."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"person": "joy@example.com", "starts_at": "2026-12-24T09:00:00Z", "ends_at": "2026-12-27T09:00:00Z"}
            ]
        }
    )

    person: str = Field(max_length=320, description="E-mail")
    starts_at: AwareDatetime
    ends_at: AwareDatetime


class OnCallOut(BaseModel):
    """Whose turn it is."""

    person: str = Field(description="E-mail")
    name: str
    since: datetime
    until: datetime
    instead_of: str | None = Field(description="E-mail of whose turn it would be")


class RotationOut(BaseModel):
    """A rotation, and whose turn it is now."""

    id: int
    name: str
    members: list[str] = Field(description="E-mails")
    shift: int
    unit: str
    tz: str
    starts_at: datetime
    on_call: OnCallOut | None = Field(description="null: nobody")


class OverrideOut(BaseModel):
    """Somebody stands in, until before `ends_at`."""

    id: int
    person: str = Field(description="E-mail")
    starts_at: datetime
    ends_at: datetime


class AtMoment(BaseModel):
    """Who is on call at a moment."""

    at: datetime
    on_call: OnCallOut | None = Field(description="null: nobody")


class _Rotations(Rows[Rotation]):
    key, one, title = "rotations", "rotation", "rotations"
    about = "Who takes turns, and whose turn it is now."
    may = "oncall.configure"
    form, new, changes, out = RotationForm, NewRotation, RotationChanges, RotationOut

    async def all(self, t: Read, project: Project) -> list[Rotation]:
        return await queries.all_rotations(t, project.id)

    async def shown(self, t: Read, rows: list[Rotation]) -> list[BaseModel]:
        now = await _named(t, list((await queries.turns(t, rows, clock.now())).values()))
        who = await people(t, {int(member) for row in rows for member in row.members})
        found: list[BaseModel] = []
        for row, each in zip(rows, now, strict=True):
            shift, unit = in_units(row.shift_hours)
            members = [who[int(member)].email for member in row.members if int(member) in who]
            found.append(
                RotationOut(
                    id=row.id, name=row.name, members=members, shift=shift, unit=unit, tz=row.tz, starts_at=row.starts_at,
                    on_call=each,
                )
            )  # fmt: skip
        return found

    async def stored(self, t: Read, row: Rotation) -> Mapping[str, Any]:
        return await rotation_actions.stored(t, row)

    async def choices(self, t: Read, project: Project, raw: Mapping[str, Any]) -> Choices:
        return {"tz": zones(), "unit": UNIT_OPTIONS}

    def typed(self, sent: Mapping[str, Any], stored: Mapping[str, Any]) -> dict[str, Any]:
        """The form takes the time of day in the rotation's zone."""
        made = dict(sent)
        if made.get("starts_at") is not None:
            made["starts_at"] = wall(
                _moment(made["starts_at"], "starts_at"), _zone(made.get("tz", stored.get("tz", "UTC")))
            )
        return made

    async def save(
        self, t: Tx, project: Project, form: RotationForm, *, row_id: int | None, seen: str, by: int, choices: Choices
    ) -> Rotation:
        return await rotation_actions.save_rotation(t, project, form, rotation_id=row_id, seen=seen, by=by)

    async def remove(self, t: Tx, project: Project, row_id: int, *, by: int) -> object:
        return await rotation_actions.remove_rotation(t, project, row_id, by=by)


def router(db: Database, visits: Visits) -> APIRouter:
    """Routes `/api/v1/{org}/projects/{project}/rotations` and what is below."""
    routes = api_router("settings")
    at = "/{org}/projects/{project}/rotations/{item_id}"

    @routes.get(f"{at}/on-call")
    async def who_is_on_call(
        request: Request, org: str, project: str, item_id: int = Path(ge=1, le=LARGEST_ID),
        at: AwareDatetime | None = Query(None, description="A moment with a zone; now when left out"),
    ) -> AtMoment:  # fmt: skip
        """Whose turn it is, now or at another moment, and who stands in."""
        organization, _ = await visits.machine(request, org)
        moment = clock.now() if at is None else _moment(at, "at")
        async with db.read(organization.id) as t:
            rotation = await queries.rotation(t, (await project_named(t, project)).id, item_id)
            found = await queries.turns(t, [rotation], moment)
            return AtMoment(at=moment, on_call=(await _named(t, [found[rotation.id]]))[0])

    @routes.get(f"{at}/overrides")
    async def list_overrides(
        request: Request, org: str, project: str, item_id: int = Path(ge=1, le=LARGEST_ID)
    ) -> Listed[OverrideOut]:
        """Who stands in, from now on."""
        organization, _ = await visits.machine(request, org)
        async with db.read(organization.id) as t:
            rotation = await queries.rotation(t, (await project_named(t, project)).id, item_id)
            found = await queries.overrides_of(t, [rotation.id], after=clock.now())
            who = await people(t, [each.person_id for each in found])
        items = [
            OverrideOut(id=o.id, person=who[o.person_id].email, starts_at=o.starts_at, ends_at=o.ends_at) for o in found
        ]
        return listed(items, page=1, size=len(items), total=len(items), path=request.url.path)

    @routes.post(f"{at}/overrides", status_code=201)
    async def add_override(
        request: Request, org: str, project: str, new: NewOverride, item_id: int = Path(ge=1, le=LARGEST_ID),
        idempotency_key: str | None = Header(None, max_length=255),
    ) -> OverrideOut:  # fmt: skip
        """Somebody stands in for a span of time. Needs a token of an admin."""
        organization, viewer = await visits.machine(request, org, may="oncall.configure")
        key = f"{viewer.machine_id}:{idempotency_key}" if idempotency_key else None
        since, until = _moment(new.starts_at, "starts_at"), _moment(new.ends_at, "ends_at")
        if until <= since:
            raise Invalid("It has to end after it begins.", field="ends_at")
        async with db.tx(organization.id) as t:
            there = await project_named(t, project)
            before: Any = await answered(t, key, ("POST overrides", there.id, item_id, new))
            if before is not None:
                return OverrideOut.model_validate(before)
            rotation = await queries.rotation(t, there.id, item_id)
            form = OverrideForm(person=new.person, starts_at=wall(since, rotation.tz), ends_at=wall(until, rotation.tz))
            by = (await person_of(t, viewer)).id
            row = await rotation_actions.add_override(t, there, item_id, form, by=by)
            who = (await people(t, [row.person_id]))[row.person_id]
            made = OverrideOut(id=row.id, person=who.email, starts_at=row.starts_at, ends_at=row.ends_at)
            await remember(t, key, made)
        return made

    @routes.delete(f"{at}/overrides/{{override_id}}", status_code=204)
    async def remove_override(
        request: Request, org: str, project: str, item_id: int = Path(ge=1, le=LARGEST_ID),
        override_id: int = Path(ge=1, le=LARGEST_ID),
    ) -> None:  # fmt: skip
        """The turns hold again. Needs a token of an admin."""
        organization, viewer = await visits.machine(request, org, may="oncall.configure")
        async with db.tx(organization.id) as t:
            there = await project_named(t, project)
            await rotation_actions.remove_override(t, there, item_id, override_id, by=(await person_of(t, viewer)).id)

    both = APIRouter()
    both.include_router(row_api(_Rotations(), db, visits))
    both.include_router(routes)
    return both


async def _named(t: Read, turns: Sequence[queries.OnCall | None]) -> list[OnCallOut | None]:
    wanted = {each for turn in turns if turn for each in (turn.person_id, turn.instead_of) if each}
    who = await people(t, wanted)
    return [
        OnCallOut(
            person=who[turn.person_id].email, name=who[turn.person_id].name, since=turn.since, until=turn.until,
            instead_of=who[turn.instead_of].email if turn.instead_of else None,
        )
        if turn
        else None
        for turn in turns
    ]  # fmt: skip


def _moment(at: datetime, field: str) -> datetime:
    """In UTC, and not at the edge of what can be computed with.

    Raises:
        Invalid: before 1970 or after 9000.
    """
    if not clock.EARLIEST <= at <= clock.LATEST:
        raise Invalid(clock.OUT_OF_RANGE, field=field)
    return at.astimezone(UTC)


def _zone(name: object) -> str:
    """The name when it is one; the form says what is wrong with another one."""
    known = {each.value for each in zones()}
    return str(name) if name in known else "UTC"
