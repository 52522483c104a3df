"""Logging: one line per event, without secrets and without what people wrote.

Our own code logs a constant sentence with values beside it: `log.info("channel made", channel=id)`. Lines of
other libraries are cut down, because they put values into the sentence. Messages of exceptions are withheld
(they quote what was typed); type, places and error codes are shown.
"""

from __future__ import annotations

import json as jsonlib
import logging
import re
import sys
import threading
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path, PurePath
from traceback import walk_tb
from types import TracebackType
from typing import Any, TextIO
from uuid import UUID

import structlog
from structlog.stdlib import BoundLogger, ProcessorFormatter

from dispatch.kit.errors import SetupError

MASK = "[masked]"
LONGEST = 2000
FRAMES = 40

_KEYS = (
    r"token|secret|passw|authorization|cookie|(?<!con)text|blocks|description|title|body|e-?mail"
    r"|payload|content|signature|api_?key|positional_args"
)
_HIDDEN = re.compile(_KEYS, re.IGNORECASE)
#: Replaced anywhere in any text. The last three find `"title": "…"`, `title='…'` and `title=…` inside a text.
_VALUES = (
    re.compile(r"xox[a-z](?:\.xox[a-z])?-[\w.-]+", re.IGNORECASE),
    re.compile(r"xapp-[\w.-]+", re.IGNORECASE),
    re.compile(r"\b(?:Bearer|Basic)\s+[\w.~+/=-]+", re.IGNORECASE),
    re.compile(r"(?<=://)[^/\s:@]{0,100}:[^/\s@]+(?=@)"),
    re.compile(r"\b(?:hooks\.slack\.com|wss-[\w.-]*slack\.com)/\S+", re.IGNORECASE),
    re.compile(r"[\w.+-]{1,64}@[\w-]+\.[\w.-]*\w"),
    re.compile(
        rf"""(["'])[\w-]{{0,40}}(?:{_KEYS})[\w-]*\1\s*:\s*(["'])(?:\\.|(?!\2).)*\2?""", re.IGNORECASE | re.DOTALL
    ),
    re.compile(rf"""\b[\w-]{{0,40}}(?:{_KEYS})[\w-]*=(["'])(?:\\.|(?!\1).)*\1?""", re.IGNORECASE | re.DOTALL),
    re.compile(rf"\b[\w-]{{0,40}}(?:{_KEYS})[\w-]*=[^&\s,;)]+", re.IGNORECASE),
)
#: Their lines hold names and numbers only; those of all others may quote a payload.
_TRUSTED = ("dispatch", "uvicorn", "pgqueuer")
_QUIET = {
    "slack_sdk": logging.WARNING,
    "slack_bolt": logging.WARNING,
    "aiohttp": logging.WARNING,
    "sqlalchemy": logging.WARNING,
    "asyncio": logging.WARNING,
    # Paths may hold one-time links.
    "uvicorn.access": logging.WARNING,
}
#: Exceptions whose message the interpreter composes of names and places. The operating system's errors and
#: `SetupError` are such, too.
_PLAIN_SPOKEN = (TypeError, AttributeError, NameError, ImportError, ModuleNotFoundError, IndexError, RecursionError)
_CODE = re.compile(r"[\w.:-]{1,60}")

Event = MutableMapping[str, Any]


def get(name: str) -> BoundLogger:
    """The logger of a module: `log = logs.get(__name__)`."""
    return structlog.stdlib.get_logger(name)


@contextmanager
def bound(*, request: str | None = None, org: str | int | None = None, incident: str | None = None) -> Iterator[None]:
    """Everything logged inside carries these, also in tasks started inside."""
    given = {"request": request, "org": org, "incident": incident}
    with structlog.contextvars.bound_contextvars(**{key: value for key, value in given.items() if value is not None}):
        yield


