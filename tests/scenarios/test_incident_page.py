"""Steering on the web: what Ada changes is seen by Bo, here and in Slack; who may not is told what is missing."""

from __future__ import annotations

import json
import re

import httpx
import pytest

from tests.scenarios.test_command import leader
from tests.stage import CY, Stage


class Browser:
    """Somebody at the page of one incident."""

    def __init__(self, http: httpx.AsyncClient, name: str) -> None:
        self.http = http
        self.path = f"/default/incidents/{name}"
        self.csrf = ""

    async def page(self, where: str = "") -> str:
        text = (await self.http.get(self.path + where)).text
        if found := re.search(r'name="csrf" content="([^"]+)"', text):
            self.csrf = found.group(1)
        return text

    async def send(self, where: str, **data: str) -> httpx.Response:
        if not self.csrf:
            await self.page()
        return await self.http.post(f"{self.path}/{where}", data={"csrf": self.csrf, **data})


async def at(stage: Stage, name: str, who: str) -> Browser:
    return Browser(await stage.sign_in(f"{who}@example.com"), name)


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None
    return found.group(1).replace("&#34;", '"').replace("&quot;", '"').replace("&#39;", "'")


async def filled(browser: Browser, **changes: str) -> dict[str, str]:
    """The update form as the browser would send it, with changes."""
    form = await browser.page("/update")
    was = hidden(form, "was")
    shown = {k: v for k, v in json.loads(was).items() if k != "tags"}
    return {**shown, "was": was, "version": hidden(form, "version"), **changes}


async def test_what_one_changes_the_other_sees_and_slack_follows(stage: Stage) -> None:
    name = await stage.report()
    await stage.settle()
    ada, bo = await at(stage, name, "ada"), await at(stage, name, "bo")
    saved = await ada.send("update", **await filled(ada, severity="High", resolution="Rolled back"))
    assert saved.status_code == 200, saved.text
    page = await bo.page()
    assert "Rolled back" in page
    assert "Ada Lovelace changed the resolution and the severity" in page
    await stage.settle()
    assert "High" in (await stage.channel_of(name))["topic"]


async def test_two_who_change_different_fields_do_not_disturb_each_other(stage: Stage) -> None:
    name = await stage.report()
    await stage.settle()
    ada, bo = await at(stage, name, "ada"), await at(stage, name, "bo")
    first, second = await filled(ada, severity="High"), await filled(bo, title="Checkout is down")
    assert (await ada.send("update", **first)).status_code == 200
    assert (await bo.send("update", **second)).status_code == 200
    page = await ada.page()
    assert "Checkout is down" in page
    assert "Severity: High" in page


async def test_the_later_of_two_who_change_the_same_field_reads_it_and_loses_nothing(stage: Stage) -> None:
    name = await stage.report()
    await stage.settle()
    ada, bo = await at(stage, name, "ada"), await at(stage, name, "bo")
    first, second = await filled(ada, title="Checkout fails"), await filled(bo, title="Cards are declined")
    second["description"] += "\r\n"
    await ada.send("update", **first)
    late = await bo.send("update", **second)
    assert late.status_code == 412
    assert "Ada Lovelace changed the title while you were writing" in late.text
    assert "Cards are declined" in late.text
    # Nobody touched the description; a browser only sends its lines with other ends.
    assert "Title now:" in late.text and "Description now:" not in late.text
    again = {**second, "version": hidden(late.text, "version"), "was": hidden(late.text, "was")}
    assert (await bo.send("update", **again)).status_code == 200
    assert "Cards are declined" in await ada.page()


async def test_the_status_moves_and_a_stale_button_changes_nothing(stage: Stage) -> None:
    name = await stage.report()
    await stage.settle()
    ada, bo = await at(stage, name, "ada"), await at(stage, name, "bo")
    assert 'aria-label="Move to Stable"' in await ada.page()
    await ada.send("status", status="Stable", **{"from": "Active"})
    stale = await bo.send("status", status="Closed", **{"from": "Active"})
    assert stale.status_code == 409
    assert f"{name} is Stable now; nothing was changed." in stale.text
    asked = await bo.page("/dialogs/move?to=Closed")
    assert f"#{(await stage.channel_of(name))['name']}" in asked
    assert hidden(asked, "from") == "Stable"
    assert "Acknowledge command" in await ada.page()
    await ada.send("status", status="Closed", **{"from": "Stable"})
    assert "Acknowledge command" not in await ada.page()
    assert "a new channel takes over" in await bo.page("/dialogs/move?to=Active")
    again = await bo.http.get(f"{bo.path}/dialogs/move?to=Closed")
    assert again.status_code == 409


