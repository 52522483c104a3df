"""The JSON API of types, severities and priorities: three lists of one kind, as on their pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from dispatch.kit.db import Database, Read, Tx
from dispatch.kit.forms import Option
from dispatch.people.web import Visits
from dispatch.projects import configure
from dispatch.projects.models import Priority, Project, Severity, SituationType
from dispatch.projects.rows_api import Body, Rows, row_api
from dispatch.projects.settings_forms import COLORS, KINDS, PAGING, UPDATES, VISIBILITIES, ChoiceKind
from dispatch.projects.settings_pages import Choices

Color = Literal["secondary", "azure", "green", "yellow", "orange", "red"]
Rotations = Callable[[Read, int], Any]


class _Changes(Body):
    help: str | None = Field(None, max_length=75, description="One line that reporters read beside it")
    is_default: bool = Field(False, description="A report begins with it; one of them always is")
    enabled: bool = Field(True, description="Disabled: nobody can choose it any more, incidents keep it")


class _TypeChanges(_Changes):
    visibility: Literal["open", "restricted"] = Field("open", description="What a report of this type begins with")
    rotation_id: int | None = Field(None, description="Whoever is on call leads; null: the reporter")


class TypeChanges(_TypeChanges):
    """Exactly the fields that are sent are changed."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"visibility": "restricted", "rotation_id": None}]})

    name: str | None = Field(None, max_length=60)


class NewType(_TypeChanges):
    """A type of incident."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "Data loss", "help": "Something is gone.", "visibility": "open"}]}
    )

    name: str = Field(max_length=60)


class _SeverityChanges(_Changes):
    color: Color = "secondary"
    rank: int = Field(0, ge=0, le=100, description="The higher, the worse. Lists sort by it")
    paging: Literal["always", "never"] | None = Field(
        None, description="Page the commander; null: as the priority says"
    )
    escalate_minutes: int = Field(2, ge=1, le=24 * 60, description="Minutes without an answer until the next call")
    update_minutes: Literal[15, 30, 60, 120, 240, 1440] | None = Field(
        None, description="Minutes within which updates are promised; null: none is"
    )


class SeverityChanges(_SeverityChanges):
    """Exactly the fields that are sent are changed."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"update_minutes": 30, "paging": "always"}]})

    name: str | None = Field(None, max_length=60)


class NewSeverity(_SeverityChanges):
    """How bad it is, and what that means for calls and updates."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "Catastrophic", "color": "red", "rank": 5, "update_minutes": 15}]}
    )

    name: str = Field(max_length=60)


class _PriorityChanges(_Changes):
    color: Color = "secondary"
    rank: int = Field(0, ge=0, le=100, description="The higher, the more urgent. Lists sort by it")
    page_commander: bool = True
    acknowledge_minutes: int = Field(
        5, ge=1, le=7 * 24 * 60, description="After that, anybody in the incident may take command"
    )


class PriorityChanges(_PriorityChanges):
    """Exactly the fields that are sent are changed."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"acknowledge_minutes": 10}]})

    name: str | None = Field(None, max_length=60)


class NewPriority(_PriorityChanges):
    """How fast to be."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "Urgent", "color": "red", "rank": 4, "acknowledge_minutes": 3}]}
    )

    name: str = Field(max_length=60)


class _Out(BaseModel):
    id: int
    name: str
    help: str
    is_default: bool
    enabled: bool


class TypeOut(_Out):
    """A type of incident."""

    visibility: str
    rotation_id: int | None


class SeverityOut(_Out):
    """A severity."""

    color: str
    rank: int
    paging: str | None
    escalate_minutes: int
    update_minutes: int | None


class PriorityOut(_Out):
    """A priority."""

    color: str
    rank: int
    page_commander: bool
    acknowledge_minutes: int


BODIES: Mapping[str, tuple[type[Body], type[Body], type[_Out]]] = {
    "types": (NewType, TypeChanges, TypeOut),
    "severities": (NewSeverity, SeverityChanges, SeverityOut),
    "priorities": (NewPriority, PriorityChanges, PriorityOut),
}


def router(db: Database, visits: Visits, rotations: Rotations) -> APIRouter:
    """Routes `/api/v1/{org}/projects/{project}/types`, `/severities` and `/priorities`."""
    routes = APIRouter()
    for kind in KINDS:
        routes.include_router(row_api(_rows(kind, rotations), db, visits))
    return routes


def _rows(of: ChoiceKind, rotations: Rotations) -> Rows[configure.Row]:
    class Of(Rows[configure.Row]):
        key, one, title, about, form = of.key, of.one, of.title.lower(), of.about, of.form
        new, changes, out = BODIES[of.key]

        async def all(self, t: Read, project: Project) -> list[SituationType | Severity | Priority]:
            return await configure.rows(t, of, project.id)

        async def shown(self, t: Read, rows: list[configure.Row]) -> list[BaseModel]:
            return [self.out.model_validate(row, from_attributes=True) for row in rows]

        async def stored(self, t: Read, row: configure.Row) -> Mapping[str, Any]:
            return configure.stored(of.form, row)

        async def choices(self, t: Read, project: Project, raw: Mapping[str, Any]) -> Choices:
            offered: list[Option] = await rotations(t, project.id)
            return {
                "visibility": VISIBILITIES, "rotation_id": offered, "color": COLORS, "paging": PAGING, "update_minutes": UPDATES,
            }  # fmt: skip

        async def save(
            self, t: Tx, project: Project, form: Any, *, row_id: int | None, seen: str, by: int, choices: Choices
        ) -> configure.Row:
            return await configure.save_choice(
                t, project, of, form, choice_id=row_id, seen=seen, by=by, choices=choices
            )

        async def remove(self, t: Tx, project: Project, row_id: int, *, by: int) -> object:
            return await configure.remove_choice(t, project, of, row_id, by=by)

    return Of()
