"""The App Home: what is mine, whether I am on call, what is going on, and the button to report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dispatch.kit import clock
from dispatch.kit.db import Database, Read
from dispatch.kit.slack import blocks as b
from dispatch.kit.slack.homes import Drawn, publish_opened
from dispatch.kit.slack.opening import open_modal
from dispatch.kit.slack.registry import Answer, Installation, Request, action, event
from dispatch.oncall.queries import OnCall, all_rotations, turns
from dispatch.people.models import Person
from dispatch.people.queries import Viewer, viewer_of_person
from dispatch.people.queries import person as person_by_id
from dispatch.situations.current import current_incidents
from dispatch.situations.queries import Links, Row
from dispatch.situations.slack.actor import actor, somebody
from dispatch.situations.slack.report_incident import open_report
from dispatch.tasks.models import OPEN
from dispatch.tasks.queries import tasks_for
from dispatch.tasks.slack.listing import listed

REPORT = "home_report_incident"
MY_TASKS = "home_my_tasks"
#: Incidents and tasks shown; the rest is counted.
SHOWN = 10


@event("app_home_opened", needs=("users:read", "users:read.email"), anywhere=True)
async def opened(installation: Installation, db: Database, happened: Mapping[str, Any]) -> None:
    """Drawn anew each time it is opened, and kept up to date from then on (`kit.slack.homes`)."""
    user = str(happened.get("user", ""))
    if not user or happened.get("tab") not in (None, "home"):
        return
    person = await somebody(installation, db, user)
    if person is None:
        return
    await publish_opened(db, installation, user, person.id, draw)


async def draw(db: Database, installation: Installation, person_id: int) -> Drawn:
    """The home of one person as it is now, and when somebody's turn on call ends."""
    async with db.read(installation.org) as t:
        who = await person_by_id(t, person_id)
        found = await turns(t, await all_rotations(t), clock.now())
        blocks = await home(t, installation, who, [on for on in found.values() if on is not None])
    ends = [on.until for on in found.values() if on is not None]
    return Drawn(b.home([*blocks, b.context(f"As of {b.date(clock.now())}.")]), blocks, min(ends, default=None))


async def home(t: Read, installation: Installation, person: Person, on_call: Sequence[OnCall]) -> list[b.Block]:
    """What one person sees; nothing in it that they may not see."""
    viewer = await viewer_of_person(t, person)
    mine = await current_incidents(t, viewer, mine=True, size=SHOWN)
    everything = await current_incidents(t, viewer, size=SHOWN)
    tasks = await tasks_for(t, viewer, person.id, size=SHOWN)
    todo = [task for task in tasks.items if task.state == OPEN]
    return [
        b.header(f"Dispatch · {installation.org_name}"),
        b.actions(
            b.button("Report incident", action_id=REPORT, value=f"{installation.org_slug}/report", style="danger"),
            b.button("My tasks", action_id=MY_TASKS, value=f"{installation.org_slug}/tasks"),
            b.button("Open Dispatch", action_id="open_link", url=f"{Links.base}/{installation.org_slug}/incidents"),
        ),
        *_on_call(person, on_call),
        b.divider(),
        *_incidents("Your incidents", viewer, mine.items, mine.total, "You take part in none."),
        b.divider(),
        b.header(f"Your open tasks ({tasks.open})"),
        *(
            b.section(f"*{task.incident} · {task.number}* {b.escape(b.cut(' '.join(task.description.split()), 300))}")
            for task in todo
        ),
        *([] if todo else [b.section("Nothing waits for you.")]),
        b.divider(),
        *_incidents("What is going on", viewer, everything.items, everything.total, "Nothing is going on. :sunny:"),
    ]


def _on_call(person: Person, on_call: Sequence[OnCall]) -> list[b.Block]:
    # Of all rotations: whoever stands in need not be on one.
    mine = [on for on in on_call if on.person_id == person.id]
    if not mine:
        return [b.section("You are not on call now.")]
    return [
        b.section(
            "\n".join(
                f":telephone_receiver: *You are on call* for {b.escape(on.rotation)} until {b.date(on.until)}"
                for on in mine
            )
        )
    ]


def _incidents(title: str, viewer: Viewer, rows: list[Row], total: int, none: str) -> list[b.Block]:
    lines = [
        f"*{b.link(Links.incident(viewer.org_slug, row.name), row.name)}* {b.escape(b.cut(row.title, 150))}\n"
        f"{row.status} · {b.escape(row.severity.name)} · led by {b.escape(row.commander.name) if row.commander else 'nobody'}"
        for row in rows
    ]
    more = [b.context(f"and {total - len(rows)} more")] if total > len(rows) else []
    return [
        b.header(f"{title} ({total})"),
        *(b.section(line) for line in lines),
        *more,
        *([] if lines else [b.section(none)]),
    ]


@action(REPORT)
async def report_pressed(asked: Request) -> Answer:
    """The same form as the command's."""
    await open_report(asked, {})
    return None


@action(MY_TASKS)
async def tasks_pressed(asked: Request) -> Answer:
    """The same list as the command's."""

    async def fill() -> b.View:
        person = await actor(asked)
        async with asked.db.read(asked.org) as t:
            return await listed(t, await viewer_of_person(t, person), situation_id=0)

    await open_modal(asked, "My tasks", fill)
    return None
