"""What happens after a fact: runbooks of outside calls, one file per occasion."""

from dispatch.situations.flows import paging, set_up, show_state

__all__ = ["paging", "set_up", "show_state"]
