"""Settings → Deliveries: what Slack told us that could not be handled, with the reason, to try again or discard."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import replace

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment

from dispatch.kit.db import Database, Read
from dispatch.kit.events import Subject, record
from dispatch.kit.slack.channel_names import subjects
from dispatch.kit.slack.inbox import DeadLetter, Inbox, dead_kinds, discard, try_again, waiting_of
from dispatch.kit.web.settings_area import settings_page
from dispatch.people.queries import Viewer
from dispatch.people.web import Visit, Visits
from dispatch.projects.events import DeliveriesRetried, DeliveryDiscarded

settings_page(
    "Deliveries",
    "deliveries",
    "From Slack",
    icon="receipt",
    about="What Slack told Dispatch that could not be handled, and why.",
)

#: Rows shown; the newest.
SHOWN = 100

#: What an event is about, in words people use; others are shown by Slack's name.
WORDS = {
    "member_joined_channel": "Somebody joined a channel",
    "member_left_channel": "Somebody left a channel",
    "message.channels": "A message in a public channel",
    "message.groups": "A message in a private channel",
    "message.im": "A message to the app",
    "reaction_added": "A reaction was added",
    "reaction_removed": "A reaction was removed",
    "channel_rename": "A channel was renamed",
    "channel_archive": "A channel was archived",
    "channel_unarchive": "A channel was unarchived",
    "channel_deleted": "A channel was deleted",
    "user_change": "A profile changed",
    "team_join": "Somebody joined the workspace",
    "app_uninstalled": "The app was uninstalled",
    "tokens_revoked": "Tokens were revoked",
    "app_home_opened": "Somebody opened the app's home",
    "": "Something in a private channel",
}
#: In place of the reason, for admins who do not see what the channel is for. They may try again and discard.
NOT_SHOWN = "Why is shown to those who take part in what this channel is for."

#: Which of these subjects are there and not for the viewer's eyes. Implemented by `situations`.
Unseen = Callable[[Read, Viewer, Collection[int]], Awaitable[Collection[int]]]


def router(db: Database, visits: Visits, pages: Environment, inbox: Inbox, unseen: Unseen) -> APIRouter:
    """Routes under `/{org}/settings/deliveries`; for admins."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/{org}/settings/deliveries")
    async def deliveries(request: Request, org: str, again: int | None = None) -> Response:
        visit = await visits.admin(request, org)
        async with db.read(visit.org.id) as t:
            letters = await inbox.dead_letters(t, limit=SHOWN + 1)
            waiting = await waiting_of(t)
        letters = await _for(visit, letters)
        page = pages.get_template("deliveries.html").render(
            **visit.context(request, "settings"), letters=letters[:SHOWN], more=len(letters) > SHOWN, waiting=waiting,
            words=WORDS, path=f"/{visit.org.slug}/settings/deliveries", again=again,
        )  # fmt: skip
        return HTMLResponse(page)

    async def _for(visit: Visit, letters: Sequence[DeadLetter]) -> list[DeadLetter]:
        """What went wrong names people and channels: of a channel whose subject the viewer does not see, nothing is said."""
        async with db.system() as t:
            about = await subjects(t, visit.org.id, [(each.team, each.channel) for each in letters if each.channel])
        async with db.read(visit.org.id) as t:
            hidden = await unseen(t, visit.viewer, [each.id for each in about.values()])
        return [
            replace(each, kind="", channel="", reason=NOT_SHOWN, hint="")
            if (of := about.get((each.team, each.channel))) is not None and of.id in hidden
            else each
            for each in letters
        ]

    @routes.post("/{org}/settings/deliveries/retry")
    async def retry_all(request: Request, org: str) -> Response:
        return await _retry(request, org, None)

    @routes.post("/{org}/settings/deliveries/{delivery}/retry")
    async def retry_one(request: Request, org: str, delivery: int) -> Response:
        return await _retry(request, org, delivery)

    @routes.post("/{org}/settings/deliveries/{delivery}/discard")
    async def discard_one(request: Request, org: str, delivery: int) -> Response:
        visit = await visits.admin(request, org)
        async with db.tx(visit.org.id) as t:
            kind = await discard(t, delivery)
            about = Subject("organization", visit.org.id)
            await record(t, DeliveryDiscarded(kind=kind), about=about, by=visit.viewer.person_id)
        return RedirectResponse(f"/{visit.org.slug}/settings/deliveries", 303)

    async def _retry(request: Request, org: str, delivery: int | None) -> Response:
        visit = await visits.admin(request, org)
        async with db.tx(visit.org.id) as t:
            kinds = await dead_kinds(t, delivery)
            count = await try_again(t, delivery)
            if count:
                about = Subject("organization", visit.org.id)
                await record(t, DeliveriesRetried(kinds=", ".join(kinds)), about=about, by=visit.viewer.person_id)
        return RedirectResponse(f"/{visit.org.slug}/settings/deliveries?again={count}", 303)

    return routes
