"""/dispatch-list-incidents <organization> <project>: the arguments count."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from dispatch.kit import clock
from dispatch.people.actions import create_organization
from dispatch.situations.models import Situation
from tests.playing import incident, org_id, refused, typed
from tests.stage import BO, CY, Stage, over_both

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
                update(Situation)
                .where(Situation.name == name)
                .values(status="Closed", closed_at=clock.now() - timedelta(hours=hours))
            )
    outsider = (await typed(stage, CY, stage.general, COMMAND))["text"]
    assert hidden not in outsider
    assert "Nobody else may know" not in outsider
    assert fresh in outsider
    assert old not in outsider
    assert "Nobody else may know" in (await typed(stage, BO, stage.general, COMMAND))["text"]
