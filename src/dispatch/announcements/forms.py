"""The form of an announcement rule."""

from __future__ import annotations

import re

from pydantic import field_validator, model_validator

from dispatch.kit.forms import Form, choice, long_text, switch, text
from dispatch.projects.settings_forms import one_line

MOST_ADDRESSES = 20


class RuleForm(Form):
    """Which incidents, and whom to tell."""

    name: str = text(
        "Name", max_length=60, placeholder="Payments team", help="Stands in the timeline and below the announcement."
    )
    query: str | None = choice(
        "Incidents", placeholder="Every incident of the project",
        help="A saved view of the incident list. It is copied: changing the view later does not change the rule.",
    )  # fmt: skip
    channel: str = text(
        "Slack channel", default="", max_length=81, placeholder="#payments-alerts",
        help="A channel's name or ID. Into a private channel the app has to be invited.",
    )  # fmt: skip
    emails: str = long_text(
        "E-mail addresses", default="", required=False, max_length=4000, help=f"At most {MOST_ADDRESSES}, one a line. Each gets a mail of its own.",
    )  # fmt: skip
    restricted: bool = switch(
        "Restricted incidents too",
        help="Only with a private channel; mails name neither title nor description. Off: they are never announced.",
    )  # fmt: skip
    enabled: bool = switch("Enabled", default=True)

    @field_validator("name")
    @classmethod
    def _name(cls, value: str) -> str:
        return one_line(value)

    @field_validator("channel")
    @classmethod
    def _channel(cls, value: str) -> str:
        if value and not re.fullmatch(r"[CG][A-Z0-9]{8,}|#?[\w-]{1,80}", value):
            raise ValueError("That is no channel's name or ID. A name looks like #incidents, an ID like C024BE91L.")
        return value

    @field_validator("emails")
    @classmethod
    def _emails(cls, value: str) -> str:
        found = list(dict.fromkeys(each.lower() for each in re.split(r"[\s,;]+", value) if each))
        wrong = [each for each in found if not re.fullmatch(r"[^@\s<>\"]+@[^@\s<>\"]+\.[^@\s<>\"]+", each)]
        if wrong:
            raise ValueError(f"That is no e-mail address: {wrong[0][:60]}")
        if len(found) > MOST_ADDRESSES:
            raise ValueError(
                f"At most {MOST_ADDRESSES} addresses, please; these are {len(found)}. A mailing list holds more."
            )
        return "\n".join(found)

    @model_validator(mode="after")
    def _somewhere(self) -> RuleForm:
        if not self.channel and not self.emails:
            raise ValueError("Give a channel or an e-mail address: otherwise nobody is told.")
        return self
