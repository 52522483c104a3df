"""Inviting many people so that one who cannot come keeps nobody else out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from dispatch.kit.slack.client import SlackClient
from dispatch.kit.slack.errors import SlackRefused, explain
from dispatch.kit.slack.rates import Lane
from dispatch.ports.conversations import NotInvited

#: Slack's pages speak of 100 and of 1,000; thirty is safe.
_CHUNK: Final = 30
_THERE: Final = frozenset({"already_in_channel", "cant_invite_self"})
#: Errors about one of the invited; any other is about the channel or the app and concerns everybody.
_OF_A_PERSON: Final = _THERE | {
    "cant_invite",
    "failed_for_some_users",
    "invitee_cant_see_channel",
    "no_external_invite_permission",
    "org_user_not_in_team",
    "ura_max_channels",
    "user_disabled",
    "user_is_restricted",
    "user_is_ultra_restricted",
    "user_not_found",
    "user_not_visible",
    "user_team_not_in_channel",
    "users_not_found",
}


async def invite(client: SlackClient, channel: str, users: Sequence[str], *, lane: Lane) -> Sequence[NotInvited]:
    """Invite everybody who can be invited; the others with the reason."""
    wanted = list(dict.fromkeys(users))
    failed: dict[str, str] = {}
    for start in range(0, len(wanted), _CHUNK):
        failed |= await _chunk(client, channel, wanted[start : start + _CHUNK], lane)
    return [NotInvited(user, *explain(code)) for user, code in failed.items() if code not in _THERE]


async def _chunk(client: SlackClient, channel: str, users: Sequence[str], lane: Lane) -> dict[str, str]:
    try:
        answer = await client.call(
            "conversations.invite", lane=lane, channel=channel, users=",".join(users), force=True
        )
    except SlackRefused as why:
        if why.code not in _OF_A_PERSON:
            raise
        if len(users) == 1:
            return {users[0]: why.code}
        return await _without_the_refused(client, channel, users, _by_user(why.errors, users), lane)
    return _by_user(answer.get("errors") or [], users)


async def _without_the_refused(
    client: SlackClient, channel: str, users: Sequence[str], refused: dict[str, str], lane: Lane
) -> dict[str, str]:
    """Slack took nobody: the rest again when it named whom it refuses, else one by one."""
    if refused:
        rest = [user for user in users if user not in refused]
        return refused | (await _chunk(client, channel, rest, lane) if rest else {})
    failed: dict[str, str] = {}
    for user in users:
        failed |= await _chunk(client, channel, [user], lane)
    return failed


def _by_user(errors: Iterable[Mapping[str, Any]], users: Sequence[str]) -> dict[str, str]:
    return {
        str(each["user"]): str(each.get("error") or "cant_invite")
        for each in errors
        if isinstance(each, Mapping) and each.get("user") in users
    }
