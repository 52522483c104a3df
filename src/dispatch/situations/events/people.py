"""Who takes part and who leads, as facts."""

from __future__ import annotations

from dataclasses import dataclass

from dispatch.kit.events import Fact, fact


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
    #: Invite them into the channel; at the opening the set-up does.
    bring_in: bool = False


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
class RoleAssigned(Fact):
    """A person holds a further role from now on."""

    name = "role.assigned"
    says = "{by} made {person} {role}"
    icon = "user-star"
    part = "participants"

    person: str
    person_id: int
    role: str


@fact
@dataclass(frozen=True, kw_only=True)
class RoleRenounced(Fact):
    """A person does not hold a role any more."""

    name = "role.renounced"
    says = "{person} is no longer {role}"
    icon = "user-minus"
    part = "participants"

    person: str
    person_id: int
    role: str


@fact
@dataclass(frozen=True, kw_only=True)
class ParticipantUpdated(Fact):
    """What is known about a participant changed; `changes` maps the field to before and after."""

    name = "participant.updated"
    says = "{by} changed {what} of {person}"
    icon = "id-badge-2"
    part = "participants"

    person: str
    person_id: int
    what: str
    changes: dict[str, list[str]]


@fact
@dataclass(frozen=True, kw_only=True)
class HandOffOffered(Fact):
    """The command was offered to somebody, who has to accept."""

    name = "hand_off.offered"
    says = "{by} offered the command to {person}"
    icon = "transfer"
    part = "participants"

    hand_off_id: int
    person: str
    person_id: int
    minutes: int


@fact
@dataclass(frozen=True, kw_only=True)
class HandOffDue(Fact):
    """An offered command was not answered in time: first a reminder, then anybody may take it."""

    name = "hand_off.due"
    says = "{person} did not answer the offered command within {minutes} minutes"
    icon = "clock-exclamation"
    part = "participants"

    hand_off_id: int
    person: str
    person_id: int
    minutes: int
    reminded: bool


@fact
@dataclass(frozen=True, kw_only=True)
class HandOffDeclined(Fact):
    """The person does not lead."""

    name = "hand_off.declined"
    says = "{person} declined the command"
    icon = "transfer"
    part = "participants"

    hand_off_id: int
    person: str
    person_id: int
    offered_by: int


@fact
@dataclass(frozen=True, kw_only=True)
class CommanderChanged(Fact):
    """Somebody else leads now, by an accepted hand-off, by taking the command, or named by an admin."""

    name = "commander.changed"
    says = "{person} leads now, after {before}: {why}"
    icon = "shield-star"
    part = "participants"

    person: str
    person_id: int
    before: str
    before_id: int | None
    why: str


@fact
@dataclass(frozen=True, kw_only=True)
class CommandUnanswered(Fact):
    """The commander did not acknowledge in time: any participant may take the command."""

    name = "command.unanswered"
    says = "{person} did not acknowledge the command within {minutes} minutes; any participant may take it"
    icon = "shield-question"
    part = "participants"

    person: str
    person_id: int
    minutes: int


@fact
@dataclass(frozen=True, kw_only=True)
class TookPart(Fact):
    """An observer writes, so they take part."""

    name = "participant.took_part"
    says = "{person} takes part from now on: {why}"
    icon = "user-plus"
    part = "participants"

    person: str
    person_id: int
    why: str


@fact
@dataclass(frozen=True, kw_only=True)
class AccountDeactivated(Fact):
    """Somebody of it cannot be reached in the chat system any more; when they led, the command is open to everybody."""

    name = "participant.account_deactivated"
    says = "{person}'s account in Slack was deactivated"
    icon = "user-minus"
    part = "participants"

    person: str
    person_id: int
    leads: bool


@fact
@dataclass(frozen=True, kw_only=True)
class MemberGone(Fact):
    """Somebody of it is no member of the organization any more; when they led, the command is open to everybody."""

    name = "participant.member_gone"
    says = "{person} was deactivated"
    icon = "user-minus"
    part = "participants"

    person: str
    person_id: int
    leads: bool
