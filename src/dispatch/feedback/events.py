"""What happens with feedback, as a fact of the situation."""

from __future__ import annotations

from dataclasses import dataclass

from dispatch.kit.events import Fact, fact


@fact
@dataclass(frozen=True, kw_only=True)
class FeedbackGiven(Fact):
    """Somebody said how it went; the text is in the feedback's row, for those who review."""

    name = "feedback.given"
    says = "{by} gave feedback: {word}"
    icon = "message-star"
    part = "feedback"

    rating: int
    word: str
