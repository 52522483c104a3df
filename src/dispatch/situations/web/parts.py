"""What the page of an incident is made of; each part is a fragment that is fetched again when it changes."""

from __future__ import annotations

from typing import Any

from dispatch.kit.db import Read
from dispatch.kit.events import Subject
from dispatch.people.queries import Viewer
from dispatch.projects.reach import slack_down_since
from dispatch.situations import queries
from dispatch.situations.access import Standing, standing
from dispatch.situations.models import Situation

PARTS = ("summary", "timeline", "steps", "participants", "resources", "pages", "related")
ICONS = {
    "ticket": "ticket",
    "document": "file-text",
    "conversation": "brand-slack",
    "conference": "video",
}


async def parts_of(t: Read, viewer: Viewer, situation: Situation) -> dict[str, Any]:
    """Everything the templates of an incident take."""
    about = Subject(situation.kind, situation.id)
    here = await standing(t, viewer, situation)
    everybody = await queries.participants(t, situation.id)
    lead = next((p for p in everybody if "Commander" in p.roles), None)
    steps = await queries.steps(t, about)
    return {
        "incident": await queries.detail(t, situation),
        "participants": everybody,
        "resources": [_resource(r) for r in await queries.resources(t, situation.id)],
        "steps": steps if here.steers else [_without_retry(s) for s in steps],
        "pages": await queries.pages(t, about),
        "timeline": await queries.timeline(t, about),
        "can": _can(here, situation, bool(lead and lead.acting)),
        "here": here,
        "offer": await queries.open_hand_off(t, situation.id),
        "relatives": await queries.relatives(t, viewer, situation),
        "lookalikes": await queries.lookalikes(t, viewer, situation),
        "slack_down_since": await slack_down_since(t, situation.project_id),
    }


def _can(here: Standing, situation: Situation, acting: bool) -> dict[str, bool]:
    """What the viewer may do now; the routes ask again."""
    steers = here.steers and here.viewer.person_id is not None
    return {
        "acknowledge": here.leads and acting,
        "take_command": here.may_take_command and situation.status != "Closed",
        "update": steers,
        "mark_stable": steers and situation.status == "Active",
        "close": steers and situation.status != "Closed",
        "reopen": steers and situation.status == "Closed",
        "add_event": steers,
        "assign": steers and situation.status != "Closed",
        "visibility": steers,
        "relate": steers,
    }


def shown(changed: set[str]) -> set[str]:
    """Those of the changed parts a page shows."""
    return {part for part in changed if part in PARTS}


def _resource(r: Any) -> dict[str, Any]:
    return {
        "kind": r.kind,
        "title": r.title,
        "url": r.url if r.state != "deleted" else "",
        "icon": ICONS.get(r.kind, "link"),
        "state": r.state,
        "note": r.note,
    }


def _without_retry(row: queries.StepRow) -> queries.StepRow:
    return queries.StepRow(**{**row.__dict__, "can_retry": False})
