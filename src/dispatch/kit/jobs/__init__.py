"""Background jobs: a thin, robust layer over PgQueuer 1.6; `kit/flows` is its only user.

Loaded at first use: pgqueuer takes half a second to import, which commands that queue nothing must not pay.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dispatch.kit.jobs.enqueue import NewJob, enqueue, enqueue_many
    from dispatch.kit.jobs.executor import Job
    from dispatch.kit.jobs.schema import SCHEMA, grants, install_sql
    from dispatch.kit.jobs.worker import JobWorker

_PLACES = {
    "NewJob": "enqueue",
    "enqueue": "enqueue",
    "enqueue_many": "enqueue",
    "Job": "executor",
    "SCHEMA": "schema",
    "grants": "schema",
    "install_sql": "schema",
    "JobWorker": "worker",
}

__all__ = ["SCHEMA", "Job", "JobWorker", "NewJob", "enqueue", "enqueue_many", "grants", "install_sql"]


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
    # Over the submodule of the same name, which the import has just put there.
    globals()[name] = found
    return found
