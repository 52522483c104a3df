"""Rows of the one machine that runs incidents and cases."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Computed, ForeignKey, ForeignKeyConstraint, Index, Integer, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.kit.db import Base, OrgId, Tenant


class SituationNumber(Tenant, Base):
    """The last number given per prefix; its row lock makes names gapless and unique."""

    __tablename__ = "situation_number"
    __table_args__ = (UniqueConstraint("org_id", "prefix"),)

    prefix: Mapped[str] = mapped_column(Text)
    last: Mapped[int]


class Situation(Tenant, Base):
    """An incident (later also a case). `version` rises with each change, for conflict notices."""

    __tablename__ = "situation"
    __table_args__ = (
        UniqueConstraint("org_id", "name"),
        UniqueConstraint("org_id", "source_key"),
        # What incidents have cannot be removed from the settings, whoever tries and whenever.
        ForeignKeyConstraint(["org_id", "type_id"], ["situation_type.org_id", "situation_type.id"]),
        ForeignKeyConstraint(["org_id", "severity_id"], ["severity.org_id", "severity.id"]),
        ForeignKeyConstraint(["org_id", "priority_id"], ["priority.org_id", "priority.id"]),
        Index("ix_situation_list", "org_id", "kind", "reported_at", "id"),
        # With the visibility in it, the numbers on the tabs are counted from the index alone.
        Index(
            "ix_situation_status", "org_id", "kind", "status", "reported_at", "id", postgresql_include=["visibility"]
        ),
    )

    kind: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    project_id: Mapped[int]
    title: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    resolution: Mapped[str] = mapped_column(Text, default="")
    status: Mapped[str] = mapped_column(Text)
    visibility: Mapped[str] = mapped_column(Text)
    type_id: Mapped[int]
    severity_id: Mapped[int]
    priority_id: Mapped[int]
    reporter_id: Mapped[int]
    drill: Mapped[bool] = mapped_column(default=False)
    reported_at: Mapped[datetime]
    stable_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    changed_at: Mapped[datetime]
    #: When the next update was promised; None: none was.
    next_update_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(Integer, default=1)
    #: What the report came from (a view id, an idempotency key): the same report twice is one situation.
    source_key: Mapped[str | None] = mapped_column(Text)
    #: What the search looks in. Kept by PostgreSQL, never read into Python. No index: under row-level security
    #: PostgreSQL uses none for `@@` (it is not leakproof), and reading these beats reading the texts tenfold.
    words: Mapped[Any] = mapped_column(
        TSVECTOR,
        # As written, and in the form the English stemmer gives them: "fails" finds "failing".
        Computed(
            "to_tsvector('simple'::regconfig, title || ' ' || description)"
            " || to_tsvector('english'::regconfig, title || ' ' || description)",
            persisted=True,
        ),
        nullable=True,
        deferred=True,
        deferred_raiseload=True,
    )


class SearchWord(Base):
    """A word of some title or description, to know it again when it is mistyped. Nobody is shown it."""

    __tablename__ = "search_word"

    org_id: Mapped[OrgId] = mapped_column(ForeignKey("organization.id"), primary_key=True)
    word: Mapped[str] = mapped_column(Text, primary_key=True)


class SavedView(Tenant, Base):
    """Filters and order of the list under a name: a person's own, or for the whole organization."""

    __tablename__ = "saved_view"
    __table_args__ = (
        Index("uq_saved_view_own", "org_id", "owner_id", "name", unique=True, postgresql_where="not shared"),
        Index("uq_saved_view_shared", "org_id", "name", unique=True, postgresql_where="shared"),
    )

    owner_id: Mapped[int]
    name: Mapped[str] = mapped_column(Text)
    shared: Mapped[bool]
    #: The part of the list's address behind the question mark.
    query: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime]


class SituationTag(Base):
    """A tag on a situation."""

    __tablename__ = "situation_tag"
    __table_args__ = (
        Index("ix_situation_tag_tag", "org_id", "tag_id", "situation_id"),
        ForeignKeyConstraint(["org_id", "tag_id"], ["tag.org_id", "tag.id"]),
    )

    org_id: Mapped[OrgId] = mapped_column(primary_key=True)
    situation_id: Mapped[int] = mapped_column(primary_key=True)
    tag_id: Mapped[int] = mapped_column(primary_key=True)


