"""A busy organization: 120 projects, 2,000 tags, 300 participants, 500 tasks, 120 incidents, and texts as long as they may be."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert, select, text

from dispatch.kit import clock
from dispatch.kit.db import Tx
from dispatch.oncall.models import Rotation
from dispatch.people.models import Person
from dispatch.projects.models import Priority, Project, Severity, SituationType, Tag
from dispatch.reports.actions import write_report
from dispatch.reports.models import NotificationAddress
from dispatch.situations.actions import add_note
from dispatch.situations.models import Situation
from dispatch.tasks.actions import create_task
from dispatch.tasks.models import Task
from tests.commands.test_participants import crowd
from tests.playing import org_id
from tests.stage import Stage

#: Characters a title may have, and what Slack counts as more than one.
LONG_TITLE = "🔥" * 150
LONG_TEXT = "😀&<" * 13_333


def same(row: Any, *but: str) -> dict[str, Any]:
    """The columns of a row, for making more like it."""
    return {c.key: getattr(row, c.key) for c in type(row).__table__.columns if c.key not in ("id", *but)}


async def busy(stage: Stage, name: str, *, tasks_of: str) -> None:
    """Fill the organization around this incident; the tasks are made by the person of this address."""
    await crowd(stage, name, 297)
    async with stage.house.db.tx(await org_id(stage)) as t:
        situation = (await t.scalars(select(Situation).where(Situation.name == name))).one()
        people = {
            each.email: each for each in await t.scalars(select(Person).where(Person.email.not_like("p%@example.com")))
        }
        await _projects(t, 118)
        await _tags(t, 2000)
        [tasks_by] = [person for email, person in people.items() if email == tasks_of]
        await _tasks(t, situation, tasks_by, 499)
        # As if by a person or a program, so that it is posted, too.
        await create_task(
            t, situation, LONG_TEXT[:40_000], by=tasks_by, assignees=[people["ada@example.com"]], source="api"
        )
        await add_note(t, situation, LONG_TEXT[:40_000], author=tasks_by, source="web")
        written = {"conditions": LONG_TEXT[:10_000], "actions": LONG_TEXT[:10_000], "needs": "n"}
        await write_report(t, situation, "tactical", written, by=tasks_by, next_minutes=30)
        written = {"current_status": LONG_TEXT[:10_000], "overview": LONG_TEXT[:10_000], "next_steps": "n"}
        await write_report(t, situation, "executive", written, by=tasks_by, next_minutes=30)
        await t.execute(
            insert(NotificationAddress),
            [{"org_id": t.org, "situation_id": situation.id, "email": f"board{n:03}@example.com"} for n in range(100)],
        )
        now = {"starts_at": clock.now(), "shift_hours": 10_000, "members": [tasks_by.id]}
        await t.execute(
            insert(Rotation),
            [
                now | {"org_id": t.org, "project_id": situation.project_id, "name": f"Service {n:03} 🙂"}
                for n in range(120)
            ],
        )
        like_it = same(situation, "name", "title", "source_key", "words")
        await t.execute(
            insert(Situation), [like_it | {"name": f"BIG-{n}", "title": "🔥<&>" * 37 + f"{n:02}"} for n in range(119)]
        )
        await t.execute(
            text("update situation set description = :long where id = :id"),
            {"long": LONG_TEXT[:40_000], "id": situation.id},
        )


async def _projects(t: Tx, count: int) -> None:
    one = (await t.scalars(select(Project).where(Project.slug == "default"))).one()
    more = [{"slug": f"p{n}", "name": f"Project {n:03} 🙂 " + "x" * 100, "is_default": False} for n in range(count)]
    like_it = same(one, "slug", "name", "is_default")
    made = list(await t.scalars(insert(Project).returning(Project.id), [like_it | each for each in more]))
    for cls in (SituationType, Severity, Priority):
        [first, *_] = (await t.scalars(select(cls).where(cls.project_id == one.id))).all()
        like_it = same(first, "project_id")
        await t.execute(insert(cls), [like_it | {"project_id": project} for project in made])


async def _tags(t: Tx, count: int) -> None:
    project = (await t.execute(select(Project.id).where(Project.slug == "default"))).scalar_one()
    await t.execute(
        insert(Tag), [{"org_id": t.org, "project_id": project, "name": f"tag {n:04} <&> 🙂"} for n in range(count)]
    )


async def _tasks(t: Tx, situation: Situation, by: Person, count: int) -> None:
    now = clock.now()
    await t.execute(
        insert(Task),
        [
            {
                "org_id": t.org, "situation_id": situation.id, "number": n, "creator_id": by.id,
                "description": f"Task no {n} " + (LONG_TEXT if n % 100 == 0 else LONG_TEXT[:900])[:39_000], "source": "api",
                "created_at": now, "changed_at": now, "history": [], "post": {}, "url": "", "version": 1, "state": "open",
            }
            for n in range(1, count + 1)
        ],
    )  # fmt: skip
