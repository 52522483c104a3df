"""What is asked for a tactical report: one form for Slack and for the web; and the promises that both reports can make."""

from __future__ import annotations

from dispatch.kit.forms import Form, choice, long_text
from dispatch.projects.settings_forms import UPDATES

CHOICES = UPDATES
HELP = "Promised to everybody: shown in the topic, the summary and on the page. You are reminded 5 minutes ahead."


class TacticalReport(Form):
    """Begins with what the last one said."""

    conditions: str = long_text("Conditions", max_length=10_000, placeholder="What is the state of things?")
    actions: str = long_text("Actions", max_length=10_000, placeholder="What is being done, and by whom?")
    needs: str = long_text("Needs", max_length=10_000, placeholder="What is missing?")
    next_update: str | None = choice("Next update", default=None, required=False, help=HELP)


def minutes(chosen: str | None) -> int | None:
    """What was chosen, if anything."""
    return int(chosen) if chosen else None