async def test_a_value_is_changed_where_it_stands_and_who_is_late_reads_what_is_there(stage: Stage) -> None:
    name = await stage.report()
    await stage.settle()
    ada, bo = await at(stage, name, "ada"), await at(stage, name, "bo")
    first, second = await ada.page("/edit/title"), await bo.page("/edit/title")
    mine = {key: hidden(second, key) for key in ("version", "was")}
    saved = await ada.send(
        "edit/title", title="Checkout fails", **{key: hidden(first, key) for key in ("version", "was")}
    )
    assert saved.headers["hx-retarget"] == "#summary"
    assert '<h1 dir="auto">Checkout fails</h1>' in saved.text
    # Another value than Ada's is not held up by her change; the same one is.
    severity = await bo.page("/edit/severity")
    elsewhere = await bo.send("edit/severity", severity="High", version=mine["version"], was=hidden(severity, "was"))
    assert elsewhere.status_code == 200
    late = await bo.send("edit/title", title="Cards are declined", **mine)
    assert late.status_code == 412
    assert "Ada Lovelace changed the title while you were writing" in late.text
    assert "<strong>Title now:</strong> <bdi>Checkout fails</bdi>" in late.text
    assert 'value="Cards are declined"' in late.text
    again = await bo.send(
        "edit/title", title="Cards are declined", **{key: hidden(late.text, key) for key in ("version", "was")}
    )
    assert again.status_code == 200
    empty = await bo.send(
        "edit/title", title=" ", **{key: hidden(await bo.page("/edit/title"), key) for key in ("version", "was")}
    )
    assert empty.status_code == 422
    assert "Please give a title" in empty.text
    assert "Cards are declined" in await ada.page()


async def test_whose_time_is_shown_is_kept_for_the_person(stage: Stage) -> None:
    name = await stage.report()
    await stage.settle()
    ada, bo = await at(stage, name, "ada"), await at(stage, name, "bo")
    zones = {who: re.search(r"Times in ([\w/]+)", await who.page()) for who in (ada, bo)}
    assert all(zones.values())
    own, reporters = (found.group(1) for found in zones.values() if found)
    assert own != reporters, "the cast lives in one zone now, and this test shows nothing"
    for chosen, shown in (("reporter", reporters), ("utc", "UTC"), ("", own)):
        answer = await ada.send("zone", times_of=chosen)
        assert answer.status_code == 200
        assert f"Times in {shown}<" in await ada.page()
        assert f"Times in {shown}." in (await ada.http.get(f"{ada.path}/timeline.md")).text
    assert (await ada.send("zone", times_of="moon")).status_code == 422


async def test_whoever_may_not_steer_reads_who_can_help(stage: Stage) -> None:
    name = await stage.report()
    await stage.settle()
    cy = await at(stage, name, "cy")
    page = await cy.page()
    for button in ("data-edit=", "dialogs/", 'name="status"', '/update"'):
        assert button not in page.replace("dialogs/roles", "")
    for asked in ("move?to=Closed", "person", "entry", "visibility", "relate", "report", "task"):
        refused = await cy.http.get(f"{cy.path}/dialogs/{asked}")
        assert refused.status_code == 403, asked
        assert "Ask Ada Lovelace, who leads," in refused.text
    for where, data in (
        ("status", {"status": "Closed"}),
        ("visibility", {"visibility": "restricted"}),
        ("participants", {"person": "cy@example.com"}),
        ("timeline", {"text": "I was here"}),
    ):
        refused = await cy.send(where, **data)
        assert refused.status_code == 403, where
        assert "you need to be Commander, Scribe or an admin" in refused.text
        assert "Ask Ada Lovelace, who leads," in refused.text
    assert (await cy.http.get(f"{cy.path}/update")).status_code == 403


