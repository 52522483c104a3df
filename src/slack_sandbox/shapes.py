"""Values as Slack writes them on the wire."""

import datetime
import zoneinfo
from typing import Any

from .sandbox import Sandbox
from .state import App, Canvas, Channel, File, Message, User, UserGroup, View

Json = dict[str, Any]
CHANNEL_TYPE = {"public": "channel", "private": "group", "im": "im", "mpim": "mpim"}


def _zone(name: str) -> tuple[str, int]:
    try:
        now = datetime.datetime.now(zoneinfo.ZoneInfo(name))
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return name, 0
    offset = now.utcoffset() or datetime.timedelta()
    return now.tzname() or name, int(offset.total_seconds())


def profile(box: Sandbox, user: User, *, with_email: bool) -> Json:
    first, _, last = user.real_name.partition(" ")
    shown: Json = {
        "title": "",
        "phone": "",
        "skype": "",
        "real_name": user.real_name,
        "real_name_normalized": user.real_name,
        "display_name": user.profile.get("display_name", user.name if not user.is_bot else ""),
        "display_name_normalized": user.profile.get("display_name", user.name if not user.is_bot else ""),
        "fields": {},
        "status_text": "",
        "status_emoji": "",
        "status_expiration": 0,
        "avatar_hash": f"{user.id.lower()}",
        "first_name": first,
        "last_name": last,
        "team": user.team_id,
    }
    for size in (24, 32, 48, 72, 192, 512):
        shown[f"image_{size}"] = f"{box.base_url}/avatars/{user.id}-{size}.svg"
    shown |= user.profile
    if user.is_bot:
        shown |= {"bot_id": user.bot_id, "api_app_id": user.app_id or "", "always_active": True}
    if with_email and user.email and not user.is_bot:
        shown["email"] = user.email
    else:
        shown.pop("email", None)
    return shown


def outsider(box: Sandbox, user: User, team: str, *, with_email: bool) -> Json:
    """Somebody of another workspace, met in a shared channel: no address unless they share it, no time zone, no role."""
    shown = profile(box, user, with_email=with_email and user.shares_email)
    return {
        "id": user.id,
        "team_id": user.team_id,
        "name": user.name,
        "real_name": user.real_name,
        "deleted": user.deleted,
        "is_bot": user.is_bot,
        "is_app_user": False,
        "is_stranger": not box.state.knows(team, user),
        "updated": user.updated,
        "profile": {key: value for key, value in shown.items() if key not in ("phone", "skype", "fields", "title")},
    }


def user(box: Sandbox, user: User, *, with_email: bool) -> Json:
    label, offset = _zone(user.tz)
    head: Json = {
        "id": user.id,
        "team_id": user.team_id,
        "name": user.name,
        "deleted": user.deleted,
        "profile": profile(box, user, with_email=with_email),
        "is_bot": user.is_bot,
        "is_app_user": False,
        "updated": user.updated,
    }
    if user.deleted:
        return head
    return head | {
        "color": "9f69e7",
        "real_name": user.real_name,
        "tz": user.tz,
        "tz_label": label,
        "tz_offset": offset,
        "is_admin": user.is_admin,
        "is_owner": False,
        "is_primary_owner": False,
        "is_restricted": user.is_restricted,
        "is_ultra_restricted": user.is_ultra_restricted,
        "is_email_confirmed": not user.is_bot,
        "who_can_share_contact_card": "EVERYONE",
    }


def channel(channel: Channel, viewer: User) -> Json:
    """As this person's workspace knows it."""
    kind = channel.kind_in(viewer.team_id)
    shared: Json = {
        "id": channel.id,
        "created": channel.created,
        "is_archived": channel.is_archived,
        "is_im": channel.kind == "im",
        "is_org_shared": False,
        "context_team_id": channel.team_id,
        "updated": channel.updated * 1000,
    }
    if channel.kind == "im":
        others = [member for member in channel.members if member != viewer.id]
        return shared | {
            "user": others[0] if others else viewer.id,
            "is_user_deleted": False,
            "priority": 0,
            "is_open": channel.is_open,
        }
    return shared | {
        "name": channel.named(viewer.team_id),
        "name_normalized": channel.named(viewer.team_id),
        "is_channel": kind == "public",
        "is_group": kind == "private",
        "is_mpim": kind == "mpim",
        "is_private": kind != "public",
        "is_general": channel.is_general,
        "unlinked": 0,
        "is_shared": bool(channel.connected),
        "is_ext_shared": bool(channel.connected),
        "is_pending_ext_shared": False,
        "pending_shared": [],
        "parent_conversation": None,
        "creator": channel.creator,
        "shared_team_ids": channel.teams,
        **(
            {"conversation_host_id": channel.team_id, "connected_team_ids": list(channel.connected)}
            if channel.connected
            else {}
        ),
        "pending_connected_team_ids": [],
        "is_member": viewer.id in channel.members,
        "topic": channel.topic.wire(),
        "purpose": channel.purpose.wire(),
        "previous_names": list(channel.previous_names),
    }


def bot_profile(app: App) -> Json:
    return {
        "id": app.bot_id,
        "app_id": app.id,
        "name": app.name,
        "icons": {},
        "deleted": not app.installed,
        "updated": 0,
        "team_id": app.team_id,
    }


