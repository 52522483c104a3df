"""The workspaces as plain values: everything a snapshot holds, nothing that runs."""

from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import Base64Bytes

Json = dict[str, Any]
Kind = Literal["public", "private", "im", "mpim"]
TokenKind = Literal["bot", "user", "app", "config"]


@dataclass
class Workspace:
    id: str
    name: str
    domain: str
    # Custom profile fields of this workspace: field id -> label.
    profile_fields: dict[str, str] = field(default_factory=dict)
    emoji: dict[str, str] = field(default_factory=dict)
    created: int = 0
    # An admin has to approve every channel shared with another workspace.
    approves_connections: bool = False


@dataclass
class User:
    id: str
    team_id: str
    name: str
    real_name: str = ""
    email: str | None = None
    tz: str = "UTC"
    profile: Json = field(default_factory=dict)
    is_bot: bool = False
    is_admin: bool = False
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    deleted: bool = False
    app_id: str | None = None
    bot_id: str | None = None
    # Slack Connect: people of other workspaces see the address, too.
    shares_email: bool = False
    presence: str = "active"
    dnd_until: int = 0
    updated: int = 0


@dataclass
class Note:
    """A channel's topic or purpose."""

    value: str = ""
    creator: str = ""
    last_set: int = 0

    def wire(self) -> Json:
        return {"value": self.value, "creator": self.creator, "last_set": self.last_set}


@dataclass
class Reaction:
    name: str
    users: list[str] = field(default_factory=list)

    def wire(self) -> Json:
        return {"name": self.name, "users": list(self.users), "count": len(self.users)}


@dataclass(slots=True)
class Message:
    ts: str
    channel: str
    team: str
    text: str = ""
    user: str | None = None
    subtype: str | None = None
    bot_id: str | None = None
    app_id: str | None = None
    username: str | None = None
    icons: Json | None = None
    blocks: list[Json] | None = None
    attachments: list[Json] | None = None
    thread_ts: str | None = None
    reactions: list[Reaction] = field(default_factory=list)
    edited: Json | None = None
    files: list[str] = field(default_factory=list)
    metadata: Json | None = None
    # Timestamps of the replies, in time order; only the first message of a thread has any.
    replies: list[str] = field(default_factory=list)
    # An ephemeral message exists for this person only.
    to: str | None = None
    client_msg_id: str | None = None
    # Fields of one subtype (inviter, topic, old_name, ...).
    extra: Json = field(default_factory=dict)


@dataclass
class Pin:
    ts: str
    by: str
    created: int


@dataclass
class Abroad:
    """How a shared channel is called in another workspace, and whether it is private there."""

    name: str
    is_private: bool = False


@dataclass
class Channel:
    id: str
    team_id: str
    name: str
    kind: Kind
    creator: str
    created: int
    members: list[str] = field(default_factory=list)
    topic: Note = field(default_factory=Note)
    purpose: Note = field(default_factory=Note)
    is_archived: bool = False
    is_general: bool = False
    previous_names: list[str] = field(default_factory=list)
    messages: dict[str, Message] = field(default_factory=dict)
    ephemerals: list[Message] = field(default_factory=list)
    pins: list[Pin] = field(default_factory=list)
    bookmarks: list[Json] = field(default_factory=list)
    last_read: dict[str, str] = field(default_factory=dict)
    canvas_id: str | None = None
    # Slack Connect: other workspaces this channel is shared with.
    connected: list[str] = field(default_factory=list)
    # Those of them that took it by a name of their own.
    abroad: dict[str, Abroad] = field(default_factory=dict)
    # Set once a first message or an explicit open made the direct message visible.
    is_open: bool = True
    updated: int = 0

    @property
    def teams(self) -> list[str]:
        """Every workspace this channel is part of, its own first."""
        return [self.team_id, *self.connected]

    def named(self, team: str) -> str:
        """Its name in this workspace."""
        return self.abroad[team].name if team in self.abroad else self.name

    def kind_in(self, team: str) -> Kind:
        """Its kind in this workspace: a public channel may be private in another one."""
        return "private" if team in self.abroad and self.abroad[team].is_private else self.kind


@dataclass
class Token:
    value: str
    kind: TokenKind
    app_id: str
    team_id: str
    user_id: str
    scopes: list[str]
    revoked: bool = False
    expires_at: float | None = None


