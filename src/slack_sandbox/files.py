"""Files: stored, shared into channels, fetched."""

import mimetypes

from . import messages
from .sandbox import Sandbox
from .state import App, Channel, File, Json, Message, User

# The sandbox keeps files in memory. Slack itself takes up to 1 GB.
SIZE_LIMIT = 100 * 1024 * 1024


def store(box: Sandbox, owner: User, name: str, content: bytes, *, title: str | None = None) -> File:
    """A finished file of this person's, not shared anywhere yet."""
    file = announced(box, owner, name)
    file.title = title or name
    filled(file, content)
    file.complete = True
    return file


def announced(box: Sandbox, owner: User, name: str) -> File:
    """A file whose content comes later, at the address that its upload key is part of."""
    file = File(
        id=box.ids.new("F"),
        team_id=owner.team_id,
        user=owner.id,
        name=name,
        title=name,
        content=b"",
        created=box.now(),
        mimetype=mimetypes.guess_type(name)[0] or "application/octet-stream",
        upload_key=box.ids.secret("upload"),
    )
    box.state.files[file.id] = file
    box.uploads[file.upload_key] = file.id
    return file


def filled(file: File, content: bytes) -> None:
    file.content, file.size, file.uploaded = content, len(content), True
    if file.mimetype == "application/octet-stream" and is_text(content):
        file.mimetype = "text/plain"


def is_text(content: bytes) -> bool:
    try:
        return "\x00" not in content.decode()
    except UnicodeDecodeError:
        return False


def awaited(box: Sandbox, key: str) -> File | None:
    """The file that an upload address is for; None once it is finished."""
    file = box.state.files.get(box.uploads.get(key, ""))
    return file if file is not None and not file.complete else None


def delete(box: Sandbox, file: File) -> None:
    file.deleted, file.content = True, b""
    for room in file.channels:
        if room in box.state.channels:
            box.tell_members("message", box.channel(room))


def share(
    box: Sandbox, file: File, channel: Channel, person: User, *, comment: str = "", thread_ts: str | None = None
) -> Message:
    if channel.id not in file.channels:
        file.channels.append(channel.id)
    message = messages.say(box, channel, person, comment, thread_ts=thread_ts, files=(file.id,))
    messages.shared_file(box, channel, file.id, person)
    return message


def share_by_app(
    box: Sandbox,
    shared: list[File],
    channel: Channel,
    app: App,
    *,
    comment: str,
    thread_ts: str | None,
    blocks: list[Json] | None = None,
) -> Message:
    for file in shared:
        if channel.id not in file.channels:
            file.channels.append(channel.id)
    ids = [file.id for file in shared]
    message = messages.by_app(
        box, app, channel, text=comment, blocks=blocks, thread_ts=thread_ts, files=ids, subtype="file_share"
    )
    messages.post(box, channel, message)
    for file_id in ids:
        messages.shared_file(box, channel, file_id, box.bot_user(app))
    return message
