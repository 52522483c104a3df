"""What can happen to a situation, each a fact with the sentence people read in the timeline."""

from __future__ import annotations

from dataclasses import dataclass

from dispatch.kit.events import Fact, fact


@fact
@dataclass(frozen=True, kw_only=True)
class Opened(Fact):
    """A situation was reported."""

    name = "situation.opened"
    says = "{by} reported {situation}: {title}"
    icon = "flame"
    part = "summary"

    situation: str
    title: str
    kind: str
    project: str
    type: str
    severity: str
    priority: str
    visibility: str


@fact
@dataclass(frozen=True, kw_only=True)
class ParticipantAdded(Fact):
    """A person became part of it."""

    name = "participant.added"
    says = "{person} was added as {role}"
    icon = "user-plus"
    part = "participants"

    person: str
    person_id: int
    role: str
    reason: str = ""


@fact
@dataclass(frozen=True, kw_only=True)
class CommanderNamed(Fact):
    """Somebody is asked to lead; acting until they acknowledge."""

    name = "commander.named"
    says = "{person} was named acting commander: {why}"
    icon = "shield-star"
    part = "participants"

    person: str
    person_id: int
    why: str


@fact
@dataclass(frozen=True, kw_only=True)
class CommandAcknowledged(Fact):
    """The commander answered."""

    name = "command.acknowledged"
    says = "{by} acknowledged the command"
    icon = "shield-check"
    part = "participants"

    person_id: int


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
    says = "{count} people were brought into the channel"
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
class StatusChanged(Fact):
    """The state moved."""

    name = "situation.status_changed"
    says = "{by} moved it from {before} to {after}"
    icon = "progress-check"
    part = "summary"

    before: str
    after: str
