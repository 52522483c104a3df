"""The four addresses: who gets in, what strangers learn (nothing), and that settings hold at once."""

from __future__ import annotations

import asyncio
import time
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest
from sqlalchemy import QueuePool, text

from dispatch.kit.db import OrgId, Tx
from dispatch.kit.forms import FormErrors
from dispatch.kit.slack import endpoints, registry
from dispatch.people.actions import create_organization
from dispatch.people.queries import by_email, organization
from dispatch.projects import queries as projects
from dispatch.projects.installations import SlackInstallations
from dispatch.projects.plugin_actions import configure_plugin
from dispatch.situations.actions import Report, open_situation
from dispatch.situations.slack import actor
from tests.slack_side import SlackSide, own_channel
from tests.stage import BO, COMMAND, Stage, over_both

PLACES = ("event", "command", "action", "menu")


def slack_of(stage: Stage, organization: str = "default", **changed: Any) -> SlackSide:
    app = stage.app
    return SlackSide(
        stage.web,
        organization,
        **{"team": app["team_id"], "app": app["app_id"], "secret": app["signing_secret"], **changed},
    )


async def org_id(stage: Stage, slug: str = "default") -> OrgId:
    async with stage.house.db.system() as t:
        found = await organization(t, slug)
    assert found is not None
    return found.id


async def configure(stage: Stage, values: dict[str, Any], *, project: str = "default", enabled: bool = True) -> None:
    """As the settings page does."""
    org = await org_id(stage)
    async with stage.house.db.tx(org) as t:
        await configure_plugin(
            t, await projects.project(t, project), stage.house.providers.plugins["slack-conversation"], values,
            vault=stage.house.vault, enabled=enabled,
        )  # fmt: skip


@pytest.mark.seed("events mode: command", "setting Signing Secret")
async def test_strangers_get_the_same_answer_whatever_is_wrong(stage: Stage) -> None:
    async with stage.house.db.system() as t:
        await create_organization(t, "bare")
    slack = slack_of(stage)
    wrong = {
        "unknown organization": slack_of(stage, "nowhere"),
        "no plugin": slack_of(stage, "bare"),
        "wrong secret": slack_of(stage, secret="0" * 32),
        "no secret": slack_of(stage, secret=""),
        "too old": slack_of(stage, stamp=int(time.time()) - 301),
        "from the future": slack_of(stage, stamp=int(time.time()) + 400),
        "another workspace": slack_of(stage, team="T0OTHER"),
        "another app": slack_of(stage, app="A0OTHER"),
    }
    bodies = {
        "event": orjson.dumps(slack.envelope({"type": "team_join"})),
        "command": urlencode({"command": COMMAND, "team_id": slack.team}).encode(),
        "action": urlencode({"payload": orjson.dumps({"type": "block_actions", "team": {"id": slack.team}})}).encode(),
        "menu": urlencode({"payload": orjson.dumps({"type": "block_suggestion", "team": {"id": slack.team}})}).encode(),
    }
    answers = set()
    for what, sender in wrong.items():
        for place in PLACES:
            body = bodies[place].replace(slack.team.encode(), sender.team.encode()).replace(b"A0", b"A0")
            if what == "another app":
                body = body.replace(slack.app.encode(), b"A0OTHER")
                if place != "event":
                    continue
            answer = await sender.post(place, body)
            answers.add((answer.status_code, answer.text))
    assert answers == {(403, answers.copy().pop()[1])}
    for place in PLACES:
        unsigned = await stage.web.post(f"/api/v1/default/events/slack/{place}", content=bodies[place])
        assert (unsigned.status_code, unsigned.text) in answers
        for headers in (
            {"x-slack-request-timestamp": "soon", "x-slack-signature": "v0=é"},
            {"x-slack-request-timestamp": "9" * 400, "x-slack-signature": "v0="},
        ):
            odd = await stage.web.post(
                f"/api/v1/default/events/slack/{place}", content=bodies[place],
                headers={name: value.encode("utf-8") for name, value in headers.items()},
            )  # fmt: skip
            assert odd.status_code == 403


async def test_signed_but_malformed_is_400(stage: Stage) -> None:
    slack = slack_of(stage)
    for place in PLACES:
        for body in (
            b"",
            b"{",
            b"[]",
            b"\xff\xfe",
            b"payload=%7B",
            b"payload=[]",
            b"&".join(b"a%d=1" % n for n in range(500)),
        ):
            assert (await slack.post(place, body)).status_code == 400, (place, body)
    assert (await slack.event({"no": "type"})).status_code == 400
    assert (await slack.event({"type": "team_join"}, event_id="no id can look so")).status_code == 400


