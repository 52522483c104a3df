"""A project's settings through the API: the rules, the words and the audit log of the pages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, get_args

import httpx
import pytest

from dispatch.projects.choices_api import Color, SeverityChanges
from dispatch.projects.settings_forms import COLORS, UPDATES
from tests.stage import Stage, staged

BASE = "/api/v1/default"
PROJECT = f"{BASE}/projects/default"

#: (list, what is added, what of it is changed, what is refused and why).
LISTS: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any], str]] = [
    ("types", {"name": "Data loss", "visibility": "restricted"}, {"help": "Gone."}, {"name": "  "}, "Please give a name."),
    ("severities", {"name": "Catastrophic", "color": "red", "rank": 9}, {"update_minutes": 15}, {"name": "High"}, "already a severity called High"),
    ("priorities", {"name": "Urgent", "acknowledge_minutes": 3}, {"rank": 7}, {"is_default": True, "enabled": False}, "has to be enabled"),
    (
        "announcements", {"name": "Payments", "query": "severity=High&nonsense=1", "channel": "#payments"},
        {"emails": ["Team@example.com"]}, {"query": "commander=me"}, "looks for everybody",
    ),
    ("roles", {"role": "Scribe", "severity_id": 1, "rotation_id": 1}, {"rotation_id": None}, {"rotation_id": 4711}, "not available"),
    (
        "rotations", {"name": "Night", "members": ["bo@example.com", "cy@example.com"], "starts_at": "2026-01-05T09:00:00+01:00", "tz": "Europe/Berlin"},
        {"shift": 2, "unit": "days"}, {"members": ["nobody@example.com"]}, "Nobody here has the address",
    ),
]  # fmt: skip


@pytest.fixture
async def quiet(database: str) -> AsyncIterator[Stage]:
    """Without a worker: nothing here is worked on."""
    async with staged(database, worker=False) as made:
        yield made


def program(stage: Stage, token: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=stage.base_url, headers={"authorization": f"Bearer {token}"}, timeout=60)


def without_turn(row: dict[str, Any]) -> dict[str, Any]:
    """Without whose turn it is, which changes with the length of a shift."""
    return {key: value for key, value in row.items() if key != "on_call"}


async def test_every_list_is_read_added_to_changed_and_taken_from(quiet: Stage) -> None:
    async with (
        program(quiet, await quiet.token("admin")) as admin,
        program(quiet, await quiet.token("member")) as member,
    ):
        for key, new, change, wrong, why in LISTS:
            path = f"{PROJECT}/{key}"
            once = {"Idempotency-Key": f"add-{key}"}
            made = await admin.post(path, json=new, headers=once)
            assert made.status_code == 201, (key, made.text)
            assert (await admin.post(path, json=new, headers=once)).json() == made.json(), key
            row = made.json()
            rows = (await admin.get(path)).json()
            assert row in rows["items"] and rows["total"] == len(rows["items"]), key
            at = f"{path}/{row['id']}"
            seen = (await admin.get(at)).headers["etag"]
            changed = await admin.patch(at, json=change, headers={"If-Match": seen})
            assert changed.status_code == 200, (key, changed.text)
            expected = row | change | ({"emails": ["team@example.com"]} if "emails" in change else {})
            assert without_turn(changed.json()) == without_turn(expected), key
            late = await admin.patch(at, json=change, headers={"If-Match": seen})
            assert late.status_code == 412 and "Somebody else changed this" in late.json()["detail"], key
            refused = await admin.patch(at, json=wrong)
            assert refused.status_code == 422 and why in refused.json()["detail"], (key, refused.text)
            assert (await admin.patch(at, json={"nonsense": 1})).status_code == 422
            assert (await admin.get(at)).json() == changed.json(), key
            for send in (member.post(path, json=new), member.patch(at, json=change), member.delete(at)):
                forbidden = await send
                assert (
                    forbidden.status_code == 403 and "you need to be a project admin" in forbidden.json()["detail"]
                ), key
            assert (await admin.get(f"{BASE}/projects/payments/{key}/{row['id']}")).status_code == 404, key
            assert (await admin.delete(at)).status_code == 204, key
            assert (await admin.get(at)).status_code == 404, key
        # What reporters choose from and who is on call is no secret; whom announcements reach, and who gets which role, is.
        reads = {key: (await member.get(f"{PROJECT}/{key}")).status_code for key, *_ in LISTS}
        assert reads == {
            "types": 200,
            "severities": 200,
            "priorities": 200,
            "rotations": 200,
            "announcements": 403,
            "roles": 403,
        }
    dee = await quiet.sign_in("dee@example.com")
    log = (await dee.get("/default/settings/audit?page=1")).text
    assert "Catastrophic" in log and "Night" in log
    assert "test " in log  # the token's name, as the actor
    await dee.aclose()


async def test_a_filter_of_a_rule_is_kept_as_the_list_writes_it(quiet: Stage) -> None:
    async with program(quiet, await quiet.token("admin")) as admin:
        rule = (
            await admin.post(
                f"{PROJECT}/announcements", json={"name": "All", "query": "x=1&severity=High", "channel": "#a"}
            )
        ).json()
        assert rule["query"] == "severity=High"
        wrong = await admin.post(
            f"{PROJECT}/announcements", json={"name": "Bad", "query": "from=yesterday", "channel": "#a"}
        )
        assert wrong.status_code == 422 and "is a day such as" in wrong.json()["detail"]


async def test_tags_are_added_by_the_dozen_found_renamed_and_removed(quiet: Stage) -> None:
    async with program(quiet, await quiet.token("admin")) as admin:
        added = await admin.post(f"{PROJECT}/tags", json={"names": ["cache", "DNS", "cache", "load balancer"]})
        assert added.json() == {"added": ["cache", "load balancer"]}
        found = (await admin.get(f"{PROJECT}/tags", params={"q": "ca", "size": 1})).json()
        assert found["total"] > 1 and "q=ca" in found["next"]
        [tag] = [t for t in (await admin.get(f"{PROJECT}/tags", params={"q": "cache"})).json()["items"]]
        renamed = await admin.patch(f"{PROJECT}/tags/{tag['id']}", json={"name": "caches"})
        assert renamed.json() == tag | {"name": "caches"}
        assert (await admin.patch(f"{PROJECT}/tags/{tag['id']}", json={"name": "dns"})).status_code == 422
        report = await admin.post(f"{BASE}/incidents", json={"title": "T", "description": "D", "tags": ["caches"]})
        assert report.status_code == 201, report.text
        stays = await admin.delete(f"{PROJECT}/tags/{tag['id']}")
        assert stays.status_code == 409 and "Incidents have the tag caches" in stays.json()["detail"]


async def test_projects_are_made_by_managers_and_changed_by_admins(quiet: Stage) -> None:
    async with (
        program(quiet, await quiet.token("admin")) as admin,
        program(quiet, await quiet.token("manager")) as manager,
    ):
        new = {"name": "Data platform", "slug": "data"}
        assert (await admin.post(f"{BASE}/projects", json=new)).status_code == 403
        made = (await manager.post(f"{BASE}/projects", json=new)).json()
        assert [s["name"] for s in made["severities"]][-1] == "Critical"
        assert (await manager.post(f"{BASE}/projects", json=new)).status_code == 422
        seen = (await admin.get(f"{BASE}/projects/data")).headers["etag"]
        changed = await admin.patch(
            f"{BASE}/projects/data", json={"incident_prefix": "dat", "tz": "Europe/Rome"}, headers={"If-Match": seen}
        )
        assert (changed.json()["incident_prefix"], changed.json()["tz"], changed.json()["name"]) == (
            "DAT",
            "Europe/Rome",
            "Data platform",
        )
        assert (
            await admin.patch(f"{BASE}/projects/data", json={"enabled": True}, headers={"If-Match": seen})
        ).status_code == 412
        for wrong in (
            {"tz": "Moon/Base"},
            {"incident_prefix": "1!"},
            {"name": ""},
            {"is_default": True, "enabled": False},
        ):
            assert (await admin.patch(f"{BASE}/projects/data", json=wrong)).status_code == 422, wrong
        assert (await admin.patch(f"{BASE}/projects/data", json={"is_default": True})).json()["is_default"]
        projects = (await admin.get(f"{BASE}/projects")).json()["items"]
        assert [p["slug"] for p in projects if p["is_default"]] == ["data"]
        assert (await admin.get(f"{BASE}/projects/none")).status_code == 404


async def test_who_is_on_call_at_a_moment_and_who_stands_in(quiet: Stage) -> None:
    async with (
        program(quiet, await quiet.token("admin")) as admin,
        program(quiet, await quiet.token("member")) as member,
    ):
        rotation = (
            await admin.post(
                f"{PROJECT}/rotations",
                json={"name": "Payments", "members": ["bo@example.com", "joy@example.com"], "starts_at": "2026-01-05T09:00:00+01:00", "tz": "Europe/Berlin"},
            )
        ).json()  # fmt: skip
        assert rotation["starts_at"] == "2026-01-05T08:00:00Z"
        at = f"{PROJECT}/rotations/{rotation['id']}"

        async def leads(moment: str) -> tuple[str, str | None]:
            found = (await member.get(f"{at}/on-call", params={"at": moment})).json()["on_call"]
            return found["person"], found["instead_of"]

        # 234 weeks later at nine o'clock there, an hour earlier by UTC in summer.
        assert await leads("2030-07-01T06:59:59Z") == ("joy@example.com", None)
        assert await leads("2030-07-01T07:00:00Z") == ("bo@example.com", None)
        new = {"person": "cy@example.com", "starts_at": "2030-06-30T22:00:00Z", "ends_at": "2030-07-01T22:00:00Z"}
        stands_in = await admin.post(f"{at}/overrides", json=new, headers={"Idempotency-Key": "o"})
        assert stands_in.json() == new | {"id": stands_in.json()["id"]}, stands_in.text
        assert (
            await admin.post(f"{at}/overrides", json=new, headers={"Idempotency-Key": "o"})
        ).json() == stands_in.json()
        assert await leads("2030-07-01T07:00:00Z") == ("cy@example.com", "bo@example.com")
        assert (await admin.get(f"{at}/overrides")).json()["items"] == [stands_in.json()]
        assert (await admin.post(f"{at}/overrides", json=new)).status_code == 422
        assert (await admin.post(f"{at}/overrides", json={**new, "ends_at": new["starts_at"]})).status_code == 422
        assert (await member.delete(f"{at}/overrides/{stands_in.json()['id']}")).status_code == 403
        assert (await admin.delete(f"{at}/overrides/{stands_in.json()['id']}")).status_code == 204
        assert await leads("2030-07-01T07:00:00Z") == ("bo@example.com", None)
        assert (await member.get(f"{at}/on-call", params={"at": "0001-01-01T00:00:00+14:00"})).status_code == 422
        assert (await member.get(f"{at}/on-call")).json()["on_call"]["person"] in ("bo@example.com", "joy@example.com")


def test_the_words_of_the_bodies_are_those_of_the_forms() -> None:
    assert set(get_args(Color)) == {option.value for option in COLORS}
    promised = SeverityChanges.model_json_schema()["properties"]["update_minutes"]["anyOf"][0]["enum"]
    assert promised == [int(option.value) for option in UPDATES]