class Participant(Tenant, Base):
    """A person in a situation."""

    __tablename__ = "participant"
    __table_args__ = (
        UniqueConstraint("org_id", "situation_id", "person_id"),
        Index("ix_participant_person", "org_id", "person_id"),
    )

    situation_id: Mapped[int]
    person_id: Mapped[int]
    added_at: Mapped[datetime]
    added_by: Mapped[int | None] = mapped_column(BigInteger)
    added_reason: Mapped[str] = mapped_column(Text, default="")
    #: None: not known yet; False: could not be brought in, `note` says why.
    in_channel: Mapped[bool | None]
    note: Mapped[str] = mapped_column(Text, default="")
    #: When they last came into or left the channel, by Slack's clock: earlier news that comes later changes nothing.
    moved_at: Mapped[datetime | None]
    #: Messages written in the channel, and when the latest was.
    messages: Mapped[int] = mapped_column(default=0, server_default="0")
    last_message_at: Mapped[datetime | None]


class ParticipantRole(Tenant, Base):
    """A role held over time. Acting: named, but the command is not acknowledged yet."""

    __tablename__ = "participant_role"
    __table_args__ = (
        Index("ix_participant_role_situation", "org_id", "situation_id"),
        Index("ix_participant_role_participant", "org_id", "participant_id"),
    )

    situation_id: Mapped[int]
    participant_id: Mapped[int]
    role: Mapped[str] = mapped_column(Text)
    assumed_at: Mapped[datetime]
    renounced_at: Mapped[datetime | None]
    acknowledged_at: Mapped[datetime | None]
    #: Commanders only: since when any participant may take the command, because it was not acknowledged.
    open_since: Mapped[datetime | None]


class HandOff(Tenant, Base):
    """The command offered to somebody: offered, accepted, declined or withdrawn; at most one is open."""

    __tablename__ = "hand_off"
    __table_args__ = (
        Index("ix_hand_off_open", "org_id", "situation_id", unique=True, postgresql_where="state = 'offered'"),
        Index("ix_hand_off_due", "org_id", "due_at", postgresql_where="state = 'offered'"),
    )

    situation_id: Mapped[int]
    from_id: Mapped[int | None] = mapped_column(BigInteger)
    to_id: Mapped[int]
    offered_by: Mapped[int]
    state: Mapped[str] = mapped_column(Text, default="offered")
    offered_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    reminded_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class Note(Tenant, Base):
    """What a person wrote into the timeline. The event row says that it was added; this row holds the present text."""

    __tablename__ = "timeline_note"
    __table_args__ = (
        Index(
            "uq_timeline_note_message", "org_id", "situation_id", "message", unique=True,
            postgresql_where="message <> '' and removed_at is null",
        ),
        Index("ix_timeline_note_situation", "org_id", "situation_id"),
    )  # fmt: skip

    situation_id: Mapped[int]
    event_id: Mapped[int | None] = mapped_column(BigInteger)
    author_id: Mapped[int]
    #: Who put it there: for a reaction not the author of the message.
    added_by: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    #: modal, web, api, reaction or shortcut.
    source: Mapped[str] = mapped_column(Text)
    #: The message it was taken from, as "team/channel/ts"; empty when written by hand.
    message: Mapped[str] = mapped_column(Text, default="")
    url: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]
    #: Earlier texts, oldest first: [{"text", "until", "by"}].
    history: Mapped[list[Any]]
    removed_at: Mapped[datetime | None]
    removed_by: Mapped[int | None] = mapped_column(BigInteger)


class CountedMessage(Base):
    """A message that counted for its writer: delivered again, late or out of order it does not count again. No text."""

    __tablename__ = "counted_message"
    __table_args__ = (Index("ix_counted_message_at", "org_id", "at"),)

    org_id: Mapped[OrgId] = mapped_column(ForeignKey("organization.id"), primary_key=True)
    situation_id: Mapped[int] = mapped_column(primary_key=True)
    #: "channel/ts".
    message: Mapped[str] = mapped_column(Text, primary_key=True)
    person_id: Mapped[int]
    at: Mapped[datetime]


