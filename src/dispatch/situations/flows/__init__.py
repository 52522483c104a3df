"""What happens after a fact: runbooks of outside calls, one file per occasion."""

from dispatch.situations.flows import bring_in, command, paging, set_up, show_state, status, visibility

__all__ = ["bring_in", "command", "paging", "set_up", "show_state", "status", "visibility"]
