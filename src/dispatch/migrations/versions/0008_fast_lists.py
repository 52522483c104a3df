"""Lists and search that do not slow down with the number of incidents."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "situation",
        sa.Column(
            "words",
            TSVECTOR(),
            sa.Computed("to_tsvector('simple'::regconfig, title || ' ' || description)", persisted=True),
            nullable=True,
        ),
    )
    op.drop_index("ix_situation_list", table_name="situation")
    op.create_index("ix_situation_list", "situation", ["org_id", "kind", "reported_at", "id"])
    op.drop_index("ix_situation_status", table_name="situation")
    op.create_index(
        "ix_situation_status",
        "situation",
        ["org_id", "kind", "status", "reported_at", "id"],
        postgresql_include=["visibility"],
    )
    op.create_index("ix_participant_role_participant", "participant_role", ["org_id", "participant_id"])


def downgrade() -> None:
    raise NotImplementedError("restore the backup that `dispatch database upgrade` made")
