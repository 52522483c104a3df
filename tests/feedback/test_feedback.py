"""When an incident is closed, everybody who took part is asked how it went."""

from __future__ import annotations

from tests.playing import DEE, drawn, incident, rows, timeline, told_directly, typed
from tests.stage import ADA, BO, CY, Stage


async def test_feedback_is_asked_for_and_given(stage: Stage) -> None:
    name, channel = await incident(stage)
    view = await typed(stage, ADA, channel, "/dispatch-update-incident")
    await stage.slack.submit(ADA, view["id"], {"Status": "Closed"})
    asked = await told_directly(stage, BO, f"{name} is closed. How did it go?")
    assert not await stage.direct_messages(CY, f"{name} is closed")
    for rating, words in (("Badly", "Nobody knew who leads"), ("Well", ""), ("Well", "")):
        await stage.slack.act_in_message(BO, asked["channel"], asked["ts"], "give_feedback")
        view = await drawn(stage, BO)
        answer = await stage.slack.submit(
            BO, view["id"], {"How did we handle it?": rating, "What should we do differently?": words}
        )
        assert "Thank you" in answer["view"]["text"]
        await stage.slack.close_view(BO, answer["view"]["id"])
    assert [(r["rating"], r["text"]) for r in await rows(stage, "select rating, text from feedback")] == [(4, "")]
    told = await timeline(stage, name, "ada")
    assert "Bo Nilsson gave feedback: badly" in told
    assert told.count("Bo Nilsson gave feedback: well") == 1


async def test_one_who_cannot_be_asked_keeps_nobody_else_from_it(stage: Stage) -> None:
    """An account that is gone is passed over; a refusal nobody expected is named, and all others are asked."""
    name, channel = await incident(stage)
    await stage.slack.invite(BO, channel, CY, DEE)
    await stage.settle()
    # The first of those who are asked.
    await stage.slack.change_user(BO, deleted=True)
    await stage.settle()
    await stage.slack.faults({"target": "conversations.open", "kind": "error:cannot_dm_bot", "count": 1})
    view = await typed(stage, ADA, channel, "/dispatch-update-incident")
    await stage.slack.submit(ADA, view["id"], {"Status": "Closed"})
    await stage.settle()
    asked = {user for user in (ADA, CY, DEE) if await stage.direct_messages(user, f"{name} is closed. How did it go?")}
    [ask] = [step for step in await stage.steps(name) if step["name"] == "ask"]
    assert len(asked) == 2
    assert ask["state"] == "failed"
    assert "All others were told." in ask["hint"]
    [missed] = {ADA: "Ada Lovelace", CY: "Cy Okafor", DEE: "Dee Alvarez"}.keys() - asked
    assert ask["reason"].startswith(f"Not told: {({ADA: 'Ada Lovelace', CY: 'Cy Okafor', DEE: 'Dee Alvarez'})[missed]}")
    assert "Bo" not in ask["reason"]