@dataclass
class App:
    """An app as installed in one workspace."""

    id: str
    team_id: str
    manifest: Json
    bot_id: str
    bot_user_id: str
    installer: str
    bot_token: str
    user_token: str
    app_token: str
    signing_secret: str
    client_id: str
    client_secret: str
    verification_token: str
    installed: bool = True
    socket_link_disabled: bool = False
    # Slack stopped sending events because the app failed to take them.
    events_disabled: bool = False
    # The app's "Delayed Events" switch: after the retries, once an hour for a day.
    events_delayed: bool = False

    @property
    def name(self) -> str:
        return str(self.manifest["display_information"]["name"])

    @property
    def settings(self) -> Json:
        settings: Json = self.manifest.get("settings") or {}
        return settings

    @property
    def features(self) -> Json:
        features: Json = self.manifest.get("features") or {}
        return features

    @property
    def commands(self) -> list[Json]:
        return list(self.features.get("slash_commands") or [])

    @property
    def shortcuts(self) -> list[Json]:
        return list(self.features.get("shortcuts") or [])

    @property
    def uses_socket(self) -> bool:
        return bool(self.settings.get("socket_mode_enabled"))

    def scopes(self, kind: str) -> list[str]:
        scopes = (self.manifest.get("oauth_config") or {}).get("scopes") or {}
        return list(scopes.get(kind) or [])

    def subscriptions(self, kind: str) -> list[str]:
        return list((self.settings.get("event_subscriptions") or {}).get(f"{kind}_events") or [])


@dataclass
class View:
    """A modal or App Home: what the app sent, what the person has filled in so far."""

    id: str
    team_id: str
    app_id: str
    user_id: str
    view: Json
    hash: str
    root_id: str
    previous_id: str | None = None
    # block_id -> action_id -> what a payload's state shows for that element.
    values: dict[str, dict[str, Json]] = field(default_factory=dict)
    # Options the app offered for an external select, by block_id and action_id.
    offered: dict[str, list[Json]] = field(default_factory=dict)
    is_open: bool = True
    channel_id: str | None = None


@dataclass
class File:
    id: str
    team_id: str
    user: str
    name: str
    title: str
    # Base64 in snapshots.
    content: Base64Bytes
    created: int
    mimetype: str = "text/plain"
    size: int = 0
    channels: list[str] = field(default_factory=list)
    # Uploaded bytes are here / the app said it is finished.
    uploaded: bool = False
    complete: bool = False
    deleted: bool = False
    upload_key: str = ""
    alt_text: str = ""


@dataclass
class Canvas:
    id: str
    team_id: str
    owner: str
    title: str = ""
    channel_id: str | None = None
    # Each section is one Markdown block with its own id, as canvases.sections.lookup addresses them.
    sections: list[Json] = field(default_factory=list)
    access: dict[str, str] = field(default_factory=dict)


@dataclass
class UserGroup:
    id: str
    team_id: str
    name: str
    handle: str
    description: str = ""
    users: list[str] = field(default_factory=list)
    channels: list[str] = field(default_factory=list)
    created_by: str = ""
    updated_by: str = ""
    date_create: int = 0
    date_update: int = 0
    date_delete: int = 0


@dataclass
class Scheduled:
    id: str
    team_id: str
    app_id: str
    channel: str
    post_at: int
    arguments: Json
    token: str
    date_created: int


@dataclass
class Invitation:
    """Slack Connect: a channel offered to somebody of another workspace; `team_id` is the workspace that offers it."""

    id: str
    team_id: str
    channel_id: str
    inviter: str
    created: int
    # When it lapses, as long as nobody has accepted it.
    expires: int
    updated: int
    user: str | None = None
    email: str | None = None
    external_limited: bool = True
    status: Literal["sent", "accepted", "approved", "declined"] = "sent"
    # The person who accepted it, with what they call the channel.
    accepted_by: str | None = None
    accepted_at: int = 0
    taken_as: Abroad | None = None
    # Workspaces whose approval it waits for, once accepted.
    awaits: list[str] = field(default_factory=list)


@dataclass
class State:
    workspaces: dict[str, Workspace] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    apps: dict[str, App] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    views: dict[str, View] = field(default_factory=dict)
    # person -> ids of the modals they have open, the top one last.
    stacks: dict[str, list[str]] = field(default_factory=dict)
    # "app person" -> id of the published App Home.
    homes: dict[str, str] = field(default_factory=dict)
    files: dict[str, File] = field(default_factory=dict)
    canvases: dict[str, Canvas] = field(default_factory=dict)
    usergroups: dict[str, UserGroup] = field(default_factory=dict)
    scheduled: dict[str, Scheduled] = field(default_factory=dict)
    invitations: dict[str, Invitation] = field(default_factory=dict)
    # "team name" -> channel id: archived and renamed-away channels keep theirs.
    names: dict[str, str] = field(default_factory=dict)
    # "team a b" -> id of the direct message between these people.
    directs: dict[str, str] = field(default_factory=dict)

    def people(self, team: str) -> list[User]:
        return [user for user in self.users.values() if user.team_id == team]

    def rooms(self, team: str) -> list[Channel]:
        return [channel for channel in self.channels.values() if team == channel.team_id or team in channel.connected]

    def installed(self, team: str) -> list[App]:
        return [app for app in self.apps.values() if app.team_id == team and app.installed]

    def around(self, channel: Channel) -> list[App]:
        """Installed apps of every workspace the channel is part of."""
        return [app for app in self.apps.values() if app.installed and app.team_id in channel.teams]

    def knows(self, team: str, user: User) -> bool:
        """Whether somebody is of this workspace or meets it in a shared channel."""
        return user.team_id == team or any(user.id in room.members for room in self.rooms(team) if room.connected)
