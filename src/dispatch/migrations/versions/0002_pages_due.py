"""Pages are found by when they are due, whatever their state."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_page_open", table_name="page")
    op.create_index("ix_page_due", "page", ["org_id", "due_at"], postgresql_where="due_at is not null")


def downgrade() -> None:
    raise NotImplementedError("restore the backup that `dispatch database upgrade` made")
