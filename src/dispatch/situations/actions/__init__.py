"""Writes about situations: each one transaction's worth, no network, ending in a recorded fact."""

from dispatch.situations.actions.answering import answer_page
from dispatch.situations.actions.command import (
    acknowledge_command,
    locked,
    open_unanswered_commands,
    take_command,
    unanswered_commands,
)
from dispatch.situations.actions.details import update_details
from dispatch.situations.actions.duplicates import merge, undo_merge
from dispatch.situations.actions.engagement import (
    answer_engagement,
    call_engaged_again,
    due_engagements,
    engage_oncall,
    note_engagement_page,
)
from dispatch.situations.actions.hand_off import answer_hand_off, assign_role, due_hand_offs, remind_hand_offs
from dispatch.situations.actions.joining import end_subscription, join_situation, toggle_subscription
from dispatch.situations.actions.notes import add_note, edit_note, note_of_message, own_note, pin_event, remove_note
from dispatch.situations.actions.opening import Report, open_situation
from dispatch.situations.actions.participant_details import FIELDS, update_participant
from dispatch.situations.actions.participants import (
    add_participant,
    end_role,
    joined_channel,
    left_channel,
    note_in_channel,
)
from dispatch.situations.actions.promises import promise_update
from dispatch.situations.actions.relations import relate, tell_apart, unrelate
from dispatch.situations.actions.resources import (
    conversation_ended,
    conversation_reopened,
    link_resource,
    pinned_summary,
    remember_summary,
)
from dispatch.situations.actions.status import change_status, change_visibility, look_at_restricted
from dispatch.situations.actions.views import remove_view, save_view

__all__ = [
    "FIELDS",
    "Report",
    "acknowledge_command",
    "add_note",
    "add_participant",
    "answer_engagement",
    "answer_hand_off",
    "answer_page",
    "assign_role",
    "call_engaged_again",
    "change_status",
    "change_visibility",
    "conversation_ended",
    "conversation_reopened",
    "due_engagements",
    "due_hand_offs",
    "edit_note",
    "end_role",
    "end_subscription",
    "engage_oncall",
    "join_situation",
    "joined_channel",
    "left_channel",
    "link_resource",
    "locked",
    "look_at_restricted",
    "merge",
    "note_engagement_page",
    "note_in_channel",
    "note_of_message",
    "open_situation",
    "open_unanswered_commands",
    "own_note",
    "pin_event",
    "pinned_summary",
    "promise_update",
    "relate",
    "remember_summary",
    "remind_hand_offs",
    "remove_note",
    "remove_view",
    "save_view",
    "take_command",
    "tell_apart",
    "toggle_subscription",
    "unanswered_commands",
    "undo_merge",
    "unrelate",
    "update_details",
    "update_participant",
]
