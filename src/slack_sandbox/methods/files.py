"""files.*: uploads in two steps, as files_upload_v2 makes them."""

from typing import Any

from .. import files, shapes
from ..call import Call
from ..errors import SlackError
from ..state import File
from . import method

Json = dict[str, Any]


def _file(call: Call, file_id: str) -> File:
    file = call.box.state.files.get(file_id)
    if file is None or file.team_id != call.team:
        raise SlackError("file_not_found")
    if file.deleted:
        raise SlackError("file_deleted")
    mine = file.user == call.me.id or any(
        room in call.box.state.channels and call.visible(call.box.channel(room)) for room in file.channels
    )
    if not mine:
        raise SlackError("file_not_found")
    return file


@method("files.info")
def info(call: Call) -> Json:
    file = _file(call, call.needed("file"))
    return {"file": shapes.file(call.box, file), "content": file.content[:1000], "comments": []}


@method("files.getUploadURLExternal")
def upload_url(call: Call) -> Json:
    if call.number("length", 0, high=10**9) < 1:
        raise call.bad("must be greater than 0 [json-pointer:/length]")
    file = files.store(call.box, call.me, call.needed("filename"), "")
    file.complete = False
    file.upload_key = call.box.ids.secret("upload")
    return {"upload_url": f"{call.box.base_url}/upload/v1/{file.upload_key}", "file_id": file.id}


@method("files.completeUploadExternal")
def complete(call: Call) -> Json:
    rows = call.structure("files")
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise call.bad("must provide an array of files [json-pointer:/files]")
    done = [_file(call, str(row.get("id"))) for row in rows]
    rooms = call.names("channels") or ([call.text("channel_id")] if call.maybe("channel_id") else [])
    for room in rooms:
        found = call.box.state.channels.get(room)
        if found is None or not call.visible(found):
            raise SlackError("channel_not_found")
        if call.me.id not in found.members:
            raise SlackError("not_in_channel")
        if found.is_archived:
            raise SlackError("is_archived")
    for file, row in zip(done, rows, strict=True):
        file.title = str(row.get("title") or file.name)
        file.complete = True
    for room in rooms:
        files.share_by_app(
            call.box, done, call.box.channel(room), call.app, comment=call.text("initial_comment"), thread_ts=call.maybe("thread_ts")
        )
    return {"files": [shapes.file(call.box, file) for file in done]}


@method("files.delete")
def delete(call: Call) -> Json:
    file = _file(call, call.needed("file"))
    if file.user != call.me.id:
        raise SlackError("cant_delete_file")
    file.deleted = True
    file.content = ""
    return {}
