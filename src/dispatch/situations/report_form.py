"""What a person is asked when reporting: one form for Slack and for the web."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dispatch.kit.db import Read
from dispatch.kit.forms import Form, Option, choice, long_text, search, text
from dispatch.projects import queries as projects
from dispatch.projects.models import Priority, Severity, SituationType
from dispatch.situations.actions import Report


class ReportIncident(Form):
    """The report form."""

    title: str = text(
        "Title", max_length=200, placeholder="Checkout answers with errors", help="One line others understand."
    )
    description: str = long_text(
        "Description", max_length=40_000, placeholder="What do you see? Since when? Who is affected?"
    )
    project: str = choice("Project", reload=True)
    type: str | None = choice("Type", depends_on="project")
    severity: str | None = choice("Severity", depends_on="project")
    priority: str | None = choice("Priority", depends_on="project")
    visibility: str | None = choice(
        "Visibility", default=None, help="Restricted incidents are seen by their participants only."
    )
    tags: list[str] = search("Tags", source="tags", default=[], required=False, placeholder="Type to search")

    def as_report(self) -> Report:
        """What the action takes."""
        return Report(
            title=self.title,
            description=self.description,
            project=self.project,
            type=self.type or None,
            severity=self.severity or None,
            priority=self.priority or None,
            visibility=self.visibility or None,
            tags=tuple(self.tags),
        )


VISIBILITIES = (
    Option("open", "Open", "Every member of the organization can see it"),
    Option("restricted", "Restricted", "Only participants can see it"),
)


async def prepare(
    t: Read, values: Mapping[str, Any], *, kept: str = ""
) -> tuple[dict[str, list[Option]], dict[str, Any]]:
    """The options of the chosen (or default) project, and the values with that project's defaults filled in.

    Args:
        kept: the slug of a project that is offered although it may be disabled.
    """
    wanted = values.get("project") or None
    project = await projects.project(t, wanted, disabled=bool(kept) and wanted == kept)
    offered = await projects.projects(t)
    if kept and kept not in [each.slug for each in offered]:
        offered.append(await projects.project(t, kept, disabled=True))
    types = await projects.choices(t, SituationType, project.id)
    severities = await projects.choices(t, Severity, project.id)
    priorities = await projects.choices(t, Priority, project.id)
    filled: dict[str, Any] = {**values, "project": project.slug}
    for key, options in (("type", types), ("severity", severities), ("priority", priorities)):
        names = [o.name for o in options]
        if filled.get(key) not in names:
            filled[key] = next((o.name for o in options if o.is_default), names[0] if names else None)
    chosen_type = next((x for x in types if x.name == filled["type"]), None)
    if not filled.get("visibility"):
        filled["visibility"] = chosen_type.visibility if chosen_type else "open"
    tags = [Option(name, name) for name in filled.get("tags") or []]
    return {
        "project": [Option(p.slug, p.name, p.description or None) for p in offered],
        "type": [Option(x.name, x.name, x.help or None) for x in types],
        "severity": [Option(x.name, x.name, x.help or None) for x in severities],
        "priority": [Option(x.name, x.name, x.help or None) for x in priorities],
        "visibility": list(VISIBILITIES),
        "tags": tags,
    }, filled
