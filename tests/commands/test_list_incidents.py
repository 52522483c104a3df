"""/dispatch-list-incidents <organization> <project>: the arguments count."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update

from dispatch.kit import clock
from dispatch.people.actions import create_organization
from dispatch.situations.models import Situation
from tests.playing import incident, org_id, refused, shown, typed
from tests.stage import ADA, BO, CY, Stage, over_both

COMMAND = "/dispatch-list-incidents"


@over_both
@pytest.mark.seed("/dispatch-list-incidents")
async def test_what_is_going_on_is_listed(stage: Stage) -> None:
    """W-13, W-84: both arguments are honoured, and "default" is the usual one."""
    name, _ = await incident(stage)
    paid, _ = await incident(stage, Project="payments", acknowledged=False)
    for words in ("", "default", "'default'"):
        view = await typed(stage, CY, stage.general, COMMAND, words)
        assert name in view["text"]
        assert paid in view["text"]
    view = await typed(stage, CY, stage.general, COMMAND, "default payments")
    assert paid in view["text"]
    assert name not in view["text"]
    view = await typed(stage, CY, stage.general, COMMAND, "default default")
    assert name in view["text"]
    assert paid not in view["text"]


async def test_unknown_and_not_yours_sound_the_same(stage: Stage) -> None:
    async with stage.house.db.system() as t:
        await create_organization(t, "secret-lab", name="Secret Lab")
    answers = [await refused(stage, CY, stage.general, COMMAND, slug) for slug in ("secret-lab", "no-such-thing")]
    assert answers[0].replace("secret-lab", "*") == answers[1].replace("no-such-thing", "*")
    assert "not an organization whose incidents you can list" in answers[0]
    assert "There is no project &lt;b&gt;" not in answers[0]
    assert 'There is no project "nowhere"' in await refused(stage, CY, stage.general, COMMAND, "default nowhere")


@pytest.mark.seed("/dispatch-list-incidents")
async def test_restricted_ones_are_for_participants_and_old_ones_are_gone(stage: Stage) -> None:
    hidden, _ = await incident(stage, Visibility="restricted", Title="Nobody else may know")
    fresh, _ = await incident(stage, Title="Just closed", acknowledged=False)
    old, _ = await incident(stage, Title="Closed long ago", acknowledged=False)
    async with stage.house.db.tx(await org_id(stage)) as t:
        for name, hours in ((fresh, 23), (old, 25)):
            await t.execute(
                update(Situation).where(Situation.name == name).values(status="Closed", closed_at=clock.now() - timedelta(hours=hours))
            )
    outsider = (await typed(stage, CY, stage.general, COMMAND))["text"]
    assert hidden not in outsider
    assert "Nobody else may know" not in outsider
    assert fresh in outsider
    assert old not in outsider
    assert "Nobody else may know" in (await typed(stage, BO, stage.general, COMMAND))["text"]


async def test_many_incidents_with_long_titles_page(stage: Stage) -> None:
    """W-61, W-82: 120 incidents with emoji titles of 150 characters."""
    name, _ = await incident(stage, acknowledged=False)
    async with stage.house.db.tx(await org_id(stage)) as t:
        one = (await t.scalars(select(Situation).where(Situation.name == name))).one()
        skip = ("id", "name", "title", "source_key", "words")
        same = {c.key: getattr(one, c.key) for c in Situation.__table__.columns if c.key not in skip}
        await t.execute(
            insert(Situation), [same | {"name": f"BIG-{n}", "title": "🔥<&>" * 37 + f"{n:02}"} for n in range(119)]
        )
    view = await typed(stage, ADA, stage.general, COMMAND)
    assert "Page 1 of 6" in view["text"]
    for page in range(2, 7):
        await stage.slack.act_in_view(ADA, view["id"], "list_incidents_next")
        await shown(stage, ADA, f"Page {page} of 6")
