"""What happens after a fact: runbooks of outside calls, one file per occasion."""

from dispatch.situations.flows import (
    aside,
    bring_in,
    channel_lost,
    command,
    deactivated,
    engage,
    leave_guard,
    paging,
    roles,
    set_up,
    show_state,
    status,
    subscribers,
    visibility,
)

__all__ = [
    "aside",
    "bring_in",
    "channel_lost",
    "command",
    "deactivated",
    "engage",
    "leave_guard",
    "paging",
    "roles",
    "set_up",
    "show_state",
    "status",
    "subscribers",
    "visibility",
]
