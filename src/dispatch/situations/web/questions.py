"""What the incident page asks before something happens, and what it shows beside itself: its own dialogs."""

from __future__ import annotations

from typing import Any

from dispatch.kit.db import Read
from dispatch.kit.errors import Conflict, Invalid, NotAllowed
from dispatch.kit.web.pages import typed
from dispatch.situations import queries
from dispatch.situations.access import require, require_take_command
from dispatch.situations.kinds import KINDS
from dispatch.situations.web.dialogs import page_dialog
from dispatch.situations.web.parts import Look

#: What can be given to somebody, the most usual first.
GIVEN = ("Participant", "Commander", "Scribe", "Liaison", "Observer")


async def _take_command(t: Read, look: Look) -> dict[str, Any]:
    require_take_command(look.here, reason="is asked for in the dialog")
    return {}


async def _move(t: Read, look: Look) -> dict[str, Any]:
    """Closing and reopening are asked about; `to` is the state that was clicked."""
    require(look.here, "change_status")
    to, now = look.query.get("to", ""), look.situation.status
    if to not in KINDS[look.situation.kind].states:
        raise Invalid("There is no such status.")
    if to == now:
        raise Conflict(f"{look.situation.name} is {now} already.")
    channel = queries.conversation(await queries.resources(t, look.situation.id))
    return {"to": to, "channel": channel if channel is not None and channel.url else None}


async def _visibility(t: Read, look: Look) -> dict[str, Any]:
    require(look.here, "change_visibility")
    return {}


async def _person(t: Read, look: Look) -> dict[str, Any]:
    """Bring somebody in, or give them the role that was asked for."""
    require(look.here, "invite")
    wanted = look.query.get("role", "")
    return {"roles": GIVEN, "wanted": wanted if wanted in GIVEN else GIVEN[0]}


async def _entry(t: Read, look: Look) -> dict[str, Any]:
    """A new entry, now or `side` (before or after) of the entry `beside`."""
    require(look.here, "add_event")
    beside, side = look.query.get("beside", ""), look.query.get("side", "")
    at = (
        await queries.moment_of(t, look.situation, int(beside))
        if beside.isascii() and beside.isdigit() and len(beside) < 19
        else None
    )
    return {"beside": beside if at else "", "side": side, "at": typed(at, look.viewer.zone) if at else ""}


async def _note(t: Read, look: Look) -> dict[str, Any]:
    """An entry with what stood there before; whoever wrote it can change it, or take it out."""
    asked = look.query.get("note", "")
    if not (asked.isascii() and asked.isdigit() and len(asked) < 19):
        raise Invalid("Say which entry.")
    note = await queries.note_written(t, look.situation, int(asked))
    mine = look.here.admin or look.viewer.person_id in (note.author_id, note.added_by)
    changes = {key: bool(look.query.get(key)) for key in ("edit", "remove")}
    if any(changes.values()) and not mine:
        raise NotAllowed("Only who wrote an entry, and admins, may change it.")
    return {"note": note, **changes}


async def _roles(t: Read, look: Look) -> dict[str, Any]:
    return {"over_time": await queries.roles_over_time(t, look.situation)}


async def _relate(t: Read, look: Look) -> dict[str, Any]:
    require(look.here, "relate")
    return {
        "other": look.query.get("other", "")[:40],
        "what": "duplicate" if look.query.get("what") == "duplicate" else "related",
    }


async def _undo_merge(t: Read, look: Look) -> dict[str, Any]:
    require(look.here, "merge")
    return {}


page_dialog("take-command", "ask_command.html", read=_take_command)
page_dialog("move", "ask_move.html", read=_move)
page_dialog("visibility", "ask_visibility.html", read=_visibility)
page_dialog("person", "ask_person.html", read=_person)
page_dialog("entry", "ask_entry.html", read=_entry)
page_dialog("note", "ask_note.html", read=_note)
page_dialog("roles", "role_history.html", read=_roles)
page_dialog("relate", "ask_relate.html", read=_relate)
page_dialog("undo-merge", "ask_undo_merge.html", read=_undo_merge)
