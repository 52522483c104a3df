"""All tables at once, for migrations and for the tests that look at every table."""

from __future__ import annotations

import dispatch.announcements.models
import dispatch.documents.models
import dispatch.feedback.models
import dispatch.kit.clock_row
import dispatch.kit.events
import dispatch.kit.flows.journal
import dispatch.kit.slack.accepted
import dispatch.kit.slack.budget
import dispatch.kit.slack.channel_names
import dispatch.kit.slack.homes
import dispatch.kit.slack.inbox
import dispatch.kit.slack.sockets
import dispatch.kit.web.idempotency
import dispatch.oncall.models
import dispatch.people.models
import dispatch.projects.models
import dispatch.reports.models
import dispatch.situations.models
import dispatch.situations.policies.models
import dispatch.tasks.models  # noqa: F401
from dispatch.kit.db import APP_ROLE, GLOBAL_TABLES, Base

metadata = Base.metadata

GRANTS = f"""
grant usage on schema public to {APP_ROLE};
grant select, insert, update, delete on all tables in schema public to {APP_ROLE};
grant usage on all sequences in schema public to {APP_ROLE};
revoke all on alembic_version from {APP_ROLE};
"""


def protection(table: str) -> list[str]:
    """Statements that keep a tenant table's rows apart by organization, for its owner too.

    `nullif`: after a transaction-local setting PostgreSQL leaves an empty string behind, not null.
    """
    rule = "org_id = nullif(current_setting('app.org_id', true), '')::bigint"
    return [
        f"alter table {table} enable row level security",
        f"alter table {table} force row level security",
        f"create policy tenant on {table} using ({rule}) with check ({rule})",
    ]


def opened(table: str, *, tenant: bool = True) -> list[str]:
    """Statements a migration runs for a table it made: row-level security, and the application's rights."""
    return [
        *(protection(table) if tenant else []),
        f"grant select, insert, update, delete on {table} to {APP_ROLE}",
        f"grant usage on all sequences in schema public to {APP_ROLE}",
    ]


def tenant_tables() -> list[str]:
    """Every table that holds an organization's data."""
    return sorted(name for name in metadata.tables if name not in GLOBAL_TABLES)
