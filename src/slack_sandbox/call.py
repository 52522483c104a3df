"""One Web API call: who makes it, with which scopes, and its arguments as the types a method needs."""

from dataclasses import dataclass
from typing import Any

import orjson

from . import facts
from .errors import SlackError
from .events import admitting
from .sandbox import Sandbox
from .state import App, Channel, Message, Token, User

Json = dict[str, Any]
_ALIAS = {"channels:write": "channels:manage"}


@dataclass
class Call:
    box: Sandbox
    method: str
    args: Json
    _token: Token | None = None
    # Credentials of an `Authorization: Basic` header, still encoded.
    basic: str | None = None

    # -- who -------------------------------------------------------------------------------------------------------

    @property
    def token(self) -> Token:
        if self._token is None:
            raise SlackError("not_authed")
        return self._token

    @property
    def team(self) -> str:
        return self.token.team_id

    @property
    def app(self) -> App:
        return self.box.app(self.token.app_id)

    @property
    def me(self) -> User:
        return self.box.user(self.token.user_id)

    @property
    def is_bot(self) -> bool:
        return self.token.kind == "bot"

    def has(self, *scopes: str) -> bool:
        held = set(self.token.scopes)
        return any(scope in held or _ALIAS.get(scope) in held for scope in scopes)

    def accepted(self) -> tuple[str, ...]:
        known = facts.methods().get(self.method)
        if known is None:
            return ()
        return known.bot if self.is_bot else known.user

    def require(self, *scopes: str) -> None:
        if not self.has(*scopes):
            needed = scopes if not self.is_bot else tuple(scope for scope in scopes if scope not in _ALIAS)
            raise SlackError("missing_scope", needed=",".join(needed), provided=",".join(self.token.scopes))

    def allows(self, channel: Channel) -> bool:
        """Whether the token's scopes for this method reach channels of this kind."""
        accepted = self.accepted()
        return not accepted or self.has(*admitting(accepted, channel, self.team))

    # -- arguments -------------------------------------------------------------------------------------------------

    def bad(self, *messages: str) -> SlackError:
        return SlackError("invalid_arguments", messages=list(messages))

    def text(self, name: str, default: str = "") -> str:
        value = self.args.get(name)
        if value is None:
            return default
        if isinstance(value, (dict, list)):
            raise self.bad(f"must be a string [json-pointer:/{name}]")
        return str(value)

    def maybe(self, name: str) -> str | None:
        """The argument, or None when it is absent or empty."""
        return self.text(name) or None

    def needed(self, name: str) -> str:
        value = self.text(name)
        if not value:
            raise self.bad(f"missing required field: {name}")
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        value = self.args.get(name)
        if value is None or value == "":
            return default
        if isinstance(value, bool):
            return value
        return str(value).lower() in ("1", "true", "yes", "on")

    def number(self, name: str, default: int, *, low: int = 1, high: int = 1000) -> int:
        value = self.args.get(name)
        if value is None or value == "":
            return default
        try:
            number = int(str(value))
        except ValueError:
            raise self.bad(f"must provide an integer [json-pointer:/{name}]") from None
        if number < low:
            return default
        return min(number, high)

    def structure(self, name: str, *, error: str = "invalid_arguments") -> Any:
        """A JSON value, itself or as a string; None when absent."""
        value = self.args.get(name)
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            return value
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            if error != "invalid_arguments":
                raise SlackError(error) from None
            raise self.bad(f"must be valid JSON [json-pointer:/{name}]") from None

    def names(self, name: str) -> list[str]:
        """A list given as an array, as a JSON array in a string, or separated by commas; doubles removed."""
        value = self.args.get(name)
        if isinstance(value, str):
            value = self.structure(name) if value.lstrip().startswith("[") else value.split(",")
        if value is None:
            return []
        if not isinstance(value, list):
            raise SlackError("invalid_array_arg")
        return list(dict.fromkeys(str(item).strip() for item in value if str(item).strip()))

    # -- things the arguments point to -----------------------------------------------------------------------------

    def visible(self, channel: Channel) -> bool:
        if self.team not in channel.teams:
            return False
        return (channel.kind_in(self.team) == "public" and not self._guest()) or self.me.id in channel.members

    def _guest(self) -> bool:
        return self.me.is_restricted or self.me.is_ultra_restricted

    def channel(self, name: str = "channel", *, member: bool = False, unarchived: bool = False) -> Channel:
        channel = self.box.state.channels.get(self.needed(name))
        if channel is None or not self.visible(channel):
            raise SlackError("channel_not_found")
        accepted = self.accepted()
        if accepted:
            self.require(*sorted(admitting(accepted, channel, self.team)))
        if member and self.me.id not in channel.members:
            raise SlackError("not_in_channel")
        if unarchived and channel.is_archived:
            raise SlackError("is_archived")
        return channel

    def person(self, name: str = "user", *, error: str = "user_not_found") -> User:
        user = self.box.state.users.get(self.needed(name))
        if user is None or not self.box.state.knows(self.team, user):
            raise SlackError(error)
        return user

    def message(self, channel: Channel, name: str = "ts", *, error: str = "message_not_found") -> Message:
        message = channel.messages.get(self.needed(name))
        if message is None:
            raise SlackError(error)
        return message

    # -- lists -----------------------------------------------------------------------------------------------------

    def page(
        self, rows: list[Any], *, default: int = 100, high: int = 1000, size: str = "limit"
    ) -> tuple[list[Any], Json]:
        """One page of `rows`, as many as the argument `size` asks for, and the metadata that leads to the next."""
        start = 0
        if cursor := self.maybe("cursor"):
            head, _, tail = cursor.partition(":")
            if head != "next" or not tail.rstrip("=").isdigit():
                raise SlackError("invalid_cursor")
            start = int(tail.rstrip("="))
        end = start + self.number(size, default, high=high)
        return rows[start:end], {"response_metadata": {"next_cursor": f"next:{end}=" if end < len(rows) else ""}}


def required(call: Call, names: tuple[str, ...]) -> None:
    missing = [name for name in names if call.args.get(name) in (None, "")]
    if missing:
        raise SlackError("invalid_arguments", messages=[f"missing required field: {name}" for name in missing])
