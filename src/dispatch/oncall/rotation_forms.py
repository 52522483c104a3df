"""The forms of the on-call settings. Times are typed and shown in the rotation's own time zone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from pydantic import field_validator, model_validator

from dispatch.kit.forms import Form, Option, choice, moment, number, search, text
from dispatch.projects.settings_forms import one_line

#: Hours of the units a shift is given in.
UNITS = {"hours": 1, "days": 24, "weeks": 168}
UNIT_OPTIONS: Sequence[Option] = tuple(Option(each, each) for each in UNITS)


class RotationForm(Form):
    """People who take turns."""

    name: str = text("Name", max_length=60, placeholder="Platform")
    members: list[str] = search(
        "People, in the order of their turns", source="people",
        help="The first one's turn is the first shift. To change the order, remove people and add them again.",
    )  # fmt: skip
    shift: int = number("Shift length", default=1, least=1, most=1000)
    unit: str = choice("Hours, days or weeks", default="weeks")
    tz: str = choice(
        "Time zone", default="UTC", help="Shifts of whole days change at the same time of day there all year."
    )
    starts_at: datetime = moment("The first shift begins", help="In the time zone above.")

    @field_validator("name")
    @classmethod
    def _name(cls, value: str) -> str:
        return one_line(value)

    @field_validator("members")
    @classmethod
    def _members(cls, value: list[str]) -> list[str]:
        if len(value) != len(set(value)):
            raise ValueError("Everybody has one place only.")
        return value

    @property
    def shift_hours(self) -> int:
        return self.shift * UNITS[self.unit]


class OverrideForm(Form):
    """Somebody stands in."""

    person: str = search("Who stands in", source="people")
    starts_at: datetime = moment("From", help="In the time zone of the rotation.")
    ends_at: datetime = moment("Until", help="In the time zone of the rotation.")

    @model_validator(mode="after")
    def _order(self) -> OverrideForm:
        if self.ends_at <= self.starts_at:
            raise ValueError("It has to end after it begins.")
        return self


def there(typed: datetime, tz: str) -> datetime:
    """What was typed without a zone, and read as UTC, as the moment it is in `tz`."""
    return typed.replace(tzinfo=ZoneInfo(tz)).astimezone(UTC)


def wall(at: datetime, tz: str) -> datetime:
    """The reverse of `there`, for a field of a form."""
    return at.astimezone(ZoneInfo(tz)).replace(tzinfo=UTC)


def in_units(hours: int) -> tuple[int, str]:
    """A shift length in the largest unit that fits."""
    for unit, each in reversed(UNITS.items()):
        if hours % each == 0:
            return hours // each, unit
    return hours, "hours"
