"""People of the workspace change, come and go; the app is removed: what is seen of it in Dispatch."""

from __future__ import annotations

import random
from typing import Any

import pytest
from sqlalchemy import text

from tests.receivers import Mailbox
from tests.scenarios.test_leaving import page, ready
from tests.scenarios.test_requests_from_slack import org_id, slack_of
from tests.stage import ADA, BO, Stage, over_both


async def person(stage: Stage, email: str) -> dict[str, Any]:
    async with stage.house.db.read(await org_id(stage)) as t:
        row = await t.execute(
            text(
                "select p.name, p.title, p.tz, c.user_id, c.guest, c.deactivated_at is not null as off from person p"
                " left join chat_identity c on c.org_id = p.org_id and c.person_id = p.id where p.email = :email"
            ),
            {"email": email},
        )
        return dict(row.one()._mapping)


@over_both
async def test_people_are_called_as_they_call_themselves(stage: Stage) -> None:
    name, _ = await ready(stage)
    await stage.slack.faults({"target": "event", "kind": "duplicate", "count": 10})
    await stage.slack.change_user(BO, real_name="Bo Lindqvist", tz="Asia/Tokyo", profile={"title": "Duty officer"})

    async def followed() -> bool:
        return (await person(stage, "bo@example.com"))["name"] == "Bo Lindqvist"

    await stage.eventually(followed)
    assert (await person(stage, "bo@example.com"))["tz"] == "Asia/Tokyo"
    assert "Duty officer" in await page(stage, "ada@example.com", name, "participants")
    await stage.slack.change_user(BO, is_restricted=True)

    async def a_guest() -> bool:
        return bool((await person(stage, "bo@example.com"))["guest"])

    await stage.eventually(a_guest)


async def test_what_a_person_changed_here_stays_until_slack_says_something_else(stage: Stage) -> None:
    await ready(stage)
    await stage.slack.change_user(BO, profile={"title": "One"})

    async def one() -> bool:
        return (await person(stage, "bo@example.com"))["title"] == "One"

    await stage.eventually(one)
    async with stage.house.db.tx(await org_id(stage)) as t:
        await t.execute(text("update person set name = 'Bo at Dispatch' where email = 'bo@example.com'"))
    await stage.slack.advance(2)
    await stage.slack.change_user(BO, profile={"title": "Two"})

    async def two() -> bool:
        return (await person(stage, "bo@example.com"))["title"] == "Two"

    await stage.eventually(two)
    assert (await person(stage, "bo@example.com"))["name"] == "Bo at Dispatch"


async def test_a_commander_who_is_deactivated_is_seen_and_anybody_may_lead(stage: Stage) -> None:
    name, channel = await ready(stage)
    await stage.slack.faults({"target": "event", "kind": "duplicate", "count": 10})
    await stage.slack.change_user(ADA, deleted=True)

    async def offered() -> Any:
        return [m for m in await stage.slack.messages(channel, as_=BO) if m["text"] == f"{name} needs a commander"]

    [offer] = await stage.eventually(offered)
    assert "their account was deactivated" in str(offer["blocks"])
    await stage.settle()
    assert (await page(stage, "bo@example.com", name, "timeline")).count("account in Slack was deactivated") == 1
    assert "Their Slack account is deactivated." in await page(stage, "bo@example.com", name, "participants")
    await stage.slack.act_in_message(BO, channel, offer["ts"], "take_command")

    async def leads() -> bool:
        return "Bo Nilsson leads now" in await page(stage, "dee@example.com", name, "timeline")

    await stage.eventually(leads)


