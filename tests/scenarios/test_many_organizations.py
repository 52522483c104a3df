"""Several organizations, workspaces and apps in one process: nothing crosses.

default and twin share an app in one workspace; solo has its own app in the same workspace; north-west has everything of
its own elsewhere. The people have the same names and e-mail addresses everywhere, incidents the same prefix.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
from sqlalchemy import text

from dispatch.desk import sample
from dispatch.kit.db import Database, OrgId
from dispatch.kit.slack import registry
from dispatch.kit.slack.manifest import manifest
from dispatch.kit.slack.registry import Installation, Listening
from dispatch.people.actions import account_for, add_member, create_organization, link_chat, person_for
from dispatch.projects.actions import create_project
from dispatch.projects.plugin_actions import configure_plugin
from tests.scenarios.test_requests_from_slack import org_id
from tests.slack_side import SlackSide, own_channel
from tests.stage import BO, COMMAND, CY, Stage, connected, over_both

#: Requests of the interleaved run; `make torture` asks for 10,000.
REQUESTS = int(os.environ.get("DISPATCH_TEST_REQUESTS", "1000"))
CLIENTS = 16


@dataclass(frozen=True)
class Place:
    """An organization with its app."""

    org: OrgId
    slug: str
    name: str
    app: dict[str, Any]
    command: str
    general: str
    bo: str

    def slack(self, stage: Stage) -> SlackSide:
        return SlackSide(stage.web, self.slug, self.app["team_id"], self.app["app_id"], self.app["signing_secret"])


async def add_organization(
    stage: Stage, slug: str, app: dict[str, Any], *, command: str, people: Mapping[str, str], socket: bool
) -> OrgId:
    h = stage.house
    async with h.db.system() as t:
        org = await create_organization(t, slug, name=f"Company {slug}")
        accounts = {key: await account_for(t, f"{key}@example.com") for key in people}
    async with h.db.tx(org.id) as t:
        for key, user in people.items():
            person = await person_for(t, f"{key}@example.com", name=f"{key.title()} of {slug}")
            await link_chat(t, person.id, team=app["team_id"], user=user)
            await add_member(t, account_id=accounts[key], person_id=person.id, role="member")
        project = await create_project(t, "default", name=f"Project of {slug}", is_default=True)
        values = {
            "api_bot_token": app["bot_token"], "signing_secret": app["signing_secret"], "app_user_slug": app["bot_user_id"],
            "app_id": app["app_id"], "team_id": app["team_id"], "slack_command_report_incident": command,
            "socket_mode_app_token": app["app_token"] if socket else "",
        }  # fmt: skip
        await configure_plugin(t, project, h.providers.plugins["slack-conversation"], values, vault=h.vault, enabled=True)
    return org.id


async def places(stage: Stage, *, socket: bool = False, solo: bool = True) -> dict[str, Place]:
    """The organizations. Without `solo`: in its workspace Slack gives a command of two apps to the newest, which is its."""
    there = "T0NORTH"
    people = {"ada": "U1ADA", "bo": "U1BO"}
    await stage.slack.call(
        "POST", "workspaces",
        {
            "team": {"id": there, "name": "Example Company", "domain": "north"},
            "users": [{"id": user, "name": key, "real_name": key.title(), "email": f"{key}@example.com"} for key, user in people.items()],
            "channels": [{"name": name, "members": list(people.values())} for name in ("general", "incidents")],
        },
    )  # fmt: skip
    base = stage.house.base_url

    def named(slug: str, command: str) -> dict[str, Any]:
        made = manifest(base, slug, names={"report_incident": command}, socket=socket)
        return made | {"display_information": {"name": f"Dispatch {slug}"}}

    north = await stage.slack.app(there, named("north-west", "/nw-report"))
    second = [("solo", await stage.slack.app(sample.TEAM, named("solo", "/solo-report")), "/solo-report")] if solo else []
    shown = await stage.slack.channels()

    def general(team: str) -> str:
        return next(str(c["id"]) for c in shown if c["name"] == "general" and c["team_id"] == team)

    here = {"ada": "U0ADA", "bo": BO}
    found = {"default": Place(await org_id(stage), "default", "Example Company", stage.app, COMMAND, general(sample.TEAM), BO)}
    for slug, app, command, users in (
        ("twin", stage.app, COMMAND, here),
        *((*each, here) for each in second),
        ("north-west", north, "/nw-report", people),
    ):
        org = await add_organization(stage, slug, app, command=command, people=users, socket=socket)
        if socket:
            await connected(stage.slack, app["app_id"])
        found[slug] = Place(org, slug, f"Company {slug}", app, command, general(app["team_id"]), users["bo"])
    return found


async def incidents(stage: Stage, org: OrgId) -> list[str]:
    async with stage.house.db.read(org) as t:
        return list((await t.execute(text("select title from situation order by id desc limit 3"))).scalars())


async def report(stage: Stage, place: Place, title: str, argument: str = "", *, by: str = "") -> dict[str, Any]:
    person = by or place.bo
    answer = await stage.slack.command(person, place.general, place.command, argument)
    if answer["ack"]["body"]:
        return answer
    view = await stage.form(person)
    return await stage.slack.submit(person, view["id"], {"Title": title, "Description": "It burns."})


async def test_interleaved_requests_never_cross(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    everything = await places(stage)
    heard: list[tuple[str, str]] = []

    async def listen(installation: Installation, db: Database, happened: Mapping[str, Any]) -> None:
        async with db.read(installation.org) as t:
            seen = set((await t.execute(text("select distinct org_id from person"))).scalars())
        assert seen == {installation.org}
        heard.append((installation.org_slug, str(happened["text"])))

    monkeypatch.setitem(registry.events, "message.groups", [Listening(one=listen)])
    for slug, place in everything.items():
        await own_channel(stage.house.db, place.org, place.app["team_id"], f"C0{slug.upper()}", subject=900)
    since = max((call["n"] for call in await stage.slack.calls()), default=0)
    dice = random.Random(7)
    wanted = [(dice.choice(list(everything.values())), dice.randrange(10), n) for n in range(REQUESTS)]
    sent: list[tuple[str, str]] = []
    others = {slug: [p.name for p in everything.values() if p.slug != slug] for slug in everything}

    async def one(place: Place, kind: int, n: int) -> None:
        slack = place.slack(stage)
        if kind < 5:
            said = f"{place.slug} {n}"
            happened = {"type": "message", "channel_type": "group", "channel": f"C0{place.slug.upper()}", "text": said}
            # Slack repeats, and a shared app has one address only.
            slack = replace(slack, organization="default") if place.slug == "twin" and kind < 3 else slack
            answer = await slack.event(happened, event_id=f"Ev{n:06d}")
            await slack.event(happened, event_id=f"Ev{n:06d}")
            sent.append((place.slug, said))
        elif kind < 7:
            answer = await slack.command(place.command, "elsewhere", user=place.bo)
            assert place.name in answer.text
        elif kind < 9:
            answer = await slack.command(place.command, user=place.bo)
        else:
            stranger = dice.choice([p for p in everything.values() if p.app["app_id"] != place.app["app_id"]])
            answer = await replace(slack, organization=stranger.slug).command(stranger.command, user=place.bo)
            assert answer.status_code == 403
            return
        assert answer.status_code == 200
        assert not [name for name in others[place.slug] if name in answer.text]

    queue = iter(wanted)

    async def client() -> None:
        for each in queue:
            await one(*each)

    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    await stage.settle(timeout=100)
    assert sorted(heard) == sorted(sent)

    by_org = {place.org: place for place in everything.values()}
    opened = 0
    for call in await stage.slack.calls(since):
        if call["method"] == "views.open":
            org = int(str(call["args"]["view"]).split("~")[1].split(".")[0]) if "~" in str(call["args"]["view"]) else None
            assert org is None or by_org[OrgId(org)].app["app_id"] == call["app_id"]
            opened += 1
    assert opened > REQUESTS / 10
    async with stage.house.db.system() as t:
        rows = (await t.execute(text("select distinct org_id, team_id, app_id, channel_id from slack_inbox"))).all()
    assert {tuple(row) for row in rows} <= {
        (p.org, p.app["team_id"], p.app["app_id"], f"C0{p.slug.upper()}") for p in everything.values()
    }


@over_both
async def test_everybody_reports_to_their_own_and_sees_only_that(stage: Stage) -> None:
    everything = await places(stage, socket=await uses_sockets(stage))
    since = max((call["n"] for call in await stage.slack.calls()), default=0)
    own = [everything[slug] for slug in ("default", "solo", "north-west")]
    for place in own:
        answer = await report(stage, place, f"Fire at {place.slug}")
        assert answer["outcome"] == "updated", answer
    for place in own:
        titles = await incidents(stage, place.org)
        assert [title for title in titles if title.startswith("Fire at")] == [f"Fire at {place.slug}"]
    await stage.settle()
    by_app = {place.app["app_id"]: place.slug for place in own}
    for call in await stage.slack.calls(since):
        if call["app_id"] in by_app and "Fire at" in str(call["args"]):
            assert f"Fire at {by_app[call['app_id']]}" in str(call["args"])


@over_both
@pytest.mark.seed("/dispatch-report-incident")
async def test_the_organization_argument_reaches_where_the_person_is_known(stage: Stage) -> None:
    everything = await places(stage, socket=await uses_sockets(stage))
    here = everything["default"]
    for slug in ("twin", "solo"):
        answer = await report(stage, here, f"Fire at {slug}", slug)
        assert answer["outcome"] == "updated", answer
        assert (await incidents(stage, everything[slug].org))[0] == f"Fire at {slug}"
    assert "Fire at" not in str(await incidents(stage, here.org))
    refusals = {
        (await report(stage, here, "x", slug))["ack"]["body"]["text"].replace(slug, "…")
        for slug in ("north-west", "nowhere")
    }
    # Cy is in the workspace, and nobody at solo.
    refusals.add((await report(stage, here, "x", "solo", by=CY))["ack"]["body"]["text"].replace("solo", "…"))
    assert len(refusals) == 1
    assert not [slug for slug in ("twin", "solo", "north-west") if f"Company {slug}" in refusals.copy().pop()]


async def test_a_form_opened_for_one_person_does_not_speak_for_another(stage: Stage) -> None:
    everything = await places(stage)
    here = everything["default"]
    await stage.slack.command(BO, here.general, COMMAND, "solo")
    view = await stage.form(BO)
    calls = [call for call in await stage.slack.calls() if call["method"] == "views.update" and "report_incident~" in str(call["args"])]
    stamped = str(calls[-1]["args"]["view"]).split("report_incident~")[1].split('"')[0].split("'")[0]
    forged = {
        "type": "view_submission", "user": {"id": CY},
        "view": {**view, "id": "V0FORGED", "callback_id": f"report_incident~{stamped}", "state": {"values": {}}},
    }  # fmt: skip
    await here.slack(stage).interaction(forged)
    other = forged | {"user": {"id": BO}, "view": {**forged["view"], "callback_id": f"report_incident~{everything['north-west'].org}.1.x"}}
    await here.slack(stage).interaction(other)
    assert await incidents(stage, everything["solo"].org) == []
    assert await incidents(stage, everything["north-west"].org) == []


async def test_a_shared_app_has_one_address_and_each_channel_its_organization(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    everything = await places(stage)
    heard: list[str] = []
    pressed: list[str] = []

    async def listen(installation: Installation, _db: Database, happened: Mapping[str, Any]) -> None:
        heard.append(f"{installation.org_slug} {happened['type']}")

    async def press(asked: registry.Request) -> registry.Answer:
        pressed.append(asked.installation.org_slug)
        return None

    for kind in ("message.groups", "team_join", "channel_rename"):
        monkeypatch.setitem(registry.events, kind, [Listening(one=listen)])
    monkeypatch.setitem(registry.actions, "probe", press)
    await own_channel(stage.house.db, everything["twin"].org, sample.TEAM, "C0TWIN", subject=900)
    await own_channel(stage.house.db, everything["solo"].org, sample.TEAM, "C0SOLO", subject=900)
    at_default = everything["default"].slack(stage)
    await at_default.event({"type": "message", "channel_type": "group", "channel": "C0TWIN", "text": "x"})
    await stage.settle()
    assert heard == ["twin message"]
    # solo's app would tell solo itself; what default's app hears there is nobody's.
    await at_default.event({"type": "message", "channel_type": "group", "channel": "C0SOLO", "text": "x"})
    # News of the workspace concerns all who share the app, each of them once, however often it comes.
    for organization in ("default", "twin"):
        await replace(at_default, organization=organization).event({"type": "team_join", "user": {"id": "U9"}}, event_id="Ev0JOIN")
    await stage.settle()
    assert sorted(heard[1:]) == ["default team_join", "twin team_join"]
    button = {"type": "block_actions", "actions": [{"action_id": "probe", "value": "twin/7"}]}
    await at_default.interaction(button | {"channel": {"id": "C0TWIN"}})
    await at_default.interaction(button | {"channel": {"id": "D0DIRECT"}})
    await at_default.interaction({**button, "actions": [{"action_id": "probe", "value": "solo/7"}], "channel": {"id": "D0DIRECT"}})
    assert pressed == ["twin", "twin", "default"]


async def uses_sockets(stage: Stage) -> bool:
    snapshot = await stage.slack.snapshot()
    return '"socket_mode_enabled": true' in str(snapshot).replace("'", '"').replace("True", "true")
