"""Who acts in Slack: the person behind a user of the workspace, and what they may see."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from dispatch.kit.db import Database, Tx
from dispatch.kit.errors import Invalid, Refused
from dispatch.kit.slack import payloads
from dispatch.kit.slack.registry import Installation, Request
from dispatch.people.actions import link_chat, person_for
from dispatch.people.models import Person
from dispatch.people.queries import by_chat, by_chats
from dispatch.ports.contacts import Contacts
from dispatch.projects.providers import Providers


@dataclass(frozen=True)
class Stranger:
    """A user of the workspace we have not met; written down by `met` in the caller's transaction."""

    email: str
    guest: bool
    profile: dict[str, str] = field(default_factory=dict)


async def actor(asked: Request) -> Person:
    """The person who typed or clicked, written down when new. Call it while no transaction is open: it may ask Slack.

    Raises:
        Invalid: the user has no e-mail address or is of another workspace, so we cannot know who they are.
        Unavailable: Slack did not answer.
    """
    met_before = await stranger(asked)
    async with asked.db.tx(asked.org) as t:
        return await met(t, asked.installation, asked.user_id, met_before)


async def stranger(asked: Request) -> Stranger | None:
    """What a directory knows about the user who asks; None when we know them already.

    Raises:
        Invalid: as `actor`.
    """
    if await _known(asked.db, asked.installation, asked.user_id):
        return None
    contacts: Contacts | None = await asked.services[Providers].contacts(asked.org, asked.installation.project_id)
    found = await contacts.by_chat_id(asked.user_id) if contacts is not None else None
    if found is not None and found.email:
        return Stranger(found.email, found.guest, {"tz": "UTC", **found.profile()})
    somebody = await look_up(asked.installation, asked.user_id)
    if somebody is None:
        raise Invalid(
            "Dispatch cannot know who you are: your Slack profile has no e-mail address, or you belong to another workspace."
        )
    return somebody


async def look_up(installation: Installation, user: str) -> Stranger | None:
    """Ask Slack for a user; None for bots, for users without an e-mail address, and for those of another workspace.

    Whom this workspace does not vouch for could call themselves by anybody's address.
    """
    try:
        found = (await installation.client.call("users.info", user=user))["user"]
    except Refused as why:
        if why.code not in ("user_not_found", "user_not_visible"):
            raise
        return None
    email = (found.get("profile") or {}).get("email")
    if found.get("is_bot") or not email or payloads.is_outsider(found, installation.team_id):
        return None
    return Stranger(
        str(email),
        bool(found.get("is_restricted") or found.get("is_ultra_restricted")),
        {"name": str(found.get("real_name") or found.get("name") or email), "tz": str(found.get("tz") or "UTC")},
    )


async def met(t: Tx, installation: Installation, user: str, new: Stranger | None) -> Person:
    """The person behind the user, linked so that the next look-up needs no call.

    Raises:
        Invalid: unknown, and nothing was looked up.
    """
    known = await by_chat(t, team=installation.team_id, user=user)
    if known is not None:
        return known
    if new is None:
        raise Invalid("Dispatch does not know this Slack user.")
    person = await person_for(t, new.email, **new.profile)
    await link_chat(t, person.id, team=installation.team_id, user=user, guest=new.guest)
    return person


async def somebody(installation: Installation, db: Database, user: str) -> Person | None:
    """The person behind a user an event names, asked from Slack when new; None for bots and users without e-mail."""
    async with db.read(installation.org) as t:
        known = await by_chat(t, team=installation.team_id, user=user)
    if known is not None:
        return known
    new = await look_up(installation, user)
    if new is None:
        return None
    async with db.tx(installation.org) as t:
        return await met(t, installation, user, new)


async def can_be_known(installation: Installation, db: Database, user: str) -> bool:
    """Whether `somebody` would find a person; nobody is written down."""
    async with db.read(installation.org) as t:
        known = await by_chat(t, team=installation.team_id, user=user) is not None
    return known or await look_up(installation, user) is not None


async def everybody(installation: Installation, db: Database, users: Iterable[str]) -> dict[str, Person]:
    """The people behind users that events name, asked from Slack when new; bots and users without e-mail are left out."""
    wanted = {user for user in users if user and user != installation.bot_user_id}
    async with db.read(installation.org) as t:
        found = await by_chats(t, team=installation.team_id, users=wanted)
    for user in sorted(wanted - found.keys()):
        person = await somebody(installation, db, user)
        if person is not None:
            found[user] = person
    return found


async def names_of(installation: Installation, db: Database, users: Iterable[str]) -> dict[str, str]:
    """What to call users that a text mentions. Strangers are asked for and not written down: they did nothing here."""
    wanted = set(users)
    async with db.read(installation.org) as t:
        found = {u: who.name for u, who in (await by_chats(t, team=installation.team_id, users=wanted)).items()}
    for user in sorted(wanted - found.keys()):
        try:
            row = (await installation.client.call("users.info", user=user)).get("user") or {}
        except Refused:
            continue
        found[user] = str(row.get("real_name") or row.get("name") or user)
    return found


async def _known(db: Database, installation: Installation, user: str) -> bool:
    async with db.read(installation.org) as t:
        return await by_chat(t, team=installation.team_id, user=user) is not None
