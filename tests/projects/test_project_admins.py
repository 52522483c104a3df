"""Who runs a project: what the role lets somebody do, what it does not, and how it is given, taken and written down.

Which routes it opens is in tests/people/test_access.py; that it shows no restricted incident, in tests/test_leaks.py.
"""

from __future__ import annotations

import re

import httpx
import pytest
from sqlalchemy import select

from dispatch.kit.db import Tx
from dispatch.people import project_admins
from dispatch.people.membership import admit, deactivate
from dispatch.people.models import Person, ProjectAdmin
from dispatch.people.queries import viewer_of_person
from dispatch.projects.models import Project
from tests.api.test_settings_api import program
from tests.commands.table import STEERS
from tests.people.browsing import make_project_admin, person_id, send, token_in
from tests.people.test_access import WHO
from tests.people.test_access_that_ends import Ear, note, somebody
from tests.people.test_commands import Command, dispatch
from tests.playing import incident, org_id, refused, rows, typed
from tests.projects.settings_pages import Admin, admin, facts, instance
from tests.receivers import Mailbox
from tests.stage import BO, CY, Stage

__all__ = ["dispatch"]

GUS = "gus@example.com"
PAYMENTS = "/default/settings/projects/payments"
ADMINS = f"{PAYMENTS}/admins"


async def test_an_admin_gives_the_role_a_project_admin_passes_it_on_and_all_of_it_is_written_down(stage: Stage) -> None:
    dee = await stage.sign_in("dee@example.com")
    assert "No project admins yet" in (await dee.get(ADMINS)).text
    given = await send(dee, ADMINS, ADMINS, person=GUS)
    assert "They run the project from now on." in given.text and "Gus Petrov" in given.text
    assert "They run the project already." in (await send(dee, ADMINS, ADMINS, person=GUS)).text
    gus = await stage.sign_in(GUS)
    assert "Hana Sato" in (await send(gus, ADMINS, ADMINS, person="hana@example.com")).text
    hana = await person_id(stage, "hana@example.com")
    taken = await send(gus, ADMINS, f"{ADMINS}/{hana}/remove")
    assert "They run the project no longer." in taken.text
    assert "Gus Petrov took the role of project admin of Payments from Hana Sato" in re.sub(r"<[^>]+>", "", taken.text)
    log = (await dee.get("/default/settings/audit", params={"topic": "project"})).text
    for says in (
        "Dee Alvarez made Gus Petrov a project admin of Payments",
        "Gus Petrov made Hana Sato a project admin of Payments",
    ):
        assert says in log
    who = await person_id(stage, GUS)
    assert f'href="{ADMINS}"' in (await dee.get(f"/default/settings/members/{who}")).text
    # They may let go of it themselves, and are out at once.
    gone = await send(gus, ADMINS, f"{ADMINS}/{who}/remove")
    assert gone.url.path == "/default" and (await gus.get(ADMINS)).status_code == 403
    assert [fact["person"] for fact in await facts(stage, "project.admin_taken")] == ["Hana Sato", "Gus Petrov"]
    for browser in (dee, gus):
        await browser.aclose()


async def test_only_members_get_it_and_nobody_gets_it_by_a_wrong_name(stage: Stage) -> None:
    async with stage.house.db.tx(await org_id(stage)) as t:
        fay = (await t.scalars(select(Person).where(Person.email == "fay@example.com"))).one()
        ada = (await t.scalars(select(Person).where(Person.email == "ada@example.com"))).one()
        await deactivate(t, await viewer_of_person(t, ada), fay.id)
    dee = await stage.sign_in("dee@example.com")
    for email, why in (
        ("fay@example.com", "Fay Moreau is not a member"),
        ("nobody@example.com", "not a person of this organization"),
    ):
        answer = await send(dee, ADMINS, ADMINS, person=email)
        assert answer.status_code == 422 and why in answer.text.replace("&#34;", '"'), email
    assert (await send(dee, ADMINS, ADMINS)).status_code == 422
    assert (await send(dee, ADMINS, f"{ADMINS}/{fay.id}/remove")).status_code == 404
    assert await rows(stage, "select * from project_admin") == []
    await dee.aclose()


