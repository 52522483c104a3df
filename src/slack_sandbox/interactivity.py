"""People use elements: press buttons, choose, type. What every such payload has in common is here too."""

import dataclasses
from dataclasses import dataclass
from typing import Any

from . import elements, rich_text, shapes, triggers
from .delivery import Ack, ask
from .errors import Impossible
from .sandbox import Sandbox
from .state import App, Channel, Message, User, View
from .watching import Watch, screen

Json = dict[str, Any]
_MASKED = {"im": "directmessage", "private": "privategroup"}
# From memory of Slack's reference: how much a person types before an external select asks the app.
MIN_QUERY = 3


def person_fields(user: User) -> Json:
    return {"id": user.id, "username": user.name, "name": user.name, "team_id": user.team_id}


def common(box: Sandbox, app: App, user: User, kind: str) -> Json:
    return {
        "type": kind,
        "team": {"id": app.team_id, "domain": box.workspace(app.team_id).domain},
        "user": person_fields(user),
        "token": app.verification_token,
        "enterprise": None,
        "is_enterprise_install": False,
    }


def masked(channel: Channel) -> str:
    """A channel's name as payloads give it: private ones keep theirs to themselves."""
    return _MASKED.get(channel.kind, channel.name)


def channel_fields(channel: Channel) -> Json:
    return {"id": channel.id, "name": masked(channel)}


def able(user: User) -> None:
    if user.deleted:
        raise Impossible("user_deactivated", f"{user.name} has no access any more", status=403)
    if user.is_bot:
        raise Impossible("user_is_bot", f"{user.name} is an app", status=403)


def enter(channel: Channel, user: User) -> None:
    able(user)
    if user.team_id not in channel.teams or (
        channel.kind_in(user.team_id) != "public" and user.id not in channel.members
    ):
        raise Impossible("channel_not_found", channel.id, status=404)
    if user.id not in channel.members:
        raise Impossible("not_in_channel", f"{user.name} has not joined #{channel.name}", status=403)


@dataclass(frozen=True)
class Spot:
    """An element a person can use: in a message, in a modal or in an App Home."""

    app: App
    place: elements.Placed
    view: View | None = None
    channel: Channel | None = None
    message: Message | None = None

    def values(self, box: Sandbox, user: User) -> dict[str, dict[str, Json]]:
        if self.view is not None:
            return self.view.values
        assert self.message is not None
        return box.message_values.setdefault(f"{self.message.ts} {user.id}", {})

    def container(self, box: Sandbox) -> Json:
        """Where it happened, as payloads tell it."""
        if self.view is not None:
            return {"container": {"type": "view", "view_id": self.view.id}, "view": shapes.view(box, self.view)}
        assert self.message is not None
        assert self.channel is not None
        where: Json = {
            "type": "message",
            "message_ts": self.message.ts,
            "channel_id": self.channel.id,
            "is_ephemeral": bool(self.message.to),
        }
        if self.message.thread_ts:
            where["thread_ts"] = self.message.thread_ts
        shown = shapes.message(box, self.message, room=self.channel)
        return {"container": where, "channel": channel_fields(self.channel), "message": shown}


def in_view(box: Sandbox, user: User, view_id: str, action_id: str, block_id: str | None) -> Spot:
    view = own_view(box, user, view_id)
    place = _find(view.view["blocks"], action_id, block_id)
    return Spot(box.app(view.app_id), place, view=view)


def own_view(box: Sandbox, user: User, view_id: str) -> View:
    able(user)
    view = box.state.views.get(view_id)
    if view is None or view.user_id != user.id or not view.is_open:
        raise Impossible("view_not_found", f"{user.name} has no such view open", status=404)
    return view


