"""files.*: uploads in two steps, as files_upload_v2 makes them."""

from typing import Any

from .. import blockcheck, files, rich_text, shapes
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
    shown: Json = {"file": shapes.file(call.box, file), "comments": []}
    if file.mimetype.startswith("text/"):
        shown["content"] = file.content[:1000].decode(errors="replace")
    return shown


@method("files.getUploadURLExternal")
def upload_url(call: Call) -> Json:
    length = call.number("length", 0, high=10**12)
    if length < 1:
        raise call.bad("must be greater than 0 [json-pointer:/length]")
    if length > files.SIZE_LIMIT:
        raise SlackError("file_upload_size_restricted")
    file = files.announced(call.box, call.me, call.needed("filename"))
    file.alt_text = call.text("alt_txt")
    return {"upload_url": f"{call.box.base_url}/upload/v1/{file.upload_key}", "file_id": file.id}


@method("files.completeUploadExternal")
def complete(call: Call) -> Json:
    rows = call.structure("files")
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise call.bad("must provide an array of files [json-pointer:/files]")
    done = [_file(call, str(row.get("id"))) for row in rows]
    if any(file.user != call.me.id for file in done):
        raise SlackError("file_not_found")
    if not all(file.uploaded for file in done):
        # unverified: how Slack words a file that was announced and never sent.
        raise SlackError("file_update_failed")
    blocks = call.structure("blocks", error="invalid_blocks")
    if blocks:
        blockcheck.message(blocks)
    rooms = call.names("channels") or ([call.text("channel_id")] if call.maybe("channel_id") else [])
    for room in rooms:
        found = call.box.state.channels.get(room)
        if found is None or not call.visible(found):
            raise SlackError("channel_not_found")
        if call.me.id not in found.members:
            raise SlackError("not_in_channel")
        if found.is_archived:
            raise SlackError("is_archived")
        if call.maybe("thread_ts") and call.text("thread_ts") not in found.messages:
            raise SlackError("thread_not_found")
    for file, row in zip(done, rows, strict=True):
        file.title = str(row.get("title") or file.name)
        file.complete = True
    for room in rooms:
        files.share_by_app(
            call.box,
            done,
            call.box.channel(room),
            call.app,
            comment=call.text("initial_comment"),
            thread_ts=call.maybe("thread_ts"),
            blocks=rich_text.with_block_ids(call.box, blocks) if blocks else None,
        )
    return {"files": [shapes.file(call.box, file) for file in done]}


@method("files.delete")
def delete(call: Call) -> Json:
    file = _file(call, call.needed("file"))
    if file.user != call.me.id:
        raise SlackError("cant_delete_file")
    files.delete(call.box, file)
    return {}
