"""Files keep their bytes on every way in and out."""

import base64
import secrets

import httpx
import pytest
from slack_sdk.errors import SlackApiError
from stage_set import Stage, refusal

from slack_sandbox.client import Refused

NOISE = bytes(range(256)) + secrets.token_bytes(5000)


async def fetched(stage: Stage, url: str, token: str | None = None) -> httpx.Response:
    async with httpx.AsyncClient() as http:
        return await http.get(url, headers={"Authorization": f"Bearer {token}"} if token else {})


async def test_an_app_uploads_bytes_and_reads_them_back(stage: Stage) -> None:
    channel = await stage.room("inc-1", stage.ada)
    sent = await stage.bot.files_upload_v2(channel=channel, content=NOISE, filename="core.bin", title="Core")
    info = (await stage.bot.files_info(file=sent["file"]["id"]))["file"]
    assert (info["size"], info["mimetype"], info["channels"]) == (len(NOISE), "application/octet-stream", [channel])
    assert (await fetched(stage, info["url_private_download"], stage.keys["bot_token"])).content == NOISE
    assert (await fetched(stage, info["url_private"], stage.keys["app_token"])).status_code == 403
    assert await stage.people.file_content(info["id"]) == NOISE


async def test_a_person_uploads_a_picture_and_the_app_reads_it(stage: Stage) -> None:
    channel = await stage.room("inc-1", stage.ada)
    said = await stage.people.upload(stage.ada, channel, "graph.png", NOISE, comment="look")
    file = said["files"][0]
    assert (file["mimetype"], file["thumb_360"]) == ("image/png", file["url_private"])
    assert (await fetched(stage, file["url_private"], stage.keys["bot_token"])).content == NOISE
    shared = next(row for row in await stage.people.messages(channel, stage.ada) if row.get("subtype") == "file_share")
    assert shared["files"][0]["id"] == file["id"]


async def test_what_is_not_uploaded_cannot_be_finished(stage: Stage) -> None:
    asked = await stage.bot.files_getUploadURLExternal(filename="a.txt", length=3)
    with pytest.raises(SlackApiError):
        await stage.bot.files_completeUploadExternal(files=[{"id": asked["file_id"]}])
    async with httpx.AsyncClient() as http:
        assert (await http.post(asked["upload_url"], content=b"abc")).status_code == 200
        await stage.bot.files_completeUploadExternal(files=[{"id": asked["file_id"]}])
        assert (await http.post(asked["upload_url"], content=b"xyz")).status_code == 404
    with pytest.raises(SlackApiError) as refused:
        await stage.bot.files_getUploadURLExternal(filename="a.txt", length=10**11)
    assert refusal(refused) == "file_upload_size_restricted"


async def test_a_deleted_file_is_gone_for_everybody(stage: Stage) -> None:
    channel = await stage.room("inc-1", stage.ada)
    file = (await stage.bot.files_upload_v2(channel=channel, content="x", filename="a.txt"))["file"]
    await stage.bot.files_delete(file=file["id"])
    assert (await fetched(stage, file["url_private"])).status_code == 404
    with pytest.raises(SlackApiError) as refused:
        await stage.bot.files_info(file=file["id"])
    assert refusal(refused) == "file_deleted"


async def test_a_snapshot_keeps_the_bytes(stage: Stage) -> None:
    channel = await stage.room("inc-1", stage.ada)
    file = (await stage.people.upload(stage.ada, channel, "core.bin", NOISE))["files"][0]
    saved = await stage.people.snapshot()
    await stage.people.reset()
    await stage.people.restore(saved)
    assert await stage.people.file_content(file["id"]) == NOISE


async def test_a_modals_file_input_gives_the_app_whole_files(stage: Stage) -> None:
    view = {
        "type": "modal", "title": {"type": "plain_text", "text": "Files"}, "submit": {"type": "plain_text", "text": "Go"},
        "blocks": [{"type": "input", "block_id": "logs", "label": {"type": "plain_text", "text": "Logs"},
                    "element": {"type": "file_input", "action_id": "x", "filetypes": ["log"], "max_files": 1}}],
    }  # fmt: skip

    async def opens(form: dict[str, str]) -> str:
        await stage.bot.views_open(trigger_id=form["trigger_id"], view=view)
        return ""

    stage.app.answers["command"] = opens
    shown = (await stage.people.command(stage.ada, stage.general, "/probe"))["view"]
    assert shown["channel_id"] == stage.general

    async def stored(name: str) -> str:
        body = {"name": name, "content_base64": base64.b64encode(NOISE).decode()}
        file: str = (await stage.people.call("POST", f"users/{stage.ada}/files", body))["id"]
        return file

    with pytest.raises(Refused, match="file_type_not_allowed"):
        await stage.people.submit(stage.ada, shown["id"], {"Logs": await stored("a.exe")})
    with pytest.raises(Refused, match="too_many_files"):
        await stage.people.submit(stage.ada, shown["id"], {"Logs": [await stored("a.log"), await stored("b.log")]})
    with pytest.raises(Refused, match="no_such_file"):
        await stage.people.submit(stage.ada, shown["id"], {"Logs": "F0NONE"})
    done = await stage.people.submit(stage.ada, shown["id"], {"Logs": await stored("a.log")})
    assert done["outcome"] == "closed"
    files = stage.app.of("action")[-1]["view"]["state"]["values"]["logs"]["x"]["files"]
    assert files[0]["name"] == "a.log"
    assert (await fetched(stage, files[0]["url_private"], stage.keys["bot_token"])).content == NOISE
