"""Links that an app's domains own: the app hears of them and hangs a preview under the message."""

import re
from typing import Any
from urllib.parse import urlsplit

from .errors import SlackError
from .events import publish
from .sandbox import Sandbox
from .state import App, Channel, Message

Json = dict[str, Any]
SOURCE = "conversations_history"
_LINK = re.compile(r"https?://[^\s<>|]+")


def domain(app: App, url: str) -> str | None:
    """The app's own domain that this address belongs to."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return None
    for known in app.features.get("unfurl_domains") or []:
        name = str(known).lower()
        if host == name or host.endswith(f".{name}"):
            return str(known)
    return None


def links(message: Message) -> list[str]:
    return list(dict.fromkeys(_LINK.findall(message.text)))


def told(box: Sandbox, channel: Channel, message: Message) -> None:
    """`link_shared` to every app that owns a domain of this message's links."""
    found = links(message) if "://" in message.text else []
    for app in box.state.around(channel) if found else ():
        mine = [{"domain": name, "url": url} for url in found if (name := domain(app, url))]
        # unverified: whether an app hears of links in its own messages; it does not here.
        if mine and message.app_id != app.id:
            event = {
                "type": "link_shared",
                "channel": channel.id,
                "is_bot_user_member": app.bot_user_id in channel.members,
                "user": message.user,
                "message_ts": message.ts,
                "unfurl_id": f"{channel.id}.{message.ts}.{box.ids.secret('unfurl')[:24]}",
                "source": SOURCE,
                "links": mine,
            } | ({"thread_ts": message.thread_ts} if message.thread_ts else {})
            publish(box, channel.team_id, event, channel=channel, everyone=channel.kind == "public", only_app=app.id)


def attach(app: App, message: Message, previews: dict[str, Json]) -> None:
    """Hangs the previews under the message; one for the same address replaces the earlier one."""
    for url in previews:
        if domain(app, url) is None or url not in links(message):
            raise SlackError("cannot_unfurl_url")
    kept = [one for one in message.attachments or [] if one.get("from_url") not in previews]
    own = {"app_id": app.id, "bot_id": app.bot_id, "is_app_unfurl": True}
    made = [{"from_url": url, "app_unfurl_url": url, **row, **own} for url, row in previews.items()]
    message.attachments = [{**one, "id": place} for place, one in enumerate([*kept, *made], 1)]


def prompt(app: App, given: Json) -> Json:
    """What the person who posted the link is asked when the app must know them first."""
    url, words = str(given.get("user_auth_url") or ""), str(given.get("user_auth_message") or "")
    text = words or f"{app.name} can show a preview of this link once you connect your account."
    return {"text": f"{text} <{url}|Connect>" if url else text, "blocks": given.get("user_auth_blocks")}
