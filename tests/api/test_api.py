"""The JSON API: what programs send and get, as docs/api.md promises it."""

from __future__ import annotations

import asyncio
import html
from typing import Any

import httpx
import pytest

from tests.stage import CY, Stage

NEW = {"title": "Checkout fails", "description": "500 since 03:10"}
BASE = "/api/v1/default"


@pytest.fixture
async def admin(stage: Stage) -> Any:
    """A program with a token of an admin."""
    async with httpx.AsyncClient(
        base_url=stage.base_url, headers={"authorization": f"Bearer {await stage.token('admin')}"}, timeout=60
    ) as made:
        yield made


async def test_what_a_program_reports_comes_to_life_like_any_other(stage: Stage, admin: httpx.AsyncClient) -> None:
    answer = await admin.post(f"{BASE}/incidents", json={**NEW, "severity": "High", "commander": "ada@example.com"})
    assert answer.status_code == 201, answer.text
    name = answer.json()["name"]
    await stage.settle()
    assert "High" in (await stage.channel_of(name))["topic"]
    people = (await admin.get(f"{BASE}/incidents/{name}/participants")).json()["items"]
    assert people[0]["email"] == "ada@example.com"
    steps = (await admin.get(f"{BASE}/incidents/{name}/steps")).json()["items"]
    assert "done" in {step["state"] for step in steps}
    resources = (await admin.get(f"{BASE}/incidents/{name}/resources")).json()["items"]
    assert "conversation" in {r["kind"] for r in resources}


async def test_the_same_key_reports_once_even_at_the_same_time(stage: Stage, admin: httpx.AsyncClient) -> None:
    key = {"Idempotency-Key": "alert-4711"}
    answers = await asyncio.gather(*(admin.post(f"{BASE}/incidents", json=NEW, headers=key) for _ in range(5)))
    assert {a.status_code for a in answers} == {201}
    assert len({a.json()["name"] for a in answers}) == 1
    other = await admin.post(f"{BASE}/incidents", json={**NEW, "title": "Other"}, headers=key)
    assert other.status_code == 409
    assert "used for another request" in other.json()["detail"]


async def test_a_change_needs_the_version_it_saw(stage: Stage, admin: httpx.AsyncClient) -> None:
    name = (await admin.post(f"{BASE}/incidents", json=NEW)).json()["name"]
    seen = (await admin.get(f"{BASE}/incidents/{name}")).headers["etag"]
    changed = await admin.patch(f"{BASE}/incidents/{name}", json={"severity": "Low"}, headers={"If-Match": seen})
    assert changed.status_code == 200
    assert changed.json()["severity"] == "Low"
    assert changed.json()["title"] == NEW["title"]
    late = await admin.patch(f"{BASE}/incidents/{name}", json={"severity": "High"}, headers={"If-Match": seen})
    assert late.status_code == 412
    again = await admin.patch(
        f"{BASE}/incidents/{name}", json={"status": "Stable"}, headers={"If-Match": changed.headers["etag"]}
    )
    assert again.json()["status"] == "Stable"


async def test_an_empty_choice_is_refused_at_its_field(stage: Stage, admin: httpx.AsyncClient) -> None:
    name = (await admin.post(f"{BASE}/incidents", json=NEW)).json()["name"]
    for key in ("project", "type", "severity", "priority"):
        refused = await admin.patch(f"{BASE}/incidents/{name}", json={key: "", "status": "Closed"})
        assert refused.status_code == 422
        assert refused.json()["detail"] == f"Please choose a {key}."
    assert (await admin.get(f"{BASE}/incidents/{name}")).json()["status"] == "Active"


