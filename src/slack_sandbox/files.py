"""Files: stored, shared into channels, fetched."""

import mimetypes

from . import messages
from .sandbox import Sandbox
from .state import App, Channel, File, Message, User


def store(box: Sandbox, owner: User, name: str, content: str, *, title: str | None = None) -> File:
    file = File(
        id=box.ids.new("F"),
        team_id=owner.team_id,
        user=owner.id,
        name=name,
        title=title or name,
        content=content,
        created=box.now(),
        mimetype=mimetypes.guess_type(name)[0] or "text/plain",
        size=len(content.encode()),
        complete=True,
    )
    box.state.files[file.id] = file
    return file


def share(
    box: Sandbox, file: File, channel: Channel, person: User, *, comment: str = "", thread_ts: str | None = None
) -> Message:
    if channel.id not in file.channels:
        file.channels.append(channel.id)
    message = messages.say(box, channel, person, comment, thread_ts=thread_ts, files=(file.id,))
    messages.shared_file(box, channel, file.id, person)
    return message


def share_by_app(
    box: Sandbox, shared: list[File], channel: Channel, app: App, *, comment: str, thread_ts: str | None
) -> Message:
    for file in shared:
        if channel.id not in file.channels:
            file.channels.append(channel.id)
    ids = [file.id for file in shared]
    message = messages.by_app(box, app, channel, text=comment, thread_ts=thread_ts, files=ids, subtype="file_share")
    messages.post(box, channel, message)
    for file_id in ids:
        messages.shared_file(box, channel, file_id, box.bot_user(app))
    return message
