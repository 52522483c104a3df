"""Background jobs: a thin, robust layer over PgQueuer 1.6; `kit/flows.py` is its only user.

Importing this package imports pgqueuer (about half a second): only server and worker code should.
"""

from dispatch.kit.jobs.enqueue import NewJob, enqueue, enqueue_many
from dispatch.kit.jobs.executor import Job
from dispatch.kit.jobs.schema import SCHEMA, grants, install_sql
from dispatch.kit.jobs.worker import JobWorker

__all__ = ["SCHEMA", "Job", "JobWorker", "NewJob", "enqueue", "enqueue_many", "grants", "install_sql"]
