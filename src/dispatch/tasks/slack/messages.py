"""How a task reads in Slack: its post in the channel, reminders, and its line in a list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dispatch.kit.slack.blocks import Block, actions, button, context, cut, date, escape, link, message, section, user
from dispatch.tasks.models import OPEN
from dispatch.tasks.queries import TaskRow

RESOLVE = "task_resolve"
REOPEN = "task_reopen"
REMIND_AGAIN = "task_remind_again"
#: Minutes until a task is called to mind again.
AGAIN_MINUTES = 30

Message = dict[str, Any]


def turn_button(org_slug: str, task: TaskRow) -> Block:
    """Resolve or reopen, whichever is possible."""
    value = f"{org_slug}/{task.id}"
    if task.state == OPEN:
        return button("Resolve", action_id=RESOLVE, value=value, style="primary")
    return button("Reopen", action_id=REOPEN, value=value)


def post(org_slug: str, task: TaskRow, ids: dict[int, str]) -> Message:
    """The task in the channel. `ids` are the assignees' user ids, by person, of those known in the workspace."""
    who = ", ".join(user(ids[p.id]) if p.id in ids else escape(p.name) for p in task.assignees) or "whoever takes it"
    symbol = ":white_check_mark:" if task.state != OPEN else ":ballot_box_with_check:"
    done = " · resolved" if task.state != OPEN else ""
    return message(
        [
            section(f"{symbol} *Task {task.number}*{done} for {who}\n{escape(cut(task.description, 2500))}"),
            context(*_small(task)),
            actions(turn_button(org_slug, task)),
        ],
        f"Task {task.number} of {task.incident}{done}: {escape(cut(task.description, 200))}",
    )


def told(task: TaskRow, *, by: str, url: str) -> Message:
    """To an assignee: they may not be looking at the channel."""
    return message(
        [
            section(
                f":ballot_box_with_check: *{escape(by)} gave you task {task.number} of {link(url, task.incident)}*\n"
                f"{escape(cut(task.description, 2500))}"
            ),
            context(*_small(task)),
        ],
        f"{by} gave you task {task.number} of {task.incident}",
    )


def finish_or_give_away(left: Sequence[TaskRow], *, incident: str, channel: str, url: str) -> Message:
    """To somebody who left the channel with open tasks and was brought back."""
    shown = [f"• *Task {task.number}* {escape(cut(task.description, 150))}" for task in left[:10]]
    if len(left) > len(shown):
        shown.append(f"and {len(left) - len(shown)} more")
    return message(
        [
            section(
                f"*You have open tasks in {link(url, incident)}, so you were brought back into <#{channel}>.*\n"
                + "\n".join(shown)
            ),
            context("Resolve them or give them to somebody else, and you can leave."),
        ],
        f"You have open tasks in {incident} and were brought back into its channel",
    )


def reminder(org_slug: str, task: TaskRow, *, when: str, url: str) -> Message:
    """To whoever has to do it, with the buttons that end or put off the reminding."""
    return message(
        [
            section(
                f":alarm_clock: *Task {task.number} of {link(url, task.incident)} {escape(when)}*\n"
                f"{escape(cut(task.description, 2500))}"
            ),
            context(*_small(task)),
            actions(
                turn_button(org_slug, task),
                button(f"Remind again in {AGAIN_MINUTES} min", action_id=REMIND_AGAIN, value=f"{org_slug}/{task.id}"),
            ),
        ],
        f"Task {task.number} of {task.incident} {when}",
    )


def line(org_slug: str, task: TaskRow, *, incident: bool) -> Block:
    """A task in a list, with its button."""
    name = f"{task.incident} · {task.number}" if incident else f"{task.number}"
    who = ", ".join(escape(p.name) for p in task.assignees[:5]) or "nobody yet"
    more = f" and {len(task.assignees) - 5} more" if len(task.assignees) > 5 else ""
    return section(
        f"*{name}* {escape(cut(' '.join(task.description.split()), 1000))}\n_{who}{more}_ · {' · '.join(_small(task))}",
        accessory=turn_button(org_slug, task),
        block_id=f"task-{task.id}",
    )


def _small(task: TaskRow) -> list[str]:
    said = [f"created by {escape(task.creator)}"]
    if task.due_at is not None:
        said.append(f"due {date(task.due_at)}")
    if task.resolved_at is not None:
        said.append(f"resolved {date(task.resolved_at)}")
    if task.url:
        said.append(link(task.url, "message"))
    return said
