"""News about people of the workspace: what is known of them follows, and incidents learn who cannot be reached any more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dispatch.kit.db import Database
from dispatch.kit.slack import payloads
from dispatch.kit.slack.registry import Installation, events_at_once
from dispatch.people.chat_profiles import ChatProfile, follow_profiles
from dispatch.situations.actions.reachable import account_deactivated, account_reactivated

NEEDS = ("users:read", "users:read.email")


@events_at_once("user_change", needs=NEEDS, anywhere=True)
@events_at_once("team_join", needs=NEEDS, anywhere=True)
async def changed(installation: Installation, db: Database, happened: Sequence[Mapping[str, Any]]) -> None:
    """A workspace tells of every changed status of everybody: one transaction for all that wait, and strangers stay that."""
    users = [payloads.part(row, "user") for row in happened]
    # What a shared channel's people from elsewhere call themselves says nothing of ours.
    ours = [user for user in users if not payloads.is_outsider(user, installation.team_id)]
    told = [profile for user in ours if (profile := _profile(user)) is not None]
    if not told:
        return
    async with db.tx(installation.org) as t:
        for each in await follow_profiles(t, team=installation.team_id, told=told):
            await (account_deactivated if each.deactivated else account_reactivated)(t, each.person)
    for profile in told:
        installation.forget_user(profile.user, profile.email)


def _profile(user: Mapping[str, Any]) -> ChatProfile | None:
    profile = payloads.part(user, "profile")
    id = payloads.ident(user.get("id"))
    if not id or user.get("is_bot") is True:
        return None
    updated = user.get("updated")
    name = profile.get("real_name") or user.get("real_name") or user.get("name")
    return ChatProfile(
        user=id,
        email=payloads.text(profile.get("email"), 320).strip().lower(),
        name=payloads.text(name, 200).strip(),
        title=payloads.text(profile.get("title"), 200).strip(),
        tz=payloads.text(user.get("tz"), 100),
        avatar_url=payloads.text(profile.get("image_512") or profile.get("image_192"), 2000),
        guest=bool(user.get("is_restricted") or user.get("is_ultra_restricted")),
        deactivated=user.get("deleted") is True,
        updated=int(updated) if isinstance(updated, int | float) else 0,
    )
