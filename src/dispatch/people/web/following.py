"""The stream behind a page that somebody has open: it ends when they may no longer what they might when they opened it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection

from fastapi import Request
from sse_starlette import EventSourceResponse

from dispatch.kit.errors import Invalid, NotAllowed
from dispatch.kit.events import Subject
from dispatch.kit.web.live import Changes, Live
from dispatch.kit.web.streams import stream
from dispatch.people.web import Visit, Visits


def follow(
    live: Live,
    visits: Visits,
    request: Request,
    visit: Visit,
    told: Callable[[Visit, Changes], Awaitable[Collection[str]]],
    *subjects: Subject,
    may: str = "",
    at_most_each: float = 0.0,
) -> EventSourceResponse:
    """Tells the page which of its parts to read again; the page loads itself anew when the stream ends.

    Args:
        request: `since` in its address is `Visit.began` of the page: what changed after it is told at once.
        told: given who looks as of now, and what changed; answers names of parts, none for what is not for their eyes.
        subjects: what the page is about; without any, everything of the organization.
        may: as for `Visits.of`.
        at_most_each: as for `stream`.
    """
    try:
        since = float(request.query_params["since"]) if "since" in request.query_params else None
    except ValueError:
        raise Invalid("`since` is not a number of seconds.") from None
    # Roles given and taken, and deactivation, are facts about the member: heard at once, whatever the page is about.
    themselves = Subject("member", visit.viewer.person_id or 0)

    async def names(changed: Changes) -> Collection[str]:
        now = await visits.of(request, visit.org.slug, may=may)
        if now.viewer.rights != visit.viewer.rights:
            raise NotAllowed("What you may do here has changed.")
        about_it = {each for each in changed if each is None or not subjects or each.subject in subjects}
        return await told(now, about_it) if about_it else []

    watched = live.watch(visit.org.id, *subjects, *([themselves] if subjects else []), since=since)
    return stream(watched, names, at_most_each=at_most_each)