async def test_an_entry_is_written_edited_pinned_and_taken_out(stage: Stage) -> None:
    name = await stage.report()
    await stage.settle()
    ada, bo = await at(stage, name, "ada"), await at(stage, name, "bo")
    await bo.send("timeline", text="Failed over to the second region", at="2026-01-01T10:00")
    page = await ada.page()
    assert "Failed over to the second region" in page
    entry = re.search(r'is-note" id="event-(\d+)"', page)
    assert entry is not None
    note = re.search(r"dialogs/note\?edit=1&amp;note=([1-9]\d*)", await bo.page(f"/timeline/{entry.group(1)}/menu"))
    assert note is not None
    await bo.send(f"notes/{note.group(1)}", text="Failed over to the third region")
    page = await ada.page()
    assert "Failed over to the third region" in page
    assert "Bo Nilsson edited a timeline entry" in page
    cy = await at(stage, name, "cy")
    # Who may see the entry may see what it said before.
    assert "the second region" in await cy.page(f"/dialogs/note?note={note.group(1)}")
    for change in ("edit", "remove"):
        assert (await cy.http.get(f"{cy.path}/dialogs/note?{change}=1&note={note.group(1)}")).status_code == 403
    assert (await cy.send(f"notes/{note.group(1)}", text="nonsense")).status_code == 403
    await bo.send(f"notes/{note.group(1)}", remove="1")
    assert (await cy.http.get(f"{cy.path}/dialogs/note?note={note.group(1)}")).status_code == 404
    assert "third region" not in (await ada.page()).split("edited a timeline entry")[1]


async def test_who_only_takes_part_does_not_write_the_timeline(stage: Stage) -> None:
    """The same right as for the command; marking a message in the channel is for everybody in it."""
    name = await stage.report()
    await stage.settle()
    ada, bo = await at(stage, name, "ada"), await at(stage, name, "bo")
    await ada.send("acknowledge")
    assert "dialogs/entry" not in await bo.page()
    event = re.search(r'id="event-(\d+)"', await bo.page())
    assert event is not None
    for where, data in (("timeline", {"text": "I was here"}), (f"timeline/{event.group(1)}/pin", {"pinned": "1"})):
        refused = await bo.send(where, **data)
        assert refused.status_code == 403
        assert "To add to the timeline you need to be Commander, Scribe or an admin" in refused.text


@pytest.mark.parametrize("future", ["2999-01-01T10:00", "tomorrow"])
async def test_a_moment_that_cannot_be_is_refused(stage: Stage, future: str) -> None:
    name = await stage.report()
    await stage.settle()
    bo = await at(stage, name, "bo")
    refused = await bo.send("timeline", text="It will burn", at=future)
    assert refused.status_code == 422


async def test_somebody_is_brought_in_from_the_page(stage: Stage) -> None:
    name = await stage.report()
    await stage.settle()
    ada = await at(stage, name, "ada")
    await ada.send("participants", person="cy@example.com", role="Scribe", reason="Types fast")
    await stage.settle()
    assert CY in (await stage.channel_of(name))["members"]
    assert "Ada Lovelace made Cy Okafor Scribe" in await ada.page()
    await ada.send("participants", person="cy@example.com", role="Liaison")
    roles = await ada.page("/dialogs/roles")
    assert [re.sub(r"<[^>]+>|\s+", "", row) for row in re.findall(r"<td><span.*?</bdi>", roles, re.DOTALL)][:3] == [
        "CommanderAdaLovelace", "ScribeCyOkafor", "LiaisonCyOkafor",
    ]  # fmt: skip
    unknown = await ada.send("participants", person="nobody@example.com")
    assert unknown.status_code == 422


async def test_the_command_is_offered_and_accepted_on_the_web(stage: Stage) -> None:
    name = await stage.report()
    await stage.settle()
    ada, dee = await at(stage, name, "ada"), await at(stage, name, "dee")
    await ada.send("participants", person="dee@example.com", role="Commander")
    page = await dee.page()
    offer = re.search(r"hand-off/(\d+)", page)
    assert offer is not None
    assert "Ada Lovelace asks you to lead" in page
    assert "The command was offered to Dee Alvarez" in await ada.page()
    await dee.send(f"hand-off/{offer.group(1)}", answer="accept")
    assert await leader(stage, name) == "Dee Alvarez"
