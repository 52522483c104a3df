"""/dispatch-assign-role."""

from __future__ import annotations

import pytest

from tests.playing import DEE, incident, refused, rows, says, timeline, told_directly, typed
from tests.stage import ADA, BO, Stage, over_both

COMMAND = "/dispatch-assign-role"


@over_both
@pytest.mark.seed("/dispatch-assign-role")
async def test_a_role_is_given_and_everybody_reads_it(stage: Stage) -> None:
    name, channel = await incident(stage)
    view = await typed(stage, ADA, channel, COMMAND)
    answer = await stage.slack.submit(ADA, view["id"], {"Participant": DEE, "Role": "Scribe"})
    assert answer["outcome"] == "closed", answer
    await says(stage, channel, BO, f"Dee Alvarez is Scribe of {name} now")
    await told_directly(stage, DEE, f"You were brought into {name}")
    assert "Ada Lovelace made Dee Alvarez Scribe" in await timeline(stage, name)
    # A scribe steers: the same form is theirs now.
    view = await typed(stage, DEE, channel, COMMAND)
    answer = await stage.slack.submit(DEE, view["id"], {"Participant": DEE, "Role": "Scribe"})
    assert answer["errors"] == {"person": "Dee Alvarez is Scribe already."}


@pytest.mark.seed("/dispatch-assign-role")
async def test_the_command_is_offered_not_given(stage: Stage) -> None:
    name, channel = await incident(stage)
    view = await typed(stage, ADA, channel, COMMAND)
    answer = await stage.slack.submit(ADA, view["id"], {"Participant": DEE, "Role": "Commander"})
    assert answer["outcome"] == "updated"
    assert f"Dee Alvarez was asked to lead {name}. Ada Lovelace leads until they accept" in answer["view"]["text"]
    offer = await told_directly(stage, DEE, "Ada Lovelace asks you to lead")
    await stage.slack.act_in_message(DEE, offer["channel"], offer["ts"], "accept_command")
    await says(stage, channel, BO, f"Dee Alvarez leads {name} now")


async def test_an_observer_holds_one_light_role(stage: Stage) -> None:
    name, channel = await incident(stage)
    for role in ("Participant", "Observer"):
        view = await typed(stage, ADA, channel, COMMAND)
        assert (await stage.slack.submit(ADA, view["id"], {"Participant": DEE, "Role": role}))["outcome"] == "closed"
    held = await rows(
        stage,
        "select r.role from participant_role r join participant p on p.org_id = r.org_id and p.id = r.participant_id"
        " join person who on who.org_id = p.org_id and who.id = p.person_id"
        " join situation s on s.org_id = p.org_id and s.id = p.situation_id"
        " where who.email = 'dee@example.com' and r.renounced_at is null and s.name = :name",
        name=name,
    )
    assert [row["role"] for row in held] == ["Observer"]
    view = await typed(stage, ADA, channel, COMMAND)
    answer = await stage.slack.submit(ADA, view["id"], {"Participant": ADA, "Role": "Observer"})
    assert answer["errors"] == {"person": "Ada Lovelace is Commander; that says more than Observer."}


async def test_refusals(stage: Stage) -> None:
    """W-58: a bot is refused and not made up; nobody is offered a role of another kind."""
    _, channel = await incident(stage)
    assert "To assign roles you need to be Commander" in await refused(stage, BO, channel, COMMAND)
    assert "in the channel of an incident" in await refused(stage, ADA, stage.general, COMMAND)
    view = await typed(stage, ADA, channel, COMMAND)
    assert "Assignee" not in view["text"]
    answer = await stage.slack.submit(ADA, view["id"], {"Participant": stage.app["bot_user_id"], "Role": "Scribe"})
    assert "is an app, has no e-mail address or belongs to another workspace" in answer["errors"]["person"]
