"""What `dispatch demo` tells its web server and worker."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dispatch.cli.demo import environment
from dispatch.settings import Settings


def test_the_demos_database_is_its_own_and_backed_up_by_itself(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whatever database the person's own environment names: that one is not the demo's."""
    monkeypatch.setenv("DISPATCH_DATABASE_URL", "postgresql://somebody@elsewhere/theirs")
    for key, value in (
        os.environ | environment(tmp_path, "a key", "http://localhost:8000", "http://localhost:8100")
    ).items():
        monkeypatch.setenv(key, value)
    settings = Settings()
    # Of this directory the worker makes the nightly backups, and the page of backups tells.
    assert settings.own_data == tmp_path
    assert not settings.production and settings.slack_api_url == "http://localhost:8100/api/"
