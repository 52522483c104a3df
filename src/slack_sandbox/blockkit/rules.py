"""Rules between the fields of one JSON object, as values to list in a description.

Of their words only those of `either` are known from Slack; the others are unverified.
"""

from collections.abc import Callable, Mapping

from .schema import Found, Json, Rule, is_number, say


def either(*names: str, at: str = "") -> Rule:
    """At least one of the fields; Slack points at the object, or at the field it took for the cause (`at`)."""
    quoted = [f"`{name}`" for name in names]
    text = "must define " + ("either " + " or ".join(quoted) if len(names) == 2 else "one of " + ", ".join(quoted))

    def rule(value: Mapping[str, Json], here: str, found: Found) -> None:
        if not any(name in value for name in names):
            say(found, f"{here}{at}", text, type="any_of", expected=list(names))

    return rule


def not_both(one: str, other: str) -> Rule:
    def rule(value: Mapping[str, Json], here: str, found: Found) -> None:
        if one in value and other in value:
            say(found, here, f"cannot define both `{one}` and `{other}`", type="one_of", expected=[one, other])

    return rule


def needs(name: str, wanted: Json, *, when: str) -> Rule:
    """`when` being true, `name` has to be `wanted`."""

    def rule(value: Mapping[str, Json], here: str, found: Found) -> None:
        if value.get(when) is True and value.get(name, False) is not wanted:
            text = f"must define `{name}` as {str(wanted).lower()} to use `{when}`"
            say(found, f"{here}/{when}", text, type="requires")

    return rule


def ordered(low: str, high: str, *, read: Callable[[Json], float | None] | None = None) -> Rule:
    """`low` may not be above `high`."""

    def number(value: Json) -> float | None:
        return value if is_number(value) else None

    number_of = read or number

    def rule(value: Mapping[str, Json], here: str, found: Found) -> None:
        least, most = number_of(value.get(low)), number_of(value.get(high))
        if least is not None and most is not None and least > most:
            say(found, f"{here}/{low}", f"must be less than or equal to `{high}`", type="max", expected=high)

    return rule
