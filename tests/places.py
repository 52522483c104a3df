"""Organizations that look alike, for tests that nothing crosses.

default and twin share an app in one workspace; solo has its own app in the same workspace; north-west has everything of
its own elsewhere. The people have the same names and e-mail addresses everywhere, incidents the same prefix. Each has its
own command names and its own timeline reaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import text

from dispatch.desk import sample
from dispatch.kit.db import OrgId
from dispatch.kit.slack import registry
from dispatch.kit.slack.manifest import manifest
from dispatch.people.actions import account_for, add_member, create_organization, link_chat, person_for
from dispatch.people.queries import organization
from dispatch.projects.actions import create_project
from dispatch.projects.plugin_actions import configure_plugin
from tests.slack_side import SlackSide
from tests.stage import BO, COMMAND, Stage, connected

NORTH = "T0NORTH"
#: Slug -> what its commands begin with, and its timeline reaction.
WORDS: Final = {
    "default": ("/dispatch", "stopwatch"),
    "twin": ("/twin", "pushpin"),
    "solo": ("/solo", "memo"),
    "north-west": ("/nw", "eyes"),
}
PEOPLE: Final = {"ada": "ADA", "bo": "BO"}


@dataclass(frozen=True, eq=False)
class Place:
    """An organization with its app."""

    org: OrgId
    slug: str
    name: str
    app: dict[str, Any]
    general: str
    bo: str
    names: Mapping[str, str]
    """Command key -> what people type here."""
    reaction: str

    @property
    def command(self) -> str:
        """What reports an incident here."""
        return self.names["report_incident"]

    @property
    def team(self) -> str:
        return str(self.app["team_id"])

    def user(self, key: str) -> str:
        """Somebody's id in this workspace."""
        return user_id(self.team, key)

    def slack(self, stage: Stage) -> SlackSide:
        return SlackSide(stage.web, self.slug, self.app["team_id"], self.app["app_id"], self.app["signing_secret"])


def user_id(team: str, key: str) -> str:
    return f"U{int(team == NORTH)}{key.upper()}"


def names_of(slug: str) -> dict[str, str]:
    """Every command under this organization's own names; default keeps the usual ones."""
    prefix = WORDS[slug][0]
    return {key: each.default_name.replace("/dispatch", prefix) for key, each in registry.commands.items()}


def app_of(base: str, slug: str, *, socket: bool) -> dict[str, Any]:
    return manifest(base, slug, names=names_of(slug), socket=socket) | {
        "display_information": {"name": f"Dispatch {slug}"}
    }


async def add_organization(
    stage: Stage, slug: str, app: dict[str, Any], *, people: Mapping[str, str], socket: bool
) -> OrgId:
    h = stage.house
    async with h.db.system() as t:
        org = await create_organization(t, slug, name=f"Company {slug}")
    async with h.db.tx(org.id) as t:
        project = await create_project(t, "default", name=f"Project of {slug}", is_default=True)
    await add_people(stage, org.id, slug, app["team_id"], people)
    async with h.db.tx(org.id) as t:
        values = {
            "api_bot_token": app["bot_token"], "signing_secret": app["signing_secret"], "app_user_slug": app["bot_user_id"],
            "app_id": app["app_id"], "team_id": app["team_id"], "timeline_event_reaction": WORDS[slug][1],
            "socket_mode_app_token": app["app_token"] if socket else "",
            **{f"slack_command_{key}": name for key, name in names_of(slug).items()},
        }  # fmt: skip
        await configure_plugin(
            t, project, h.providers.plugins["slack-conversation"], values, vault=h.vault, enabled=True
        )
    return org.id


async def add_people(
    stage: Stage, org: OrgId, slug: str, team: str, people: Mapping[str, str], *, role: str = "member"
) -> None:
    """The same people in every organization, under names that tell which. `people`: key -> id in Slack."""
    h = stage.house
    async with h.db.system() as t:
        accounts = {key: await account_for(t, f"{key}@example.com") for key in people}
    async with h.db.tx(org) as t:
        for key, user in people.items():
            person = await person_for(t, f"{key}@example.com", name=f"{key.title()} of {slug}")
            await link_chat(t, person.id, team=team, user=user)
            await add_member(t, account_id=accounts[key], person_id=person.id, role=role)


async def places(stage: Stage, *, socket: bool = False) -> dict[str, Place]:
    """All four, ready to be used."""
    users = {key: user_id(NORTH, key) for key in PEOPLE}
    await stage.slack.call(
        "POST", "workspaces",
        {
            "team": {"id": NORTH, "name": "Example Company", "domain": "north"},
            "users": [{"id": user, "name": key, "real_name": key.title(), "email": f"{key}@example.com"} for key, user in users.items()],
            "channels": [{"name": name, "members": list(users.values())} for name in ("general", "incidents")],
        },
    )  # fmt: skip
    base = stage.house.base_url
    await _shared_by_twin(stage, socket=socket)
    north = await stage.slack.app(NORTH, app_of(base, "north-west", socket=socket))
    solo = await stage.slack.app(sample.TEAM, app_of(base, "solo", socket=socket))
    shown = await stage.slack.channels()

    def general(team: str) -> str:
        return next(str(c["id"]) for c in shown if c["name"] == "general" and c["team_id"] == team)

    async with stage.house.db.system() as t:
        default = await organization(t, sample.SLUG)
    assert default is not None
    usual = names_of("default") | {"report_incident": COMMAND}
    found = {
        "default": Place(
            default.id, "default", default.name, stage.app, general(sample.TEAM), BO, usual, WORDS["default"][1]
        )
    }
    for slug, app in (("twin", stage.app), ("solo", solo), ("north-west", north)):
        team = app["team_id"]
        people = {key: user_id(team, key) for key in PEOPLE}
        org = await add_organization(stage, slug, app, people=people, socket=socket)
        if socket:
            await connected(stage.slack, app["app_id"])
        found[slug] = Place(
            org, slug, f"Company {slug}", app, general(team), people["bo"], names_of(slug), WORDS[slug][1]
        )
    return found


async def _shared_by_twin(stage: Stage, *, socket: bool) -> None:
    """The sample's app gets twin's commands as well, as an admin of Slack enters them: at twin's own addresses."""
    base = stage.house.base_url
    shared = manifest(base, sample.SLUG, socket=socket)
    theirs = manifest(base, "twin", names=names_of("twin"), socket=socket)["features"]["slash_commands"]
    # A manifest holds 50 commands; two organizations' need no more than that.
    known = {each["command"] for each in shared["features"]["slash_commands"]}
    shared["features"]["slash_commands"] += [each for each in theirs if each["command"] not in known]
    again = await stage.slack.app(sample.TEAM, shared)
    assert again["app_id"] == stage.app["app_id"]


async def rename_default(stage: Stage, place: Place) -> None:
    """The sample organization under words that are its own, too."""
    async with stage.house.db.system() as t:
        await t.execute(
            text("update organization set name = :name where id = :id"),
            {"name": f"Company {place.slug}", "id": place.org},
        )
    async with stage.house.db.tx(place.org) as t:
        await t.execute(text("update project set name = 'Project of default' where is_default"))
