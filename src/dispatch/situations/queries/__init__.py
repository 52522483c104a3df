"""Reads about situations; each list is a fixed number of statements whatever its length."""

from __future__ import annotations

from dispatch.situations.queries.briefs import Brief, Links, brief
from dispatch.situations.queries.calls import PageRow, Paging, pages, paging, rotation_of
from dispatch.situations.queries.details import Detail, by_name, detail, open_original, project_of
from dispatch.situations.queries.hand_offs import Offer, hand_off_is_open, open_hand_off
from dispatch.situations.queries.journal import StepRow, steps
from dispatch.situations.queries.listing import COUNTED, Filter, Listing, found_ids, listing, titles_like
from dispatch.situations.queries.options import Option, list_options
from dispatch.situations.queries.participants import ParticipantRow, participants, roles_of
from dispatch.situations.queries.relations import (
    Relative,
    lookalikes,
    lookalikes_for_reporter,
    named_in,
    original_of,
    relatives,
)
from dispatch.situations.queries.resources import conversation, resources
from dispatch.situations.queries.roles import HeldRole, roles_over_time
from dispatch.situations.queries.rows import Level, Row, rows_of
from dispatch.situations.queries.timeline import (
    TIMELINE_KINDS,
    TimelineFilter,
    TimelineRow,
    WrittenNote,
    entry,
    moment_of,
    note_written,
    timeline,
    timeline_after,
    timeline_entry,
    timeline_length,
)

__all__ = [
    "COUNTED",
    "TIMELINE_KINDS",
    "Brief",
    "Detail",
    "Filter",
    "HeldRole",
    "Level",
    "Links",
    "Listing",
    "Offer",
    "Option",
    "PageRow",
    "Paging",
    "ParticipantRow",
    "Relative",
    "Row",
    "StepRow",
    "TimelineFilter",
    "TimelineRow",
    "WrittenNote",
    "brief",
    "by_name",
    "conversation",
    "detail",
    "entry",
    "found_ids",
    "hand_off_is_open",
    "list_options",
    "listing",
    "lookalikes",
    "lookalikes_for_reporter",
    "moment_of",
    "named_in",
    "note_written",
    "open_hand_off",
    "open_original",
    "original_of",
    "pages",
    "paging",
    "participants",
    "project_of",
    "relatives",
    "resources",
    "roles_of",
    "roles_over_time",
    "rotation_of",
    "rows_of",
    "steps",
    "timeline",
    "timeline_after",
    "timeline_entry",
    "timeline_length",
    "titles_like",
]
