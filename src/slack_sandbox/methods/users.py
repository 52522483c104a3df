"""users.*: people of the workspace and their profiles."""

from typing import Any

from .. import shapes
from ..call import Call
from ..errors import SlackError
from ..people_events import user_changed
from ..state import User
from . import method
from .conversation_lists import filtered

Json = dict[str, Any]


def _shown(call: Call, user: User) -> Json:
    if user.team_id != call.team:
        return shapes.outsider(call.box, user, call.team, with_email=call.has("users:read.email"))
    return shapes.user(call.box, user, with_email=call.has("users:read.email"))


@method("users.info")
def info(call: Call) -> Json:
    return {"user": _shown(call, call.person())}


@method("users.list")
def list_(call: Call) -> Json:
    people, more = call.page(call.box.state.people(call.team), default=1000)
    return {"members": [_shown(call, person) for person in people], "cache_ts": call.box.now()} | more


@method("users.lookupByEmail")
def lookup(call: Call) -> Json:
    email = call.needed("email").strip().lower()
    for person in call.box.state.people(call.team):
        # Bots and deactivated people are not found by their address.
        if (person.email or "").lower() == email and not person.deleted and not person.is_bot:
            return {"user": _shown(call, person)}
    raise SlackError("users_not_found")


@method("users.conversations")
def conversations(call: Call) -> Json:
    person = call.person() if call.maybe("user") else call.me
    rooms = [room for room in filtered(call) if person.id in room.members]
    page, more = call.page(rooms)
    return {"channels": [shapes.channel(room, call.me) for room in page]} | more


@method("users.profile.get")
def profile_get(call: Call) -> Json:
    person = call.person() if call.maybe("user") else call.me
    if person.team_id != call.team:
        return {
            "profile": shapes.outsider(call.box, person, call.team, with_email=call.has("users:read.email"))["profile"]
        }
    shown = shapes.profile(call.box, person, with_email=call.has("users:read.email"))
    if call.flag("include_labels"):
        labels = call.box.workspace(call.team).profile_fields
        shown["fields"] = {
            key: {**value, "label": labels.get(key, key)} for key, value in (shown.get("fields") or {}).items()
        }
    return {"profile": shown}


@method("users.profile.set")
def profile_set(call: Call) -> Json:
    change = call.structure("profile")
    if change is None and call.maybe("name"):
        change = {call.needed("name"): call.text("value")}
    if not isinstance(change, dict):
        raise SlackError("invalid_profile")
    call.me.profile |= change
    if "real_name" in change:
        call.me.real_name = str(change["real_name"])
    user_changed(call.box, call.me)
    return {"profile": shapes.profile(call.box, call.me, with_email=call.has("users:read.email"))}


@method("users.getPresence")
def get_presence(call: Call) -> Json:
    person = call.person() if call.maybe("user") else call.me
    return {"presence": person.presence, "online": person.presence == "active"}


@method("users.setPresence")
def set_presence(call: Call) -> Json:
    presence = call.needed("presence")
    if presence not in ("auto", "away"):
        raise SlackError("invalid_presence")
    call.me.presence = "active" if presence == "auto" else "away"
    return {}


@method("team.info")
def team_info(call: Call) -> Json:
    wanted = call.maybe("team") or call.team
    if wanted != call.team:
        raise SlackError("team_not_found")
    space = call.box.workspace(wanted)
    return {
        "team": {
            "id": space.id,
            "name": space.name,
            "url": f"{call.box.base_url}/",
            "domain": space.domain,
            "email_domain": "",
            "icon": {"image_default": True},
            "avatar_base_url": f"{call.box.base_url}/avatars/",
            "is_verified": False,
        }
    }


@method("team.profile.get")
def team_profile(call: Call) -> Json:
    fields = [
        {
            "id": key,
            "ordering": place,
            "label": label,
            "hint": "",
            "type": "text",
            "possible_values": None,
            "options": None,
            "is_hidden": False,
        }
        for place, (key, label) in enumerate(call.box.workspace(call.team).profile_fields.items())
    ]
    return {"profile": {"fields": fields, "sections": []}}


@method("bots.info")
def bots_info(call: Call) -> Json:
    wanted = call.maybe("bot")
    for app in call.box.state.installed(call.team):
        if wanted in (None, app.bot_id):
            return {"bot": shapes.bot_profile(app) | {"user_id": app.bot_user_id}}
    raise SlackError("bot_not_found")


@method("dnd.info")
def dnd_info(call: Call) -> Json:
    person = call.person() if call.maybe("user") else call.me
    snoozing = person.dnd_until > call.box.now()
    return {
        "dnd_enabled": snoozing,
        "next_dnd_start_ts": 1,
        "next_dnd_end_ts": 1,
        "snooze_enabled": snoozing,
        "snooze_endtime": person.dnd_until if snoozing else 0,
    }


@method("emoji.list")
def emoji_list(call: Call) -> Json:
    return {"emoji": dict(call.box.workspace(call.team).emoji), "cache_ts": f"{call.box.now()}.000000"}
