"""The JSON API of announcement rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.datastructures import QueryParams

from dispatch.announcements import actions, queries
from dispatch.announcements.forms import MOST_ADDRESSES, RuleForm
from dispatch.announcements.models import AnnouncementRule
from dispatch.kit.db import Database, Read, Tx
from dispatch.kit.errors import Invalid
from dispatch.kit.forms import Option
from dispatch.people.web import Visits
from dispatch.projects.models import Project
from dispatch.projects.rows_api import Body, Rows, row_api
from dispatch.projects.settings_pages import Choices
from dispatch.situations.web.filters import address, query_of


class _RuleChanges(Body):
    query: str | None = Field(
        None,
        max_length=4000,
        description="A filter as it stands in the address of the incident list; null: every incident",
    )
    channel: str | None = Field(None, max_length=81, description="A Slack channel's name or ID")
    emails: list[str] = Field([], max_length=MOST_ADDRESSES)
    restricted: bool = Field(
        False, description="Restricted incidents too; then only to a private channel, and mails name no title"
    )
    enabled: bool = True


class RuleChanges(_RuleChanges):
    """Exactly the fields that are sent are changed."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"enabled": False}]})

    name: str | None = Field(None, max_length=60)


class NewRule(_RuleChanges):
    """Which incidents, and whom to tell."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"name": "Payments team", "query": "severity=High&severity=Critical", "channel": "#payments"}]
        }
    )

    name: str = Field(max_length=60, description="Stands in the timeline and below the announcement")


class RuleOut(BaseModel):
    """An announcement rule."""

    id: int
    name: str
    query: str
    channel: str
    emails: list[str]
    restricted: bool
    enabled: bool
    announced: int = Field(description="How many incidents it announced so far")


class _Rules(Rows[AnnouncementRule]):
    key, one, title = "announcements", "announcement rule", "announcement rules"
    about = "Which incidents are announced to which channel or mail addresses."
    see = "projects.configure"
    form, new, changes, out = RuleForm, NewRule, RuleChanges, RuleOut

    async def all(self, t: Read, project: Project) -> list[AnnouncementRule]:
        return await queries.rules(t, project.id)

    async def shown(self, t: Read, rows: list[AnnouncementRule]) -> list[BaseModel]:
        counts = await queries.announced_by(t, [row.id for row in rows])
        return [
            RuleOut(
                id=row.id, name=row.name, query=row.query, channel=row.channel, emails=list(row.emails),
                restricted=row.restricted, enabled=row.enabled, announced=counts.get(row.id, 0),
            )
            for row in rows
        ]  # fmt: skip

    async def stored(self, t: Read, row: AnnouncementRule) -> Mapping[str, Any]:
        return actions.stored(row)

    def typed(self, sent: Mapping[str, Any], stored: Mapping[str, Any]) -> dict[str, Any]:
        made = dict(sent)
        if "emails" in made:
            made["emails"] = "\n".join(made["emails"])
        if made.get("query"):
            # What is no filter of the list is left out, as from an address somebody typed.
            made["query"] = address(query_of(QueryParams(made["query"]))) or None
        return made

    async def choices(self, t: Read, project: Project, raw: Mapping[str, Any]) -> Choices:
        """Any filter that is one: programs have no saved views to choose from.

        Raises:
            Invalid: a day or a word that is none, or a filter that means whoever looks at it.
        """
        query = raw.get("query")
        if not isinstance(query, str):
            return {}
        if queries.personal(query):
            raise Invalid('A rule looks for everybody: name an e-mail address instead of "me".', field="query")
        queries.filter_of_rule(t, query, project.tz)
        return {"query": [Option(query, query)]}

    async def save(
        self, t: Tx, project: Project, form: RuleForm, *, row_id: int | None, seen: str, by: int, choices: Choices
    ) -> AnnouncementRule:
        return await actions.save_rule(t, project, form, rule_id=row_id, seen=seen, by=by, choices=choices)

    async def remove(self, t: Tx, project: Project, row_id: int, *, by: int) -> None:
        await actions.remove_rule(t, project, row_id, by=by)


def router(db: Database, visits: Visits) -> APIRouter:
    """Routes `/api/v1/{org}/projects/{project}/announcements`."""
    return row_api(_Rules(), db, visits)
