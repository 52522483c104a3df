"""People follow their profiles in the chat workspace: name, title, zone, picture, guest or not, deactivated or not.

The e-mail address stays: it is who somebody is here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select

from dispatch.kit import clock
from dispatch.kit.db import Tx
from dispatch.kit.events import Subject, record
from dispatch.people.actions import link_chat
from dispatch.people.events import ChatAccountDeactivated, ChatAccountReactivated
from dispatch.people.models import ChatIdentity, Person

#: Columns of a person that follow, by the name in a stored profile.
FOLLOW: Final = ("name", "title", "tz", "avatar_url")


@dataclass(frozen=True)
class ChatProfile:
    """A user of a workspace as it tells of them. `updated` is its own moment, in seconds."""

    user: str
    email: str
    name: str
    title: str
    tz: str
    avatar_url: str
    guest: bool
    deactivated: bool
    updated: int


@dataclass(frozen=True)
class Followed:
    """A person whose account over there was switched off or on again by this."""

    person: Person
    deactivated: bool


async def follow_profiles(t: Tx, *, team: str, told: Sequence[ChatProfile]) -> list[Followed]:
    """Take over what changed; of people who are not known by user id, link those known by e-mail.

    Only what is different from what the workspace told before is taken over, so what a person changed here stays. Told
    again, late or in the wrong order, it changes nothing.
    """
    latest: dict[str, ChatProfile] = {}
    for each in sorted(told, key=lambda each: each.updated):
        latest[each.user] = each
    await _link_by_email(t, team, latest)
    rows = (
        await t.execute(
            select(ChatIdentity, Person)
            .join(Person, (Person.org_id == ChatIdentity.org_id) & (Person.id == ChatIdentity.person_id))
            .where(ChatIdentity.org_id == t.org, ChatIdentity.team_id == team, ChatIdentity.user_id.in_(latest))
            .order_by(ChatIdentity.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    ).all()
    switched = []
    for identity, person in rows:
        profile = latest[identity.user_id]
        if profile.updated < int(identity.profile.get("updated", 0)):
            continue
        _take_over(person, profile, before=identity.profile)
        identity.profile = {key: getattr(profile, key) for key in FOLLOW} | {"updated": profile.updated}
        identity.guest = profile.guest
        if profile.deactivated != (identity.deactivated_at is not None):
            identity.deactivated_at = clock.now() if profile.deactivated else None
            switched.append(Followed(person, profile.deactivated))
    await t.flush()
    for follower in switched:
        fact = ChatAccountDeactivated if follower.deactivated else ChatAccountReactivated
        await record(t, fact(person=follower.person.name), about=Subject("member", follower.person.id))
    return switched


def _take_over(person: Person, profile: ChatProfile, *, before: Mapping[str, Any]) -> None:
    for key in FOLLOW:
        said = getattr(profile, key)
        # Nothing told before: an empty value takes nothing away.
        if said != before.get(key, "") and (said or key == "title"):
            setattr(person, key, said)


async def _link_by_email(t: Tx, team: str, told: Mapping[str, ChatProfile]) -> None:
    known = set(
        await t.scalars(
            select(ChatIdentity.user_id).where(
                ChatIdentity.org_id == t.org, ChatIdentity.team_id == team, ChatIdentity.user_id.in_(told)
            )
        )
    )
    by_email = {
        each.email: each for each in told.values() if each.email and each.user not in known and not each.deactivated
    }
    if not by_email:
        return
    rows = await t.execute(
        select(Person.id, Person.email).where(Person.org_id == t.org, Person.email.in_(by_email)).order_by(Person.id)
    )
    for person_id, email in rows:
        await link_chat(t, person_id, team=team, user=by_email[email].user, guest=by_email[email].guest)
