"""`Conversations` on Slack's Web API."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from dispatch.kit.errors import Refused
from dispatch.kit.slack.client import SlackClient
from dispatch.kit.slack.markup import cut
from dispatch.kit.slack.rates import Lane
from dispatch.plugins.slack_conversation import checks, invitations, keys
from dispatch.plugins.slack_conversation.settings import SlackConversationSettings
from dispatch.ports.answers import Check
from dispatch.ports.conversations import Channel, Identity, Message, NotInvited, Posted, View
from dispatch.ports.plugin import Outside

_PAGE: Final = 999
_TOPIC: Final = 250
#: chat.update refuses longer texts; with blocks the text is only what notifications show.
_TEXT: Final = 4000
_AN_ID: Final = re.compile(r"[CDG][A-Z0-9]{6,}")


class SlackConversations:
    """One workspace, as the app whose bot token is configured."""

    platform = "slack"

    def __init__(self, settings: SlackConversationSettings, outside: Outside) -> None:
        self.team_id = settings.team_id
        self.bot_user_id = settings.app_user_slug
        self.private_channels = settings.private_channels
        self._settings = settings
        self._outside = outside
        self._bot = self._client(settings.api_bot_token.get_secret_value())
        self._url = ""
        # Ten incidents at once ask once.
        self._asking = asyncio.Lock()

    async def identity(self) -> Identity:
        who = await self._bot.identity()
        self.team_id = self.team_id or who.team_id
        self.bot_user_id = self.bot_user_id or who.user_id
        self._url = who.url
        return Identity(who.team_id, who.team, who.user_id, who.app_id)

    # --- channels ---

    async def create_channel(self, name: str, *, private: bool, lane: Lane = Lane.PEOPLE) -> Channel:
        await self._know_url()
        made = await self._bot.call("conversations.create", lane=lane, name=name, is_private=private)
        return self._channel(made["channel"])

    async def find_channel(self, name: str, *, private: bool, lane: Lane = Lane.PEOPLE) -> Channel | None:
        await self._know_url()
        kind = "private_channel" if private else "public_channel"
        async for page in self._pages("users.conversations", lane, types=kind, exclude_archived=False):
            for each in page.get("channels") or []:
                if each.get("name") == name:
                    return self._channel(each)
        return None

    async def channel(self, id: str, *, lane: Lane = Lane.ANSWERS) -> Channel:
        await self._know_url()
        return self._channel((await self._bot.call("conversations.info", lane=lane, channel=id))["channel"])

    async def invite(self, channel: str, users: Sequence[str], *, lane: Lane = Lane.PEOPLE) -> Sequence[NotInvited]:
        return await invitations.invite(self._bot, channel, users, lane=lane)

    async def remove(self, channel: str, user: str, *, lane: Lane = Lane.ANSWERS) -> None:
        await self._tolerate({"not_in_channel"}, "conversations.kick", lane, channel=channel, user=user)

    async def members(self, channel: str, *, lane: Lane = Lane.ANSWERS) -> set[str]:
        pages = self._pages("conversations.members", lane, channel=channel)
        return {user async for page in pages for user in page.get("members") or []}

    async def set_topic(self, channel: str, text: str, *, lane: Lane = Lane.DECORATION) -> None:
        await self._bot.call("conversations.setTopic", lane=lane, channel=channel, topic=cut(text, _TOPIC, markup=True))

    async def set_purpose(self, channel: str, text: str, *, lane: Lane = Lane.DECORATION) -> None:
        await self._bot.call(
            "conversations.setPurpose", lane=lane, channel=channel, purpose=cut(text, _TOPIC, markup=True)
        )

    async def archive(self, channel: str, *, lane: Lane = Lane.STATUS) -> None:
        await self._tolerate({"already_archived"}, "conversations.archive", lane, channel=channel)

    async def unarchive(self, channel: str, *, lane: Lane = Lane.STATUS) -> None:
        user = self._user_client()
        if user is None:
            raise Refused(
                "Slack does not let an app unarchive a channel.",
                hint="Give a User OAuth Token (Settings → Project → Plugins → Slack → More), or use a new channel.",
                code="no_user_token",
            )
        await self._tolerate({"not_archived"}, "conversations.unarchive", lane, client=user, channel=channel)
        # Archiving takes the app out of the channel.
        if not self.bot_user_id:
            await self.identity()
        await self._tolerate(
            {"already_in_channel"},
            "conversations.invite",
            lane,
            client=user,
            channel=channel,
            users=self.bot_user_id,
        )

    async def rename(self, channel: str, name: str, *, lane: Lane = Lane.STATUS) -> None:
        await self._bot.call("conversations.rename", lane=lane, channel=channel, name=name)

    # --- messages ---

    async def post(
        self,
        channel: str,
        message: Message,
        *,
        key: str | None = None,
        look_first: bool = False,
        since: datetime | None = None,
        pin: bool = False,
        lane: Lane = Lane.STATUS,
    ) -> Posted:
        if pin and key is None:
            raise ValueError("a message to pin needs a key")
        posted = await self._earlier(channel, message, key, since, lane) if look_first and key else None
        if posted is None:
            answer = await self._bot.call(
                "chat.postMessage",
                lane=lane,
                # A link preview below an incident message pushes what matters out of sight.
                **{"unfurl_links": False, "unfurl_media": False, **_sendable(message, key), "channel": channel},
            )
            posted = Posted(str(answer["channel"]), str(answer["ts"]))
        if pin:
            await self.pin(posted)
        return posted

    async def update(
        self, posted: Posted, message: Message, *, key: str | None = None, lane: Lane = Lane.STATUS
    ) -> None:
        content = {name: value for name, value in _sendable(message, key).items() if name != "thread_ts"}
        content["text"] = cut(str(content.get("text") or ""), _TEXT, markup=True)
        await self._bot.call("chat.update", lane=lane, **{**content, "channel": posted.channel, "ts": posted.ts})

    async def post_ephemeral(self, channel: str, user: str, message: Message, *, lane: Lane = Lane.ANSWERS) -> None:
        await self._bot.call(
            "chat.postEphemeral", lane=lane, **{**_sendable(message, None), "channel": channel, "user": user}
        )

    async def direct_message(
        self,
        user: str,
        message: Message,
        *,
        key: str | None = None,
        look_first: bool = False,
        since: datetime | None = None,
        lane: Lane = Lane.PEOPLE,
    ) -> Posted:
        opened = await self._bot.call("conversations.open", lane=lane, users=user)
        return await self.post(
            str(opened["channel"]["id"]), message, key=key, look_first=look_first, since=since, lane=lane
        )

    async def pin(self, posted: Posted, *, lane: Lane = Lane.DECORATION) -> None:
        await self._tolerate({"already_pinned"}, "pins.add", lane, channel=posted.channel, timestamp=posted.ts)

    async def bookmark(self, channel: str, title: str, url: str, *, lane: Lane = Lane.DECORATION) -> None:
        existing = await self._bookmarked(channel, title, url, lane)
        if existing is None:
            await self._bot.call("bookmarks.add", lane=lane, channel_id=channel, type="link", title=title, link=url)
        elif (existing.get("title"), existing.get("link")) != (title, url):
            await self._bot.call(
                "bookmarks.edit", lane=lane, channel_id=channel, bookmark_id=existing["id"], title=title, link=url
            )

    # --- people, forms, ourselves ---

    async def find_user(self, email: str, *, lane: Lane = Lane.PEOPLE) -> str | None:
        if not email.strip():
            return None
        try:
            found = await self._bot.call("users.lookupByEmail", lane=lane, email=email.strip())
        except Refused as why:
            if why.code != "users_not_found":
                raise
            return None
        return str(found["user"]["id"])

    async def open_view(self, trigger_id: str, view: View) -> dict[str, Any]:
        return dict((await self._bot.call("views.open", trigger_id=trigger_id, view=view))["view"])

    async def update_view(self, view_id: str, view: View, *, hash: str | None = None) -> dict[str, Any]:
        return dict((await self._bot.call("views.update", view_id=view_id, view=view, hash=hash))["view"])

    async def check(self) -> Sequence[Check]:
        app_token = self._settings.socket_mode_app_token.get_secret_value()
        return await checks.check(
            self._settings, self._bot, self._user_client(), self._client(app_token) if app_token else None
        )

    # --- how ---

    def _client(self, token: str) -> SlackClient:
        return self._outside.slack(token, team_id=self._settings.team_id, app_id=self._settings.app_id)

    def _user_client(self) -> SlackClient | None:
        token = self._settings.user_oauth_token.get_secret_value()
        return self._client(token) if token else None

    async def _know_url(self) -> None:
        """Before the work, so that a failure here does not lose what was done."""
        async with self._asking:
            if not self._url:
                await self.identity()

    def _channel(self, found: Mapping[str, Any]) -> Channel:
        created = found.get("created")
        return Channel(
            id=str(found["id"]),
            name=str(found.get("name") or ""),
            url=f"{self._url.rstrip('/')}/archives/{found['id']}",
            created_at=datetime.fromtimestamp(float(created), UTC) if created else None,
            creator=found.get("creator") or None,
            archived=bool(found.get("is_archived")),
            private=bool(found.get("is_private")),
        )

    async def _earlier(
        self, channel: str, message: Message, key: str, since: datetime | None, lane: Lane
    ) -> Posted | None:
        """The message with this key, if an earlier attempt got that far."""
        if not _AN_ID.fullmatch(channel):
            # chat.postMessage takes names, the history only ids.
            name = channel.removeprefix("#")
            found = await self.find_channel(name, private=False) or await self.find_channel(name, private=True)
            # With chat:write.public the app posts into public channels it is not in, but reads only those it is in.
            there = found.id if found is not None else await self._join(name, lane)
            if there is None:
                return None
            channel = there
        if not self.bot_user_id:
            await self.identity()
        ts = await keys.find(
            self._bot, channel, key, by=self.bot_user_id, thread_ts=message.get("thread_ts"), since=since, lane=lane
        )
        return None if ts is None else Posted(channel, ts)

    async def _join(self, name: str, lane: Lane) -> str | None:
        """Go into a public channel; its id, None when there is none or the app may not."""
        kind = "public_channel"
        async for page in self._pages("conversations.list", lane, types=kind, exclude_archived=True):
            for each in page.get("channels") or []:
                if each.get("name") == name:
                    return await self._joined(str(each["id"]), lane)
        return None

    async def _joined(self, channel: str, lane: Lane) -> str | None:
        try:
            await self._bot.call("conversations.join", lane=lane, channel=channel)
        except Refused as why:
            if why.code != "missing_scope":
                raise
            return None  # Better a message twice than never; Test connection says what the missing scope costs.
        return channel

    async def _bookmarked(self, channel: str, title: str, url: str, lane: Lane) -> Mapping[str, Any] | None:
        try:
            found = await self._bot.call("bookmarks.list", lane=lane, channel_id=channel)
        except Refused as why:
            if why.code != "missing_scope":
                raise
            return None  # The seed's scopes lack bookmarks:read; Test connection says what that costs.
        listed: list[Mapping[str, Any]] = found.get("bookmarks") or []
        same_url = [each for each in listed if each.get("link") == url]
        same_title = [each for each in listed if each.get("title") == title]
        return next(iter(same_url + same_title), None)

    async def _pages(self, method: str, lane: Lane, **args: Any) -> AsyncIterator[dict[str, Any]]:
        cursor: str | None = None
        while cursor != "":
            page = await self._bot.call(method, lane=lane, limit=_PAGE, cursor=cursor, **args)
            yield page
            cursor = str((page.get("response_metadata") or {}).get("next_cursor") or "")

    async def _tolerate(
        self, codes: set[str], method: str, lane: Lane, *, client: SlackClient | None = None, **args: Any
    ) -> None:
        """Being as wanted already is success."""
        try:
            await (client or self._bot).call(method, lane=lane, **args)
        except Refused as why:
            if why.code not in codes:
                raise


def _sendable(message: Message, key: str | None) -> dict[str, Any]:
    """With its key; beside blocks the text is only the notification, which Slack wants short."""
    content = keys.with_key(message, key)
    if content.get("blocks"):
        content["text"] = cut(str(content.get("text") or ""), _TEXT, markup=True)
    return content