async def test_a_member_may_report_and_read_but_not_steer(stage: Stage) -> None:
    async with httpx.AsyncClient(
        base_url=stage.base_url, headers={"authorization": f"Bearer {await stage.token('member')}"}, timeout=60
    ) as member:
        name = (await member.post(f"{BASE}/incidents", json=NEW)).json()["name"]
        assert (await member.get(f"{BASE}/incidents/{name}")).status_code == 200
        for send in (
            member.patch(f"{BASE}/incidents/{name}", json={"severity": "Low"}),
            member.post(f"{BASE}/incidents/{name}/tasks", json={"description": "Call them"}),
            member.post(f"{BASE}/incidents/{name}/timeline", json={"text": "It burns"}),
            member.post(f"{BASE}/incidents/{name}/participants", json={"person": "cy@example.com"}),
        ):
            refused = await send
            assert refused.status_code == 403
            assert refused.headers["content-type"] == "application/problem+json"
            assert "you need to be Commander, Scribe or an admin" in refused.json()["detail"]
        assert (await member.get(f"{BASE}/projects/default/plugins")).status_code == 403


async def test_people_tasks_and_timeline(stage: Stage, admin: httpx.AsyncClient) -> None:
    name = (await admin.post(f"{BASE}/incidents", json=NEW)).json()["name"]
    await stage.settle()
    added = await admin.post(
        f"{BASE}/incidents/{name}/participants", json={"person": "cy@example.com", "reason": "Knows it"}
    )
    assert "cy@example.com" in [p["email"] for p in added.json()["items"]]
    task = await admin.post(
        f"{BASE}/incidents/{name}/tasks", json={"description": "Tell the customers", "assignees": ["bo@example.com"]}
    )
    assert task.status_code == 201, task.text
    number = task.json()["number"]
    done = await admin.patch(f"{BASE}/incidents/{name}/tasks/{number}", json={"state": "resolved"})
    assert done.json()["state"] == "resolved"
    entry = await admin.post(
        f"{BASE}/incidents/{name}/timeline", json={"text": "Failed over", "at": "2026-01-01T10:00:00+01:00"}
    )
    assert entry.status_code == 201
    await stage.settle()
    assert CY in (await stage.channel_of(name))["members"]
    says = [e["says"] for e in (await admin.get(f"{BASE}/incidents/{name}/timeline")).json()["items"]]
    assert "Failed over" in says
    # Page by page it is the same story, each entry once.
    address, told = f"{BASE}/incidents/{name}/timeline?size=5", []
    while address:
        part = (await admin.get(address)).json()
        told += [e["says"] for e in part["items"]]
        address = part["next"]
    assert told == says
    assert part["total"] == len(says)
    bo = await stage.sign_in("bo@example.com")
    assert "Failed over" in (await bo.get(f"/default/incidents/{name}")).text
    await bo.aclose()


async def test_a_task_is_edited_given_to_others_and_reopened_without_overwriting_anybody(
    stage: Stage, admin: httpx.AsyncClient
) -> None:
    name = (await admin.post(f"{BASE}/incidents", json=NEW)).json()["name"]
    tasks = f"{BASE}/incidents/{name}/tasks"
    new = {"description": "Tell the customers", "assignees": ["bo@example.com"], "due_at": "2099-01-01T00:00:00Z"}
    at = f"{tasks}/{(await admin.post(tasks, json=new)).json()['number']}"
    seen = (await admin.get(at)).headers["etag"]
    changed = await admin.patch(at, json={"assignees": ["cy@example.com"], "due_at": None}, headers={"If-Match": seen})
    task = changed.json()
    assert (task["description"], task["assignees"], task["due_at"]) == ("Tell the customers", ["cy@example.com"], None)
    late = await admin.patch(at, json={"description": "Other"}, headers={"If-Match": seen})
    assert late.status_code == 412
    for state in ("resolved", "open"):
        assert (await admin.patch(at, json={"state": state})).json()["state"] == state
    assert (await admin.patch(at, json={"description": "Tell all customers"})).json()[
        "description"
    ] == "Tell all customers"
    assert (await admin.patch(at, json={"due_at": "2001-01-01T00:00:00Z"})).status_code == 422
    assert (await admin.patch(at, json={"assignees": ["nobody@example.com"]})).status_code == 422
    assert (await admin.get(f"{tasks}/99")).status_code == 404
    member = httpx.AsyncClient(
        base_url=stage.base_url, headers={"authorization": f"Bearer {await stage.token()}"}, timeout=60
    )
    assert (await member.patch(at, json={"state": "resolved"})).status_code == 403
    await member.aclose()
    bo = await stage.sign_in("bo@example.com")
    assert "Tell all customers" in (await bo.get(f"/default/incidents/{name}")).text
    await bo.aclose()