async def test_it_holds_from_the_next_request_and_ends_with_what_is_open(stage: Stage) -> None:
    """Streams of any page: home, and an incident."""
    await make_project_admin(stage, GUS, "payments")
    name = await stage.report(BO, Title="Open for all")
    await stage.settle()
    gus, bo = await stage.sign_in(GUS), await stage.sign_in("bo@example.com")
    mine = [Ear(gus, address) for address in ("/default/home/live", f"/default/incidents/{name}/live")]
    others = Ear(bo, f"/default/incidents/{name}/live")

    async def listening() -> bool:
        return stage.house.live.listeners(await org_id(stage)) == 3

    await stage.eventually(listening)
    assert (await gus.get(f"{PAYMENTS}/types")).status_code == 200
    async with stage.house.db.tx(await org_id(stage)) as t:
        await project_admins.take(t, await payments(t), GUS, viewer=None, by=None)
    for ear in mine:
        assert await ear.hung_up() == [], "what happened is told to nobody whose rights are others"
    assert (await gus.get(f"{PAYMENTS}/types")).status_code == 403
    assert "/default/settings" not in (await gus.get("/default/incidents")).text
    assert not others.task.done()

    async def bo_hears() -> bool:
        await note(stage, name, "Still there")
        return bool(others.heard)

    await stage.eventually(bo_hears)
    others.task.cancel()
    for browser in (gus, bo):
        await browser.aclose()


async def test_a_deactivated_project_admin_is_none_when_they_come_back(stage: Stage) -> None:
    await make_project_admin(stage, GUS)
    viewer, _ = await somebody(stage, "ada@example.com")
    _, gus = await somebody(stage, GUS)
    async with stage.house.db.tx(await org_id(stage)) as t:
        await deactivate(t, viewer, gus.id)
        assert not (await viewer_of_person(t, gus)).projects
    async with stage.house.db.tx(await org_id(stage)) as t:
        await admit(t, email=GUS, name="Gus Petrov", role="member")
        assert not (await viewer_of_person(t, gus)).projects
        assert list(await t.scalars(select(ProjectAdmin.id))) == []


async def test_they_steer_the_incidents_of_their_project_on_the_web_and_in_slack_and_no_others(stage: Stage) -> None:
    await make_project_admin(stage, "cy@example.com", "payments")
    await stage.configure("slack-conversation", {"private_channels": False})
    own, channel = await incident(stage, Project="payments")
    other, elsewhere = await incident(stage, Title="Somewhere else")
    cy = await stage.sign_in("cy@example.com")
    for name, status in ((own, 200), (other, 403)):
        answer = await send(
            cy, f"/default/incidents/{name}", f"/default/incidents/{name}/status", status="Stable", reason="Better now"
        )
        assert answer.status_code == status, answer.text
    assert "an admin of the project or the organization" in answer.text
    for place in (channel, elsewhere):
        await stage.slack.join(CY, place)
        await stage.settle()
    view = await typed(stage, CY, channel, "/dispatch-update-incident")
    assert (await stage.slack.submit(CY, view["id"], {"Title": "Cy renamed it"}))["outcome"] in ("closed", "updated")
    assert STEERS.split("Ask")[0].strip() in await refused(stage, CY, elsewhere, "/dispatch-update-incident")
    assert "Cy renamed it" in (await cy.get(f"/default/incidents/{own}")).text
    # Others are told of them, first of all.
    bo = await stage.sign_in("eli@example.com")
    told = await send(bo, f"/default/incidents/{own}", f"/default/incidents/{own}/status", status="Closed")
    assert told.status_code == 403 and "an admin (Cy Okafor, Dee Alvarez" in told.text
    assert "Ask Cy Okafor, Dee Alvarez" in (await bo.get(f"{PAYMENTS}/types")).text
    for browser in (cy, bo):
        await browser.aclose()


async def test_they_see_and_open_no_restricted_incident_of_their_own_project(stage: Stage) -> None:
    await make_project_admin(stage, "cy@example.com")
    name, _ = await incident(stage, Visibility="restricted", Title="For two", acknowledged=False)
    cy = await stage.sign_in("cy@example.com")
    assert (await cy.get(f"/default/incidents/{name}")).status_code == 404
    assert "For two" not in (await cy.get("/default/incidents")).text
    page = (await cy.get("/default")).text
    answer = await cy.post(
        "/default/settings/restricted", data={"csrf": token_in(page), "name": name, "reason": "I run the whole project"}
    )
    assert answer.status_code == 403
    assert (await cy.get(f"/default/incidents/{name}")).status_code == 404
    assert await rows(stage, "select * from restricted_access") == []
    await cy.aclose()


