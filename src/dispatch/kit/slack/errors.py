"""Slack's errors, each turned once into what a person can read and do; the only place that knows their names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from dispatch.kit.errors import ProviderError, Refused, Unavailable

#: Slack could not do it now; the same call may work later.
TRANSIENT: Final = frozenset(
    {
        "external_channel_migrating",
        "fatal_error",
        "internal_error",
        "ratelimited",
        "rate_limited",
        "request_timeout",
        "service_unavailable",
        "team_added_to_org",
        "too_many_requests",
    }
)
#: Of these the whole workspace is moved by Slack; it takes minutes.
_SLOW: Final = {"team_added_to_org": 300.0, "external_channel_migrating": 60.0}

_PERMISSIONS: Final = "Slack app → OAuth & Permissions"
_TOKEN: Final = (
    f"Copy the Bot User OAuth Token from {_PERMISSIONS} again and save it in Settings → Project → Plugins → Slack."
)
_INVITE_BOT: Final = "Invite the app in that channel: /invite @ and its name."
_ADMIN: Final = "Ask a Slack workspace admin: a workspace setting forbids it to apps."
_BUG: Final = "This is a defect in Dispatch; please report it with the text above."

#: code -> (what Slack said, what to do)
PERMANENT: Final[Mapping[str, tuple[str, str]]] = {
    # --- the installation ---
    "invalid_auth": ("Slack does not know this token.", _TOKEN),
    "not_authed": ("No Slack token was sent.", _TOKEN),
    "token_revoked": ("The Slack token was revoked.", f"Reinstall the app. {_TOKEN}"),
    "token_expired": ("The Slack token has expired.", f"Reinstall the app, or switch off token rotation. {_TOKEN}"),
    "account_inactive": (
        "The app was removed from the workspace, or the account of its token was deactivated.",
        f"Reinstall the app. {_TOKEN}",
    ),
    "not_allowed_token_type": (
        "Slack does not take this kind of token here.",
        "The bot token starts with xoxb-, the app token with xapp-, the user token with xoxp-: check which is where.",
    ),
    "no_permission": ("The app lacks a permission in this workspace.", f"{_ADMIN} Then reinstall the app."),
    "team_access_not_granted": ("The app is not approved for this workspace.", "Ask a Slack organization admin."),
    "access_denied": ("Slack denied access.", _ADMIN),
    "accesslimited": ("Slack limits access for this app.", _ADMIN),
    "org_login_required": ("The workspace is being moved into an organization.", "Reinstall the app afterwards."),
    "ekm_access_denied": (
        "The workspace's administrators have suspended the keys that decrypt its messages.",
        "Ask a Slack organization admin (Enterprise Key Management).",
    ),
    "enterprise_is_restricted": ("This call is not available in an Enterprise organization.", _ADMIN),
    "two_factor_setup_required": ("The account must set up two-factor authentication.", "Set it up, then try again."),
    "invalid_app": ("Slack does not know this app.", _TOKEN),
    # --- channels ---
    "channel_not_found": (
        "The channel does not exist, or the app cannot see it.",
        f"It may be private. {_INVITE_BOT}",
    ),
    "not_in_channel": ("The app is not a member of the channel.", _INVITE_BOT),
    "is_archived": ("The channel is archived.", "Unarchive it in Slack, or use another channel."),
    "already_archived": ("The channel is archived already.", ""),
    "name_taken": (
        "A channel with this name exists already (archived channels keep their names).",
        "Rename the other channel, or choose another name.",
    ),
    "invalid_name": ("Slack does not take this channel name.", "Use a-z, 0-9, hyphen and underscore."),
    "invalid_name_maxlength": ("The channel name is too long.", "At most 80 characters."),
    "invalid_name_punctuation": ("The channel name has only punctuation.", "Use some letters or digits."),
    "invalid_name_required": ("The channel name is empty.", "Use a-z, 0-9, hyphen and underscore."),
    "invalid_name_specials": ("The channel name has characters Slack does not take.", "Use a-z, 0-9, - and _."),
    "restricted_action": ("A workspace setting does not let the app do this.", _ADMIN),
    "restricted_action_read_only_channel": ("Only certain people may post in this channel.", _ADMIN),
    "restricted_action_thread_only_channel": ("This channel takes only replies in threads.", _ADMIN),
    "restricted_action_non_threadable_channel": ("This channel takes no replies in threads.", _ADMIN),
    "restricted_action_thread_locked": ("The thread is locked.", "Post outside the thread."),
    "cannot_create_channel": ("The app may not create channels.", _ADMIN),
    "user_is_restricted": ("A guest account may not do this.", "Ask a full member of the workspace."),
    "not_authorized": ("Slack lets only the channel's creator or an admin do this.", "Do it by hand in Slack."),
    "method_not_supported_for_channel_type": ("Slack cannot do this with this kind of conversation.", ""),
    "cant_archive_general": ("The general channel cannot be archived.", ""),
    "cant_archive_required": ("This channel is required and cannot be archived.", ""),
    "not_archived": ("The channel is not archived.", ""),
    "channel_is_limited_access": ("Access to the channel is limited.", _ADMIN),
    "messages_tab_disabled": (
        "The app cannot receive or send direct messages.",
        "Slack app → App Home → switch on the Messages Tab.",
    ),
    # --- people ---
    "user_not_found": ("Slack does not know this user.", "They may have left, or belong to another workspace."),
    "users_not_found": (
        "Nobody in the Slack workspace has this e-mail address.",
        "Invite them to Slack, or correct their e-mail address.",
    ),
    "user_not_visible": ("The app cannot see this user.", "They may belong to another workspace."),
    "user_disabled": ("The user's Slack account is deactivated.", "Ask a Slack workspace admin to reactivate it."),
    "user_not_in_channel": ("The person is not in the channel.", "Invite them first."),
    "cant_invite": ("Slack does not let this person be invited.", "Invite them by hand in Slack."),
    "cant_invite_self": ("The app is in the channel already.", ""),
    "already_in_channel": ("The person is in the channel already.", ""),
    "invitee_cant_see_channel": ("The person may not see this channel.", _ADMIN),
    "org_user_not_in_team": (
        "The person belongs to the organization, not to this workspace.",
        "Add them to the workspace, then try again.",
    ),
    "ura_max_channels": ("Single-channel guests cannot join a second channel.", "Make them a multi-channel guest."),
    "no_external_invite_permission": ("The app may not invite people from outside.", _ADMIN),
    "no_user": ("Nobody was named.", _BUG),
    # --- messages, marks, views ---
    "msg_too_long": ("The message is too long for Slack.", _BUG),
    "msg_blocks_too_long": ("The message is too long for Slack.", _BUG),
    "no_text": ("The message is empty.", _BUG),
    "message_not_found": ("The message is gone.", "Somebody may have deleted it."),
    "thread_not_found": ("The thread is gone.", "Somebody may have deleted it."),
    "cant_update_message": ("Slack lets an app change only its own messages.", ""),
    "edit_window_closed": ("The workspace no longer lets this message be edited.", _ADMIN),
    "message_limit_exceeded": ("The workspace has reached its message limit.", _ADMIN),
    "too_many_pins": ("The channel has as many pins as Slack allows.", "Remove some pins, then try again."),
    "not_pinnable": ("This message cannot be pinned.", ""),
    "too_many_bookmarks": ("The channel has as many bookmarks as Slack allows.", "Remove some, then try again."),
    "invalid_link": ("Slack does not take this link.", "It must start with https:// or http:// (DISPATCH_BASE_URL)."),
    "permission_denied": ("Slack denied it in this channel.", _ADMIN),
    "expired_trigger_id": ("It took more than three seconds to open the form.", "Please try again."),
    "exchanged_trigger_id": ("This click was answered already.", "Please try again."),
    "invalid_trigger_id": ("Slack does not know this click.", "Please try again."),
    "hash_conflict": ("The form changed meanwhile.", "Please try again."),
    "not_found": ("It is gone.", "The form may have been closed."),
    "view_too_large": ("The form is too large for Slack.", _BUG),
    "duplicate_external_id": ("Slack holds a form with the same id.", _BUG),
    "push_limit_reached": ("Slack shows at most three forms on top of each other.", "Close one, then try again."),
    "unknown_method": ("Slack does not know this method.", _BUG),
    "expired_url": (
        "Slack takes at most five answers within 30 minutes; this one came too late.",
        "Run the command again.",
    ),
}

_APP_TOKEN: Final = (
    "Copy the token again from Slack app → Basic Information → App-Level Tokens (it needs the scope connections:write) "
    "and save it as Socket Mode App Token in Settings → Project → Plugins → Slack."
)
#: What the same error says about an app-level token, which only Socket Mode uses.
_OF_APP: Final[Mapping[str, tuple[str, str]]] = {
    "invalid_auth": ("Slack does not know the Socket Mode App Token.", _APP_TOKEN),
    "token_revoked": ("The Socket Mode App Token was revoked.", _APP_TOKEN),
    "not_allowed_token_type": ("The Socket Mode App Token is a token of another kind.", _APP_TOKEN),
    "account_inactive": ("The Slack app is not installed any more.", f"Reinstall the app. {_APP_TOKEN}"),
    "socket_mode_not_enabled": (
        "Socket Mode is not turned on for this Slack app.",
        "Turn it on at api.slack.com/apps → Socket Mode, or remove the Socket Mode App Token to use HTTP.",
    ),
    "forbidden_team": (
        "Slack does not let this app connect: Socket Mode was turned off.",
        "Turn it on at api.slack.com/apps → Socket Mode, or remove the Socket Mode App Token to use HTTP.",
    ),
}

#: Programming errors: what we sent breaks a rule, and Slack says where.
_POINTED: Final = frozenset(
    {
        "block_mismatch",
        "invalid_arg_name",
        "invalid_arguments",
        "invalid_array_arg",
        "invalid_attachments",
        "invalid_blocks",
        "invalid_blocks_format",
        "invalid_form_data",
        "invalid_metadata_format",
        "invalid_metadata_schema",
        "metadata_too_large",
        "missing_argument",
        "too_many_attachments",
    }
)


class RateLimited(Unavailable):
    """Slack asked us to wait: `retry_after` is always set. The shared budget closes for so long."""


class SlackRefused(Refused):
    """A refusal with the details some callers need.

    Attributes:
        method: the Web API method.
        needed: the scope names of a `missing_scope`.
        errors: what Slack said about single items, such as `{"user": "U1", "error": "cant_invite"}`.
    """

    def __init__(
        self,
        message: str,
        *,
        method: str,
        hint: str = "",
        code: str = "",
        needed: Sequence[str] = (),
        errors: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        super().__init__(message, hint=hint, code=code)
        self.method = method
        self.needed = tuple(needed)
        self.errors = tuple(errors)


def explain(code: str) -> tuple[str, str]:
    """Slack's error name as a sentence and what to do about it; also for errors about one person or item."""
    if code in PERMANENT:
        return PERMANENT[code]
    if code.startswith("ekm"):
        return PERMANENT["ekm_access_denied"]
    if code.startswith("slack_connect"):
        return f"Slack does not allow it in a channel shared with another company ({code}).", _ADMIN
    return f"Slack refused it: {code or 'no reason given'}.", ""