def in_message(box: Sandbox, user: User, channel: Channel, ts: str, action_id: str, block_id: str | None) -> Spot:
    enter(channel, user)
    message = channel.messages.get(ts) or next(
        (one for one in channel.ephemerals if one.ts == ts and one.to == user.id), None
    )
    if message is None:
        raise Impossible("message_not_found", ts, status=404)
    blocks = list(message.blocks or [])
    for attachment in message.attachments or []:
        blocks += attachment.get("blocks") or []
    place = _find(blocks, action_id, block_id)
    if message.app_id not in box.state.apps:
        raise Impossible("not_interactive", "no app stands behind this message")
    return Spot(box.app(message.app_id), place, channel=channel, message=message)


def _find(blocks: list[Json], action_id: str, block_id: str | None) -> elements.Placed:
    found = list(elements.placed(blocks))
    for place in found:
        if place.action_id == action_id and block_id in (None, place.block_id):
            return place
    # People name a button by what it says.
    for place in found:
        if place.label == action_id and block_id in (None, place.block_id):
            return place
    raise Impossible(
        "no_such_action", f"{action_id} is not among: {', '.join(place.action_id for place in found)}", status=404
    )


async def action(box: Sandbox, user: User, spot: Spot, value: Any, *, wait: float | None) -> Json:
    watch = Watch(box, user.id)
    acted = await _acted(box, user, spot, value)
    dispatches = not spot.place.is_input or bool(spot.place.block.get("dispatch_action"))
    if not dispatches:
        # An ordinary input only remembers; its app hears of it with the submission.
        return {"ack": Ack(200, 0).shown(), "ephemeral": [], "view": screen(box, user.id), "dispatched": False}
    payload = common(box, spot.app, user, "block_actions") | spot.container(box)
    payload |= {
        "api_app_id": spot.app.id,
        "trigger_id": triggers.trigger(box, spot.app, user, channel=spot.channel, view=spot.view),
        "state": {"values": spot.values(box, user)},
        "actions": [acted],
    }
    if spot.message is not None and spot.channel is not None:
        payload["response_url"] = triggers.response_url(box, spot.app, user, spot.channel, spot.message)
    ack = await ask(box, spot.app, "interactive", payload, name=spot.place.action_id)
    return await watch.result(ack, wait=wait, in_view=spot.view is not None)


async def _acted(box: Sandbox, user: User, spot: Spot, value: Any) -> Json:
    """Does it, and describes it as an item of `actions`."""
    element = spot.place.element
    kind = element["type"]
    acted: Json = {
        "action_id": spot.place.action_id,
        "block_id": spot.place.block_id,
        "type": kind,
        "action_ts": box.ts(),
    }
    if kind == "overflow":
        return acted | {"selected_option": elements.choose(elements.options(element), value)}
    if kind not in elements.HOLDS:
        acted |= {key: element[key] for key in ("text", "value", "style") if key in element}
        if kind == "feedback_buttons":
            acted["value"] = value
        return acted
    state = await filled(box, user, spot, value)
    spot.values(box, user).setdefault(spot.place.block_id, {})[spot.place.action_id] = state
    box.touched()
    return acted | {key: item for key, item in state.items() if key != "type"}


async def filled(box: Sandbox, user: User, spot: Spot, value: Any) -> Json:
    element = spot.place.element
    if element["type"] == "file_input":
        return _files(box, user, element, value)
    if element["type"] == "rich_text_input" and isinstance(value, str):
        value = rich_text.block(box, rich_text.stored(box, user.team_id, value))
        del value["block_id"]
    choices = elements.options(element)
    if element["type"] not in elements.EXTERNAL or value is None:
        return elements.filled(element, value, choices)
    wanted = value if isinstance(value, list) else [value]
    if all(isinstance(one, dict) and "value" in one and "text" in one for one in wanted):
        return {"type": element["type"], elements.HOLDS[element["type"]][0]: value}
    key = f"{spot.place.block_id} {spot.place.action_id}"
    offered = list(spot.view.offered.get(key, [])) if spot.view else []
    offered += list(element.get("initial_options") or []) + [element[k] for k in ("initial_option",) if k in element]
    for one in wanted:
        try:
            elements.choose(offered, one)
        except Impossible:
            offered += elements.options(await options(box, user, spot, str(one)))
    return elements.filled(element, value, offered)


