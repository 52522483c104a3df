"""Settings → Project → On call: rotations, who stands in, who is on call when."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from jinja2 import Environment
from sqlalchemy import select

from dispatch.kit import clock
from dispatch.kit.db import Database, Read, Tx
from dispatch.kit.errors import Conflict
from dispatch.kit.forms import FormErrors, HtmlForm, Option, from_html, html_values, to_html
from dispatch.kit.web.settings_area import settings_page
from dispatch.oncall import queries, rotation_actions
from dispatch.oncall.models import Rotation, RotationOverride
from dispatch.oncall.queries import OnCall
from dispatch.oncall.rotation_forms import UNIT_OPTIONS, OverrideForm, RotationForm, in_units, there, wall
from dispatch.people.models import Person
from dispatch.people.queries import people
from dispatch.people.web import Visits
from dispatch.projects.form_pages import FormPage, row_routes
from dispatch.projects.settings_forms import zones
from dispatch.projects.settings_pages import SettingsForm, Where, enter, show

settings_page(
    "Project", "oncall", "On call", icon="bell-ringing", position=25,
    about="Who takes turns at leading incidents, and who stands in when.",
)  # fmt: skip

#: How far ahead the table looks.
WEEKS = 6


@dataclass(frozen=True)
class Row:
    """A rotation in the list, with who is on call now."""

    rotation: Rotation
    now: OnCall | None
    who: Person | None
    members: list[Person]
    #: Those of them who cannot be called any more: their turns go to the next.
    gone: list[Person]

    @property
    def shift(self) -> str:
        """Such as "2 days"."""
        number, unit = in_units(self.rotation.shift_hours)
        return f"{number} {unit if number != 1 else unit[:-1]}"


def router(db: Database, visits: Visits, pages: Environment) -> APIRouter:
    """Routes under `/{org}/settings/projects/{project}/oncall`."""
    routes = APIRouter(prefix="/{org}/settings/projects/{project}/oncall", include_in_schema=False)

    async def at(request: Request, org: str, project: str) -> Where:
        return await enter(db, visits, request, org, project, "oncall", may="oncall.configure")

    async def options(t: Read, emails: Iterable[str]) -> list[Option]:
        """Names for the addresses in a field; what is typed anew is found while typing."""
        found = await t.scalars(select(Person).where(Person.org_id == t.org, Person.email.in_(list(emails))))
        names = {p.email: p.name for p in found}
        return [Option(each, names.get(each, each)) for each in emails]

    async def form_of(where: Where, rotation_id: int | None, typed: Mapping[str, Any] | None = None) -> SettingsForm:
        above = ("On call", where.path)
        async with db.read(where.visit.org.id) as t:
            if rotation_id is None:
                now = wall(clock.now(), where.project.tz).replace(minute=0)
                stored: dict[str, Any] = {
                    "tz": where.project.tz,
                    "starts_at": now,
                    "shift": 1,
                    "unit": "weeks",
                    "members": [],
                }
                title, action = "New rotation", f"{where.path}/new"
            else:
                rotation = await queries.rotation(t, where.project.id, rotation_id)
                stored = await rotation_actions.stored(t, rotation)
                title, action = f"Edit {rotation.name}", f"{where.path}/{rotation.id}/edit"
                above = (rotation.name, f"{where.path}/{rotation.id}")
            emails = list((typed or {}).get("members", stored["members"]))
            choices = {"tz": zones(), "unit": UNIT_OPTIONS, "members": await options(t, emails)}
        return SettingsForm(
            RotationForm, action, title, stored, choices, save="Add rotation" if rotation_id is None else "Save",
            above=above, exists=rotation_id is not None,
        )  # fmt: skip

    form_page = FormPage(db, pages, "oncall", "rotation.changed")

    async def save(request: Request, where: Where, rotation_id: int | None) -> Response:
        # Its options are the people who were typed.
        asked = await form_of(where, rotation_id, html_values(RotationForm, await request.form()))

        async def write(t: Tx, form: RotationForm, seen: str) -> Rotation:
            return await rotation_actions.save_rotation(
                t, where.project, form, rotation_id=rotation_id, seen=seen, by=where.by
            )

        done = "added" if rotation_id is None else "changed"
        return await form_page.save(
            request, where, asked, write, then=lambda made: f"{where.path}/{made.id}?saved={done}", item=rotation_id
        )

    async def listing(request: Request, where: Where, *, status: int = 200, problem: str = "") -> Response:
        now = clock.now()
        async with db.read(where.visit.org.id) as t:
            found = await queries.all_rotations(t, where.project.id)
            overrides = await queries.overrides_of(t, [r.id for r in found], after=now)
            gone = await queries.gone_from(t, found, overrides)
            turns = [queries.turn(r, now, overrides=_of(overrides, r), gone=gone) for r in found]
            wanted = {int(m) for r in found for m in r.members} | {each.person_id for each in turns if each}
            who = await people(t, wanted)
        rows = [_row(r, each, who, gone) for r, each in zip(found, turns, strict=True)]
        saved = "Removed." if request.query_params.get("saved") == "removed" else ""
        return show(pages, "oncall.html", request, where, status=status, rows=rows, problem=problem, saved=saved)

    async def rotation_page(
        request: Request, where: Where, rotation_id: int, *, status: int = 200, form: HtmlForm | None = None
    ) -> Response:
        now = clock.now()
        async with db.read(where.visit.org.id) as t:
            rotation = await queries.rotation(t, where.project.id, rotation_id)
            asked = _moment(request.query_params.get("at", ""), rotation.tz)
            moment = asked or now
            overrides = await queries.overrides_of(t, [rotation.id], after=min(moment, now))
            gone = await queries.gone_from(t, [rotation], overrides)
            current = queries.turn(rotation, moment, overrides=overrides, gone=gone)
            coming = [each for each in overrides if each.ends_at > now]
            spans = queries.schedule(rotation, overrides, now, now + timedelta(weeks=WEEKS), gone)
            named: list[OnCall] = [current] if current else []
            wanted = {each.person_id for each in [*named, *spans]} | {each.person_id for each in coming}
            wanted |= {int(m) for m in rotation.members}
            wanted |= {each.instead_of for each in [*named, *spans] if each.instead_of}
            who = await people(t, wanted)
        return show(
            pages, "rotation.html", request, where, status=status, rotation=rotation, current=current, asked=asked,
            moment=moment, overrides=coming, spans=spans, who=who, weeks=WEEKS,
            row=_row(rotation, current, who, gone), gone=gone,
            typed_at=f"{wall(moment, rotation.tz):%Y-%m-%dT%H:%M}", bad_moment=bool(request.query_params.get("at")) and not asked,
            form=form or to_html(OverrideForm, choices={}),
            saved=SAVED.get(request.query_params.get("saved", ""), ""),
        )  # fmt: skip

    @routes.get("")
    async def listed(request: Request, org: str, project: str) -> Response:
        return await listing(request, await at(request, org, project))

    row_routes(routes, form_page, at=at, form_of=form_of, save=save, edit="/edit")

    @routes.get("/{rotation_id:int}")
    async def one(request: Request, org: str, project: str, rotation_id: int) -> Response:
        return await rotation_page(request, await at(request, org, project), rotation_id)

    @routes.post("/{rotation_id:int}/delete")
    async def delete(request: Request, org: str, project: str, rotation_id: int) -> Response:
        where = await at(request, org, project)
        try:
            async with db.tx(where.visit.org.id) as t:
                await rotation_actions.remove_rotation(t, where.project, rotation_id, by=where.by)
        except Conflict as why:
            return await listing(request, where, status=why.status, problem=str(why))
        return RedirectResponse(f"{where.path}?saved=removed", 303)

    @routes.post("/{rotation_id:int}/overrides")
    async def stand_in(request: Request, org: str, project: str, rotation_id: int) -> Response:
        where = await at(request, org, project)
        sent = await request.form()
        try:
            form = from_html(OverrideForm, sent)
            async with db.tx(where.visit.org.id) as t:
                await rotation_actions.add_override(t, where.project, rotation_id, form, by=where.by)
        except FormErrors as why:
            typed = html_values(OverrideForm, sent)
            async with db.read(where.visit.org.id) as t:
                choices = {"person": await options(t, [typed["person"]] if typed.get("person") else [])}
            wrong = to_html(OverrideForm, choices=choices, values=typed, errors=why.by_field)
            return await rotation_page(request, where, rotation_id, status=422, form=wrong)
        return RedirectResponse(f"{where.path}/{rotation_id}?saved=standing-in", 303)

    @routes.post("/{rotation_id:int}/overrides/{override_id:int}/delete")
    async def take_back(request: Request, org: str, project: str, rotation_id: int, override_id: int) -> Response:
        where = await at(request, org, project)
        async with db.tx(where.visit.org.id) as t:
            await rotation_actions.remove_override(t, where.project, rotation_id, override_id, by=where.by)
        return RedirectResponse(f"{where.path}/{rotation_id}?saved=taken-back", 303)

    return routes


SAVED = {
    "added": "Added. Name it in a type of incident, so that it leads.",
    "changed": "Saved. It holds from now on.",
    "standing-in": "Written down: calls go to them in that time.",
    "taken-back": "Taken back: the turns hold again.",
}


def _row(rotation: Rotation, now: OnCall | None, who: Mapping[int, Person], gone: Collection[int]) -> Row:
    members = [who[int(m)] for m in rotation.members if int(m) in who]
    return Row(rotation, now, who.get(now.person_id) if now else None, members, [p for p in members if p.id in gone])


def _of(overrides: list[RotationOverride], rotation: Rotation) -> list[RotationOverride]:
    return [each for each in overrides if each.rotation_id == rotation.id]


def _moment(text: str, tz: str) -> datetime | None:
    """What was asked for in the address, in the rotation's zone; None when it is no moment."""
    try:
        return there(datetime.fromisoformat(text[:16]), tz) if text else None
    except (ValueError, OverflowError):
        return None