def message(box: Sandbox, message: Message, *, room: Channel | None = None) -> Json:
    shown: Json = {"type": "message", "ts": message.ts, "text": message.text, "team": message.team}
    optional = {
        "subtype": message.subtype,
        "user": message.user,
        "bot_id": message.bot_id,
        "app_id": message.app_id,
        "username": message.username,
        "icons": message.icons,
        "client_msg_id": message.client_msg_id,
        "blocks": message.blocks,
        "attachments": message.attachments or None,
        "thread_ts": message.thread_ts,
        "edited": message.edited,
        "metadata": message.metadata,
    }
    shown |= {key: value for key, value in optional.items() if value is not None}
    if message.app_id in box.state.apps and message.bot_id:
        shown["bot_profile"] = bot_profile(box.state.apps[message.app_id])
    if message.reactions:
        shown["reactions"] = [reaction.wire() for reaction in message.reactions]
    if message.files:
        shown["files"] = [
            file(box, box.state.files[file_id]) for file_id in message.files if file_id in box.state.files
        ]
        shown["upload"] = False
    shown |= message.extra
    if message.to:
        shown |= {"is_ephemeral": True, "ephemeral": True}
    if room is None:
        return shown
    if message.replies:
        writers = list(dict.fromkeys(room.messages[ts].user or room.messages[ts].bot_id for ts in message.replies))
        shown |= {
            "thread_ts": message.ts,
            "reply_count": len(message.replies),
            "reply_users_count": len(writers),
            "latest_reply": message.replies[-1],
            "reply_users": writers,
            "is_locked": False,
            "subscribed": False,
        }
    elif message.thread_ts and message.thread_ts in room.messages:
        parent = room.messages[message.thread_ts]
        shown["parent_user_id"] = parent.user or parent.bot_id
    if any(pin.ts == message.ts for pin in room.pins):
        shown["pinned_to"] = [room.id]
    return shown


def file(box: Sandbox, file: File) -> Json:
    address = f"{box.base_url}/files-pri/{file.team_id}-{file.id}"
    kind = file.name.rpartition(".")[2] or "text"
    if file.deleted:
        return {"id": file.id, "mode": "tombstone"}
    shown: Json = {
        "id": file.id,
        "created": file.created,
        "timestamp": file.created,
        "name": file.name,
        "title": file.title,
        "mimetype": file.mimetype,
        "filetype": kind,
        "pretty_type": kind.upper(),
        "user": file.user,
        "user_team": file.team_id,
        "editable": False,
        "size": file.size,
        "mode": "hosted",
        "is_external": False,
        "is_public": False,
        "url_private": f"{address}/{file.name}",
        "url_private_download": f"{address}/download/{file.name}",
        "permalink": f"{address}/{file.name}",
        "channels": [c for c in file.channels if c in box.state.channels and box.channel(c).kind == "public"],
        "groups": [c for c in file.channels if c in box.state.channels and box.channel(c).kind == "private"],
        "ims": [c for c in file.channels if c in box.state.channels and box.channel(c).kind in ("im", "mpim")],
    }
    if file.mimetype.startswith("image/"):
        # The picture itself stands for its thumbnails.
        shown |= {f"thumb_{size}": shown["url_private"] for size in (64, 80, 160, 360)}
    if file.alt_text:
        shown["alt_txt"] = file.alt_text
    return shown


def view(box: Sandbox, view: View) -> Json:
    app = box.app(view.app_id)
    sent = view.view
    return {
        "id": view.id,
        "team_id": view.team_id,
        "type": sent.get("type", "modal"),
        "title": sent.get("title"),
        "submit": sent.get("submit"),
        "close": sent.get("close"),
        "blocks": sent.get("blocks", []),
        "private_metadata": sent.get("private_metadata", ""),
        "callback_id": sent.get("callback_id", ""),
        "external_id": sent.get("external_id", ""),
        "state": {"values": view.values},
        "hash": view.hash,
        "clear_on_close": bool(sent.get("clear_on_close")),
        "notify_on_close": bool(sent.get("notify_on_close")),
        "submit_disabled": bool(sent.get("submit_disabled")),
        "root_view_id": view.root_id,
        "previous_view_id": view.previous_id,
        "app_id": view.app_id,
        "app_installed_team_id": view.team_id,
        "bot_id": app.bot_id,
    }


def usergroup(group: UserGroup, *, with_users: bool = True) -> Json:
    shown: Json = {
        "id": group.id,
        "team_id": group.team_id,
        "is_usergroup": True,
        "is_subteam": True,
        "name": group.name,
        "description": group.description,
        "handle": group.handle,
        "is_external": False,
        "date_create": group.date_create,
        "date_update": group.date_update,
        "date_delete": group.date_delete,
        "auto_type": None,
        "created_by": group.created_by,
        "updated_by": group.updated_by,
        "deleted_by": None,
        "prefs": {"channels": list(group.channels), "groups": []},
        "user_count": len(group.users),
    }
    if with_users:
        shown["users"] = list(group.users)
    return shown


def canvas(canvas: Canvas) -> Json:
    return {
        "id": canvas.id,
        "title": canvas.title,
        "channel_id": canvas.channel_id,
        "owner": canvas.owner,
        "sections": canvas.sections,
        "markdown": "\n\n".join(section["markdown"] for section in canvas.sections),
    }
