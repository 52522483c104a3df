"""The kinds of error the whole house speaks; each carries a sentence for the person who caused it."""

from __future__ import annotations

from typing import ClassVar


class DispatchError(Exception):
    """Base of every expected error. `str(error)` is safe and useful to show to the person."""

    status: ClassVar[int] = 400
    title: ClassVar[str] = "That did not work"


class NotFound(DispatchError):
    """Also the answer for what exists but is not yours: the two must not be told apart."""

    status = 404
    title = "Not found"


class NotAllowed(DispatchError):
    """The person may not do this; the message says what is missing and who can help."""

    status = 403
    title = "Not allowed"


class Conflict(DispatchError):
    """The thing changed, or exists already."""

    status = 409
    title = "Conflict"


class Stale(Conflict):
    """Somebody else changed it meanwhile; the message says who and what. The API answers 412."""

    status = 412
    title = "Changed meanwhile"


class Invalid(DispatchError):
    """The input breaks a rule; `field` names the input when there is one."""

    status = 422
    title = "Please check the input"

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class SetupError(DispatchError):
    """The installation is not in a state to run; the message says what the operator has to do."""

    status = 503
    title = "Dispatch is not set up"


class ProviderError(Exception):
    """What a plugin may raise; nothing else. Flows decide by the kind whether to try again."""


class Unavailable(ProviderError):
    """Try again: the other system did not answer, or asked us to wait.

    Args:
        message: what happened, for the incident page.
        retry_after: seconds the other system asked us to wait, or None.
    """

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Refused(ProviderError):
    """Do not try again: a person has to do something first.

    Args:
        message: what the other system said.
        hint: what a person can do about it.
        code: the other system's own error name, such as `name_taken`.
    """

    def __init__(self, message: str, *, hint: str = "", code: str = "") -> None:
        super().__init__(message)
        self.hint = hint
        self.code = code
