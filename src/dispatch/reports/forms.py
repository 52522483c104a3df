"""What is asked for a report: one form for Slack and for the web; and the promises that both kinds can make."""

from __future__ import annotations

from dispatch.kit.forms import Form, choice, long_text
from dispatch.projects.settings_forms import UPDATES

CHOICES = UPDATES
HELP = "Promised to everybody: shown in the topic, the summary and on the page. You are reminded 5 minutes ahead."


class ReportForm(Form):
    """Begins with what the last one of its kind said."""

    def words(self) -> dict[str, str]:
        """The texts by field."""
        return {key: text for key, text in self.model_dump().items() if key != "next_update"}

    def promised(self) -> int | None:
        """Minutes until the next update, if one is promised."""
        chosen = self.model_dump()["next_update"]
        return int(chosen) if chosen else None


class TacticalReport(ReportForm):
    """Where the work stands; for those who do it."""

    conditions: str = long_text("Conditions", max_length=10_000, placeholder="What is the state of things?")
    actions: str = long_text("Actions", max_length=10_000, placeholder="What is being done, and by whom?")
    needs: str = long_text("Needs", max_length=10_000, placeholder="What is missing?")
    next_update: str | None = choice("Next update", default=None, required=False, help=HELP)


class ExecutiveReport(ReportForm):
    """Where it stands; for readers who were not there."""

    current_status: str = long_text("Current Status", max_length=10_000)
    overview: str = long_text(
        "Overview", max_length=10_000, placeholder="What happened, for readers who were not there"
    )
    next_steps: str = long_text("Next Steps", max_length=10_000)
    next_update: str | None = choice("Next update", default=None, required=False, help=HELP)