def from_answer(
    method: str, *, status: int, body: Mapping[str, Any], retry_after: str | None = None, token: str = ""
) -> ProviderError:
    """What a failed call means.

    Args:
        status: of the HTTP answer; `body` is empty when it was not JSON.
        retry_after: the header, in seconds.
        token: `bot`, `user` or `app`, to name where a scope has to be added.
    """
    code = str(body.get("error") or "")
    if status == 429 or code in {"ratelimited", "rate_limited", "too_many_requests"}:
        return RateLimited(f"Slack asks to call {method} less often.", retry_after=seconds(retry_after) or 1.0)
    if status >= 500 or code in TRANSIENT:
        return Unavailable(
            f"Slack had a problem of its own with {method} ({code or f'HTTP {status}'}).",
            retry_after=seconds(retry_after) or _SLOW.get(code),
        )
    if code == "missing_scope":
        return _missing_scope(method, body, token)
    if code in _POINTED:
        return SlackRefused(
            f"Slack does not take what {method} was given ({code}): {_pointers(body) or 'it does not say what'}.",
            method=method,
            hint="Run the command again." if "trigger_id" in _pointers(body) else _BUG,
            code=code,
        )
    if not code:
        return SlackRefused(
            f"Slack's answer to {method} was not understood (HTTP {status}).",
            method=method,
            hint="Check DISPATCH_SLACK_API_URL, and any proxy in between.",
            code=f"http_{status}",
        )
    message, hint = _OF_APP[code] if token == "app" and code in _OF_APP else explain(code)
    errors = body.get("errors")
    named = [each for each in errors if isinstance(each, Mapping)] if isinstance(errors, list) else []
    return SlackRefused(message, method=method, hint=hint, code=code, errors=named)


