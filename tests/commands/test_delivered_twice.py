"""Slack sends a form again when our answer was lost: each form counts once."""

from __future__ import annotations

from typing import Any

from tests.playing import DEE, incident, rows, typed
from tests.stage import ADA, Stage

FORMS: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("/dispatch-create-task", {"Task Description": "Once"}, "task.created"),
    ("/dispatch-add-timeline-event", {"Description": "Once"}, "note.added"),
    ("/dispatch-assign-role", {"Participant": DEE, "Role": "Scribe"}, "role.assigned"),
    ("/dispatch-update-incident", {"Title": "Once"}, "situation.details_changed"),
    ("/dispatch-update-participant", {"Team": "Once"}, "participant.updated"),
    ("/dispatch-report-tactical", {"Conditions": "c", "Actions": "a", "Needs": "n"}, "report.written"),
    ("/dispatch-notifications-group", {"E-mail addresses": "once@example.com"}, "notifications_group.changed"),
)


async def test_every_form_counts_once(stage: Stage) -> None:
    """W-06: no doubled rows, whatever is delivered twice."""
    name, channel = await incident(stage)
    await stage.slack.faults({"target": "action", "kind": "duplicate", "count": 100})
    for command, values, fact in FORMS:
        view = await typed(stage, ADA, channel, command)
        answer = await stage.slack.submit(ADA, view["id"], values)
        assert answer["outcome"] in ("closed", "updated"), (command, answer)
        found = await rows(
            stage,
            "select e.id from event e join situation s on s.org_id = e.org_id and s.id = e.subject_id"
            " where e.fact = :fact and s.name = :name",
            fact=fact,
            name=name,
        )
        assert len(found) == 1, (command, found)
        await stage.slack.close_view(ADA, view["id"]) if answer["outcome"] == "updated" else None


