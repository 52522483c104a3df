"""The parts of the incident page that are about the incident itself; other slices add theirs."""

from __future__ import annotations

from typing import Any

from dispatch.kit.db import Read
from dispatch.projects.reach import slack_down_since
from dispatch.situations import queries
from dispatch.situations.web.parts import Look, page_part

ICONS = {
    "ticket": "ticket",
    "document": "file-text",
    "conversation": "brand-slack",
    "conference": "video",
}


async def _summary(t: Read, look: Look) -> dict[str, Any]:
    return {
        "offer": await queries.open_hand_off(t, look.situation.id),
        "slack_down_since": await slack_down_since(t, look.situation.project_id),
    }


async def _steps(t: Read, look: Look) -> dict[str, Any]:
    steps = await queries.steps(t, look.about)
    return {"steps": steps if look.here.steers else [_without_retry(s) for s in steps]}


async def _resources(t: Read, look: Look) -> dict[str, Any]:
    return {"resources": [_resource(r) for r in await queries.resources(t, look.situation.id)]}


async def _participants(t: Read, look: Look) -> dict[str, Any]:
    return {"participants": await queries.participants(t, look.situation.id)}


async def _related(t: Read, look: Look) -> dict[str, Any]:
    return {
        "relatives": await queries.relatives(t, look.viewer, look.situation),
        "lookalikes": await queries.lookalikes(t, look.viewer, look.situation),
    }


async def _pages(t: Read, look: Look) -> dict[str, Any]:
    return {"pages": await queries.pages(t, look.about)}


page_part("summary", column="top", position=10, read=_summary, follows=("participants",))
page_part("steps", column="main", position=10, read=_steps, follows=("participants", "summary"))
page_part("resources", column="side", position=10, read=_resources)
page_part("participants", column="side", position=20, read=_participants, follows=("summary",))
page_part("related", column="side", position=30, read=_related, follows=("summary", "participants"))
page_part("pages", column="side", position=90, read=_pages)


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
