"""All commands of Dispatch, one row each: what is typed, what is filled in, and how a second person notices.

Scenarios run over this table; a command that is missing here fails `test_table`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.playing import DEE, ELI, says, timeline, told_directly, typed
from tests.stage import BO, CY, Stage

#: In the values: whoever plays the second person.
SECOND = "@second"
STEERS = "you need to be Commander, Scribe or an admin of the project or the organization. Ask Ada Lovelace, who leads, or an admin (Dee Alvarez"
CLOSED = "is closed; reopen it first."


@dataclass(frozen=True)
class Scene:
    """Where the table is played: an incident, its channel, and a channel of no incident."""

    name: str
    channel: str
    elsewhere: str


Look = Callable[[Stage, Scene], Awaitable[Any]]


@dataclass(frozen=True)
class Row:
    """One command."""

    #: As the code knows it.
    key: str
    #: Its name as typed, without the prefix.
    name: str
    #: How a second person notices; fails when they do not.
    seen: Look
    #: What is filled in; empty for a list.
    values: Mapping[str, Any] = field(default_factory=dict)
    #: Typed after the command.
    words: str = ""
    #: The fact that one form leaves, however often it is delivered.
    fact: str = ""
    #: What somebody who takes part and does not steer is told; empty: they may.
    refuses: str = ""
    #: What is said where the incident was closed while the form was open; empty: it works nevertheless.
    closed: str = ""
    #: Works in every channel.
    anywhere: bool = False

    @property
    def command(self) -> str:
        return f"/dispatch-{self.name}" if self.name else "/dispatch"

    def filled(self, second: str) -> dict[str, Any]:
        """The values, with the second person's user id."""
        return {
            label: second if value == SECOND else [second] if value == [SECOND] else value
            for label, value in self.values.items()
        }


def _in_channel(by: str, starts: str) -> Look:
    async def look(stage: Stage, scene: Scene) -> None:
        await says(stage, scene.channel, by, starts.format(name=scene.name))

    return look


def _in_timeline(part: str) -> Look:
    async def look(stage: Stage, scene: Scene) -> None:
        assert part in await timeline(stage, scene.name)

    return look


def _directly(user: str, starts: str) -> Look:
    async def look(stage: Stage, scene: Scene) -> None:
        await told_directly(stage, user, starts.format(name=scene.name))

    return look


def _listed(by: str, command: str, part: str) -> Look:
    async def look(stage: Stage, scene: Scene) -> None:
        place = scene.elsewhere if by == CY else scene.channel
        view = await typed(stage, by, place, f"/dispatch-{command}")
        assert part.format(name=scene.name) in view["text"], view["text"]
        await stage.slack.close_view(by, view["id"])

    return look


async def _announced(stage: Stage, _scene: Scene) -> None:
    place = next(c["id"] for c in await stage.slack.channels() if c["name"] == "incidents")

    async def look() -> bool:
        return any("The table burns" in str(m) for m in await stage.slack.messages(place, as_=CY))

    await stage.eventually(look)


REPORTED = {"Title": "The table burns", "Description": "Since noon"}
TACTICAL = {"Conditions": "Table conditions", "Actions": "Table actions", "Needs": "Table needs"}
EXECUTIVE = {"Current Status": "Table status", "Overview": "Table overview", "Next Steps": "Table steps"}

TABLE: tuple[Row, ...] = (
    Row("report_incident", "report-incident", _announced, REPORTED, fact="situation.opened", anywhere=True),
    Row(
        "add_timeline_event", "add-timeline-event", _in_timeline("The table was set"), {"Description": "The table was set"},
        fact="note.added", refuses=f"To add to the timeline {STEERS}",
    ),
    Row(
        "assign_role", "assign-role", _in_channel(BO, "Dee Alvarez is Scribe of {name} now"),
        {"Participant": SECOND, "Role": "Scribe"}, fact="role.assigned", refuses=f"To assign roles {STEERS}", closed=CLOSED,
    ),
    Row(
        "engage_oncall", "engage-oncall", _directly(ELI, "{name} needs you, on call for Databases"),
        {"Service": "Databases", "Note": "Table note"}, fact="oncall.engaged", closed=CLOSED,
    ),
    Row(
        "create_task", "create-task", _directly(DEE, "Ada Lovelace gave you task 1 of {name}"),
        {"Task Description": "Lay the table", "Assignees": [SECOND]}, fact="task.created",
        refuses=f"To create a task {STEERS}", closed=CLOSED,
    ),
    Row("list_tasks", "list-tasks", _listed(BO, "list-tasks", "Lay the table")),
    Row("list_my_tasks", "list-my-tasks", _listed(DEE, "list-my-tasks", "Lay the table"), anywhere=True),
    Row("list_participants", "list-participants", _listed(BO, "list-participants", "Scribe")),
    Row("list_incidents", "list-incidents", _listed(CY, "list-incidents", "{name}"), anywhere=True),
    Row(
        "update_participant", "update-participant", _listed(BO, "list-participants", "Knows the table"),
        {"Reason added": "Knows the table"}, fact="participant.updated",
    ),
    Row(
        "report_tactical", "report-tactical", _in_channel(BO, "Tactical report 1 of {name}"), TACTICAL,
        fact="report.written", refuses=f"To write a report {STEERS}", closed=CLOSED,
    ),
    Row(
        "update_notifications_group", "notifications-group", _in_timeline("table@example.com"),
        {"E-mail addresses": "table@example.com"}, fact="notifications_group.changed",
        refuses=f"To edit the notifications group {STEERS}",
    ),
    Row(
        "report_executive", "report-executive", _in_channel(BO, "Executive report 1 of {name}"), EXECUTIVE,
        fact="report.written", refuses=f"To write a report {STEERS}", closed=CLOSED,
    ),
    Row(
        "update_incident", "update-incident", _listed(CY, "list-incidents", "The table is cleared"),
        {"Title": "The table is cleared"}, fact="situation.details_changed", refuses=f"To change this {STEERS}",
    ),
    Row(
        "dispatch", "", _in_channel(BO, "Task 2 of {name}"), {"Assignees": [SECOND]}, "create-task Clear the table",
        fact="task.created", refuses=f"To create a task {STEERS}", closed=CLOSED, anywhere=True,
    ),
)  # fmt: skip
FORMS = tuple(row for row in TABLE if row.values)


async def play(stage: Stage, row: Row, by: str, place: str, *, second: str = DEE) -> dict[str, Any]:
    """Type the command, fill the form, close what is left open; the answer of the submission, or the list."""
    view = await typed(stage, by, place, row.command, row.words)
    if row.values:
        answer = await stage.slack.submit(by, view["id"], row.filled(second))
        if answer["outcome"] == "updated":
            await stage.slack.close_view(by, view["id"])
        return answer
    await stage.slack.close_view(by, view["id"])
    return view
