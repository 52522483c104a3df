"""A backup that failed stands where an owner looks, until one works."""

from __future__ import annotations

import socket
from pathlib import Path

import httpx

from dispatch.app import create_app, house
from dispatch.desk import sample
from dispatch.kit.backup import nightly, state
from dispatch.kit.crypto import generate_key
from dispatch.people.actions import account_for
from dispatch.people.sessions import one_time_link
from dispatch.schema import metadata
from dispatch.settings import Settings
from slack_sandbox.testing import serving
from tests.stage import Stage


async def signed_in(app, base: str, email: str) -> httpx.AsyncClient:  # type: ignore[no-untyped-def]
    async with app.state.house.db.system() as t:
        token = await one_time_link(t, await account_for(t, email))
    browser = httpx.AsyncClient(base_url=base, follow_redirects=True, timeout=60)
    assert (await browser.get("/sign-in", params={"token": token})).status_code == 200
    return browser


async def test_a_failed_backup_is_on_the_home_in_the_settings_and_in_the_figures(database: str, tmp_path: Path) -> None:
    """The data directory says embedded, and its database is not there: the worker's attempt fails as on a broken disk."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    base = f"http://127.0.0.1:{listener.getsockname()[1]}"
    settings = Settings(secret_key=generate_key(), base_url=base, env="test", data_dir=tmp_path)
    app = create_app(lambda: house(settings, database_url=database))
    async with serving(app, listener):
        await sample.fill(app.state.house.db)
        ada = await signed_in(app, base, "ada@example.com")
        assert "/default/settings/backups" not in (await ada.get("/default")).text
        assert "No backup yet" in (await ada.get("/default/settings/backups")).text

        await nightly(f"postgresql://nobody@/none?host={tmp_path}", tmp_path, metadata)
        home = (await ada.get("/default")).text
        assert "Last night&#39;s backup failed" in home and "There is no good one yet" in home
        assert "/default/settings/backups" in home
        page = (await ada.get("/default/settings/backups")).text
        assert "Last night&#39;s backup failed" in page and "OperationalError" in page
        figures = (await ada.get("/metrics")).text
        assert 'dispatch_backup_failed{kind="nightly"} 1.0' in figures
        assert 'dispatch_backup_last_success_timestamp_seconds{kind="nightly"}' not in figures
        member = await signed_in(app, base, "bo@example.com")
        assert "/default/settings/backups" not in (await member.get("/default")).text
        assert (await member.get("/default/settings/backups")).status_code == 403

        # The next attempt, half an hour later, works.
        (tmp_path / "backups" / "last-failure").write_text("2026-01-01T00:00:00+00:00 OperationalError")
        await nightly(database.replace("//dispatch_app@", "//dispatch_owner@"), tmp_path, metadata)
        made = state(tmp_path).newest
        assert made is not None
        assert "/default/settings/backups" not in (await ada.get("/default")).text
        page = (await ada.get("/default/settings/backups")).text
        assert f"nightly-{made:%Y%m%dT%H%M%SZ}.zip" in page and "backup failed" not in page
        figures = (await ada.get("/metrics")).text
        assert 'dispatch_backup_failed{kind="nightly"} 0.0' in figures
        [line] = [
            each for each in figures.splitlines() if each.startswith("dispatch_backup_last_success_timestamp_seconds{")
        ]
        assert float(line.split()[-1]) == made.timestamp()
        await ada.aclose()
        await member.aclose()


async def test_with_a_database_of_the_operators_own_the_page_says_who_backs_it_up(stage: Stage) -> None:
    ada = await stage.sign_in("ada@example.com")
    assert "dispatch database backup FILE" in (await ada.get("/default/settings/backups")).text
    await ada.aclose()
