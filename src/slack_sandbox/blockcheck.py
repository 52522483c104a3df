"""The one place that asks the Block Kit validator, and words its findings as Slack does."""

from typing import Any

from .blockkit import check_message, check_view
from .errors import SlackError

Json = dict[str, Any]


def message(blocks: object, attachments: object = None) -> None:
    problems = [str(problem) for problem in check_message(blocks, attachments=attachments)]
    if problems:
        raise SlackError("invalid_blocks", messages=problems, errors=problems)


def view(view: object) -> None:
    problems = [str(problem) for problem in check_view(view)]
    if problems:
        raise SlackError("invalid_arguments", messages=problems)
