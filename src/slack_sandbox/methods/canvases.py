"""canvases.*: documents of a channel or standing alone."""

import re
from typing import Any

from ..call import Call
from ..errors import SlackError
from ..state import Canvas
from . import method

Json = dict[str, Any]
_PLACES = ("insert_after", "insert_before", "insert_at_start", "insert_at_end", "replace", "delete", "rename")


def _sections(call: Call, content: Any) -> list[Json]:
    """Markdown cut where a reader sees a new block: a heading, a list, a paragraph."""
    if content is None:
        return []
    if (
        not isinstance(content, dict)
        or content.get("type") != "markdown"
        or not isinstance(content.get("markdown"), str)
    ):
        raise call.bad('must be {"type": "markdown", "markdown": ...} [json-pointer:/document_content]')
    blocks = [block.strip("\n") for block in re.split(r"\n\s*\n|(?<=\n)(?=#)", content["markdown"]) if block.strip()]
    return [{"id": f"temp:C:{call.box.ids.secret('section')[:24]}", "markdown": block} for block in blocks]


def _canvas(call: Call) -> Canvas:
    canvas = call.box.state.canvases.get(call.needed("canvas_id"))
    if canvas is None or canvas.team_id != call.team or not _reaches(call, canvas):
        raise SlackError("canvas_not_found")
    return canvas


def _reaches(call: Call, canvas: Canvas) -> bool:
    if canvas.owner == call.me.id or call.me.id in canvas.access:
        return True
    rooms = [canvas.channel_id or "", *canvas.access]
    return any(room in call.box.state.channels and call.me.id in call.box.channel(room).members for room in rooms)


def _new(call: Call, channel_id: str | None) -> Canvas:
    canvas = Canvas(
        id=call.box.ids.new("F"),
        team_id=call.team,
        owner=call.me.id,
        title=call.text("title"),
        channel_id=channel_id,
        sections=_sections(call, call.structure("document_content")),
    )
    call.box.state.canvases[canvas.id] = canvas
    return canvas


@method("canvases.create")
def create(call: Call) -> Json:
    if call.maybe("channel_id"):
        return _in_channel(call)
    return {"canvas_id": _new(call, None).id}


@method("conversations.canvases.create")
def create_in_channel(call: Call) -> Json:
    return _in_channel(call)


def _in_channel(call: Call) -> Json:
    room = call.box.state.channels.get(call.needed("channel_id"))
    if room is None or not call.visible(room):
        raise SlackError("channel_not_found")
    if call.me.id not in room.members:
        raise SlackError("not_in_channel")
    if room.canvas_id:
        raise SlackError("channel_canvas_already_exists")
    canvas = _new(call, room.id)
    room.canvas_id = canvas.id
    call.box.tell_members("channel", room)
    return {"canvas_id": canvas.id}


@method("canvases.edit")
def edit(call: Call) -> Json:
    canvas = _canvas(call)
    changes = call.structure("changes")
    if not isinstance(changes, list) or len(changes) != 1 or not isinstance(changes[0], dict):
        # Slack takes one operation per call.
        raise call.bad("must provide exactly 1 change [json-pointer:/changes]")
    change = changes[0]
    operation = change.get("operation")
    if operation not in _PLACES:
        raise call.bad("unsupported operation [json-pointer:/changes/0/operation]")
    if operation == "rename":
        title = change.get("title_content")
        canvas.title = str(title.get("markdown", "")) if isinstance(title, dict) else str(title or "")
    else:
        _change(call, canvas, operation, change)
    if canvas.channel_id in call.box.state.channels:
        call.box.tell_members("channel", call.box.channel(canvas.channel_id or ""))
    call.box.touched()
    return {}


def _change(call: Call, canvas: Canvas, operation: str, change: Json) -> None:
    fresh = [] if operation == "delete" else _sections(call, change.get("document_content"))
    if operation != "delete" and not fresh:
        raise call.bad("missing required field: document_content [json-pointer:/changes/0]")
    section = change.get("section_id")
    at = next((place for place, one in enumerate(canvas.sections) if one["id"] == section), None)
    if section is not None and at is None:
        raise SlackError("canvas_editing_failed", detail="section not found")
    match operation:
        case "insert_at_start":
            canvas.sections[:0] = fresh
        case "insert_at_end":
            canvas.sections += fresh
        case "replace" if at is None:
            canvas.sections = fresh
        case _ if at is None:
            raise call.bad("missing required field: section_id [json-pointer:/changes/0]")
        case "replace":
            canvas.sections[at : at + 1] = fresh
        case "delete":
            del canvas.sections[at]
        case "insert_before":
            canvas.sections[at:at] = fresh
        case "insert_after":
            canvas.sections[at + 1 : at + 1] = fresh


@method("canvases.delete")
def delete(call: Call) -> Json:
    canvas = _canvas(call)
    if canvas.owner != call.me.id:
        raise SlackError("restricted_action")
    del call.box.state.canvases[canvas.id]
    if canvas.channel_id in call.box.state.channels:
        room = call.box.channel(canvas.channel_id or "")
        room.canvas_id = None
        call.box.tell_members("channel", room)
    return {}


@method("canvases.access.set")
def access(call: Call) -> Json:
    canvas = _canvas(call)
    level = call.needed("access_level")
    if level not in ("read", "write", "owner"):
        raise call.bad("must be one of read, write, owner [json-pointer:/access_level]")
    people, rooms = call.names("user_ids"), call.names("channel_ids")
    if bool(people) == bool(rooms):
        raise call.bad("must provide exactly one of user_ids or channel_ids")
    if level == "owner" and rooms:
        raise call.bad("owner is for user_ids only [json-pointer:/access_level]")
    failed = [one for one in people if one not in call.box.state.users] + [
        one for one in rooms if one not in call.box.state.channels
    ]
    canvas.access |= {one: level for one in [*people, *rooms] if one not in failed}
    return {"failed_to_update_user_ids" if people else "failed_to_update_channel_ids": failed} if failed else {}


@method("canvases.access.delete")
def remove_access(call: Call) -> Json:
    canvas = _canvas(call)
    for one in [*call.names("user_ids"), *call.names("channel_ids")]:
        canvas.access.pop(one, None)
    return {}


@method("canvases.sections.lookup")
def lookup(call: Call) -> Json:
    canvas = _canvas(call)
    criteria = call.structure("criteria")
    if not isinstance(criteria, dict):
        raise call.bad("must provide an object [json-pointer:/criteria]")
    text, kinds = criteria.get("contains_text"), criteria.get("section_types") or []

    def fits(markdown: str) -> bool:
        heading = re.match(r"(#{1,3}) ", markdown)
        kind = f"h{len(heading.group(1))}" if heading else ""
        typed = not kinds or kind in kinds or ("any_header" in kinds and bool(heading))
        return typed and (not text or str(text) in markdown)

    return {"sections": [{"id": one["id"]} for one in canvas.sections if fits(one["markdown"])]}