async def test_they_say_how_a_plugin_behaves_and_not_what_it_connects_with(stage: Stage, mailbox: Mailbox) -> None:
    await make_project_admin(stage, GUS)
    gus = await admin(stage, GUS)
    before = await instance(stage, "slack-conversation")
    secrets = stage.house.providers.open_secrets(before)
    page = (await gus.open(before.id)).text
    assert "What it connects with is for admins of the organization" in page
    for key in (
        "api_bot_token",
        "signing_secret",
        "team_id",
        "socket_mode_app_token",
        "user_oauth_token",
        "app_id",
        "app_user_slug",
    ):
        assert re.search(rf'<fieldset class="bare-fields" disabled>(?:(?!</fieldset>).)*name="{key}"', page, re.S), key
    answer = await gus.send(
        before.id, without=tuple(disabled(page)), timeline_event_reaction="memo", private_channels=""
    )
    assert answer.status_code == 200 and "Saved." in answer.text
    after = await instance(stage, "slack-conversation")
    assert (after.settings["timeline_event_reaction"], after.settings["private_channels"]) == ("memo", False)
    assert stage.house.providers.open_secrets(after) == secrets
    # Switched off and on, and tested as it is.
    for press in ("disable", "enable", "test"):
        assert (
            await gus.browser.post(f"{base(gus)}/{before.id}/{press}", data={"csrf": csrf(page)})
        ).status_code == 200, press
    after = await instance(stage, "slack-conversation")
    # What the page does not let them change is refused when it is sent all the same; nothing of it is written or tried.
    smtp = await instance(stage, "smtp")
    for id, forged in (
        (before.id, {"signing_secret": "one of their own"}), (before.id, {"team_id": "T0THEIRS"}),
        (before.id, {"user_oauth_token.remove": "on"}), (smtp.id, {"host": "mail.elsewhere.example"}),
    ):  # fmt: skip
        for to in ("", "/test"):
            answer = await gus.browser.post(
                f"{base(gus)}/{id}{to}", data={"csrf": csrf(page), "in-form": "1", **forged}
            )
            assert answer.status_code == 403, (forged, to)
            assert "you are a project admin" in answer.text and "Ask Dee Alvarez" in answer.text
    assert (await instance(stage, "slack-conversation")).version == after.version
    assert (await instance(stage, "smtp")).version == smtp.version
    for press in ("new/webhook", "new/webhook/test", f"{before.id}/delete"):
        answer = await gus.browser.post(
            f"{base(gus)}/{press}", data={"csrf": csrf(page), "url": "https://elsewhere.example"}
        )
        assert answer.status_code == 403, press
    listing = (await gus.open("")).text
    assert "/plugins/new" not in listing and "Delete" not in listing
    await gus.browser.aclose()


async def test_every_setting_of_every_plugin_is_a_connection_unless_it_says_otherwise(stage: Stage) -> None:
    """What a later plugin brings is for admins of the organization until somebody decides."""
    theirs = {slug: plugin.behaviour for slug, plugin in stage.house.providers.plugins.items()}
    for slug, plugin in stage.house.providers.plugins.items():
        assert plugin.behaviour <= set(plugin.settings.model_fields), slug
        for key in plugin.behaviour:
            assert not re.search("token|secret|password|url|host|_id$|sender$", key) or "profile_" in key, (slug, key)
    assert theirs["webhook"] == theirs["jitsi"] == frozenset()


async def test_the_default_project_and_restricted_announcements_are_not_theirs_to_decide(stage: Stage) -> None:
    await make_project_admin(stage, GUS, "payments")
    gus = await stage.sign_in(GUS)
    general = f"{PAYMENTS}/general"
    page = (await gus.get(general)).text
    filled = {
        "name": "Pay",
        "incident_prefix": "INC",
        "tz": "UTC",
        "enabled": "true",
        "seen": seen(page),
        "csrf": token_in(page),
    }
    refused = await gus.post(general, data={**filled, "is_default": "true"})
    assert (
        refused.status_code == 422
        and "To choose the default project you need to be an admin of the organization" in refused.text
    )
    assert "Saved." in (await gus.post(general, data=filled)).text
    found = await rows(stage, "select slug, name, is_default from project where slug = 'payments'")
    assert found == [{"slug": "payments", "name": "Pay", "is_default": False}]
    # An announcement of restricted incidents would show them what they may not see.
    new = f"{PAYMENTS}/announcements/new"
    rule = {"csrf": token_in(page), "name": "All", "channel": "#pay", "enabled": "true"}
    refused = await gus.post(new, data={**rule, "restricted": "true"})
    assert refused.status_code == 422 and "To let restricted incidents be announced" in refused.text
    assert (await gus.post(new, data=rule)).status_code == 200
    [row] = await rows(stage, "select id, restricted from announcement_rule")
    assert row["restricted"] is False
    # Nor do they lead one that an admin lets tell of them to another channel.
    dee = await stage.sign_in("dee@example.com")
    edit = f"{PAYMENTS}/announcements/{row['id']}"
    changed = (await dee.get(edit)).text
    assert (
        await dee.post(edit, data={**rule, "csrf": token_in(changed), "seen": seen(changed), "restricted": "true"})
    ).status_code == 200
    changed = (await gus.get(edit)).text
    for more in ({"restricted": "true"}, {}):
        answer = await gus.post(edit, data={**rule, "seen": seen(changed), "channel": "#mine", **more})
        assert answer.status_code == 422 and "Ask Dee Alvarez" in answer.text
    [row] = await rows(stage, "select restricted, channel from announcement_rule")
    assert row == {"restricted": True, "channel": "#pay"}
    for browser in (gus, dee):
        await browser.aclose()


