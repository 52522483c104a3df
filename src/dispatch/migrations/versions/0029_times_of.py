"""Whose clock a person sees on the incident page."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("person", sa.Column("times_of", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    raise NotImplementedError("restore the backup that `dispatch database upgrade` made")
