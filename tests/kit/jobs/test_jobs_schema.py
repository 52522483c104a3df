"""The tables: frozen, in schema `jobs`, whatever the environment says."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from pgqueuer.adapters.persistence.schema_ddl import render_install
from pgqueuer.domain.types import QueueEntrypoint, QueueManagerId

from dispatch.kit.jobs import SCHEMA, grants, install_sql
from dispatch.kit.jobs.queries import GuardedBuilder
from dispatch.kit.jobs.schema import NAMES, _Names


def without_first_line(text: str) -> str:
    """The first line names the patch release."""
    return text.split("\n", 1)[1]


def test_the_frozen_tables_are_those_pgqueuer_expects() -> None:
    assert install_sql().startswith("-- pgqueuer 1.6.")
    assert without_first_line(install_sql()).startswith(without_first_line(render_install(NAMES)) + "\n")


def test_the_environment_cannot_rename_the_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CHANNEL", "TRIGGER", "PGQUEUER_PREFIX", "PGQUEUER_SCHEMA", "QUEUE_TABLE"):
        monkeypatch.setenv(name, "elsewhere")
    assert _Names(db_schema=SCHEMA) == NAMES


def test_a_role_name_cannot_break_out_of_the_grants() -> None:
    assert 'TO "a""b";' in grants('a"b')


def test_taking_over_is_forbidden_just_after_a_restart_of_the_database() -> None:
    query = GuardedBuilder(NAMES).build_dequeue_query(
        batch_size=1,
        entrypoints=[QueueEntrypoint("a")],
        concurrency_limits=[0],
        queue_manager_id=QueueManagerId(uuid4()),
        global_concurrency_limit=20,
        heartbeat_timeout=timedelta(seconds=8),
    )
    assert "AND pg_postmaster_start_time() < NOW() - $4::interval" in query.sql
    assert query.args[3] == timedelta(seconds=8)
