"""Block Kit judged as Slack judges it: what is wrong with a payload, in Slack's words, at which JSON pointer."""

from .blocks import Surface
from .metadata import check_metadata
from .problem import Problem
from .surfaces import check_blocks, check_message
from .views import VIEW_MOST_BYTES, check_view, view_size

__all__ = [
    "VIEW_MOST_BYTES",
    "Problem",
    "Surface",
    "check_blocks",
    "check_message",
    "check_metadata",
    "check_view",
    "view_size",
]
