"""Writes about situations: each one transaction's worth, no network, ending in a recorded fact."""

from dispatch.situations.actions.answering import answer_page
from dispatch.situations.actions.command import acknowledge_command
from dispatch.situations.actions.opening import Report, open_situation
from dispatch.situations.actions.participants import add_participant, joined_channel, note_in_channel
from dispatch.situations.actions.resources import link_resource, pinned_summary, remember_summary

__all__ = [
    "Report",
    "acknowledge_command",
    "add_participant",
    "answer_page",
    "joined_channel",
    "link_resource",
    "note_in_channel",
    "open_situation",
    "pinned_summary",
    "remember_summary",
]
