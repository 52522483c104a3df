"""What happens in and with the conversation, as facts."""

from __future__ import annotations

from dataclasses import dataclass

from dispatch.kit.events import Fact, fact


@fact
@dataclass(frozen=True, kw_only=True)
class ChannelCreated(Fact):
    """The conversation exists."""

    name = "channel.created"
    says = "Channel #{channel} was created"
    icon = "message"
    part = "resources"

    channel: str
    channel_id: str
    private: bool


@fact
@dataclass(frozen=True, kw_only=True)
class PeopleInvited(Fact):
    """The people were brought into the channel."""

    name = "channel.people_invited"
    says = "People brought into the channel: {count}"
    icon = "users"
    part = "participants"

    count: int


@fact
@dataclass(frozen=True, kw_only=True)
class PersonNotInvited(Fact):
    """Somebody could not be brought into the channel."""

    name = "channel.person_not_invited"
    says = "{person} could not be brought into the channel: {reason}"
    icon = "alert-triangle"
    part = "participants"

    person: str
    person_id: int
    reason: str
    hint: str = ""


@fact
@dataclass(frozen=True, kw_only=True)
class JoinedChannel(Fact):
    """A person came into the channel by themselves."""

    name = "channel.joined"
    says = "{person} joined the channel"
    icon = "login"
    part = "participants"

    person: str
    person_id: int


@fact
@dataclass(frozen=True, kw_only=True)
class Welcomed(Fact):
    """The welcome was posted in the channel."""

    name = "channel.welcomed"
    says = "The welcome was posted in the channel"
    icon = "speakerphone"


@fact
@dataclass(frozen=True, kw_only=True)
class SummaryPinned(Fact):
    """The summary stands pinned in the channel."""

    name = "channel.summary_pinned"
    says = "The summary was pinned in the channel"
    icon = "pin"


@fact
@dataclass(frozen=True, kw_only=True)
class LinkMailed(Fact):
    """There is no chat to find each other in; the link to the page went by mail."""

    name = "situation.link_mailed"
    says = "The link to this page was mailed to {people}"
    icon = "mail"

    people: str


@fact
@dataclass(frozen=True, kw_only=True)
class Announced(Fact):
    """Others were told."""

    name = "situation.announced"
    says = "Announced in {where}"
    icon = "speakerphone"

    where: str


@fact
@dataclass(frozen=True, kw_only=True)
class ResourceLinked(Fact):
    """Something another system holds is now linked."""

    name = "resource.linked"
    says = "{what} was created: {title}"
    icon = "link"
    part = "resources"

    what: str
    kind: str
    title: str
    url: str = ""


@fact
@dataclass(frozen=True, kw_only=True)
class LeftChannel(Fact):
    """A person left the channel."""

    name = "channel.left"
    says = "{person} left the channel"
    icon = "logout"
    part = "participants"

    person: str
    person_id: int
    #: They lead, so somebody has to bring them back.
    leads: bool = False


@fact
@dataclass(frozen=True, kw_only=True)
class BroughtBack(Fact):
    """Somebody who is needed left the channel and is back."""

    name = "channel.brought_back"
    says = "{person} was brought back into the channel: {why}"
    icon = "login"
    part = "participants"

    person: str
    person_id: int
    why: str


@fact
@dataclass(frozen=True, kw_only=True)
class ChannelArchived(Fact):
    """The conversation ended."""

    name = "channel.archived"
    says = "Channel {channel} was archived"
    icon = "archive"
    part = "resources"

    channel: str


@fact
@dataclass(frozen=True, kw_only=True)
class ChannelReopened(Fact):
    """The conversation goes on, in the old channel or in a successor."""

    name = "channel.reopened"
    says = "The conversation goes on in {channel}"
    icon = "message"
    part = "resources"

    channel: str
    channel_id: str
    successor: bool


@fact
@dataclass(frozen=True, kw_only=True)
class ChannelChanged(Fact):
    """Somebody renamed, archived, unarchived or deleted the conversation in the chat system."""

    name = "channel.changed"
    says = "Channel {channel} was {what}"
    icon = "message"
    part = "resources"

    channel: str
    what: str
    channel_id: str = ""
    #: The conversation is gone for good while the situation goes on.
    lost: bool = False
