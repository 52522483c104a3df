"""The JSON API: what programs send and get, as docs/api.md promises it."""

from __future__ import annotations

import asyncio
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
    added = await admin.post(f"{BASE}/incidents/{name}/participants", json={"person": "cy@example.com", "reason": "Knows it"})
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


async def test_secrets_are_never_told(stage: Stage, admin: httpx.AsyncClient) -> None:
    answer = await admin.get(f"{BASE}/projects/default/plugins")
    assert answer.status_code == 200
    assert stage.app["bot_token"] not in answer.text
    assert stage.app["signing_secret"] not in answer.text


async def test_the_page_shows_every_endpoint(stage: Stage) -> None:
    bo = await stage.sign_in("bo@example.com")
    page = (await bo.get("/default/api")).text
    described = (await bo.get("/api/v1/openapi.json")).json()
    assert len(described["paths"]) >= 10
    for path in described["paths"]:
        assert path.replace("{org}", "default") in page
    await bo.aclose()
