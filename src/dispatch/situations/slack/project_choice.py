"""Forms in which a project is chosen: the choices that belong to it are shown anew, and found while typing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from dispatch.kit.db import Read
from dispatch.kit.errors import Refused
from dispatch.kit.forms import Option, modal_values, search_options
from dispatch.kit.slack import blocks as b
from dispatch.kit.slack.opening import GONE
from dispatch.kit.slack.registry import Answer, Request, action, option_load
from dispatch.projects import queries as projects
from dispatch.projects.models import Priority, Severity, SituationType
from dispatch.situations.report_form import ReportIncident

#: Draws the form again with these values; the view is the one the person has open.
Again = Callable[[Read, Mapping[str, Any], Mapping[str, Any]], Awaitable[b.View]]

_forms: dict[str, Again] = {}
_CHOICES: dict[str, type[Any]] = {
    "type": SituationType,
    "severity": Severity,
    "priority": Priority,
}


def drawn_again(callback_id: str) -> Callable[[Again], Again]:
    """Register how a form with a project is drawn again when another one was chosen."""

    def register(again: Again) -> Again:
        _forms[callback_id] = again
        return again

    return register


@action("project")
async def project_chosen(asked: Request) -> Answer:
    """Types, severities and priorities belong to the project: show those of the chosen one, keep what was typed."""
    view = asked.view
    again = _forms.get(str(view.get("callback_id")))
    if again is None:
        return None
    values = modal_values(ReportIncident, view)
    view_id, view_hash = str(view["id"]), str(view.get("hash", ""))

    async def reload() -> None:
        async with asked.db.read(asked.org) as t:
            fresh = await again(t, values, view)
        try:
            await asked.installation.client.call("views.update", view_id=view_id, view=fresh, hash=view_hash)
        except Refused as why:
            # Closed, or chosen again meanwhile: the later choice draws the form.
            if why.code not in GONE:
                raise

    asked.later(reload())
    return None


@option_load("tags")
async def tags_typed(asked: Request) -> Answer:
    """Tags of the chosen project that contain what was typed."""
    async with asked.db.read(asked.org) as t:
        project = await projects.project(t, _chosen(asked), disabled=True)
        found = await projects.tags(t, project.id, asked.text)
    answer: dict[str, Any] = search_options([Option(tag.name, tag.name) for tag in found], asked.text)
    return answer


@option_load("project")
async def projects_typed(asked: Request) -> Answer:
    """More than 100 projects are found while typing: W-82."""
    async with asked.db.read(asked.org) as t:
        found = await projects.projects(t)
    answer: dict[str, Any] = search_options([Option(p.slug, p.name, p.description or None) for p in found], asked.text)
    return answer


async def _choices_typed(asked: Request, key: str) -> Answer:
    async with asked.db.read(asked.org) as t:
        project = await projects.project(t, _chosen(asked), disabled=True)
        found = await projects.choices(t, _CHOICES[key], project.id)
    answer: dict[str, Any] = search_options([Option(x.name, x.name, x.help or None) for x in found], asked.text)
    return answer


@option_load("type")
async def types_typed(asked: Request) -> Answer:
    """More than 100 types."""
    return await _choices_typed(asked, "type")


@option_load("severity")
async def severities_typed(asked: Request) -> Answer:
    """More than 100 severities."""
    return await _choices_typed(asked, "severity")


@option_load("priority")
async def priorities_typed(asked: Request) -> Answer:
    """More than 100 priorities."""
    return await _choices_typed(asked, "priority")


def _chosen(asked: Request) -> str | None:
    return modal_values(ReportIncident, asked.view).get("project") or None
