"""An app's manifest, as strictly as Slack takes it."""

from functools import cache
from typing import TYPE_CHECKING, Any

from . import facts

if TYPE_CHECKING:
    from jsonschema import Draft7Validator

Json = dict[str, Any]


@cache
def _schema() -> "Draft7Validator":
    from jsonschema import Draft7Validator  # noqa: PLC0415 - costs a tenth of a second, needed once somebody installs an app

    return Draft7Validator(facts.manifest_schema())


def problems(manifest: Any) -> list[Json]:
    """What `apps.manifest.validate` lists under `errors`; empty when the manifest is good."""
    if not isinstance(manifest, dict):
        return [{"message": "must be an object", "pointer": "/"}]
    found = [
        {"message": error.message, "pointer": "/" + "/".join(str(step) for step in error.absolute_path)}
        for error in _schema().iter_errors(manifest)
    ]
    # The rules below read the manifest as the schema describes it.
    return found or [*_names(manifest), *_addresses(manifest)]


def _names(manifest: Json) -> list[Json]:
    """The schema accepts any text as scope or event; Slack does not."""
    scopes = (manifest.get("oauth_config") or {}).get("scopes") or {}
    subscriptions = (manifest.get("settings") or {}).get("event_subscriptions") or {}
    known = {"bot": facts.bot_scopes(), "user": facts.user_scopes()}
    found = [
        _problem(f"Invalid scope: {scope}", f"/oauth_config/scopes/{kind}/{place}")
        for kind in ("bot", "user")
        for place, scope in enumerate(scopes.get(kind) or [])
        if scope not in known[kind]
    ]
    # Events and commands without their scope pass here, as in Slack; they are just never sent.
    return found + [
        _problem(f"Invalid event: {event}", f"/settings/event_subscriptions/{kind}_events/{place}")
        for kind in ("bot", "user")
        for place, event in enumerate(subscriptions.get(f"{kind}_events") or [])
        if event not in facts.events()
    ]


def _addresses(manifest: Json) -> list[Json]:
    settings = manifest.get("settings") or {}
    if settings.get("socket_mode_enabled"):
        return []
    found = []
    subscriptions = settings.get("event_subscriptions") or {}
    if (subscriptions.get("bot_events") or subscriptions.get("user_events")) and not subscriptions.get("request_url"):
        text = "Event Subscription requires either Request URL or Socket Mode Enabled"
        found.append(_problem(text, "/settings/event_subscriptions"))
    interactivity = settings.get("interactivity") or {}
    if interactivity.get("is_enabled") and not interactivity.get("request_url"):
        text = "Interactivity requires either Request URL or Socket Mode Enabled"
        found.append(_problem(text, "/settings/interactivity"))
    for place, command in enumerate((manifest.get("features") or {}).get("slash_commands") or []):
        if not command.get("url"):
            text = "Slash Command requires either Request URL or Socket Mode Enabled"
            found.append(_problem(text, f"/features/slash_commands/{place}"))
    return found


def _problem(message: str, pointer: str) -> Json:
    return {"message": message, "pointer": pointer}
