"""What the form of a role rule offers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from dispatch.kit.db import Read
from dispatch.kit.forms import Option
from dispatch.oncall.queries import rotation_options
from dispatch.projects.models import Priority, Severity, SituationType
from dispatch.projects.queries import all_choices
from dispatch.situations.policies.form import ROLE_OPTIONS

ASKED: Final[Mapping[str, type[Any]]] = {"type_id": SituationType, "severity_id": Severity, "priority_id": Priority}


async def rule_options(t: Read, project_id: int) -> dict[str, list[Option]]:
    """Roles, the project's types, severities and priorities, and the rotations, by key of the form."""
    found: dict[str, list[Option]] = {"role": list(ROLE_OPTIONS)}
    for key, cls in ASKED.items():
        rows: list[Any] = list(await all_choices(t, cls, project_id))
        found[key] = [Option(str(row.id), row.name) for row in rows]
    found["rotation_id"] = await rotation_options(t, project_id)
    return found
