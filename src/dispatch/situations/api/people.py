"""The people of an incident: read them, bring somebody in, give a role."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from fastapi import APIRouter, Header, Request
from pydantic import BaseModel, ConfigDict, Field

from dispatch.kit.db import Database, Read
from dispatch.kit.errors import Invalid
from dispatch.kit.web.api import Listed, api_router, listed, window
from dispatch.kit.web.idempotency import answered, remember
from dispatch.people.machines import person_of
from dispatch.people.queries import by_email
from dispatch.people.web import Visits
from dispatch.situations import actions, queries
from dispatch.situations.access import require, standing
from dispatch.situations.models import Situation


class NewParticipant(BaseModel):
    """Who comes in, and as what. A commander is asked first, and leads once they accept."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"person": "cy@example.com", "role": "Scribe"}]}
    )

    person: str = Field(max_length=320, description="E-mail of a known person")
    role: Literal["Participant", "Observer", "Liaison", "Scribe", "Commander"] = "Participant"
    reason: str = Field("", max_length=200)


class RoleOut(BaseModel):
    """A role somebody holds or held."""

    role: str
    since: datetime
    until: datetime | None = Field(description="null while it is held and the incident is open")
    seconds: int = Field(description="How long, up to now while it is held")


class ParticipantOut(BaseModel):
    """A person in an incident."""

    email: str
    name: str
    roles: list[str]
    held: list[RoleOut] = Field(description="Every role they have had here, those of now included")
    acting: bool
    since: datetime
    in_channel: bool | None = Field(description="null: not known yet")
    note: str


async def everybody(t: Read, situation: Situation) -> list[ParticipantOut]:
    """The commander first."""
    held: dict[int, list[RoleOut]] = {}
    for one in await queries.roles_over_time(t, situation):
        role = RoleOut(role=one.role, since=one.since, until=one.until, seconds=one.seconds)
        held.setdefault(one.person.id, []).append(role)
    return [
        ParticipantOut(
            email=p.person.email, name=p.person.name, roles=list(p.roles), held=held[p.person.id], acting=p.acting,
            since=p.assumed_at, in_channel=p.in_channel, note=p.note,
        )
        for p in await queries.participants(t, situation.id)
    ]  # fmt: skip


def router(db: Database, visits: Visits) -> APIRouter:
    """Routes `/api/v1/{org}/incidents/{name}/participants`."""
    routes = api_router("participants")

    @routes.get("/{org}/incidents/{name}/participants")
    async def read_participants(
        request: Request, org: str, name: str, page: int = 1, size: int = 100
    ) -> Listed[ParticipantOut]:
        """Who takes part, in which roles, since when."""
        page, size = window(page, size)
        organization, viewer = await visits.machine(request, org)
        async with db.read(organization.id) as t:
            situation = await queries.by_name(t, viewer, name)
            found = await everybody(t, situation)
        path = f"/api/v1/{org}/incidents/{situation.name}/participants"
        return listed(found[(page - 1) * size : page * size], page=page, size=size, total=len(found), path=path)

    @routes.post("/{org}/incidents/{name}/participants", status_code=201)
    async def add_participant(
        request: Request, org: str, name: str, new: NewParticipant,
        idempotency_key: str | None = Header(None, max_length=255),
    ) -> Listed[ParticipantOut]:  # fmt: skip
        """Bring somebody in; answers everybody who takes part now."""
        organization, viewer = await visits.machine(request, org)
        key = f"{viewer.machine_id}:{idempotency_key}" if idempotency_key else None
        async with db.tx(organization.id) as t:
            situation = await queries.by_name(t, viewer, name)
            require(await standing(t, viewer, situation), "invite" if new.role == "Participant" else "assign_role")
            before: Any = await answered(t, key, ("POST participants", name, new))
            if before is not None:
                return Listed[ParticipantOut].model_validate(before)
            who = await by_email(t, new.person)
            if who is None:
                raise Invalid(f'"{new.person}" is not a person of this organization.', field="person")
            by = await person_of(t, viewer)
            if new.role == "Participant":
                await actions.add_participant(
                    t, situation, who, role=new.role, reason=new.reason, by=by.id, bring_in=True
                )
            else:
                await actions.assign_role(t, situation, who, new.role, by=by)
            found = await everybody(t, situation)
            made = listed(
                found[:100], page=1, size=100, total=len(found), path=f"/api/v1/{org}/incidents/{name}/participants"
            )
            await remember(t, key, made)
        return made

    return routes
