"""What happens after a fact: runbooks of outside calls, one file per occasion."""

from dispatch.situations.flows import set_up, show_state

__all__ = ["set_up", "show_state"]