async def test_somebody_new_over_there_who_is_known_here_is_linked(stage: Stage) -> None:
    async with stage.house.db.tx(await org_id(stage)) as t:
        await t.execute(
            text(
                "insert into person (org_id, email, name, title, team, department, location, weblink, avatar_url, tz,"
                " created_at) values (:org, 'zoe@example.com', 'zoe', '', '', '', '', '', '', 'UTC', now())"
            ),
            {"org": await org_id(stage)},
        )
    made = await stage.slack.add_user("T0DEMO", "zoe", real_name="Zoe Park", email="Zoe@example.com", tz="Asia/Seoul")
    stranger = await stage.slack.add_user("T0DEMO", "max", real_name="Max", email="max@elsewhere.example")

    async def linked() -> bool:
        return (await person(stage, "zoe@example.com"))["user_id"] == made["id"]

    await stage.eventually(linked)
    assert (await person(stage, "zoe@example.com"))["name"] == "Zoe Park"
    await stage.settle()
    async with stage.house.db.read(await org_id(stage)) as t:
        assert not await t.scalar(
            text("select count(*) from chat_identity where user_id = :id"), {"id": stranger["id"]}
        )


@pytest.mark.parametrize("seed", range(3))
async def test_profiles_told_late_and_shuffled_end_as_they_are(stage: Stage, seed: int) -> None:
    await ready(stage)
    slack, dice = slack_of(stage), random.Random(seed)
    sent = []
    for n in range(5):
        user = {
            "id": BO, "name": "bo", "real_name": f"Bo {n}", "tz": "UTC", "deleted": n == 2, "updated": 4_000_000_000 + n,
            "profile": {"real_name": f"Bo {n}", "email": "bo@example.com", "title": ""},
        }  # fmt: skip
        sent += [(f"Ev0USER{n}", {"type": "user_change", "user": user})] * dice.randint(1, 4)
    dice.shuffle(sent)
    for event_id, happened in sent:
        assert (await slack.event(happened, event_id=event_id)).status_code == 200

    async def latest() -> bool:
        found = await person(stage, "bo@example.com")
        return (found["name"], found["off"]) == ("Bo 4", False)

    await stage.settle()
    await stage.eventually(latest)


@over_both
async def test_a_removed_app_is_said_on_the_pages_and_by_mail_once(stage: Stage, mailbox: Mailbox) -> None:
    name, _ = await ready(stage)
    await stage.slack.faults({"target": "event", "kind": "duplicate", "count": 10})
    await stage.slack.uninstall(stage.app["app_id"])

    async def mailed() -> Any:
        return [m for m in mailbox.arrived.values() if "Slack stopped working" in str(m["Subject"])]

    [mail] = await stage.eventually(mailed, timeout=40)
    assert "Reinstall the app" in mail.get_content()
    assert {"ada@example.com", "dee@example.com"} <= set(str(mail["To"]).split(", "))
    await stage.settle()
    assert len(await mailed()) == 1
    browser = await stage.sign_in("dee@example.com")

    async def unreachable() -> bool:
        return "Slack has been unreachable since" in (await browser.get(f"/default/incidents/{name}")).text

    await stage.eventually(unreachable)
    plugins = (await browser.get("/default/settings/projects/default/plugins")).text
    assert "API Bot Token: " in plugins
    audit = (await browser.get("/default/settings/audit")).text
    # One entry for each project that uses the app.
    assert audit.count("Slack stopped working: ") == 2
    await browser.aclose()


async def test_a_revoked_token_of_a_person_stops_nothing(stage: Stage) -> None:
    await stage.slack.revoke_tokens(stage.app["app_id"], "user")
    name, channel = await ready(stage)
    assert (await stage.channel_of(name))["id"] == channel
    async with stage.house.db.read(await org_id(stage)) as t:
        assert not await t.scalar(text("select count(*) from event where fact = 'plugin.stopped'"))


async def test_late_news_of_a_removed_app_that_works_again_stops_nothing(stage: Stage) -> None:
    slack = slack_of(stage)
    for n in range(3):
        assert (await slack.event({"type": "app_uninstalled"}, event_id=f"Ev0GONE{n}")).status_code == 200
    await stage.settle()
    name, _ = await ready(stage)
    async with stage.house.db.read(await org_id(stage)) as t:
        assert not await t.scalar(text("select count(*) from event where fact = 'plugin.stopped'"))
    assert name
