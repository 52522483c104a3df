"""Links to incident pages in messages show what they lead to. Never for restricted incidents: everybody reads it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select

from dispatch.kit.db import Database, Read
from dispatch.kit.errors import Refused
from dispatch.kit.slack import blocks as b
from dispatch.kit.slack import payloads
from dispatch.kit.slack.registry import Installation, event
from dispatch.people.queries import Viewer, by_chat, viewer_of_person
from dispatch.situations import queries
from dispatch.situations.access import visible_to
from dispatch.situations.models import Situation
from dispatch.situations.queries import Links

_PATH = re.compile(r"/([a-z0-9-]{1,40})/incidents/([A-Za-z0-9-]{1,60})/?")
#: Links looked at in one message.
MOST = 10


@event("link_shared", needs=("links:read",), anywhere=True)
async def link_shared(installation: Installation, db: Database, happened: Mapping[str, Any]) -> None:
    """What is not this organization's, does not exist or is restricted gets no preview; the three look the same.

    Whoever posts names after names must not read titles they may not see, and none goes to people of other workspaces.
    """
    if payloads.is_shared(happened):
        return
    wanted = {}
    for each in (happened.get("links") or [])[:MOST]:
        url = str(each.get("url", "")) if isinstance(each, Mapping) else ""
        name = incident_of(url, installation.org_slug)
        if name:
            wanted[url] = name
    if not wanted:
        return
    user = payloads.ident(happened.get("user"))
    if user and not await _vouched_for(installation, db, user):
        return
    async with db.read(installation.org) as t:
        poster = await by_chat(t, team=installation.team_id, user=user) if user else None
        viewer = await viewer_of_person(t, poster) if poster is not None else None
        previews = {
            url: shown for url, name in wanted.items() if (shown := await _preview(t, name, viewer)) is not None
        }
    if not previews:
        return
    try:
        await installation.client.call(
            "chat.unfurl", channel=happened.get("channel"), ts=happened.get("message_ts"), unfurls=previews
        )
    except Refused as why:
        # The message is gone, or is none that we may hang something under: there is nobody to tell.
        if why.code not in ("cannot_find_message", "cannot_find_channel", "cannot_unfurl_url", "channel_not_found"):
            raise


def incident_of(url: str, org_slug: str) -> str:
    """The incident's name, if it is the address of an incident page of this organization here; else nothing."""
    base, parts = urlsplit(Links.base), urlsplit(url)
    found = _PATH.fullmatch(parts.path)
    if found is None or parts.netloc != base.netloc or found[1] != org_slug:
        return ""
    return found[2].upper()


async def _vouched_for(installation: Installation, db: Database, user: str) -> bool:
    """Whether the one who posts is known, or a full member or an app of this workspace."""
    async with db.read(installation.org) as t:
        if await by_chat(t, team=installation.team_id, user=user) is not None:
            return True
    try:
        found = payloads.part(await installation.client.call("users.info", user=user), "user")
    except Refused as why:
        if why.code not in ("user_not_found", "user_not_visible"):
            raise
        return False
    guest = found.get("is_restricted") or found.get("is_ultra_restricted")
    return not guest and not payloads.is_outsider(found, installation.team_id)


async def _preview(t: Read, name: str, viewer: Viewer | None) -> dict[str, Any] | None:
    seen = (visible_to(viewer),) if viewer is not None else ()
    situation = await t.scalar(
        select(Situation).where(
            Situation.org_id == t.org, Situation.name == name, Situation.visibility == "open", *seen
        )
    )
    if situation is None:
        return None
    brief = await queries.brief(t, situation.id)
    lead = f"{b.escape(brief.commander)}{' (acting)' if brief.acting else ''}"
    return {
        "blocks": [
            b.section(
                f"*{b.link(brief.url, brief.name)}* {b.escape(b.cut(brief.title, 300))}\n"
                f"*{brief.status}* · {b.escape(brief.severity)} · {b.escape(brief.priority)} · led by {lead}"
            ),
            b.context(
                f"{b.escape(brief.project)} · reported {b.date(brief.reported_at)} by {b.escape(brief.reporter)}"
            ),
        ]
    }
