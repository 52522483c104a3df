"""What Slack documents about itself, as data: method scopes and tiers, event scopes, scope names, the manifest schema."""

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import orjson


def _load(name: str) -> Any:
    return orjson.loads(resources.files(__package__).joinpath(name).read_bytes())


@dataclass(frozen=True)
class MethodFacts:
    """Scopes any of which admits a call, the rate tier (1-4, None = special) and the arguments Slack insists on."""

    tier: int | None
    bot: tuple[str, ...]
    user: tuple[str, ...]
    required: tuple[str, ...]


@cache
def methods() -> dict[str, MethodFacts]:
    return {
        name: MethodFacts(fact["tier"], tuple(fact["bot"]), tuple(fact["user"]), tuple(fact["required"]))
        for name, fact in _load("methods.json")["methods"].items()
    }


@cache
def events() -> dict[str, tuple[str, ...]]:
    return {name: tuple(scopes) for name, scopes in _load("events.json")["events"].items()}


@cache
def bot_scopes() -> frozenset[str]:
    scopes = _load("scopes.json")
    return frozenset(scopes["bot"]) | frozenset(scopes["alias"])


@cache
def user_scopes() -> frozenset[str]:
    return frozenset(_load("scopes.json")["user"])


@cache
def manifest_schema() -> dict[str, Any]:
    schema: dict[str, Any] = _load("manifest.schema.json")
    return schema
