"""The chat system: channels, who is in them, messages, forms."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Protocol

from dispatch.kit import clock
from dispatch.kit.errors import Refused
from dispatch.kit.slack.rates import Lane
from dispatch.ports.answers import Check
from dispatch.ports.faults import Faults

Message = Mapping[str, Any]
"""`text` (what notifications show), `blocks`, and `thread_ts` for a reply; ready for JSON."""
View = Mapping[str, Any]

#: Slack's limit for the block id that carries a message's key.
LONGEST_KEY: Final = 255


@dataclass(frozen=True)
class Channel:
    """A channel. `created_at` has whole seconds; `creator` is a user id."""

    id: str
    name: str
    url: str
    created_at: datetime | None = None
    creator: str | None = None
    archived: bool = False
    private: bool = False


@dataclass(frozen=True)
class Posted:
    """A message that is there. `channel` is an id, also when a name was given."""

    channel: str
    ts: str


@dataclass(frozen=True)
class NotInvited:
    """Somebody who could not be invited, and why."""

    user: str
    reason: str
    hint: str = ""


@dataclass(frozen=True)
class Identity:
    """Who we are in the chat system; to fill settings that were left empty."""

    team_id: str
    team: str
    bot_user_id: str
    app_id: str = ""


class Conversations(Protocol):
    """One workspace of a chat system, as one app.

    Every method raises `Unavailable` or `Refused` (`code` is the chat system's own error name). `lane` says who waits.
    """

    platform: str
    team_id: str
    bot_user_id: str
    private_channels: bool

    async def identity(self) -> Identity:
        """Ask the chat system who we are; fills `team_id` and `bot_user_id` where they were empty."""
        ...

    async def create_channel(self, name: str, *, private: bool, lane: Lane = Lane.PEOPLE) -> Channel:
        """Once: after `Unavailable` it may exist, and asking again gives `Refused(code="name_taken")`."""
        ...

    async def find_channel(self, name: str, *, private: bool, lane: Lane = Lane.PEOPLE) -> Channel | None:
        """By exact name among the channels the app is in, archived ones included."""
        ...

    async def channel(self, id: str, *, lane: Lane = Lane.ANSWERS) -> Channel:
        """Refused(code="channel_not_found") also when the app cannot see it."""
        ...

    async def invite(self, channel: str, users: Sequence[str], *, lane: Lane = Lane.PEOPLE) -> Sequence[NotInvited]:
        """Everybody who can be invited is; the others come back with the reason. Being there already is success."""
        ...

    async def remove(self, channel: str, user: str, *, lane: Lane = Lane.ANSWERS) -> None:
        """Take somebody out; not being there is success."""
        ...

    async def members(self, channel: str, *, lane: Lane = Lane.ANSWERS) -> set[str]:
        """All of them, however many pages, the app itself included."""
        ...

    async def set_topic(self, channel: str, text: str, *, lane: Lane = Lane.DECORATION) -> None:
        """Cut to 250 characters."""
        ...

    async def set_purpose(self, channel: str, text: str, *, lane: Lane = Lane.DECORATION) -> None:
        """Cut to 250 characters."""
        ...

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
        """Post a message.

        Args:
            channel: an id, or `#name`.
            key: at most 255 characters, stable over repeats; travels with the message.
            look_first: at a repeat, look for the message with this key before posting ("once").
            since: how far to look back, in the chat system's own time; default: the whole channel, newest first.
            pin: also pin it. Needs a key: when only pinning fails, the repeat has to find the message.
        """
        ...

    async def update(
        self, posted: Posted, message: Message, *, key: str | None = None, lane: Lane = Lane.STATUS
    ) -> None:
        """Replace a message of ours; give its key again, or it cannot be found any more."""
        ...

    async def post_ephemeral(self, channel: str, user: str, message: Message, *, lane: Lane = Lane.ANSWERS) -> None:
        """Shown to one person who is looking at the channel now; at most once, perhaps not seen."""
        ...

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
        """As `post`, to one person."""
        ...

    async def pin(self, posted: Posted, *, lane: Lane = Lane.DECORATION) -> None:
        """Being pinned already is success."""
        ...

    async def bookmark(self, channel: str, title: str, url: str, *, lane: Lane = Lane.DECORATION) -> None:
        """One bookmark per title and per url: an existing one is edited."""
        ...

    async def archive(self, channel: str, *, lane: Lane = Lane.STATUS) -> None:
        """Being archived already is success."""
        ...

    async def unarchive(self, channel: str, *, lane: Lane = Lane.STATUS) -> None:
        """Refused(code="no_user_token") when the chat system does not let an app do it: make a successor channel."""
        ...

    async def rename(self, channel: str, name: str, *, lane: Lane = Lane.STATUS) -> None: ...

    async def find_user(self, email: str, *, lane: Lane = Lane.PEOPLE) -> str | None:
        """The user id; None when nobody in the workspace has this address."""
        ...

    async def open_view(self, trigger_id: str, view: View) -> dict[str, Any]:
        """Open a form at once; answers it with `id` and `hash`."""
        ...

    async def update_view(self, view_id: str, view: View, *, hash: str | None = None) -> dict[str, Any]:
        """Replace a form; with `hash` only if it did not change meanwhile (Refused(code="hash_conflict"))."""
        ...

    async def check(self) -> Sequence[Check]:
        """*Test connection*: asks, changes nothing, raises nothing."""
        ...


# --- the fake --------------------------------------------------------------------------------------------------------


@dataclass
class MemoryMessage:
    """A message in the fake; `to` is set for ephemeral ones."""

    ts: str
    message: dict[str, Any]
    key: str | None = None
    to: str | None = None
    pinned: bool = False


@dataclass
class MemoryChannel:
    """A channel in the fake."""

    channel: Channel
    members: list[str] = field(default_factory=list)
    messages: list[MemoryMessage] = field(default_factory=list)
    bookmarks: dict[str, str] = field(default_factory=dict)
    topic: str = ""
    purpose: str = ""


class MemoryConversations:
    """A chat system in memory. `users` maps e-mail to user id; `uninvitable` maps user id to a reason."""

    platform = "memory"

    def __init__(
        self,
        *,
        users: Mapping[str, str] | None = None,
        team_id: str = "T0MEMORY",
        bot_user_id: str = "U0DISPATCH",
        private_channels: bool = True,
    ) -> None:
        self.team_id = team_id
        self.bot_user_id = bot_user_id
        self.private_channels = private_channels
        self.users = dict(users or {})
        self.uninvitable: dict[str, str] = {}
        self.can_unarchive = False
        self.channels: dict[str, MemoryChannel] = {}
        self.views: dict[str, dict[str, Any]] = {}
        self.faults = Faults()
        self._numbers = itertools.count(1)

    async def identity(self) -> Identity:
        self.faults.entering("identity")
        return Identity(self.team_id, "Memory", self.bot_user_id, "A0MEMORY")

    async def create_channel(self, name: str, *, private: bool, lane: Lane = Lane.PEOPLE) -> Channel:
        self.faults.entering("create_channel")
        if any(each.channel.name == name for each in self.channels.values()):
            raise Refused("A channel with this name exists already.", code="name_taken")
        id = f"C{next(self._numbers):08d}"
        made = Channel(
            id, name, f"https://chat.invalid/{id}", clock.now().replace(microsecond=0), self.bot_user_id, False, private
        )
        self.channels[id] = MemoryChannel(made, members=[self.bot_user_id])
        self.faults.leaving("create_channel")
        return made

    async def find_channel(self, name: str, *, private: bool, lane: Lane = Lane.PEOPLE) -> Channel | None:
        self.faults.entering("find_channel")
        for each in self.channels.values():
            if each.channel.name == name and each.channel.private == private and self.bot_user_id in each.members:
                return each.channel
        return None

    async def channel(self, id: str, *, lane: Lane = Lane.ANSWERS) -> Channel:
        self.faults.entering("channel")
        return self._channel(id).channel

    async def invite(self, channel: str, users: Sequence[str], *, lane: Lane = Lane.PEOPLE) -> Sequence[NotInvited]:
        self.faults.entering("invite")
        room = self._open(channel)
        room.members += [user for user in users if user not in self.uninvitable and user not in room.members]
        self.faults.leaving("invite")
        return [NotInvited(user, self.uninvitable[user]) for user in users if user in self.uninvitable]

    async def remove(self, channel: str, user: str, *, lane: Lane = Lane.ANSWERS) -> None:
        self.faults.entering("remove")
        room = self._open(channel)
        room.members = [each for each in room.members if each != user]

    async def members(self, channel: str, *, lane: Lane = Lane.ANSWERS) -> set[str]:
        self.faults.entering("members")
        return set(self._channel(channel).members)

    async def set_topic(self, channel: str, text: str, *, lane: Lane = Lane.DECORATION) -> None:
        self.faults.entering("set_topic")
        self._open(channel).topic = text[:250]

    async def set_purpose(self, channel: str, text: str, *, lane: Lane = Lane.DECORATION) -> None:
        self.faults.entering("set_purpose")
        self._open(channel).purpose = text[:250]

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
        self.faults.entering("post")
        room = self._open(channel)
        found = next((each for each in room.messages if key and each.key == key), None) if look_first else None
        if found is None:
            found = MemoryMessage(f"{1_700_000_000 + next(self._numbers)}.000100", dict(message), key)
            room.messages.append(found)
        found.pinned = found.pinned or pin
        self.faults.leaving("post")
        return Posted(room.channel.id, found.ts)

    async def update(
        self, posted: Posted, message: Message, *, key: str | None = None, lane: Lane = Lane.STATUS
    ) -> None:
        self.faults.entering("update")
        found = self._message(posted)
        found.message, found.key = dict(message), key

    async def post_ephemeral(self, channel: str, user: str, message: Message, *, lane: Lane = Lane.ANSWERS) -> None:
        self.faults.entering("post_ephemeral")
        room = self._open(channel)
        if user not in room.members:
            raise Refused("The person is not in the channel.", code="user_not_in_channel")
        room.messages.append(MemoryMessage(f"{1_700_000_000 + next(self._numbers)}.000100", dict(message), to=user))

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
        self.faults.entering("direct_message")
        id = f"D-{user}"
        self.channels.setdefault(id, MemoryChannel(Channel(id, "", "", private=True), members=[self.bot_user_id, user]))
        posted = await self.post(id, message, key=key, look_first=look_first)
        self.faults.leaving("direct_message")
        return posted

    async def pin(self, posted: Posted, *, lane: Lane = Lane.DECORATION) -> None:
        self.faults.entering("pin")
        self._message(posted).pinned = True

    async def bookmark(self, channel: str, title: str, url: str, *, lane: Lane = Lane.DECORATION) -> None:
        self.faults.entering("bookmark")
        room = self._open(channel)
        room.bookmarks = {t: u for t, u in room.bookmarks.items() if u != url} | {title: url}
        self.faults.leaving("bookmark")

    async def archive(self, channel: str, *, lane: Lane = Lane.STATUS) -> None:
        self.faults.entering("archive")
        room = self._channel(channel)
        room.channel = replace(room.channel, archived=True)

    async def unarchive(self, channel: str, *, lane: Lane = Lane.STATUS) -> None:
        self.faults.entering("unarchive")
        room = self._channel(channel)
        if not self.can_unarchive:
            raise Refused("Slack does not let an app unarchive a channel.", code="no_user_token")
        room.channel = replace(room.channel, archived=False)

    async def rename(self, channel: str, name: str, *, lane: Lane = Lane.STATUS) -> None:
        self.faults.entering("rename")
        room = self._open(channel)
        if any(each.channel.name == name for each in self.channels.values() if each is not room):
            raise Refused("A channel with this name exists already.", code="name_taken")
        room.channel = replace(room.channel, name=name)

    async def find_user(self, email: str, *, lane: Lane = Lane.PEOPLE) -> str | None:
        self.faults.entering("find_user")
        return self.users.get(email)

    async def open_view(self, trigger_id: str, view: View) -> dict[str, Any]:
        self.faults.entering("open_view")
        id = f"V{next(self._numbers):08d}"
        self.views[id] = {**view, "id": id, "hash": f"h{next(self._numbers)}"}
        return self.views[id]

    async def update_view(self, view_id: str, view: View, *, hash: str | None = None) -> dict[str, Any]:
        self.faults.entering("update_view")
        before = self.views.get(view_id)
        if before is None:
            raise Refused("It is gone.", code="not_found")
        if hash is not None and before["hash"] != hash:
            raise Refused("The form changed meanwhile.", code="hash_conflict")
        self.views[view_id] = {**view, "id": view_id, "hash": f"h{next(self._numbers)}"}
        return self.views[view_id]

    async def check(self) -> Sequence[Check]:
        return [Check("Memory", True, "Nothing leaves this process.")]

    def _channel(self, id: str) -> MemoryChannel:
        if id.startswith("#"):
            id = next((each.channel.id for each in self.channels.values() if each.channel.name == id[1:]), id)
        if id not in self.channels:
            raise Refused("The channel does not exist, or the app cannot see it.", code="channel_not_found")
        return self.channels[id]

    def _open(self, id: str) -> MemoryChannel:
        room = self._channel(id)
        if room.channel.archived:
            raise Refused("The channel is archived.", code="is_archived")
        return room

    def _message(self, posted: Posted) -> MemoryMessage:
        for each in self._channel(posted.channel).messages:
            if each.ts == posted.ts:
                return each
        raise Refused("The message is gone.", code="message_not_found")
