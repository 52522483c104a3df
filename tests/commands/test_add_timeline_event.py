"""/dispatch-add-timeline-event, and the message shortcut."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dispatch.kit import clock
from tests.playing import drawn, incident, refused, rows, timeline, typed
from tests.stage import ADA, BO, CY, Stage, over_both

COMMAND = "/dispatch-add-timeline-event"


@over_both
@pytest.mark.seed("/dispatch-add-timeline-event")
async def test_an_event_is_written_at_its_moment(stage: Stage) -> None:
    """W-80: words such as "date" and "time" in the text are just words."""
    name, channel = await incident(stage)
    words = "DESC the time and date of the last deploy <b> & more"
    view = await typed(stage, ADA, channel, COMMAND, words)
    assert "your time zone is Europe/Berlin" in view["text"]
    moment = int((clock.now() - timedelta(hours=3)).timestamp())
    answer = await stage.slack.submit(ADA, view["id"], {"When it happened": moment})
    assert answer["outcome"] == "closed", answer
    assert "the time and date of the last deploy &lt;b&gt; &amp; more" in await timeline(stage, name)
    [event] = await rows(stage, "select extract(epoch from at)::bigint as at from event where fact = 'note.added'")
    assert event["at"] == moment


async def test_the_future_is_refused_at_its_field(stage: Stage) -> None:
    _, channel = await incident(stage)
    view = await typed(stage, ADA, channel, COMMAND, "Too early")
    answer = await stage.slack.submit(
        ADA, view["id"], {"When it happened": int((clock.now() + timedelta(hours=1)).timestamp())}
    )
    assert answer["errors"] == {"at": "The timeline tells what happened; this moment is in the future."}


async def test_a_message_is_added_once_with_its_author_and_moment(stage: Stage) -> None:
    """W-36: the exact message, by whom it was said."""
    _, channel = await incident(stage)
    said = await stage.slack.say(BO, channel, "The database is back")
    for _ in range(2):
        await stage.slack.shortcut(ADA, "add_timeline_event", {"channel": channel, "ts": said["ts"]})
        view = await drawn(stage, ADA)
        assert (await stage.slack.submit(ADA, view["id"], {}))["outcome"] == "closed"
    notes = await rows(
        stage,
        "select n.text, n.url, who.email, extract(epoch from e.at)::bigint as at from timeline_note n"
        " join person who on who.org_id = n.org_id and who.id = n.author_id"
        " join event e on e.org_id = n.org_id and e.id = n.event_id",
    )
    assert [(n["text"], n["email"], n["at"]) for n in notes] == [
        ("The database is back", "bo@example.com", int(said["ts"].split(".")[0]))
    ]
    assert notes[0]["url"]


async def test_refusals(stage: Stage) -> None:
    _, channel = await incident(stage)
    assert "To add to the timeline you need to be Commander" in await refused(stage, BO, channel, COMMAND)
    assert "in the channel of an incident" in await refused(stage, CY, stage.general, COMMAND)
