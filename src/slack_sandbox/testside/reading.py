"""What a person can see, and what changed."""

from collections.abc import Iterator
from itertools import islice

from fastapi import APIRouter, Query
from fastapi.responses import Response, StreamingResponse

from .. import fileserver, shapes
from ..errors import Impossible
from ..sandbox import Sandbox
from ..state import Channel, File, Message, User
from ..watching import screen
from . import Box, Json, installed, person, room
from .seeding import channel_row

router = APIRouter(prefix="/sandbox", tags=["reading"])


def _visible(channel: Channel, viewer: User | None) -> bool:
    if viewer is None or viewer.id in channel.members:
        return True
    guest = viewer.is_restricted or viewer.is_ultra_restricted
    return viewer.team_id in channel.teams and channel.kind_in(viewer.team_id) == "public" and not guest


@router.get("/channels")
async def channels(box: Box, as_: str | None = Query(None, alias="as")) -> Json:
    """Everything, or with `as` what this person can see."""
    viewer = person(box, as_) if as_ else None
    rows = [one for one in box.state.channels.values() if _visible(one, viewer)]
    return {"channels": [channel_row(box, one, as_) for one in rows]}


@router.get("/channels/{channel}")
async def one_channel(channel: str, box: Box, as_: str | None = Query(None, alias="as")) -> Json:
    """One channel; 404 when this person cannot see it."""
    found = room(box, channel)
    if not _visible(found, person(box, as_) if as_ else None):
        raise Impossible("channel_not_found", channel, status=404)
    return channel_row(box, found, as_)


@router.get("/channels/{channel}/messages")
async def messages(
    channel: str,
    box: Box,
    as_: str | None = Query(None, alias="as"),
    limit: int = 0,
    before: str | None = None,
    thread: str | None = None,
) -> Json:
    """All messages and replies in time order, with the ephemerals of this person.

    `limit` keeps the newest, and the first message of every thread that one of them belongs to; `thread` keeps one thread.
    """
    found = room(box, channel)
    if not _visible(found, person(box, as_) if as_ else None):
        raise Impossible("channel_not_found", channel, status=404)
    below = before or "9"
    kept: Iterator[Message] = (one for one in reversed(found.messages.values()) if one.ts < below)
    seen = list(islice(kept, limit) if limit > 0 else kept)
    seen += (one for one in found.ephemerals if one.to == as_ and one.ts < below)
    seen.sort(key=lambda one: one.ts)
    if limit > 0:
        seen = seen[-limit:]
        starts = {one.thread_ts for one in seen if one.thread_ts} - {one.ts for one in seen}
        seen = [found.messages[ts] for ts in sorted(filter(None, starts)) if ts in found.messages] + seen
    if thread is not None:
        seen = [one for one in seen if thread in (one.ts, one.thread_ts)]
    return {"messages": [shapes.message(box, one, room=None if one.to else found) for one in seen]}


@router.get("/users/{user}/view")
async def view(user: str, box: Box, or_null: bool = False) -> Json | None:
    """The modal on this person's screen. With none it is a 404, or null for a page whose console must stay quiet."""
    shown = screen(box, person(box, user).id)
    if shown is None and or_null:
        return None
    if shown is None:
        raise Impossible("no_view", "no modal is open", status=404)
    return shown


@router.get("/users/{user}/home")
async def home(user: str, app: str, box: Box) -> Json:
    """The App Home last published for this person."""
    found = installed(box, app)
    published = box.state.homes.get(f"{found.id} {person(box, user).id}")
    if published is None:
        raise Impossible("no_home", "nothing is published yet", status=404)
    return shapes.view(box, box.state.views[published])


@router.get("/canvases/{canvas}")
async def canvas(canvas: str, box: Box) -> Json:
    """A canvas with its sections and as one text."""
    if canvas not in box.state.canvases:
        raise Impossible("canvas_not_found", canvas, status=404)
    return shapes.canvas(box.state.canvases[canvas])


def _file(box: Sandbox, file: str) -> File:
    if file not in box.state.files:
        raise Impossible("file_not_found", file, status=404)
    return box.state.files[file]


@router.get("/files")
async def all_files(box: Box) -> Json:
    """Every file in the store, oldest first; deleted ones are tombstones."""
    return {"files": [shapes.file(box, one) for one in box.state.files.values() if one.complete]}


@router.get("/files/{file}")
async def one_file(file: str, box: Box) -> Json:
    """One file as Slack describes it."""
    return shapes.file(box, _file(box, file))


@router.get("/files/{file}/content", response_class=Response)
async def content(file: str, box: Box) -> Response:
    """The bytes, without a token."""
    return fileserver.served(_file(box, file))


@router.get("/usergroups")
async def usergroups(box: Box) -> Json:
    """All user groups, disabled ones included."""
    return {"usergroups": [shapes.usergroup(one) for one in box.state.usergroups.values()]}


@router.get("/stream")
async def stream(box: Box, as_: str = Query(alias="as")) -> StreamingResponse:
    """Server-sent events: what this person's page should read again, by id."""
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(box.live.stream(person(box, as_).id), media_type="text/event-stream", headers=headers)