async def test_too_large_a_body_is_read_no_further_than_allowed(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoints, "LARGEST_BODY", 10_000)
    read = 0
    real = endpoints.Request.stream

    async def counting(request: Any) -> Any:
        nonlocal read
        async for part in real(request):
            read += len(part)
            yield part

    monkeypatch.setattr(endpoints.Request, "stream", counting)

    async def long() -> Any:
        for _ in range(2000):
            yield b"x" * 1000

    answer = await stage.web.post("/api/v1/default/events/slack/event", content=long())
    assert answer.status_code == 413
    assert read < 300_000
    announced = await slack_of(stage).post("event", b"x" * 20_000)
    assert announced.status_code == 413


async def test_slacks_own_checks_are_answered_before_anything_is_configured(stage: Stage) -> None:
    for org in ("default", "nowhere"):
        challenge = await stage.web.post(
            f"/api/v1/{org}/events/slack/event", json={"type": "url_verification", "challenge": "c-123", "token": "t"}
        )
        assert (challenge.status_code, challenge.json()) == (200, {"challenge": "c-123"})
        check = await stage.web.post(f"/api/v1/{org}/events/slack/command", data={"ssl_check": "1", "token": "t"})
        assert (check.status_code, check.content) == (200, b"")
    verified = await stage.slack.call("POST", f"apps/{stage.app['app_id']}/verify")
    assert verified["verified"] is True


async def test_an_unknown_command_says_why(stage: Stage) -> None:
    answer = await slack_of(stage).command("/dispatch-of-yesterday")
    assert answer.status_code == 200
    assert answer.json()["response_type"] == "ephemeral"
    assert "not known" in answer.json()["text"]


async def test_a_new_command_name_holds_for_the_next_request(stage: Stage) -> None:
    slack = slack_of(stage)
    assert "not known" in (await slack.command("/outage")).text
    for project in ("default", "payments"):
        await configure(stage, {"slack_command_report_incident": "/outage"}, project=project)
    assert "not known" not in (await slack.command("/outage")).text
    assert "not known" in (await slack.command(COMMAND)).text


async def test_a_plugin_switched_off_holds_for_the_next_request(stage: Stage) -> None:
    slack = slack_of(stage)
    assert (await slack.command("/x")).status_code == 200
    for project in ("default", "payments"):
        await configure(stage, {}, project=project, enabled=False)
    assert (await slack.command("/x")).status_code == 403
    await configure(stage, {}, enabled=True)
    assert (await slack.command("/x")).status_code == 200
    await configure(stage, {"signing_secret": "another secret altogether"})
    assert (await slack.command("/x")).status_code == 403


async def test_one_name_for_two_commands_of_one_app_is_refused_at_the_field(stage: Stage) -> None:
    await configure(stage, {"slack_command_report_incident": "/sos", "slack_command_list_tasks": "/tasks"})
    with pytest.raises(FormErrors) as refused:
        await configure(stage, {"slack_command_list_tasks": "/sos"}, project="payments")
    assert list(refused.value.by_field) == ["slack_command_list_tasks"]
    await configure(stage, {"slack_command_report_incident": "/sos"}, project="payments")


