"""The forms of a project's settings: the project itself, and what reporters choose from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from zoneinfo import available_timezones

from pydantic import field_validator

from dispatch.kit.forms import Form, Option, choice, long_text, number, switch, text
from dispatch.projects.models import Priority, Severity, SituationType

#: A week; a commander who may think longer than that is none.
LONGEST_ACKNOWLEDGE = 7 * 24 * 60

VISIBILITIES = (
    Option("open", "Open", "Everybody in the organization can see it."),
    Option("restricted", "Restricted", "Only who takes part can see it; its channel is private."),
)
PAGING = (Option("always", "Always"), Option("never", "Never"))
#: Minutes, not hours: people wait for the next word.
UPDATES = (
    Option("15", "in 15 minutes"),
    Option("30", "in 30 minutes"),
    Option("60", "in 1 hour"),
    Option("120", "in 2 hours"),
    Option("240", "in 4 hours"),
    Option("1440", "in 24 hours"),
)
COLORS = tuple(
    Option(value, label)
    for value, label in (
        ("secondary", "Grey"), ("azure", "Blue"), ("green", "Green"), ("yellow", "Yellow"), ("orange", "Orange"), ("red", "Red"),
    )
)  # fmt: skip


@cache
def zones() -> tuple[Option, ...]:
    """Time zones by the names of the IANA database, those named after places and UTC."""
    named = (
        zone
        for zone in available_timezones()
        if "/" in zone and not zone.startswith(("Etc/", "posix/", "right/", "SystemV/"))
    )
    return (Option("UTC", "UTC"), *(Option(zone, zone.replace("_", " ")) for zone in sorted(named)))


def one_line(value: str) -> str:
    """Names stand in one line everywhere: runs of white space become one blank."""
    return " ".join(value.split())


class ProjectForm(Form):
    """The project itself."""

    name: str = text("Name", max_length=60)
    description: str = long_text("Description", default="", max_length=500, help="What belongs to this project.")
    incident_prefix: str = text(
        "Incident prefix", max_length=10, help="New incidents are named after it, such as INC-101. Earlier names stay."
    )
    announcement_channel: str = text(
        "Announcement channel", default="", max_length=81, placeholder="#incidents",
        help="Where Slack hears of new open incidents: a channel's name or ID. Empty: nowhere.",
    )  # fmt: skip
    tz: str = choice("Time zone", help="For times in this project where nobody's own zone is known.")
    enabled: bool = switch("Enabled", help="Only enabled projects can be chosen in a report.")
    is_default: bool = switch("Default project", help="The one a report begins with.")

    @field_validator("name")
    @classmethod
    def _name(cls, value: str) -> str:
        return one_line(value)

    @field_validator("incident_prefix")
    @classmethod
    def _prefix(cls, value: str) -> str:
        value = value.upper()
        if not re.fullmatch(r"[A-Z][A-Z0-9]{0,9}", value):
            raise ValueError("Take letters and digits, a letter first, at most 10.")
        return value

    @field_validator("announcement_channel")
    @classmethod
    def _channel(cls, value: str) -> str:
        if value and not re.fullmatch(r"[CG][A-Z0-9]{8,}|#?[\w-]{1,80}", value):
            raise ValueError("That is no channel's name or ID. A name looks like #incidents, an ID like C024BE91L.")
        return value


class NewProjectForm(Form):
    """A project that is not there yet; the rest is configured afterwards."""

    name: str = text("Name", max_length=60)
    slug: str = text(
        "Short name", max_length=40, placeholder="payments",
        help="Stands in addresses and commands, and stays: lower-case letters, digits and hyphens.",
    )  # fmt: skip
    description: str = long_text("Description", default="", max_length=500, help="What belongs to this project.")

    @field_validator("name")
    @classmethod
    def _name(cls, value: str) -> str:
        return one_line(value)

    @field_validator("slug")
    @classmethod
    def _slug(cls, value: str) -> str:
        if not re.fullmatch(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?", value):
            raise ValueError("Take lower-case letters, digits and hyphens, at most 40.")
        return value


class _ChoiceForm(Form):
    name: str = text("Name", max_length=60)
    help: str = text("Help", default="", max_length=75, help="One line that reporters read beside it.")

    @field_validator("name")
    @classmethod
    def _name(cls, value: str) -> str:
        return one_line(value)


class TypeForm(_ChoiceForm):
    """A type of incident."""

    visibility: str = choice("Visibility", default="open", help="What a report of this type starts with.")
    rotation_id: str | None = choice(
        "On-call rotation", placeholder="Nobody: the reporter leads",
        help="Whoever is on call leads; who comes after them is called when they do not answer.",
    )  # fmt: skip
    is_default: bool = switch("Default", help="A report begins with it.")
    enabled: bool = switch("Enabled", default=True, help="Incidents that have it keep it when it is disabled.")


class SeverityForm(_ChoiceForm):
    """How bad it is."""

    color: str = choice("Colour", default="secondary")
    rank: int = number("Rank", default=0, least=0, most=100, help="The higher, the worse. Lists sort by it.")
    paging: str | None = choice("Page the commander", placeholder="As the priority says")
    escalate_minutes: int = number(
        "Minutes until the next call", default=2, least=1, most=24 * 60,
        help="Without an answer the commander is called again after that, then the next on the rotation.",
    )  # fmt: skip
    update_minutes: str | None = choice(
        "Updates", placeholder="No promise",
        help="How soon the first update is promised at opening; reports begin with the same promise. Who leads is reminded.",
    )  # fmt: skip
    is_default: bool = switch("Default", help="A report begins with it.")
    enabled: bool = switch("Enabled", default=True, help="Incidents that have it keep it when it is disabled.")


class PriorityForm(_ChoiceForm):
    """How fast we must be, and what that means for the commander."""

    color: str = choice("Colour", default="secondary")
    rank: int = number("Rank", default=0, least=0, most=100, help="The higher, the more urgent. Lists sort by it.")
    page_commander: bool = switch(
        "Page the commander", default=True,
        help="Call them through every configured channel until somebody answers. Off: nobody is called.",
    )  # fmt: skip
    acknowledge_minutes: int = number(
        "Minutes to acknowledge", default=5, least=1, most=LONGEST_ACKNOWLEDGE,
        help="After that, anybody in the incident may take command.",
    )  # fmt: skip
    is_default: bool = switch("Default", help="A report begins with it.")
    enabled: bool = switch("Enabled", default=True, help="Incidents that have it keep it when it is disabled.")


@dataclass(frozen=True)
class ChoiceKind:
    """One of the lists a reporter chooses from. `one` and `title` are its words, `key` its address."""

    key: str
    one: str
    title: str
    about: str
    icon: str
    position: int
    cls: type[SituationType] | type[Severity] | type[Priority]
    form: type[_ChoiceForm]


KINDS = (
    ChoiceKind("types", "type", "Types", "What kinds of incidents there are, who sees them and who leads.", "list",
               20, SituationType, TypeForm),
    ChoiceKind("severities", "severity", "Severities", "How bad an incident is, in the words reporters read, and what that means for calls and updates.",
               "alert-triangle", 30, Severity, SeverityForm),
    ChoiceKind("priorities", "priority", "Priorities", "How fast to be: whom to page, and how long to wait.",
               "flag-3", 40, Priority, PriorityForm),
)  # fmt: skip