def configure(level: str | int, json: bool, *, stream: TextIO | None = None, exception_messages: bool = False) -> None:
    """Send all logging of the process through here.

    Args:
        level: such as "INFO".
        json: one JSON object per line (production) instead of lines to read (demo).
        stream: standard error when left out, so that standard output stays the command's answer.
        exception_messages: show the messages of exceptions; for development only, they quote what was typed.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    finish: list[Any] = [
        _Exceptions(messages=exception_messages),
        ProcessorFormatter.remove_processors_meta,
        _masked,
        structlog.processors.JSONRenderer(serializer=jsonlib.dumps) if json else _console(stream or sys.stderr),
    ]
    handler = _Handler(stream or sys.stderr)
    handler.setFormatter(_Formatter(processors=finish, foreign_pre_chain=shared))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name, least in _QUIET.items():
        logging.getLogger(name).setLevel(max(least, root.level))
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    # Python would print an exception that nobody caught with its message.
    sys.excepthook = _crash
    threading.excepthook = lambda it: _crash(it.exc_type, it.exc_value, it.exc_traceback)
    sys.unraisablehook = lambda it: _crash(it.exc_type, it.exc_value, it.exc_traceback)


def mask(value: Any) -> Any:
    """The value as it may be logged; objects of unknown kinds become the name of their type."""
    if value is None or (isinstance(value, bool | int | float) and not isinstance(value, Enum)):
        return value
    if isinstance(value, Enum):
        return mask(value.value)
    if isinstance(value, str):
        return mask_text(value)
    if isinstance(value, Mapping):
        return {str(key): MASK if _hides(key) and each is not None else mask(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [mask(each) for each in value]
    if isinstance(value, date | time | timedelta | Decimal | UUID | PurePath):
        return mask_text(str(value))
    if isinstance(value, BaseException):
        return _about(value, messages=False)
    return f"<{value.__name__ if isinstance(value, type) else type(value).__name__}>"


def mask_text(text: str, longest: int = LONGEST) -> str:
    """The text without tokens, passwords, addresses and quoted fields that hold what people wrote."""
    if len(text) > longest:
        # Before the patterns look: their time grows with the length. The last word may be half an address.
        text = text[:longest].rpartition(" ")[0] + " …"
    for pattern in _VALUES:
        text = pattern.sub(MASK, text)
    return text


def _hides(key: object) -> bool:
    return bool(_HIDDEN.search(str(key)))


def _masked(_logger: Any, _name: str, event: Event) -> Event:
    trace = event.pop("exception", None)
    made: Event = mask(event)
    if trace is not None:
        made["exception"] = mask_text(trace, 20_000)
    return made


def _console(stream: TextIO) -> Any:
    return structlog.dev.ConsoleRenderer(colors=stream.isatty())


# --- other libraries -------------------------------------------------------------------------------------------------


class _Formatter(ProcessorFormatter):
    """Reduces what others log before their arguments are put into the sentence."""

    def format(self, record: logging.LogRecord) -> str:
        if isinstance(record.msg, dict) and hasattr(record, "_logger"):  # our own, see structlog's wrap_for_formatter
            return super().format(record)
        # A copy: other handlers (a test's) get the record as it was.
        made = logging.makeLogRecord(record.__dict__)
        made.msg, made.args = _said(record), ()
        return super().format(made)


def _said(record: logging.LogRecord) -> str:
    if not isinstance(record.msg, str):
        return str(mask(record.msg))
    trusted = record.name.split(".", 1)[0] in _TRUSTED
    if not record.args:
        return record.msg if trusted else _opening(record.msg)
    kept = record.args if trusted else _without_texts(record.args)
    try:
        return str(record.msg % _shown(kept))
    except (TypeError, ValueError, KeyError):
        # The placeholder wanted a number, or the call was wrong; the sentence alone still tells which line it is.
        return record.msg


def _opening(text: str) -> str:
    """The first words of a sentence that was put together elsewhere: values come after a colon, a bracket or a quote."""
    words: str = re.split(r"""[:=({\[<"'`\n]""", text, maxsplit=1)[0].rstrip()[:100]
    return words if words == text else f"{words} …"


def _without_texts(args: Any) -> Any:
    def kept(value: Any) -> Any:
        return value if isinstance(value, int | float) else "…"

    return {key: kept(each) for key, each in args.items()} if isinstance(args, Mapping) else tuple(map(kept, args))


def _shown(args: Any) -> Any:
    return mask(args) if isinstance(args, Mapping) else tuple(map(mask, args))


# --- exceptions ------------------------------------------------------------------------------------------------------


class _Exceptions:
    """Processor: `exc_info` becomes `exception`, a text without messages."""

    def __init__(self, *, messages: bool) -> None:
        self._messages = messages

    def __call__(self, _logger: Any, _name: str, event: Event) -> Event:
        found = event.pop("exc_info", None)
        event.pop("stack_info", None)
        if found is True:
            found = sys.exc_info()
        error = found[1] if isinstance(found, tuple) else found
        if isinstance(error, BaseException):
            event["exception"] = "\n".join(_trace(error, messages=self._messages, seen=set()))
        return event


def _trace(error: BaseException, *, messages: bool, seen: set[int]) -> list[str]:
    if id(error) in seen or len(seen) > 8:
        return []
    seen.add(id(error))
    lines = [_about(error, messages=messages), *_frames(error.__traceback__)]
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            lines += [f"  | {line}" for line in _trace(each, messages=messages, seen=seen)]
    earlier = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if earlier is not None:
        lines += ["because of", *_trace(earlier, messages=messages, seen=seen)]
    return lines


def _frames(trace: TracebackType | None) -> list[str]:
    # Lines of source are left out: literals may stand in them.
    found = [(frame.f_code, line) for frame, line in walk_tb(trace)]
    shown = [f"  {_place(code.co_filename)}:{line} in {code.co_qualname}" for code, line in found[-FRAMES:]]
    return [*(["  …"] if len(found) > FRAMES else []), *shown]


def _place(filename: str) -> str:
    parts = Path(filename).parts
    for root in ("site-packages", "src"):
        if root in parts:
            return "/".join(parts[parts.index(root) + 1 :])
    return "/".join(parts[-2:])


def _about(error: BaseException, *, messages: bool) -> str:
    """`module.Type [code]`, with the message only where it cannot quote anybody."""
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    codes = [str(code) for code in _codes(error) if _CODE.fullmatch(str(code))]
    shown = f"{name} [{' '.join(codes)}]" if codes else name
    plain_spoken = kind in _PLAIN_SPOKEN or (kind.__module__ == "builtins" and issubclass(kind, OSError))
    if messages or plain_spoken or isinstance(error, SetupError):
        return mask_text(f"{shown}: {error}")
    return mask_text(shown)


def _codes(error: BaseException) -> Iterator[object]:
    """Error names and numbers of the systems we talk to: PostgreSQL, Slack, HTTP, and our own `Refused.code`."""
    for holder in (error, getattr(error, "orig", None)):
        for name in ("sqlstate", "code", "status", "errno"):
            if (found := getattr(holder, name, None)) is not None and isinstance(found, str | int):
                yield found
        if constraint := getattr(getattr(holder, "diag", None), "constraint_name", None):
            yield constraint
    answer = getattr(error, "response", None)
    if isinstance(data := getattr(answer, "data", answer), Mapping) and isinstance(data.get("error"), str):
        yield data["error"]


def _crash(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    if error is None or issubclass(kind, KeyboardInterrupt | SystemExit):
        return
    logging.getLogger("dispatch").critical("not caught", exc_info=(kind, error, trace))


class _Handler(logging.StreamHandler[TextIO]):
    def handleError(self, record: logging.LogRecord) -> None:
        # The default prints the record with its arguments.
        kind = getattr(sys.exc_info()[0], "__name__", "")
        print(f"a log line of {record.name} could not be written: {kind}", file=sys.__stderr__)