def unreachable(method: str, why: str) -> Unavailable:
    """Nobody answered. Whether the work was done is not known."""
    return Unavailable(f"Slack did not answer {method}: {why}.")


def seconds(retry_after: str | None) -> float | None:
    """A `Retry-After` header as seconds; None when there is none or it is a date (nobody but proxies sends those)."""
    try:
        value = float(retry_after or "")
    except ValueError:
        return None
    return value if 0 < value < 86_400 else None


def _missing_scope(method: str, body: Mapping[str, Any], token: str) -> SlackRefused:
    needed = [scope.strip() for scope in str(body.get("needed") or "").split(",") if scope.strip()]
    names = " or ".join(needed) or "one Slack did not name"
    section = "User Token Scopes" if token == "user" else "Bot Token Scopes"
    if token == "app":
        hint = f"Slack app → Basic Information → App-Level Tokens → make a token with scope {names}."
    else:
        hint = f"{_PERMISSIONS} → {section} → add scope {names}, reinstall the app."
    return SlackRefused(
        f"The Slack app lacks the scope {names} that {method} needs.",
        method=method,
        hint=hint,
        code="missing_scope",
        needed=needed,
    )


def _pointers(body: Mapping[str, Any]) -> str:
    metadata = body.get("response_metadata")
    messages = metadata.get("messages") if isinstance(metadata, Mapping) else None
    given = messages if isinstance(messages, list) and messages else body.get("errors")
    if not isinstance(given, list):
        return ""
    return "; ".join(str(each).removeprefix("[ERROR] ") for each in given[:5])
