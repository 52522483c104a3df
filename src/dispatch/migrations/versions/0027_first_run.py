"""Whether the set-up guide was put away, and when Slack's requests last came in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("organization", sa.Column("setup_dismissed_at", sa.DateTime(timezone=True), nullable=True))
    for kind in ("event", "command", "action"):
        op.add_column("slack_directory", sa.Column(f"{kind}_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    raise NotImplementedError("restore the backup that `dispatch database upgrade` made")
