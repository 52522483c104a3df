"""The small language in which Block Kit types are described: values that can check a JSON value against themselves.

A check appends problems and never raises, whatever it is given. Descriptions do not recurse, so neither do checks.

Words marked "unverified" are ours: nobody was found to have quoted Slack's for that breach. Where an object fits none
of several schemas, Slack at times also says "failed to match all allowed schemas" one level up; the inner problem alone
is said here, and that sentence only if there is no `type` to choose a schema by.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias, TypeGuard

from .problem import Problem

Json: TypeAlias = object
Found: TypeAlias = list[Problem]
Rule: TypeAlias = "Callable[[Mapping[str, Json], str, Found], None]"


class Check(Protocol):
    def check(self, value: Json, at: str, found: Found) -> None: ...


def say(found: Found, at: str, text: str, **constraint: Json) -> None:
    found.append(Problem(at, text, constraint=constraint or None))


def is_number(value: Json) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


@dataclass(frozen=True, slots=True)
class Anything:
    """A field Slack documents without saying what is in it."""

    def check(self, value: Json, at: str, found: Found) -> None:
        return


@dataclass(frozen=True, slots=True)
class Text:
    """A JSON string; lengths count Unicode code points, as Slack does."""

    most: int | None = None
    least: int = 0
    pattern: re.Pattern[str] | None = None
    says: str = "must be a valid string"  # unverified, as are all words on patterns

    def check(self, value: Json, at: str, found: Found) -> None:
        if not isinstance(value, str):
            say(found, at, "must provide a string", type="string")
        elif self.most is not None and len(value) > self.most:
            say(found, at, f"must be less than {self.most + 1} characters", type="max_length", expected=self.most)
        elif len(value) < self.least:
            say(found, at, f"must be more than {self.least - 1} characters", type="min_length", expected=self.least)
        elif self.pattern is not None and not self.pattern.fullmatch(value):
            say(found, at, self.says, type="pattern")


@dataclass(frozen=True, slots=True)
class Number:
    """A JSON number; `above` is exclusive, `least` and `most` are inclusive. Words on ranges are unverified."""

    least: int | None = None
    most: int | None = None
    above: int | None = None
    whole: bool = True

    def check(self, value: Json, at: str, found: Found) -> None:
        if not is_number(value) or (self.whole and not isinstance(value, int)):
            say(found, at, "must provide a number", type="number")
        elif self.least is not None and not value >= self.least:
            say(found, at, f"must be greater than or equal to {self.least}", type="min", expected=self.least)
        elif self.above is not None and not value > self.above:
            say(found, at, f"must be greater than {self.above}", type="exclusive_min", expected=self.above)
        elif self.most is not None and not value <= self.most:
            say(found, at, f"must be less than or equal to {self.most}", type="max", expected=self.most)


@dataclass(frozen=True, slots=True)
class Flag:
    def check(self, value: Json, at: str, found: Found) -> None:
        if not isinstance(value, bool):
            say(found, at, "must provide a boolean", type="boolean")  # unverified


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few strings."""

    of: tuple[str, ...]

    def check(self, value: Json, at: str, found: Found) -> None:
        if not isinstance(value, str) or value not in self.of:
            say(found, at, "must be a valid enum value", type="enum", expected=list(self.of))


@dataclass(frozen=True, slots=True)
class Items:
    """A JSON array. Of an array that is too long only the allowed part is judged further."""

    of: Check
    most: int | None = None
    least: int = 0

    def check(self, value: Json, at: str, found: Found) -> None:
        if not isinstance(value, list):
            say(found, at, "must provide an array", type="array")  # unverified
            return
        if len(value) < self.least:
            say(found, at, f"must provide at least {self.least} items", type="min_items", expected=self.least)
        if self.most is not None and len(value) > self.most:
            say(found, at, f"no more than {self.most} items allowed", type="max_items", expected=self.most)
        judge = self.of.check
        for index, item in enumerate(value[: self.most]):
            judge(item, f"{at}/{index}", found)


@dataclass(frozen=True, slots=True)
class Fields:
    """A JSON object: which fields it may have, which it must have, and rules between them."""

    of: Mapping[str, Check]
    needs: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    open: bool = False  # other fields are welcome

    def check(self, value: Json, at: str, found: Found) -> None:
        if not isinstance(value, dict):
            say(found, at, "must provide an object", type="object")
            return
        for name in self.needs:
            if name not in value:
                say(found, at, f"missing required field: {name}", type="required", expected=name)
        for name, item in value.items():
            if (known := self.of.get(name)) is not None:
                known.check(item, f"{at}/{name}", found)
            elif not self.open:
                say(found, at, f"invalid additional property: {name}", type="additional_property", got=name)
        for rule in self.rules:
            rule(value, at, found)


@dataclass(frozen=True, slots=True)
class Nullable:
    """Null, or else what `of` describes."""

    of: Check

    def check(self, value: Json, at: str, found: Found) -> None:
        if value is not None:
            self.of.check(value, at, found)


@dataclass(frozen=True, slots=True)
class Kinds:
    """A JSON object that says by its `type` which description it follows."""

    of: Mapping[str, Check]
    expected: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "expected", tuple(self.of))

    def check(self, value: Json, at: str, found: Found) -> None:
        if not isinstance(value, dict):
            say(found, at, "must provide an object", type="object")
            return
        kind = value.get("type")
        if isinstance(kind, str) and kind in self.of:
            self.of[kind].check(value, at, found)
        elif isinstance(kind, str):
            say(found, f"{at}/type", f"unsupported type: {kind}", type="enum", expected=list(self.expected), got=kind)
        elif "type" in value:
            say(found, f"{at}/type", "must provide a string", type="string")
        elif len(self.of) > 1:
            say(found, at, "failed to match all allowed schemas", type="any_of", expected=list(self.expected))
        else:
            say(found, at, "missing required field: type", type="required", expected="type")
