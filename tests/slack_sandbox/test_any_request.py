"""Whatever a program sends, from the app's side or from the test side, is answered with less than 500."""

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stage_set import WORKSPACE, manifest
from starlette.testclient import TestClient

from slack_sandbox import facts, methods
from slack_sandbox.server import create_app

Json = dict[str, Any]
VIEW = {
    "type": "modal",
    "title": {"type": "plain_text", "text": "x"},
    "submit": {"type": "plain_text", "text": "x"},
    "blocks": [],
}
# Endless or deadly for the others.
LEFT_OUT = {("get", "/sandbox/stream"), ("post", "/sandbox/reset"), ("put", "/sandbox/snapshot"), ("put", "/sandbox/faults"), ("delete", "/sandbox/apps/{app}")}  # fmt: skip


class Ground:
    """One sandbox with something of everything, and the names of it all."""

    def __init__(self, http: TestClient) -> None:
        self.http = http
        made = http.post("/sandbox/workspaces", json=WORKSPACE).json()
        self.team = made["team"]["id"]
        # By socket, so that nothing goes out: events are refused at once and wait for their retry.
        self.keys = http.post(
            "/sandbox/apps", json={"team": self.team, "manifest": manifest("http://127.0.0.1:9", socket=True)}
        ).json()
        self.user = made["users"][0]["id"]
        self.channel = made["channels"][0]["id"]
        http.post(
            f"/sandbox/users/{self.user}/invitations",
            json={"channel": self.channel, "users": [self.keys["bot_user_id"]]},
        )
        self.ts = self.api("chat.postMessage", {"channel": self.channel, "text": "x"})["ts"]
        self.file = http.post(f"/sandbox/users/{self.user}/files", json={"name": "a"}).json()["id"]
        self.upload = self.api("files.getUploadURLExternal", {"filename": "a", "length": 1})["upload_url"].partition(
            "/upload/"
        )[2]
        self.paths = http.get("/sandbox/openapi.json").json()["paths"]
        known = [
            self.team,
            self.user,
            self.channel,
            self.ts,
            self.file,
            self.keys["app_id"],
            self.keys["bot_user_id"],
            "/probe",
            "probe_all",
        ]
        self.known = st.sampled_from(known)

    def api(self, method: str, body: Json) -> Json:
        answer = self.http.post(
            f"/api/{method}", json=body, headers={"Authorization": f"Bearer {self.keys['bot_token']}"}
        )
        shown: Json = answer.json()
        return shown

    def anything(self) -> st.SearchStrategy[Any]:
        leaf = (
            st.none()
            | st.booleans()
            | st.integers()
            | st.floats(allow_nan=False, allow_infinity=False)
            | st.text(max_size=20)
            | self.known
        )
        keys = st.text(max_size=8) | st.sampled_from(
            ["type", "text", "blocks", "block_id", "action_id", "elements", "value", "options", "id"]
        )
        return st.recursive(
            leaf, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4), max_leaves=12
        )


@pytest.fixture(scope="module")
def ground() -> Iterator[Ground]:
    # Raises what would have been a 500.
    with TestClient(create_app(seed=1), base_url="http://127.0.0.1:8100") as http:
        yield Ground(http)


# Few in every run, thousands on demand.
EXAMPLES = int(os.environ.get("DISPATCH_TEST_EXAMPLES", "60"))
ROUNDS = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@ROUNDS
@given(data=st.data())
def test_any_arguments_of_any_method(ground: Ground, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(set(methods.load()) - {"apps.uninstall", "auth.revoke"})))
    known = facts.methods().get(name)
    names = st.sampled_from(
        [
            "channel",
            "ts",
            "user",
            "users",
            "view",
            "blocks",
            "trigger_id",
            "name",
            "files",
            "limit",
            "cursor",
            *(known.required if known else ()),
        ]
    )
    body = data.draw(st.dictionaries(names, ground.anything(), max_size=6))
    token = ground.keys[data.draw(st.sampled_from(["bot_token", "user_token", "app_token"]))]
    # A string with half a character cannot be sent as a form; json.dumps sends it as an escape.
    answer = ground.http.post(
        f"/api/{name}",
        content=json.dumps(body),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    assert answer.status_code == 200
    assert answer.json()["ok"] in (True, False)


@ROUNDS
@given(raw=st.binary(max_size=300), kind=st.sampled_from(["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "multipart/form-data", "text/plain", "", "\x7f"]), path=st.sampled_from(["/api/chat.postMessage", "/actions/T/1/x", "/upload/{upload}", "/oauth/v2/authorize?client_id={client}", "/sandbox/workspaces", "/sandbox/snapshot", "/api/", "/api/%00"]))  # fmt: skip
def test_any_bytes_to_any_address(ground: Ground, raw: bytes, kind: str, path: str) -> None:
    address = path.format(upload=ground.upload, client=ground.keys["client_id"])
    headers = {"Authorization": f"Bearer {ground.keys['bot_token']}", "Content-Type": kind}
    verb = "PUT" if path.endswith("snapshot") else "POST"
    assert ground.http.request(verb, address, content=raw, headers=headers, follow_redirects=False).status_code < 500


@ROUNDS
@given(data=st.data())
def test_anything_on_the_test_side(ground: Ground, data: st.DataObject) -> None:
    calls = [
        (verb, path) for path, verbs in sorted(ground.paths.items()) for verb in verbs if (verb, path) not in LEFT_OUT
    ]
    verb, path = data.draw(st.sampled_from(calls))
    real = {"user": ground.user, "channel": ground.channel, "app": ground.keys["app_id"], "file": ground.file}
    for name in ("user", "channel", "app", "file", "view_id", "canvas", "team", "invite"):
        path = path.replace(f"{{{name}}}", data.draw(st.sampled_from([real.get(name, "x"), "X0NONE"])))
    fields = ["channel", "ts", "text", "name", "names", "with", "command", "callback_id", "action_id", "view_id", "message_ts", "value", "values", "query", "users", "app", "by", "team", "content_base64", "remove", "enabled", "to", "email", "answer", "channel_name"]  # fmt: skip
    body = data.draw(st.dictionaries(st.sampled_from(fields), ground.anything(), max_size=8) | ground.anything())
    if verb == "delete" and "channels" in path:
        return  # the others need the channel
    query = (
        {}
        if verb == "post"
        else {"as": data.draw(ground.known), "by": ground.user, "app": data.draw(ground.known), "limit": "3"}
    )
    content = None if verb == "get" else json.dumps(body)
    answer = ground.http.request(
        verb, path, content=content, params=query, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code < 500, answer.text


@ROUNDS
@given(data=st.data())
def test_any_answer_to_a_response_url(ground: Ground, data: st.DataObject) -> None:
    box = ground.http.app.state.sandbox  # type: ignore[attr-defined]
    if data.draw(st.booleans()) or not box.response_urls:
        ground.http.post(
            f"/sandbox/users/{ground.user}/commands?wait=0", json={"channel": ground.channel, "command": "/probe"}
        )
    key = next(reversed(box.response_urls), "x")
    body = data.draw(st.dictionaries(st.sampled_from(["text", "blocks", "attachments", "response_type", "replace_original", "delete_original", "thread_ts"]), ground.anything(), max_size=5) | ground.anything())  # fmt: skip
    assert ground.http.post(f"/actions/{ground.team}/1/{key}", content=json.dumps(body)).status_code < 500
