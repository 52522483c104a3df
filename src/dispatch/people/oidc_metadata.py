"""What an OpenID provider says about itself (OpenID Connect Discovery 1.0), and the ways it may not answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from dispatch.kit import clock
from dispatch.kit.errors import DispatchError


class Trouble(DispatchError):
    """The provider did not answer as it should. `code` is for the log, and has nothing of the person in it."""

    status = 502
    title = "Signing in did not work"

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Metadata:
    """A provider's own description. `ahead`: seconds its clock is before ours, None when it does not tell."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    userinfo_endpoint: str
    jwks_uri: str
    algorithms: tuple[str, ...]
    auth_methods: tuple[str, ...]
    challenge_methods: tuple[str, ...]
    names_itself: bool
    ahead: float | None


def not_secure(issuer: str) -> str:
    """Why people must not be sent to this issuer outside a demo; empty when it is https.

    Whoever else can open a port on this machine could answer as a provider without https, and be anybody.
    """
    if urlsplit(issuer).scheme == "https":
        return ""
    return (
        "An issuer starts with https://. A provider on this machine without https is for the demo and for tests "
        "(DISPATCH_ENV=demo)."
    )


def described(issuer: str, told: Mapping[str, Any], date: str | None) -> Metadata:
    """What discovery answered, checked.

    Args:
        issuer: as it is configured.
        date: the answer's own time, from its header.

    Raises:
        Trouble: it describes somebody else, or not enough.
    """
    named = told.get("issuer")
    if not isinstance(named, str) or named.rstrip("/") != issuer.rstrip("/"):
        raise Trouble(
            f"The provider calls itself {named if isinstance(named, str) else 'nothing'}; the configured issuer is {issuer}. "
            "They have to be the same.",
            code="discovery:issuer",
        )
    secure = urlsplit(issuer).scheme == "https"

    def address(name: str, *, needed: bool = True) -> str:
        value = told.get(name)
        if isinstance(value, str) and urlsplit(value).scheme == ("https" if secure else "http"):
            return value
        if needed:
            raise Trouble(f"The provider does not name its {name}.", code=f"discovery:{name}")
        return ""

    def words(name: str) -> tuple[str, ...]:
        value = told.get(name)
        return tuple(str(each) for each in value) if isinstance(value, list) else ()

    return Metadata(
        issuer=named,
        authorization_endpoint=address("authorization_endpoint"),
        token_endpoint=address("token_endpoint"),
        userinfo_endpoint=address("userinfo_endpoint", needed=False),
        jwks_uri=address("jwks_uri"),
        algorithms=words("id_token_signing_alg_values_supported"),
        auth_methods=words("token_endpoint_auth_methods_supported"),
        challenge_methods=words("code_challenge_methods_supported"),
        names_itself=told.get("authorization_response_iss_parameter_supported") is True,
        ahead=_ahead(date),
    )


def _ahead(date: str | None) -> float | None:
    try:
        return (parsedate_to_datetime(date) - clock.now()).total_seconds() if date else None
    except (ValueError, TypeError):
        return None


def error_name(said: object) -> str:
    """An error's name, if it looks like one; what else is in there is not ours to log."""
    text = said if isinstance(said, str) else ""
    return text if text.replace("_", "").isalnum() and len(text) <= 60 else ""
