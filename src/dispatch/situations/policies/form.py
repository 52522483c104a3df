"""The form of a role rule."""

from __future__ import annotations

from dispatch.kit.forms import Form, Option, choice
from dispatch.situations.policies.queries import FILLED

ROLE_OPTIONS = tuple(Option(role, role) for role in FILLED)


class RolePolicyForm(Form):
    """For which incidents, which role, and who."""

    role: str = choice("Role", default="Commander")
    type_id: str | None = choice("Type", placeholder="Any type")
    severity_id: str | None = choice("Severity", placeholder="Any severity")
    priority_id: str | None = choice("Priority", placeholder="Any priority")
    rotation_id: str | None = choice(
        "Who", placeholder="Nobody",
        help="Whoever is on call for the rotation takes the role. Nobody as commander: the reporter leads, and nobody else is called.",
    )  # fmt: skip
