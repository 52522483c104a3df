"""Several organizations, workspaces and apps in one process: each request reaches its own (see `tests.places`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from dispatch.desk import sample
from dispatch.kit.db import Database, OrgId
from dispatch.kit.slack import registry
from dispatch.kit.slack.registry import Installation, Listening
from tests.places import Place, places
from tests.slack_side import own_channel
from tests.stage import BO, COMMAND, CY, Stage, over_both


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
    calls = [
        call
        for call in await stage.slack.calls()
        if call["method"] == "views.update" and "report_incident~" in str(call["args"])
    ]
    stamped = str(calls[-1]["args"]["view"]).split("report_incident~")[1].split('"')[0].split("'")[0]
    forged = {
        "type": "view_submission", "user": {"id": CY},
        "view": {**view, "id": "V0FORGED", "callback_id": f"report_incident~{stamped}", "state": {"values": {}}},
    }  # fmt: skip
    await here.slack(stage).interaction(forged)
    other = forged | {
        "user": {"id": BO},
        "view": {**forged["view"], "callback_id": f"report_incident~{everything['north-west'].org}.1.x"},
    }
    await here.slack(stage).interaction(other)
    assert await incidents(stage, everything["solo"].org) == []
    assert await incidents(stage, everything["north-west"].org) == []


async def test_a_shared_app_has_one_address_and_each_channel_its_organization(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
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
        await replace(at_default, organization=organization).event(
            {"type": "team_join", "user": {"id": "U9"}}, event_id="Ev0JOIN"
        )
    await stage.settle()
    assert sorted(heard[1:]) == ["default team_join", "twin team_join"]
    button = {"type": "block_actions", "actions": [{"action_id": "probe", "value": "twin/7"}]}
    await at_default.interaction(button | {"channel": {"id": "C0TWIN"}})
    await at_default.interaction(button | {"channel": {"id": "D0DIRECT"}})
    await at_default.interaction(
        {**button, "actions": [{"action_id": "probe", "value": "solo/7"}], "channel": {"id": "D0DIRECT"}}
    )
    assert pressed == ["twin", "twin", "default"]


async def uses_sockets(stage: Stage) -> bool:
    snapshot = await stage.slack.snapshot()
    return '"socket_mode_enabled": true' in str(snapshot).replace("'", '"').replace("True", "true")
