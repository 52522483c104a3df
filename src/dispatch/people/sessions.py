"""Sessions and one-time links: how a browser comes to be signed in, and how it ends.

What an organization gives out (its links, its provider) opens only that organization; what the operator gives out opens
all of an account's. See docs/decisions about it.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlalchemy.sql.elements import SQLColumnExpression

from dispatch.kit import clock
from dispatch.kit.crypto import hash_token
from dispatch.kit.db import OrgId, Read, Tx
from dispatch.people.models import OneTimeLink, Session

SESSION_LIFE = timedelta(days=14)
LINK_LIFE = timedelta(hours=24)
#: How exact "last seen" is; each update is a write.
SEEN_EVERY = timedelta(minutes=5)
#: How long a link counts as proof of who somebody is, for choosing a new password.
FRESH = timedelta(minutes=15)

BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
SYSTEMS = (
    ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"), ("Linux", "Linux"),
)  # fmt: skip


@dataclass(frozen=True)
class SignedIn:
    """A session as a request sees it. `org_ids` None: every organization of the account."""

    id: int
    account_id: int
    org_ids: tuple[int, ...] | None
    method: str
    created_at: datetime

    def opens(self, org: OrgId) -> bool:
        """Whether the session counts in this organization."""
        return self.org_ids is None or org in self.org_ids

    @property
    def fresh_link(self) -> bool:
        """Signed in by a link a moment ago: proof enough to choose a password without the old one."""
        return self.method == "link" and self.created_at > clock.now() - FRESH


@dataclass(frozen=True)
class Device:
    """A signed-in browser as its person sees it."""

    id: int
    browser: str
    system: str
    method: str
    created_at: datetime
    last_seen_at: datetime
    current: bool


async def one_time_link(t: Tx, account_id: int, *, org: OrgId | None = None) -> str:
    """A token that signs the account in once within 24 hours.

    Args:
        org: the organization that gives it out and that it opens; None only for the operator.
    """
    token = secrets.token_urlsafe(32)
    await t.execute(
        insert(OneTimeLink).values(
            token_hash=hash_token(token), account_id=account_id, org_id=org, expires_at=clock.now() + LINK_LIFE
        )
    )
    return token


async def use_one_time_link(t: Tx, token: str) -> tuple[int, OrgId | None] | None:
    """(account, organization or None) behind the link, used up by this; None when unknown, used or too old."""
    row = (
        await t.execute(
            delete(OneTimeLink)
            .where(OneTimeLink.token_hash == hash_token(token), OneTimeLink.expires_at > clock.now())
            .returning(OneTimeLink.account_id, OneTimeLink.org_id)
        )
    ).one_or_none()
    return None if row is None else (row.account_id, row.org_id)


async def drop_links(t: Tx, account_id: int, org: OrgId) -> None:
    """Void what the organization gave out for an account."""
    await t.execute(delete(OneTimeLink).where(OneTimeLink.account_id == account_id, OneTimeLink.org_id == org))


async def open_session(
    t: Tx,
    account_id: int,
    *,
    orgs: Sequence[int] | None = None,
    method: str = "link",
    user_agent: str = "",
    replaces: str = "",
) -> str:
    """A new session with a token of its own; returns the token for the cookie.

    Args:
        orgs: the organizations it opens; None for all of the account's.
        replaces: the token the browser had. That session ends; if it was the same account's, what it opened stays open.
    """
    if replaces:
        before = (
            await t.execute(
                delete(Session)
                .where(Session.token_hash == hash_token(replaces))
                .returning(Session.account_id, Session.org_ids, Session.expires_at)
            )
        ).one_or_none()
        if before is not None and before.account_id == account_id and before.expires_at > clock.now():
            orgs = None if orgs is None or before.org_ids is None else sorted({*orgs, *before.org_ids})
    token = secrets.token_urlsafe(32)
    now = clock.now()
    await t.execute(
        insert(Session).values(
            token_hash=hash_token(token), account_id=account_id, org_ids=None if orgs is None else list(orgs),
            method=method, browser=_named(BROWSERS, user_agent), system=_named(SYSTEMS, user_agent),
            created_at=now, expires_at=now + SESSION_LIFE, last_seen_at=now,
        )
    )  # fmt: skip
    return token


async def signed_in(t: Tx, token: str) -> SignedIn | None:
    """Who the token belongs to; None when the session ended. Notes, now and then, that it was seen."""
    if not token:
        return None
    now = clock.now()
    found = await t.scalar(select(Session).where(Session.token_hash == hash_token(token), Session.expires_at > now))
    if found is None:
        return None
    if found.last_seen_at < now - SEEN_EVERY:
        await t.execute(update(Session).where(Session.token_hash == found.token_hash).values(last_seen_at=now))
    orgs = None if found.org_ids is None else tuple(found.org_ids)
    return SignedIn(found.id, found.account_id, orgs, found.method, found.created_at)


async def devices(t: Read, me: SignedIn) -> list[Device]:
    """The account's signed-in browsers, latest first. A session of one organization does not see those of others."""
    rows = await t.scalars(
        select(Session).where(_mine(me), Session.expires_at > clock.now()).order_by(Session.last_seen_at.desc())
    )
    return [Device(s.id, s.browser, s.system, s.method, s.created_at, s.last_seen_at, s.id == me.id) for s in rows]


async def end_session(t: Tx, me: SignedIn, session_id: int) -> bool:
    """Sign one browser out; False when it is none of the person's."""
    return await _ended(t, _mine(me) & (Session.id == session_id)) == 1


async def end_other_sessions(t: Tx, me: SignedIn) -> int:
    """Sign every other browser out; how many there were."""
    return await _ended(t, _mine(me) & (Session.id != me.id))


async def close_session(t: Tx, token: str) -> None:
    """Sign out."""
    await t.execute(delete(Session).where(Session.token_hash == hash_token(token)))


async def forget_expired(t: Tx) -> int:
    """Delete sessions and one-time links that are over (`t` is a system transaction). Returns how many."""
    gone = 0
    for model in (Session, OneTimeLink):
        result = await t.execute(delete(model).where(model.expires_at < clock.now()))
        gone += int(getattr(result, "rowcount", 0))
    return gone


async def _ended(t: Tx, which: ColumnElement[bool]) -> int:
    return len((await t.execute(delete(Session).where(which).returning(Session.id))).all())


def _mine(me: SignedIn) -> ColumnElement[bool]:
    mine: ColumnElement[bool] = Session.account_id == me.account_id
    if me.org_ids is None:
        return mine
    covered: SQLColumnExpression[bool] = Session.org_ids.contained_by(list(me.org_ids))
    return mine & Session.org_ids.is_not(None) & covered


def _named(known: Sequence[tuple[str, str]], user_agent: str) -> str:
    return next((name for mark, name in known if mark in user_agent), "")
