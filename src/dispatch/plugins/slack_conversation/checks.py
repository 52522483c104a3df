"""*Test connection*: what Slack says about the tokens, ids and scopes that were configured."""

from __future__ import annotations

from collections.abc import Sequence

from dispatch.kit.errors import ProviderError, Refused
from dispatch.kit.slack.client import Identity, SlackClient
from dispatch.kit.slack.scopes import (
    BREAKS,
    FOR_PUBLIC_CHANNELS,
    OPTIONAL,
    REGISTERED,
    REQUIRED,
    REQUIRED_OF_USER,
    missing,
    union,
)
from dispatch.plugins.slack_conversation.settings import SlackConversationSettings
from dispatch.ports.answers import Check

_WHERE = "Slack app → OAuth & Permissions"


async def check(
    settings: SlackConversationSettings, bot: SlackClient, user: SlackClient | None, app: SlackClient | None
) -> Sequence[Check]:
    """Asks Slack, changes nothing."""
    try:
        who = await bot.identity(verify=True)
    except ProviderError as why:
        return [_failed("API Bot Token", why)]
    found = [
        Check("API Bot Token", True, f"Works in the workspace {who.team} ({who.team_id})."),
        *_ids(settings, who),
        *_scopes(who, private_only=settings.private_channels),
    ]
    events_mode = bool(settings.signing_secret.get_secret_value())
    if app is not None:
        found.append(await _app_token(app, events_mode=events_mode))
    if user is not None:
        found.append(await _user_token(user, who))
    if not events_mode:
        found.append(Check("Signing Secret", True, "Not given: only Socket Mode can be used."))
    return found


def _ids(settings: SlackConversationSettings, who: Identity) -> list[Check]:
    return [
        _id("App User Id", settings.app_user_slug, who.user_id),
        _id("Team ID", settings.team_id, who.team_id),
        _id("App ID", settings.app_id, who.app_id),
    ]


def _id(name: str, given: str, real: str) -> Check:
    if not real:
        return Check(name, True, "Slack did not say.", "" if given else f"Type the {name} in, if you know it.")
    if given and given != real:
        return Check(
            name, False, f"{given} is configured, but the bot token belongs to {real}.", f"Enter {real}, or empty it."
        )
    return Check(name, True, real if given else f"{real} (asked from Slack).")


def _scopes(who: Identity, *, private_only: bool) -> list[Check]:
    """One line when all are there, else one per missing scope with what it breaks."""
    if who.scopes is None:
        return [Check("Scopes", True, "Slack did not say which scopes the token has.")]
    # What the registered events need, too: without a handler nobody misses its scope.
    needed = {*union(REQUIRED), *REGISTERED} - (FOR_PUBLIC_CHANNELS if private_only else set())
    lacking = missing(who.scopes, needed)
    broken = [scope for scope in lacking if scope not in OPTIONAL]
    found = [
        Check(f"Scope {scope}", False, f"Missing: {BREAKS.get(scope, 'something that Dispatch does')}.", _add(scope))
        for scope in broken
    ]
    found += [
        Check(f"Scope {scope}", True, f"Missing: {OPTIONAL[scope]}.", _add(scope))
        for scope in lacking
        if scope in OPTIONAL
    ]
    return found if broken else [Check("Scopes", True, "All the scopes Dispatch needs are there."), *found]


def _add(scope: str) -> str:
    return f"{_WHERE} → Bot Token Scopes → add {scope}, reinstall the app."


async def _app_token(app: SlackClient, *, events_mode: bool) -> Check:
    name = "Socket Mode App Token"
    try:
        # Gives an address that nobody uses; it expires by itself.
        await app.call("apps.connections.open")
    except ProviderError as why:
        if isinstance(why, Refused) and why.code == "socket_mode_not_enabled" and events_mode:
            return Check(name, True, "Not used: Socket Mode is switched off in the Slack app.")
        return _failed(name, why)
    return Check(name, True, "Works.")


async def _user_token(user: SlackClient, bot: Identity) -> Check:
    name = "User OAuth Token"
    try:
        who = await user.identity()
    except ProviderError as why:
        return _failed(name, why)
    if who.team_id != bot.team_id:
        return Check(name, False, f"It belongs to another workspace ({who.team}).", "Use a token of this workspace.")
    lacking = missing(who.scopes, union(REQUIRED_OF_USER)) if who.scopes is not None else []
    if lacking:
        return Check(
            name,
            False,
            f"The user token lacks {', '.join(lacking)}.",
            f"{_WHERE} → User Token Scopes → add {', '.join(lacking)}, reinstall the app.",
        )
    return Check(name, True, "Works: channels can be reopened.")


def _failed(name: str, why: ProviderError) -> Check:
    return Check(name, False, str(why), why.hint if isinstance(why, Refused) else "Try again in a minute.")
