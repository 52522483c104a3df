"""Changing details on the web: on a page with all fields, or where a value stands on the incident page. One way to save."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
from fastapi import APIRouter, Request, Response
from jinja2 import Environment
from starlette.datastructures import FormData

from dispatch.kit.db import Database
from dispatch.kit.errors import Invalid, NotFound, Stale
from dispatch.kit.forms import FormErrors, HtmlForm, html_values, inputs, read, to_html
from dispatch.people.web import Visit, Visits
from dispatch.situations import actions, queries
from dispatch.situations.access import require, standing
from dispatch.situations.update_form import UpdateIncident, prepare_update, present
from dispatch.situations.web.parts import look, part_named, read_parts

EVERYTHING: Final = tuple(inputs(UpdateIncident))
#: What is changed together where one value stands. Another project has types, severities and priorities of its own.
PLACES: Final[Mapping[str, tuple[str, ...]]] = {
    **{key: (key,) for key in EVERYTHING if key != "project"},
    "project": ("project", "type", "severity", "priority", "tags"),
}


@dataclass(frozen=True)
class Draft:
    """What a person has typed, and what they were shown before: `was` and `version` decide what counts as changed."""

    values: Mapping[str, Any]
    version: int | None
    shown: str

    @property
    def was(self) -> Mapping[str, Any]:
        """Read once it is known that the person may see the incident: before that every form is answered alike.

        Raises:
            Invalid: the form is damaged.
        """
        return _shown_before(self.shown)

    @classmethod
    def sent(cls, form: FormData, keys: tuple[str, ...]) -> Draft:
        """As the browser brings it back."""
        typed = html_values(UpdateIncident, form)
        version = str(form.get("version", ""))
        return cls(
            {key: typed[key] for key in keys if key in typed}, int(version) if version.isdigit() else None,
            str(form.get("was", "")),
        )  # fmt: skip


@dataclass(frozen=True)
class Refusal:
    """Why it was not saved: what has to be corrected, by field, or that somebody else was faster."""

    errors: Mapping[str, str]
    notice: str
    status: int


async def save(db: Database, visit: Visit, name: str, draft: Draft, keys: tuple[str, ...]) -> Refusal | None:
    """Exactly the fields of `keys` that differ from what the person was shown are changed; None: they are.

    Raises:
        NotAllowed, NotFound: as for every change.
    """
    try:
        async with db.tx(visit.org.id) as t:
            situation = await queries.by_name(t, visit.viewer, name)
            require(await standing(t, visit.viewer, situation), "update")
            now = await present(t, situation)
            form = read(UpdateIncident, now | dict(draft.values))
            changes = {key: value for key, value in form.changes(draft.was).items() if key in keys}
            await actions.update_details(
                t, situation.id, changes, by=await visit.person(t), expected_version=draft.version
            )
    except FormErrors as wrong:
        return Refusal(wrong.by_field, "", wrong.status)
    except Invalid as wrong:
        return Refusal({wrong.field or "": str(wrong)}, "", wrong.status)
    except Stale as late:
        return Refusal({}, str(late), late.status)
    return None


async def drawn(
    db: Database, visit: Visit, name: str, draft: Draft | None, keys: tuple[str, ...], refused: Refusal | None = None
) -> dict[str, Any]:
    """What a template with these fields takes: as they are now, or as they were typed and refused."""
    async with db.read(visit.org.id) as t:
        situation = await queries.by_name(t, visit.viewer, name)
        require(await standing(t, visit.viewer, situation), "update")
        now = await present(t, situation)
        choices, filled = await prepare_update(t, now | dict(draft.values) if draft else now, now=now)
    wrong = dict(refused.errors) if refused else {}
    form = to_html(UpdateIncident, choices=choices, values=filled, errors=wrong)
    # Who was too late is shown what is there now: what was typed stays, and saving it again overwrites with open eyes.
    late = refused is not None and bool(refused.notice)
    return {
        "form": HtmlForm([field for field in form.fields if field.key in keys], form.errors), "errors": list(wrong.values()),
        "name": situation.name, "title": situation.title,
        "version": draft.version if draft and draft.version is not None and not late else situation.version,
        "was": orjson.dumps({key: draft.was.get(key) if draft and not late else now[key] for key in keys}).decode(),
        "notice": refused.notice if refused else "",
        "instead": _instead(now, draft.was, keys) if draft and late else {},
    }  # fmt: skip


def router(db: Database, visits: Visits, pages: Environment) -> APIRouter:
    """Routes `/{org}/incidents/{name}/edit/{place}`."""
    routes = APIRouter(include_in_schema=False)

    async def editor(
        request: Request, visit: Visit, name: str, place: str, draft: Draft | None = None, refused: Refusal | None = None,
        template: str = "editor.html",
    ) -> Response:  # fmt: skip
        context = await drawn(db, visit, name, draft, _keys(place), refused)
        address = f"/{visit.org.slug}/incidents/{context['name']}/edit/{place}"
        return visit.page(
            pages, template, request, "incidents", status=refused.status if refused else 200, place=place, address=address,
            fields_path=f"{address}/fields", **context,
        )  # fmt: skip

    @routes.get("/{org}/incidents/{name}/edit/{place}")
    async def edit(request: Request, org: str, name: str, place: str) -> Response:
        return await editor(request, await visits.of(request, org), name, place)

    @routes.post("/{org}/incidents/{name}/edit/{place}/fields")
    async def edit_fields(request: Request, org: str, name: str, place: str) -> Response:
        """Another project was chosen: what it has."""
        visit = await visits.of(request, org)
        draft = Draft.sent(await request.form(), _keys(place))
        return await editor(request, visit, name, place, draft, template="_fields.html")

    @routes.post("/{org}/incidents/{name}/edit/{place}")
    async def edited(request: Request, org: str, name: str, place: str) -> Response:
        """The value is saved, and the top of the page drawn with it; or the editor again, with the reason."""
        visit = await visits.of(request, org)
        draft = Draft.sent(await request.form(), _keys(place))
        refused = await save(db, visit, name, draft, _keys(place))
        if refused is not None:
            return await editor(request, visit, name, place, draft, refused)
        top = part_named("summary")
        async with db.read(visit.org.id) as t:
            context = await read_parts(t, await look(t, visit, name, request), [top])
        answer = visit.page(pages, top.template, request, "incidents", parts=[top], **context)
        answer.headers["HX-Retarget"], answer.headers["HX-Reswap"] = f"#{top.key}", "innerHTML"
        return answer

    return routes


def _keys(place: str) -> tuple[str, ...]:
    if place not in PLACES:
        raise NotFound("There is nothing to change there.")
    return PLACES[place]


def _instead(now: Mapping[str, Any], was: Mapping[str, Any], keys: tuple[str, ...]) -> dict[str, str]:
    """By label, what others have written since the person was shown the form."""
    said = {key: ", ".join(now[key]) if isinstance(now[key], list) else str(now[key] or "") for key in keys}
    return {inputs(UpdateIncident)[key].label: said[key] for key in keys if now[key] != was.get(key)}


def _shown_before(sent: str) -> dict[str, Any]:
    """What the person was shown, as their form brings it back; it decides only what counts as changed by them."""
    try:
        was = orjson.loads(sent)
    except orjson.JSONDecodeError:
        raise Invalid("This form is damaged. Please open it again.") from None
    if not isinstance(was, dict):
        raise Invalid("This form is damaged. Please open it again.")
    return was