def _files(box: Sandbox, user: User, element: Json, value: Any) -> Json:
    """Files this person has stored (`POST .../files`), by id; the app gets them whole, as file objects."""
    wanted = value if isinstance(value, list) else [] if value is None else [value]
    chosen = []
    for one in wanted:
        file = box.state.files.get(str(one.get("id")) if isinstance(one, dict) else str(one))
        if file is None or file.deleted or file.user != user.id:
            raise Impossible("no_such_file", f"{user.name} has no file {one}")
        kinds = element.get("filetypes")
        if kinds and file.name.rpartition(".")[2].lower() not in kinds:
            raise Impossible("file_type_not_allowed", f"{file.name} is none of: {', '.join(kinds)}")
        chosen.append(shapes.file(box, file))
    if len(chosen) > element.get("max_files", 10):
        raise Impossible("too_many_files", f"no more than {element.get('max_files', 10)}")
    return {"type": "file_input", "files": chosen}


async def options(box: Sandbox, user: User, spot: Spot, query: str) -> Json:
    """What a select offers for this query: `options` or `option_groups`."""
    element = spot.place.element
    if element["type"] not in elements.EXTERNAL:
        return _own_options(box, user, spot, query)
    if len(query) < element.get("min_query_length", MIN_QUERY):
        return {"options": [], "ack": None}
    payload = common(box, spot.app, user, "block_suggestion") | spot.container(box)
    payload |= {
        "api_app_id": spot.app.id,
        "action_id": spot.place.action_id,
        "block_id": spot.place.block_id,
        "value": query,
    }
    ack = await ask(box, spot.app, "options", payload, name=spot.place.action_id)
    offered = ack.body if ack.ok and isinstance(ack.body, dict) else {}
    if ack.ok and not _well_formed(offered):
        ack = dataclasses.replace(ack, error="invalid_options")
        offered = {}
    shown = {key: offered[key] for key in ("options", "option_groups") if key in offered} or {"options": []}
    if spot.view is not None:
        known = spot.view.offered.setdefault(f"{spot.place.block_id} {spot.place.action_id}", [])
        known += [one for one in elements.options(shown) if one not in known]
    return shown | {"ack": ack.shown()}


def _well_formed(offered: Json) -> bool:
    rows, groups = offered.get("options"), offered.get("option_groups")
    if (rows is None) == (groups is None):
        return False
    if not isinstance(rows if groups is None else groups, list) or len(rows or groups or []) > 100:
        return False
    for option in elements.options(offered):
        text = (option.get("text") or {}).get("text") if isinstance(option, dict) else None
        if not text or len(text) > 75 or not isinstance(option.get("value"), str) or len(option["value"]) > 150:
            return False
    return True


def _own_options(box: Sandbox, user: User, spot: Spot, query: str) -> Json:
    kind = spot.place.element["type"]
    if "users" in kind:
        people = [one for one in box.state.people(user.team_id) if not one.deleted]
        rows = [(one.id, one.real_name) for one in people]
    elif "channels" in kind or "conversations" in kind:
        rooms = [
            one
            for one in box.state.rooms(user.team_id)
            if one.kind_in(user.team_id) == "public" or user.id in one.members
        ]
        rows = [(one.id, one.named(user.team_id) or one.id) for one in rooms if not one.is_archived]
    else:
        found = elements.options(spot.place.element)
        return {
            "options": [one for one in found if query.lower() in str(one.get("text", {}).get("text", "")).lower()],
            "ack": None,
        }
    shown = [
        {"text": {"type": "plain_text", "text": name}, "value": key}
        for key, name in rows
        if query.lower() in name.lower()
    ]
    return {"options": shown, "ack": None}