async def test_settings_are_read_once_per_change_not_per_request(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    slack = slack_of(stage)
    await slack.command("/x")
    await asyncio.sleep(0.5)  # the look for sockets, ten times a second here, reads under the version it found
    made = 0
    real = SlackInstallations._made

    def counting(*args: Any) -> Any:
        nonlocal made
        made += 1
        return real(*args)

    monkeypatch.setattr(SlackInstallations, "_made", counting)
    for _ in range(5):
        await slack.command("/x")
    assert made == 0
    await configure(stage, {"ban_threads": False})
    for _ in range(5):
        await slack.command("/x")
    assert 2 <= made <= 4  # both instances once; the look for sockets may read them, too


async def test_in_a_channel_of_ours_its_projects_installation_decides(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[registry.Request] = []

    async def probe(asked: registry.Request) -> registry.Answer:
        seen.append(asked)
        return None

    async with stage.house.db.read(await org_id(stage)) as t:
        rows = (
            await t.execute(
                text(
                    "select p.slug, min(s.id) as situation, p.id from situation s"
                    " join project p on p.org_id = s.org_id and p.id = s.project_id group by p.slug, p.id"
                )
            )
        ).all()
    by_slug = {row.slug: row for row in rows}
    for slug, row in by_slug.items():
        await own_channel(
            stage.house.db, await org_id(stage), stage.app["team_id"], f"C0{slug.upper()}", subject=row.situation
        )
    monkeypatch.setitem(registry.actions, "probe", probe)
    slack = slack_of(stage)
    for slug in by_slug:
        pressed = {"type": "block_actions", "actions": [{"action_id": "probe"}], "channel": {"id": f"C0{slug.upper()}"}}
        assert (await slack.interaction(pressed)).status_code == 200
    elsewhere = {"type": "block_actions", "actions": [{"action_id": "probe"}], "channel": {"id": "C0ELSEWHERE"}}
    await slack.interaction(elsewhere)
    assert [asked.installation.project_id for asked in seen] == [by_slug[slug].id for slug in by_slug] + [
        by_slug["default"].id
    ]


async def test_what_breaks_on_our_side_is_said_to_the_person_and_never_a_500(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_asked: registry.Request) -> registry.Answer:
        raise ZeroDivisionError("secret words")

    monkeypatch.setitem(registry.submissions, "broken", broken)
    view = {"id": "V1", "callback_id": "broken", "blocks": [{"type": "input", "block_id": "title"}]}
    answer = await slack_of(stage).interaction({"type": "view_submission", "view": view})
    assert answer.status_code == 200
    said = answer.json()["errors"]["title"]
    assert "Something broke on our side. Reference:" in said and "secret words" not in said
    without_inputs = {"id": "V1", "callback_id": "broken", "blocks": []}
    answer = await slack_of(stage).interaction({"type": "view_submission", "view": without_inputs})
    assert answer.json()["response_action"] == "update"


async def test_slow_requests_hold_nobody_up_and_keep_no_connection(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """W-03, W-07, W-10, W-11: more of them than there are connections wait for Slack; others are served meanwhile."""
    waiting, let_go = 0, asyncio.Event()

    async def slow(_installation: registry.Installation, _user: str) -> None:
        nonlocal waiting
        waiting += 1
        await let_go.wait()

    monkeypatch.setattr(actor, "look_up", slow)
    await stage.slack.command(BO, stage.general, COMMAND)
    view = stage.box.state.views[(await stage.form(BO))["id"]]
    values = {key: dict(each) for key, each in view.values.items()}
    for key in ("title", "description"):
        values[key] = {key: {"type": "plain_text_input", "value": "It burns"}}
    sent = {"callback_id": "report_incident", "blocks": view.view["blocks"], "state": {"values": values}}
    slack, many = slack_of(stage), 40
    assert many > 2 * 8, "as many as the pool has would prove nothing"
    strangers = [
        asyncio.create_task(
            slack.interaction(
                {"type": "view_submission", "user": {"id": f"U0STRANGER{n}"}, "view": sent | {"id": f"V{n}"}}
            )
        )
        for n in range(many)
    ]

    async def all_wait() -> bool:
        return waiting == many

    await stage.eventually(all_wait)
    browser = await stage.sign_in("bo@example.com")
    assert (await browser.get("/default/incidents")).status_code == 200
    answer = await stage.slack.submit(BO, view.id, {"Title": "It burns", "Description": "It burns"})
    assert answer["outcome"] == "updated", answer
    assert not any(each.done() for each in strangers)
    let_go.set()
    for answered in await asyncio.gather(*strangers):
        assert answered.status_code == 200 and "has no e-mail address" in answered.text
    await stage.settle()
    pool = stage.house.db.engine.pool
    assert isinstance(pool, QueuePool)

    async def all_given_back() -> bool:
        return pool.checkedout() == 0

    await stage.eventually(all_given_back)
    await browser.aclose()


@over_both
@pytest.mark.seed("events mode: action", "interactivity")
async def test_the_same_submission_twice_is_one_incident_and_a_corrected_one_is_taken(stage: Stage) -> None:
    await stage.slack.command(BO, stage.general, COMMAND)
    view = await stage.form(BO)
    await stage.slack.faults({"target": "action", "kind": "duplicate", "count": 10})
    wrong = await stage.slack.submit(BO, view["id"], {"Title": " ", "Description": "It burns"})
    assert wrong["outcome"] == "errors"
    right = await stage.slack.submit(BO, view["id"], {"Title": "It burns", "Description": "It burns"})
    assert right["outcome"] == "updated"
    browser = await stage.sign_in("bo@example.com")
    assert (await browser.get("/default/incidents", params={"q": "It burns"})).text.count(
        '/default/incidents/INC-13"'
    ) >= 1
    assert (await browser.get("/default/incidents/INC-14")).status_code == 404
    await browser.aclose()


async def test_a_report_sent_again_while_the_first_is_being_written_is_the_same_incident(stage: Stage) -> None:
    org = await org_id(stage)
    report = Report(title="It burns", description="It burns")

    async def sent(t: Tx) -> str:
        bo = await by_email(t, "bo@example.com")
        assert bo is not None
        return (await open_situation(t, report, by=bo, source_key="one view")).name

    async def again() -> str:
        async with stage.house.db.tx(org) as t:
            return await sent(t)

    async def it_waits() -> bool:
        async with stage.house.db.system() as t:
            waiting = text(
                "select true from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
            )
            return bool(await t.scalar(waiting))

    async with stage.house.db.tx(org) as t:
        name = await sent(t)
        second = asyncio.create_task(again())
        await stage.eventually(it_waits)
    assert await second == name
