"""Writes about what other systems hold for a situation."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from dispatch.kit import clock
from dispatch.kit.db import Tx
from dispatch.kit.events import Fact, Subject, record
from dispatch.situations.events import ResourceLinked
from dispatch.situations.models import Resource


async def link_resource(
    t: Tx,
    about: Subject,
    *,
    kind: str,
    provider: str,
    external_id: str,
    title: str,
    url: str = "",
    says: Fact | None = None,
    data: dict[str, Any] | None = None,
) -> bool:
    """Remember what another system holds for the situation. Returns False when it was known."""
    inserted = (
        await t.execute(
            upsert(Resource)
            .values(
                org_id=t.org,
                situation_id=about.id,
                kind=kind,
                provider=provider,
                external_id=external_id,
                title=title,
                url=url,
                state="",
                note="",
                data=data or {},
                created_at=clock.now(),
            )
            .on_conflict_do_nothing()
            .returning(Resource.id)
        )
    ).scalar_one_or_none()
    if inserted is None:
        return False
    await record(t, says or ResourceLinked(what=kind.capitalize(), kind=kind, title=title, url=url), about=about)
    return True


async def remember_summary(t: Tx, about: Subject, *, ts: str, key: str) -> None:
    """Which message of the channel is the pinned summary, kept with the channel."""
    summary = func.jsonb_build_object("summary", func.jsonb_build_object("ts", ts, "key", key))
    await t.execute(update(Resource).where(_conversation_of(t, about)).values(data=Resource.data.op("||")(summary)))


async def pinned_summary(t: Tx, about: Subject) -> dict[str, str] | None:
    """`ts` and `key` of the pinned summary, None before there is one. Waits for a `remember_summary` under way."""
    data = await t.scalar(select(Resource.data).where(_conversation_of(t, about)).with_for_update())
    return (data or {}).get("summary")


async def conversation_ended(t: Tx, about: Subject, channel: str, *, state: str) -> str | None:
    """The channel is archived or deleted; answers its title, None when that was known."""
    return await _conversation_state(t, about, channel, before=(Resource.state != state), state=state)


async def conversation_reopened(t: Tx, about: Subject, channel: str) -> str | None:
    """The channel is in use again; answers its title, None when that was known."""
    return await _conversation_state(t, about, channel, before=(Resource.state != ""), state="")


async def _conversation_state(
    t: Tx, about: Subject, channel: str, *, before: ColumnElement[bool], state: str
) -> str | None:
    return (
        await t.execute(
            update(Resource)
            .where(
                Resource.org_id == t.org,
                Resource.situation_id == about.id,
                Resource.kind == "conversation",
                Resource.external_id == channel,
                before,
            )
            .values(state=state)
            .returning(Resource.title)
        )
    ).scalar_one_or_none()


def _conversation_of(t: Tx, about: Subject) -> ColumnElement[bool]:
    """The channel people talk in now: the latest."""
    latest = select(func.max(Resource.id)).where(
        Resource.org_id == t.org, Resource.situation_id == about.id, Resource.kind == "conversation"
    )
    return and_(Resource.org_id == t.org, Resource.id == latest.scalar_subquery())
