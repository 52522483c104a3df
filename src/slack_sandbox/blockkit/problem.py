"""What Slack says is wrong with one place of a payload."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Problem:
    """`str()` is the line Slack prints; `code` and `constraint` are what `blocks.validate` adds to it."""

    pointer: str
    text: str
    code: str = "failed_constraint"
    constraint: Mapping[str, object] | None = field(default=None, compare=False)

    def __str__(self) -> str:
        return f"{self.text} [json-pointer:{self.pointer}]"
