"""What can be changed about an incident: one form for Slack and for the web."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from dispatch.kit.db import Read
from dispatch.kit.forms import Form, Option, choice, long_text, search, text
from dispatch.projects import queries as projects
from dispatch.projects.models import Priority, Severity, SituationType, Tag
from dispatch.situations.models import Situation, SituationTag
from dispatch.situations.report_form import prepare


class UpdateIncident(Form):
    """The details of an incident. Status, visibility and roles have buttons of their own."""

    title: str = text("Title", max_length=200)
    description: str = long_text("Description", max_length=40_000)
    resolution: str = long_text(
        "Resolution", default="", required=False, max_length=40_000, help="What ended it, once that is known."
    )
    project: str = choice("Project", reload=True)
    type: str | None = choice("Type", depends_on="project", required=True)
    severity: str | None = choice("Severity", depends_on="project", required=True)
    priority: str | None = choice("Priority", depends_on="project", required=True)
    tags: list[str] = search("Tags", source="tags", default=[], required=False, placeholder="Type to search")

    def changes(self, was: Mapping[str, Any]) -> dict[str, Any]:
        """The fields that differ from what the person was shown; the others may have changed meanwhile and stay."""
        typed = self.model_dump()
        return {key: value for key, value in typed.items() if _plain(value) != _plain(was.get(key))}


def _plain(value: Any) -> Any:
    # A browser sends line ends as CR LF.
    return sorted(value) if isinstance(value, list) else str(value or "").replace("\r\n", "\n").strip()


async def present(t: Read, situation: Situation) -> dict[str, Any]:
    """The form's values as they are now."""
    project = await projects.project_by_id(t, situation.project_id)
    tags = await t.scalars(
        select(Tag.name)
        .join(SituationTag, (SituationTag.org_id == Tag.org_id) & (SituationTag.tag_id == Tag.id))
        .where(SituationTag.org_id == t.org, SituationTag.situation_id == situation.id)
        .order_by(Tag.name)
    )
    return {
        "title": situation.title,
        "description": situation.description,
        "resolution": situation.resolution,
        "project": project.slug,
        "type": await t.scalar(
            select(SituationType.name).where(SituationType.org_id == t.org, SituationType.id == situation.type_id)
        ),
        "severity": await t.scalar(
            select(Severity.name).where(Severity.org_id == t.org, Severity.id == situation.severity_id)
        ),
        "priority": await t.scalar(
            select(Priority.name).where(Priority.org_id == t.org, Priority.id == situation.priority_id)
        ),
        "tags": list(tags),
    }


async def prepare_update(
    t: Read, values: Mapping[str, Any], *, now: Mapping[str, Any]
) -> tuple[dict[str, list[Option]], dict[str, Any]]:
    """The options of the chosen project, and the values with that project's defaults where its names differ.

    Args:
        now: the incident's values. What it has, its project included, stays among the options after it was switched off
            in the settings: who changes something else does not change that.
    """
    choices, filled = await prepare(t, values, kept=str(now["project"]))
    for key in ("type", "severity", "priority"):
        kept = now[key]
        if filled["project"] != now["project"] or any(each.value == kept for each in choices[key]):
            continue
        choices[key] = [Option(kept, kept, "Not offered for new incidents any more"), *choices[key]]
        if values.get(key) == kept:
            filled[key] = kept
    return {key: options for key, options in choices.items() if key != "visibility"}, {
        key: value for key, value in filled.items() if key != "visibility"
    }
