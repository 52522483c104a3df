"""An empty database, by clicks: the operator's link, the guide with its proofs, and a first incident at its end."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Page, expect

from dispatch.desk import sample
from dispatch.desk.web.first_run import first_link
from dispatch.kit.signing import Signer
from tests.pictures import picture
from tests.played import Played
from tests.seen import complaints
from tests.stage import ADA

pytestmark = pytest.mark.browser


def link(played: Played) -> str:
    """What `dispatch server start` prints."""
    signer = played.stage.house.services[Signer]
    assert isinstance(signer, Signer)
    return played.run(first_link(played.stage.house.db, signer, played.stage.base_url))


def done(page: Page, steps: int) -> None:
    expect(page.locator(".guide-sum")).to_have_text(f"{steps} of 5 done")


def test_an_empty_database_is_led_to_its_first_incident(unplayed: Played) -> None:
    stage, page = unplayed.stage, unplayed.visitor()
    page.goto("/")
    expect(page.get_by_role("heading", name="Nobody is here yet")).to_be_visible()
    page.goto(link(unplayed))
    page.get_by_label("Your name").fill("Ada Lovelace")
    page.get_by_label("Your e-mail address").fill("ada@example.com")
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_label("Organization", exact=True).fill("Example Company")
    assert complaints(page) == []
    picture(page, "first-run")
    page.get_by_role("button", name="Begin").click()

    # Owner, organization and project are there; Slack is where one goes on, now and after leaving.
    expect(page).to_have_url(re.compile("/default/setup/slack$"))
    done(page, 3)
    assert link(unplayed) == "", "the link is for an empty database only"
    page.goto("/default")
    expect(page.get_by_text("Next: Slack.")).to_be_visible()
    assert complaints(page) == []
    # What is empty says what comes there, and how.
    for empty in (
        "",
        "/incidents",
        "/settings/tokens",
        "/settings/deliveries",
        "/settings/projects/default/oncall",
        "/settings/projects/default/announcements",
    ):
        page.goto(f"/default{empty}")
        expect(page.locator(".nothing-text, .part-empty").first).to_have_text(re.compile(r"\S.{30,}", re.DOTALL))
    page.goto("/default")
    page.get_by_role("link", name="Go on").click()
    page.get_by_text("The manifest", exact=True).click()
    manifest = json.loads(page.locator("#manifest").inner_text())
    page.get_by_text("Which address goes where").click()
    expect(page.get_by_text("Slash Commands → each command → Request URL")).to_be_visible()
    assert complaints(page) == []
    page.get_by_text("The manifest", exact=True).click()
    picture(page, "setup-slack", height=1280)
    app = unplayed.run(stage.slack.app(sample.TEAM, manifest))

    # A token that Slack does not know is not green.
    page.get_by_label("Signing Secret").fill(app["signing_secret"])
    page.get_by_label("API Bot Token").fill("xoxb-1-2-wrong")
    page.get_by_role("button", name="Save and test").click()
    expect(page.locator("#connection")).to_contain_text("your attention")
    done(page, 3)
    page.get_by_label("API Bot Token").fill(app["bot_token"])
    page.get_by_role("button", name="Save and test").click()
    expect(page.locator("#connection")).to_contain_text("Everything works")
    # We reach Slack. That Slack reaches us shows the first request, without a reload.
    done(page, 3)
    expect(page.locator("[data-live=on]")).to_be_visible()
    general = next(c["id"] for c in unplayed.run(stage.slack.channels()) if c["name"] == "general")
    unplayed.run(stage.slack.command(ADA, general, "/dispatch", "help"))
    expect(page.locator("#connection li", has_text="Slash commands")).to_contain_text("Came in")
    done(page, 4)
    assert complaints(page) == []
    picture(page, "setup-proof", height=1280)

    page.get_by_role("link", name="First incident").last.click()
    expect(page.get_by_text("Nothing was reported yet.").first).to_be_visible()
    page.locator(".guide-step").get_by_role("link", name="Report an incident").click()
    page.get_by_label("Title").fill("Drill: checkout answers with errors")
    page.get_by_label("Description").fill("Nothing is broken. We try Dispatch.")
    page.get_by_role("button", name="Report").click()
    expect(page).to_have_url(re.compile("/default/incidents/INC-1/"))
    unplayed.run(stage.settle())
    page.goto("/default/setup")
    done(page, 5)
    expect(page.get_by_text("INC-1 has its channel.").first).to_be_visible()
    assert complaints(page) == []
    page.goto("/default")
    expect(page.get_by_text("Drill: checkout answers with errors").first).to_be_visible()
    expect(page.get_by_text("Set up Dispatch")).to_have_count(0)


def test_the_guide_can_be_put_away_and_taken_out_again(played: Played) -> None:
    page = played.person("ada@example.com")
    page.goto("/default")
    expect(page.get_by_role("heading", name="Needs you")).to_be_visible()
    # The sample is set up already.
    expect(page.get_by_text("Set up Dispatch")).to_have_count(0)
    page.goto("/default/setup/owner")
    page.get_by_role("button", name="Show it on the home again").click()
    page.goto("/default")
    expect(page.get_by_text("Next: Owner.")).to_be_visible()
    page.get_by_role("button", name="Dismiss").click()
    expect(page.get_by_text("Set up Dispatch")).to_have_count(0)
    # Members have nothing to set up.
    other = played.person("bo@example.com")
    answer = other.goto("/default/setup")
    assert answer is not None and answer.status == 403
    played.said.clear()