@pytest.mark.parametrize("role", WHO)
async def test_the_settings_show_exactly_the_links_that_lead_somewhere(stage: Stage, role: str) -> None:
    """Navigation, overview and palette, for each role and for whoever runs one project that is not the default one."""
    await make_project_admin(stage, WHO["project admin"], "payments")
    browser = await stage.sign_in(WHO[role])
    overview = await browser.get("/default/settings")
    offered = [
        each["href"]
        for each in (await browser.get("/default/jump", params={"q": "settings"})).json()
        if each["kind"] == "Settings"
    ]
    if role == "member":
        assert overview.status_code == 403 and offered == []
        await browser.aclose()
        return
    links = set(re.findall(r'href="(/default/settings[^"]*)"', overview.text)) | set(offered)
    assert len(links) > 10
    for link in sorted(links):
        answer = await browser.get(link)
        assert answer.status_code == 200, (link, answer.status_code)
        if role == "project admin":
            assert "/default/settings/members" not in answer.text
            if "/project/" in link:
                assert answer.url.path.startswith(f"{PAYMENTS}/"), "their own project, not the default one"
                assert "Switch project" not in answer.text, "they run one"
    assert ("/default/settings/members" in links) == (role != "project admin")
    await browser.aclose()


async def test_programs_read_give_and_take_it_and_tokens_never_have_it(stage: Stage) -> None:
    path = "/api/v1/default/projects/payments/admins"
    async with (
        program(stage, await stage.token("admin")) as machine,
        program(stage, await stage.token("member")) as lesser,
    ):
        assert (await machine.get(path)).json()["items"] == []
        for _ in range(2):
            made = await machine.put(f"{path}/{GUS}")
            assert made.status_code == 200 and made.json()["email"] == GUS and made.json()["role"] == "member", (
                made.text
            )
        assert [each["name"] for each in (await machine.get(path)).json()["items"]] == ["Gus Petrov"]
        assert (await machine.put(f"{path}/nobody@example.com")).status_code == 422
        assert (await machine.put("/api/v1/default/projects/none/admins/gus@example.com")).status_code == 404
        for answer in (await lesser.get(path), await lesser.put(f"{path}/{GUS}"), await lesser.delete(f"{path}/{GUS}")):
            assert (
                answer.status_code == 403
                and "a project admin of this project, or an admin of the organization" in answer.json()["detail"]
            )
        assert (await machine.delete(f"{path}/{GUS}")).status_code == 204
        assert (await machine.delete(f"{path}/{GUS}")).status_code == 404
    assert (await httpx.AsyncClient(base_url=stage.base_url).get(path)).status_code == 401


def test_the_command_line_gives_takes_and_tells(dispatch: Command) -> None:
    dispatch("organizations", "create", "acme")
    dispatch("projects", "create", "acme", "web")
    dispatch("users", "create", "--org", "acme", "--email", "bo@example.com", "--name", "Bo", "--role", "member")
    assert "Nobody is project admin" in dispatch("projects", "admins", "acme", "web").out
    given = dispatch("projects", "admins", "acme", "web", "--give", "bo@example.com", "--json")
    assert given.json == {"admins": [{"email": "bo@example.com", "name": "Bo", "role": "member"}]}
    assert dispatch("projects", "admins", "acme", "web", "--take", "bo@example.com", "--json").json == {"admins": []}
    assert dispatch("projects", "admins", "acme", "web", "--take", "bo@example.com").code == 1
    assert dispatch("projects", "admins", "acme", "none").code == 1


async def payments(t: Tx) -> Project:
    return (await t.scalars(select(Project).where(Project.slug == "payments"))).one()


def base(who: Admin) -> str:
    return "/default/settings/projects/default/plugins"


def csrf(page: str) -> str:
    return page.split('name="csrf" value="')[1].split('"')[0]


def seen(page: str) -> str:
    return page.split('name="seen" value="')[1].split('"')[0]


def disabled(page: str) -> list[str]:
    """Names of the fields a browser does not send, with the boxes that take secrets away."""
    shut = re.findall(r'<fieldset class="bare-fields" disabled>(.*?)</fieldset>', page, re.S)
    return [name for each in shut for name in re.findall(r'name="([^"]+)"', each)]
