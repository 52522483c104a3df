"""What a busy organization has: every form opens, and nothing is refused by the strict sandbox (W-82)."""

from __future__ import annotations

from sqlalchemy import insert, select

from dispatch.kit.slack.opening import GONE
from dispatch.projects.models import Priority, Project, Severity, SituationType, Tag
from tests.playing import incident, org_id, refused, rows, typed
from tests.stage import ADA, CY, Stage


async def grown(stage: Stage, *, projects: int, tags: int) -> None:
    """So many more projects, each with its own choices, and so many tags in the default one."""
    org = await org_id(stage)
    async with stage.house.db.tx(org) as t:
        one = (await t.scalars(select(Project).where(Project.slug == "default"))).one()
        skip = ("id", "slug", "name", "is_default")
        same = {c.key: getattr(one, c.key) for c in Project.__table__.columns if c.key not in skip}
        made = list(
            await t.scalars(
                insert(Project).returning(Project.id),
                [same | {"slug": f"p{n}", "name": f"Project {n:03} 🙂 " + "x" * 100, "is_default": False} for n in range(projects)],
            )
        )
        for cls in (SituationType, Severity, Priority):
            [first, *_] = (await t.scalars(select(cls).where(cls.project_id == one.id))).all()
            same = {c.key: getattr(first, c.key) for c in cls.__table__.columns if c.key not in ("id", "project_id")}
            await t.execute(insert(cls), [same | {"project_id": project} for project in made])
        await t.execute(
            insert(Tag),
            [{"org_id": org, "project_id": one.id, "name": f"tag {n:04} <&> 🙂"} for n in range(tags)],
        )


async def test_many_projects_and_tags_open_and_are_found_while_typing(stage: Stage) -> None:
    """W-82, W-83: 120 projects, 2,000 tags."""
    await grown(stage, projects=118, tags=2000)
    name, channel = await incident(stage, acknowledged=False, Title="🔥" * 150)
    view = await typed(stage, CY, stage.general, "/dispatch-report-incident")
    assert len((await stage.slack.options(CY, view["id"], "tags", "tag 1"))["options"]) == 100
    assert "tag 1999" in str(await stage.slack.options(CY, view["id"], "tags", "tag 1999"))
    assert "Project 117" in str(await stage.slack.options(CY, view["id"], "project", "project 117"))
    await stage.slack.act_in_view(CY, view["id"], "project", "p117")

    async def reloaded() -> bool:
        return "severity@p117" in {block["block_id"] for block in (await stage.slack.view(CY))["blocks"]}

    await stage.eventually(reloaded)
    view = await typed(stage, ADA, channel, "/dispatch-update-incident")
    answer = await stage.slack.submit(ADA, view["id"], {"Tags": ["tag 0007 <&> 🙂", "tag 1234 <&> 🙂"]})
    assert answer["outcome"] == "closed", answer
    assert len(await rows(stage, "select tag_id from situation_tag")) == 2
    listed = await typed(stage, ADA, channel, "/dispatch-list-incidents")
    assert name in listed["text"]
    told = await refused(stage, CY, stage.general, "/dispatch-list-incidents", "default nowhere")
    assert 'There is no project "nowhere"' in told


async def test_nothing_was_refused_by_slack(stage: Stage) -> None:
    """Every form of an incident with extreme texts opens; the sandbox takes each view as Slack would."""
    name, channel = await incident(stage, Title="🔥" * 150, Description="<&> " * 740)
    for command in (
        "add-timeline-event", "assign-role", "engage-oncall", "list-incidents", "list-my-tasks", "list-participants",
        "list-tasks", "report-executive", "report-tactical", "update-incident", "notifications-group",
        "update-participant", "create-task",
    ):  # fmt: skip
        view = await typed(stage, ADA, channel, f"/dispatch-{command}", "ä" * 8000 if command == "create-task" else "")
        assert "Something broke" not in view["text"], command
        await stage.slack.close_view(ADA, view["id"])
    # A form that somebody closed is gone, and that is fine.
    broken = [
        (c["method"], c["result"])
        for c in await stage.slack.calls()
        if not c["result"].get("ok", True) and c["result"].get("error") not in GONE
    ]
    assert not broken
    assert name