async def test_reports_are_written_once_and_listed(stage: Stage, admin: httpx.AsyncClient) -> None:
    name = (await admin.post(f"{BASE}/incidents", json=NEW)).json()["name"]
    await stage.settle()
    reports = f"{BASE}/incidents/{name}/reports"
    tactical = {
        "kind": "tactical",
        "conditions": "Xylophonic",
        "actions": "Rolling back",
        "needs": "None",
        "next_update": 30,
    }
    once = {"Idempotency-Key": "report-1"}
    first, again = [(await admin.post(reports, json=tactical, headers=once)).json() for _ in range(2)]
    assert first == again and first["number"] == 1 and first["promised_at"]
    executive = {"kind": "executive", "current_status": "Works", "overview": "It broke", "next_steps": "Review"}
    assert (await admin.post(reports, json=executive)).status_code == 201
    assert (await admin.post(reports, json={**tactical, "needs": " "})).status_code == 422
    assert (await admin.post(reports, json={**tactical, "next_update": 7})).status_code == 422
    listed = (await admin.get(reports, params={"size": 1})).json()
    assert (listed["total"], listed["items"][0]["kind"]) == (2, "executive")
    assert [
        r["content"]["conditions"] for r in (await admin.get(reports, params={"kind": "tactical"})).json()["items"]
    ] == ["Xylophonic"]
    await stage.settle()
    channel = (await stage.channel_of(name))["id"]

    async def posted() -> bool:
        return "Xylophonic" in str(await stage.slack.messages(channel))

    await stage.eventually(posted)


async def test_entries_are_edited_pinned_and_taken_out_and_incidents_linked(
    stage: Stage, admin: httpx.AsyncClient
) -> None:
    name = (await admin.post(f"{BASE}/incidents", json=NEW)).json()["name"]
    timeline = f"{BASE}/incidents/{name}/timeline"
    entry = (await admin.post(timeline, json={"text": "Failed over"})).json()["id"]
    changed = (await admin.patch(f"{timeline}/{entry}", json={"text": "Failed over to eu-2", "pinned": True})).json()
    assert (changed["says"], changed["pinned"], changed["edited"]) == ("Failed over to eu-2", True, True)
    opened = (await admin.get(timeline)).json()["items"][-1]["id"]
    assert (await admin.patch(f"{timeline}/{opened}", json={"text": "Never"})).status_code == 404
    member = httpx.AsyncClient(
        base_url=stage.base_url, headers={"authorization": f"Bearer {await stage.token()}"}, timeout=60
    )
    for send in (member.patch(f"{timeline}/{entry}", json={"text": "x"}), member.patch(f"{timeline}/{entry}", json={"pinned": False}),
                 member.delete(f"{timeline}/{entry}")):  # fmt: skip
        assert (await send).status_code == 403
    await member.aclose()
    assert (await admin.delete(f"{timeline}/{entry}")).status_code == 204
    assert "eu-2" not in (await admin.get(timeline, params={"kind": "notes"})).text
    linked = await admin.post(f"{BASE}/incidents/{name}/related", json={"incident": "INC-1"})
    assert [r["incident"] for r in linked.json()["items"]] == ["INC-1"]
    assert [r["incident"] for r in (await admin.get(f"{BASE}/incidents/INC-1/related")).json()["items"]] == [name]
    assert (await admin.delete(f"{BASE}/incidents/{name}/related/INC-1")).status_code == 204
    assert (await admin.get(f"{BASE}/incidents/INC-1/related")).json()["items"] == []


