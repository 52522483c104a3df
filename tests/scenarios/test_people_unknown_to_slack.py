"""Whoever is not in the workspace takes part all the same, and their contact data comes from the configured fields."""

from __future__ import annotations

from sqlalchemy import delete

from dispatch.people.actions import person_for
from dispatch.people.models import ChatIdentity
from dispatch.people.queries import organization
from tests.stage import CY, Stage


async def test_a_commander_slack_does_not_know_is_a_participant_and_the_page_says_why(stage: Stage) -> None:
    async with stage.house.db.system() as t:
        org = await organization(t, "default")
    assert org is not None
    async with stage.house.db.tx(org.id) as t:
        await person_for(t, "zed@partner.example", name="Zed Partner")
    headers = {"Authorization": f"Bearer {await stage.token('admin')}"}
    report = {"title": "Gateway down", "description": "Since noon.", "commander": "zed@partner.example"}
    made = await stage.web.post("/api/v1/default/incidents", json=report, headers=headers)
    assert made.status_code == 201, made.text
    name = made.json()["name"]
    await stage.settle()
    ada = await stage.sign_in("ada@example.com")
    page = (await ada.get(f"/default/incidents/{name}/fragments/participants")).text
    assert "Zed Partner" in page
    assert "Nobody with this e-mail address is known in the chat workspace. They see everything on this page." in page
    # The program that reported it is nobody to bring into a channel, and no lack.
    story = (await stage.web.get(f"/api/v1/default/incidents/{name}/timeline", headers=headers)).json()["items"]
    absent = [event["says"] for event in story if "could not be brought" in event["says"]]
    assert len(absent) == 1 and absent[0].startswith("Zed Partner"), absent
    assert (await stage.channel_of(name))["is_archived"] is False


async def test_a_reporter_brings_department_team_and_weblink_from_their_profile(stage: Stage) -> None:
    await stage.slack.change_user(
        CY,
        email="cy.new@example.com",
        profile={
            "title": "Director",
            "fields": {
                "Xf1DEPT": {"value": "Sales", "alt": ""},
                "Xf2TEAM": {"value": "North", "alt": ""},
                "Xf3LINK": {"value": "https://example.com/cy", "alt": ""},
            },
        },
    )
    async with stage.house.db.system() as t:
        org = await organization(t, "default")
    assert org is not None
    async with stage.house.db.tx(org.id) as t:
        await t.execute(delete(ChatIdentity).where(ChatIdentity.org_id == t.org, ChatIdentity.user_id == CY))
    await stage.configure(
        "slack-contact",
        {
            "profile_department_field_id": "Xf1DEPT",
            "profile_team_field_id": "Xf2TEAM",
            "profile_weblink_field_id": "Xf3LINK",
        },
    )
    await stage.report(by=CY)
    async with stage.house.db.tx(org.id) as t:
        cy = await person_for(t, "cy.new@example.com")
    assert (cy.name, cy.title, cy.department, cy.team, cy.weblink, cy.tz) == (
        "Cy Okafor", "Director", "Sales", "North", "https://example.com/cy", "Africa/Lagos",
    )  # fmt: skip
    assert cy.location == "Africa/Lagos"
