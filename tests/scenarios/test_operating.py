"""What operators rely on: readiness says what is wrong, workers show their figures, old rows go."""

from __future__ import annotations

import httpx
import psycopg
from sqlalchemy import text

from dispatch.kit.worker_health import served
from dispatch.people.actions import account_for
from dispatch.people.sessions import forget_expired, one_time_link, open_session
from dispatch.worker import _tidy
from tests.stage import Stage


def as_owner(database: str) -> psycopg.Connection:
    return psycopg.connect(database.replace("//dispatch_app@", "//dispatch_owner@"), autocommit=True)


async def test_ready_only_with_the_schema_this_version_needs(stage: Stage) -> None:
    assert (await stage.web.get("/healthz/ready")).status_code == 200
    with as_owner(stage.house.db.url) as owner:
        [(version,)] = owner.execute("select version_num from alembic_version").fetchall()
        owner.execute("update alembic_version set version_num = '0001'")
        answer = await stage.web.get("/healthz/ready")
        assert answer.status_code == 503
        assert f"has schema 0001, this Dispatch needs {version}" in answer.text
        owner.execute("revoke select on alembic_version from dispatch_app")
        answer = await stage.web.get("/healthz/ready")
        assert answer.status_code == 503
        assert "unknown" in answer.text
    assert (await stage.web.get("/healthz/live")).status_code == 200


async def test_a_worker_serves_its_figures() -> None:
    silence = [0.0]
    async with served("127.0.0.1", 0, silent=lambda: silence[0]) as port, httpx.AsyncClient() as http:
        base = f"http://127.0.0.1:{port}"
        assert (await http.get(f"{base}/healthz/live")).text == "ok"
        assert "dispatch_flow_steps_total" in (await http.get(f"{base}/metrics")).text
        silence[0] = 61.0
        answer = await http.get(f"{base}/healthz/live")
        assert (answer.status_code, answer.text) == (503, "no look into the queue for 61 s")


async def test_what_is_over_is_deleted(stage: Stage) -> None:
    async with stage.house.db.system() as t:
        account = await account_for(t, "ada@example.com")
        await one_time_link(t, account)
        await open_session(t, account)
        await t.execute(
            text("insert into slack_rate (key, level, refilled_at) values ('old', 1, now() - interval '2 h')")
        )
    await stage.advance(days=30)
    await _tidy(stage.house)
    async with stage.house.db.system() as t:
        for table in ("session", "one_time_link"):
            assert (await t.execute(text(f"select count(*) from {table}"))).scalar() == 0, table
        assert (await t.execute(text("select count(*) from slack_rate where key = 'old'"))).scalar() == 0
        assert await forget_expired(t) == 0