class TimelineMark(Tenant, Base):
    """Whether a person's reaction marks a message for the timeline, as the latest news of it says."""

    __tablename__ = "timeline_mark"
    __table_args__ = (UniqueConstraint("org_id", "situation_id", "message", "person_id"),)

    situation_id: Mapped[int]
    #: "team/channel/ts", as in `Note`.
    message: Mapped[str] = mapped_column(Text)
    person_id: Mapped[int]
    present: Mapped[bool]
    #: Slack's clock, in microseconds: earlier news that comes later changes nothing.
    changed_us: Mapped[int]


class SituationLink(Base):
    """What somebody said about two situations; the one with the smaller id stands first."""

    __tablename__ = "situation_link"
    __table_args__ = (Index("ix_situation_link_second", "org_id", "second_id"),)

    org_id: Mapped[OrgId] = mapped_column(ForeignKey("organization.id"), primary_key=True)
    first_id: Mapped[int] = mapped_column(primary_key=True)
    second_id: Mapped[int] = mapped_column(primary_key=True)
    #: related, or different: they look alike and are not the same.
    relation: Mapped[str] = mapped_column(Text)
    by_id: Mapped[int]
    at: Mapped[datetime]


class Duplicate(Base):
    """A situation that was merged into another one, which goes on for both."""

    __tablename__ = "duplicate"
    __table_args__ = (Index("ix_duplicate_original", "org_id", "original_id"),)

    org_id: Mapped[OrgId] = mapped_column(ForeignKey("organization.id"), primary_key=True)
    situation_id: Mapped[int] = mapped_column(primary_key=True)
    original_id: Mapped[int]
    #: The state before the merge, to which undoing it leads back.
    status_before: Mapped[str] = mapped_column(Text)
    by_id: Mapped[int]
    at: Mapped[datetime]


class ToldOnce(Tenant, Base):
    """What was said to one person about one thing, so that nobody reads it twice."""

    __tablename__ = "told_once"
    __table_args__ = (UniqueConstraint("org_id", "situation_id", "person_id", "what", "about"),)

    situation_id: Mapped[int]
    person_id: Mapped[int]
    #: threads, after_hours or timeline.
    what: Mapped[str] = mapped_column(Text)
    #: The thread or the message; empty for what is said once per incident.
    about: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]


class Subscriber(Base):
    """Somebody who is told about a situation without being in its channel."""

    __tablename__ = "subscriber"

    org_id: Mapped[OrgId] = mapped_column(primary_key=True)
    situation_id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(primary_key=True)
    since: Mapped[datetime]


class Engagement(Tenant, Base):
    """Somebody on call who was called into a situation. Its pages are those about ("engagement", id)."""

    __tablename__ = "engagement"
    __table_args__ = (
        Index("ix_engagement_situation", "org_id", "situation_id"),
        Index("ix_engagement_due", "org_id", "due_at", postgresql_where="due_at is not null"),
    )

    situation_id: Mapped[int]
    rotation_id: Mapped[int]
    rotation: Mapped[str] = mapped_column(Text)
    #: Whose turn it was; who is called now may be the next on the rotation.
    on_call_id: Mapped[int]
    person_id: Mapped[int]
    by_id: Mapped[int]
    note: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]
    #: Calls so far; 0: brought in without a call.
    calls: Mapped[int] = mapped_column(default=0)
    #: When somebody is called again; None once that is settled.
    due_at: Mapped[datetime | None]
    acknowledged_at: Mapped[datetime | None]


class RestrictedAccess(Tenant, Base):
    """An admin's recorded look at a restricted situation, open until `until`."""

    __tablename__ = "restricted_access"
    __table_args__ = (Index("ix_restricted_access_person", "org_id", "person_id", "situation_id"),)

    situation_id: Mapped[int]
    person_id: Mapped[int]
    reason: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    until: Mapped[datetime]


class Resource(Tenant, Base):
    """What another system (or a built-in one) holds for a situation: ticket, conversation, document, conference."""

    __tablename__ = "resource"
    __table_args__ = (
        UniqueConstraint("org_id", "situation_id", "kind", "external_id"),
        Index("ix_resource_external", "org_id", "kind", "external_id"),
    )

    situation_id: Mapped[int]
    kind: Mapped[str] = mapped_column(Text)
    provider: Mapped[str] = mapped_column(Text)
    external_id: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    url: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[str] = mapped_column(Text, default="")
    note: Mapped[str] = mapped_column(Text, default="")
    data: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