async def test_the_list_has_the_filters_and_the_order_of_the_page(stage: Stage, admin: httpx.AsyncClient) -> None:
    async def found(**query: Any) -> list[str]:
        answer = await admin.get(f"{BASE}/incidents", params=query)
        assert answer.status_code == 200, answer.text
        return [item["title"] for item in answer.json()["items"]]

    made = {
        "description": "x",
        "severity": "Low",
        "tags": ["dns", "search"],
        "commander": "gus@example.com",
        "priority": "High",
    }
    await admin.post(f"{BASE}/incidents", json={**made, "title": "T-one"})
    await admin.post(
        f"{BASE}/incidents",
        json={**made, "title": "T-two", "tags": ["dns"], "drill": True, "type": "Security", "visibility": "open"},
    )
    both = ["T-two", "T-one"]
    assert await found(tag="dns") == both
    assert await found(tag="dns,search", tags="all") == await found(tag=["dns", "search"], tags="all") == ["T-one"]
    assert await found(commander="gus@example.com", severity="Low,High", status="Active") == both
    assert await found(participant="gus@example.com", priority="High", status="Active", drill="no") == ["T-one"]
    assert await found(type=["Security", "Nothing"], visibility="open") == ["T-two"]
    assert await found(tag="dns", sort="title") == await found(tag="dns", sort="reported_at") == ["T-one", "T-two"]
    assert await found(tag="dns", **{"from": "2020-01-01"}) == both
    assert await found(tag="dns", to="2020-01-01") == []
    assert await found(visibility="restricted") == []
    following = (await admin.get(f"{BASE}/incidents", params={"tag": "dns", "sort": "title", "size": 1})).json()["next"]
    assert [item["title"] for item in (await admin.get(following)).json()["items"]] == ["T-two"]
    for wrong in (
        {"sort": "password"},
        {"from": "yesterday"},
        {"visibility": "hidden"},
        {"commander": "me"},
        {"drill": "maybe"},
    ):
        assert (await admin.get(f"{BASE}/incidents", params=wrong)).status_code == 422, wrong


async def test_lists_page_and_say_where_the_next_page_is(stage: Stage, admin: httpx.AsyncClient) -> None:
    first = (await admin.get(f"{BASE}/incidents", params={"size": "5", "status": "Closed"})).json()
    assert first["total"] == 12
    assert len(first["items"]) == 5
    second = (await admin.get(first["next"])).json()
    assert not {i["name"] for i in first["items"]} & {i["name"] for i in second["items"]}
    assert (await admin.get(f"{BASE}/incidents", params={"size": "101"})).status_code == 422
    assert (await admin.get(f"{BASE}/persons", params={"q": "ada"})).json()["items"][0]["email"] == "ada@example.com"
    projects = (await admin.get(f"{BASE}/projects")).json()["items"]
    assert {"default", "payments"} == {p["slug"] for p in projects}
    assert (await admin.get(f"{BASE}/persons/ada@example.com")).json()["name"] == "Ada Lovelace"
    assert (await admin.get(f"{BASE}/persons/nobody@example.com")).status_code == 404


async def test_secrets_are_never_told(stage: Stage, admin: httpx.AsyncClient) -> None:
    answer = await admin.get(f"{BASE}/projects/default/plugins")
    assert answer.status_code == 200
    assert stage.app["bot_token"] not in answer.text
    assert stage.app["signing_secret"] not in answer.text


async def test_the_page_shows_every_endpoint(stage: Stage) -> None:
    bo = await stage.sign_in("bo@example.com")
    page = (await bo.get("/default/api")).text
    described = (await bo.get("/api/v1/openapi.json")).json()
    assert len(described["paths"]) >= 30
    for path, methods in described["paths"].items():
        assert path.replace("{org}", "default").removeprefix("/api/v1") in page
        for method, said in methods.items():
            body = said.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
            where = f"{method} {path}"
            assert said.get("description"), f"{where} says nothing"
            if body is not None:
                examples = examples_of(body, described["components"]["schemas"])
                assert examples, f"{where} has a body without an example"
                assert all(html.escape(key) in page for example in examples for key in example), where
    await bo.aclose()


def examples_of(body: dict[str, Any], schemas: dict[str, Any]) -> list[dict[str, Any]]:
    """Of a body, or of each of those it may be."""
    kinds = [each["$ref"] for each in body.get("oneOf") or [body]]
    found = [schemas[kind.rsplit("/", 1)[-1]].get("examples") or [] for kind in kinds]
    return [example for each in found for example in each] if all(found) else []
