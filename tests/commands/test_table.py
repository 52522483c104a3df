"""The same stories for every command of the table: it works over both transports and somebody else sees it; it is refused
with its text, in the wrong place, and where the form is older than the world; and what is delivered twice counts once."""

from __future__ import annotations

from sqlalchemy import text

from dispatch.app import load_slack_handlers
from dispatch.kit.slack import registry
from tests.commands.table import FORMS, TABLE, Row, Scene, play
from tests.commands.test_engage_oncall import rotation
from tests.playing import DEE, incident, org_id, refused, rows, typed
from tests.stage import ADA, BO, CY, Stage, over_both


async def written(stage: Stage, row: Row) -> int:
    """How often the form of this command left its fact; the sample organization begins with some."""
    return len(await rows(stage, "select id from event where fact = :fact", fact=row.fact))


async def scene(stage: Stage, *, acknowledged: bool = True) -> Scene:
    name, channel = await incident(stage, acknowledged=acknowledged)
    await rotation(stage, "eli")
    return Scene(name, channel, stage.general)


def place_of(row: Row, at: Scene) -> str:
    return at.elsewhere if row.anywhere and row.key != "dispatch" else at.channel


async def change(stage: Stage, statement: str, **values: object) -> None:
    """The world moves on while somebody has a form open."""
    async with stage.house.db.tx(await org_id(stage)) as t:
        await t.execute(text(statement), values)


async def only_in_the_channel(stage: Stage, at: Scene, user: str, email: str) -> None:
    """Somebody who reads the channel and takes no part in the incident."""
    await stage.slack.invite(ADA, at.channel, user)
    took_part = "select p.id from participant p join person who on who.org_id = p.org_id and who.id = p.person_id where who.email = :email"
    await stage.eventually(lambda: rows(stage, took_part, email=email))
    await stage.settle()
    await change(stage, f"delete from participant_role where participant_id in ({took_part})", email=email)
    await change(stage, f"delete from participant where id in ({took_part})", email=email)


def test_the_table_has_every_command() -> None:
    load_slack_handlers()
    assert {row.key for row in TABLE} == set(registry.commands)
    for row in TABLE:
        known = registry.commands[row.key]
        assert row.command == known.default_name
        assert row.anywhere == known.anywhere
        assert bool(row.fact) == bool(row.values), "a form leaves a fact"


@over_both
async def test_every_command_works_and_somebody_else_sees_it(stage: Stage) -> None:
    at = await scene(stage)
    for row in TABLE:
        answer = await play(stage, row, BO if row.key == "report_incident" else ADA, place_of(row, at))
        assert answer.get("outcome", "list") in ("closed", "updated", "list"), (row.key, answer)
        await row.seen(stage, at)


async def test_what_is_missing_and_where_it_works_is_said(stage: Stage) -> None:
    """W-55, W-59: the reason is precise, nothing opens, and nothing is written."""
    at = await scene(stage)
    before = [await written(stage, row) for row in FORMS]
    for row in TABLE:
        if row.refuses:
            told = await refused(stage, BO, at.channel, row.command, row.words)
            assert told.startswith(row.refuses), (row.key, told)
        if not row.anywhere:
            told = await refused(stage, ADA, at.elsewhere, row.command)
            assert (
                "Please type this command in the channel of an incident: it works on the incident of that channel."
                in told
            )
    await only_in_the_channel(stage, at, CY, "cy@example.com")
    told = await refused(stage, CY, at.channel, "/dispatch-engage-oncall")
    assert told.startswith(
        "To call who is on call you need to take part, or be an admin of the project or the organization. Ask Ada Lovelace"
    )
    assert [await written(stage, row) for row in FORMS] == before


async def test_a_form_is_asked_again_when_it_is_sent(stage: Stage) -> None:
    """W-55: a right that was lost, or an incident that was hidden, while the form was open. Nothing is written."""
    at = await scene(stage)
    await only_in_the_channel(stage, at, DEE, "dee@example.com")
    for row in FORMS:
        if row.key == "report_incident":
            continue
        before = await written(stage, row)
        if row.refuses:
            # Until the commander acknowledges, the reporter steers.
            await change(stage, "update participant_role set acknowledged_at = null where role = 'Commander'")
            view = await typed(stage, BO, at.channel, row.command, row.words)
            await change(stage, "update participant_role set acknowledged_at = now() where role = 'Commander'")
            answer = await stage.slack.submit(BO, view["id"], row.filled(DEE))
            assert row.refuses in str(answer["errors"]), (row.key, answer)
            await stage.slack.close_view(BO, view["id"])
        view = await typed(stage, DEE, at.channel, row.command, row.words)
        await change(stage, "update situation set visibility = 'restricted' where name = :name", name=at.name)
        answer = await stage.slack.submit(DEE, view["id"], row.filled(ADA))
        assert "There is no such incident that you may see." in str(answer["errors"]), (row.key, answer)
        await change(stage, "update situation set visibility = 'open' where name = :name", name=at.name)
        await stage.slack.close_view(DEE, view["id"])
        assert await written(stage, row) == before, row.key


async def test_a_form_of_an_incident_that_was_closed_says_so(stage: Stage) -> None:
    """What steers is refused and stays in the form; what is still of use afterwards is taken."""
    at = await scene(stage)
    for row in FORMS:
        if row.key == "report_incident":
            continue
        before = await written(stage, row)
        view = await typed(stage, ADA, at.channel, row.command, row.words)
        await change(
            stage, "update situation set status = 'Closed', closed_at = now() where name = :name", name=at.name
        )
        answer = await stage.slack.submit(ADA, view["id"], row.filled(DEE))
        if row.closed:
            assert f"{at.name} {row.closed}" in str(answer["errors"]), (row.key, answer)
            assert await written(stage, row) == before, row.key
            await stage.slack.close_view(ADA, view["id"])
        else:
            assert answer["outcome"] == "closed", (row.key, answer)
            assert await written(stage, row) == before + 1, row.key
        await change(stage, "update situation set status = 'Active', closed_at = null where name = :name", name=at.name)


async def test_every_form_counts_once(stage: Stage) -> None:
    """W-06: Slack sends a form again when our answer was lost, and events as often as it likes."""
    at = await scene(stage)
    await stage.slack.faults(
        {"target": "action", "kind": "duplicate", "count": 1000},
        {"target": "event", "kind": "duplicate", "count": 1000},
    )
    for row in FORMS:
        had = await written(stage, row)
        answer = await play(stage, row, ADA, place_of(row, at))
        assert answer["outcome"] in ("closed", "updated"), (row.key, answer)
        assert await written(stage, row) == had + 1, row.key


async def test_a_form_of_an_earlier_version_is_opened_again(stage: Stage) -> None:
    """What a modal carries may be of a version that is gone, or made up: nothing breaks and nothing is written."""
    at = await scene(stage)
    for row in FORMS:
        if row.key in ("report_incident", "dispatch"):
            continue
        before = await written(stage, row)
        view = await typed(stage, ADA, at.channel, row.command)
        stage.box.state.views[view["id"]].view["private_metadata"] = '{"of": "before"}'
        answer = await stage.slack.submit(ADA, view["id"], row.filled(DEE))
        assert "This form belongs to an earlier version. Please open it again." in str(answer["errors"]), (
            row.key,
            answer,
        )
        await stage.slack.close_view(ADA, view["id"])
        assert await written(stage, row) == before, row.key
