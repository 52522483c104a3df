"""The JSON API of role rules: who takes which role when an incident is opened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from dispatch.kit.db import Database, Read, Tx
from dispatch.people.web import Visits
from dispatch.projects.models import Project
from dispatch.projects.rows_api import Body, Rows, row_api
from dispatch.projects.settings_pages import Choices
from dispatch.situations.policies import actions, queries
from dispatch.situations.policies.form import RolePolicyForm
from dispatch.situations.policies.models import RolePolicy
from dispatch.situations.policies.options import rule_options

Role = Literal["Commander", "Scribe", "Liaison"]


class _Conditions(Body):
    type_id: int | None = Field(None, description="null: any type")
    severity_id: int | None = Field(None, description="null: any severity")
    priority_id: int | None = Field(None, description="null: any priority")
    rotation_id: int | None = Field(None, description="Whoever is on call for it takes the role; null: nobody")


class RoleRuleChanges(_Conditions):
    """Exactly the fields that are sent are changed."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"rotation_id": 1}]})

    role: Role = "Commander"


class NewRoleRule(_Conditions):
    """For which incidents, which role, and who. Of several that fit the one with most conditions decides."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"role": "Scribe", "severity_id": 5, "rotation_id": 1}]})

    role: Role


class RoleRuleOut(BaseModel):
    """A role rule."""

    id: int
    role: str
    type_id: int | None
    severity_id: int | None
    priority_id: int | None
    rotation_id: int | None


class _RoleRules(Rows[RolePolicy]):
    key, one, title = "roles", "role rule", "role rules"
    about = "Who takes which role when an incident is opened, the deciding ones first."
    see = may = "oncall.configure"
    form, new, changes, out = RolePolicyForm, NewRoleRule, RoleRuleChanges, RoleRuleOut

    async def all(self, t: Read, project: Project) -> list[RolePolicy]:
        return await queries.policies(t, project.id)

    async def shown(self, t: Read, rows: list[RolePolicy]) -> list[BaseModel]:
        return [RoleRuleOut.model_validate(row, from_attributes=True) for row in rows]

    async def stored(self, t: Read, row: RolePolicy) -> Mapping[str, Any]:
        return actions.stored(row)

    async def choices(self, t: Read, project: Project, raw: Mapping[str, Any]) -> Choices:
        return await rule_options(t, project.id)

    async def save(
        self, t: Tx, project: Project, form: RolePolicyForm, *, row_id: int | None, seen: str, by: int, choices: Choices
    ) -> RolePolicy:
        return await actions.save_policy(t, project, form, policy_id=row_id, seen=seen, by=by, choices=choices)

    async def remove(self, t: Tx, project: Project, row_id: int, *, by: int) -> None:
        await actions.remove_policy(t, project, row_id, by=by)


def router(db: Database, visits: Visits) -> APIRouter:
    """Routes `/api/v1/{org}/projects/{project}/roles`."""
    return row_api(_RoleRules(), db, visits)
