"""What happens to views of the list that everybody sees, for the audit log."""

from __future__ import annotations

from dataclasses import dataclass

from dispatch.kit.events import Fact, fact


@fact
@dataclass(frozen=True, kw_only=True)
class ViewShared(Fact):
    """A view was saved for the whole organization."""

    name = "view.shared"
    says = "{by} shared the view “{view}” of the list of incidents"
    icon = "bookmark"

    view: str


@fact
@dataclass(frozen=True, kw_only=True)
class ViewRemoved(Fact):
    """A shared view was deleted."""

    name = "view.removed"
    says = "{by} deleted the shared view “{view}” of the list of incidents"
    icon = "trash"

    view: str
