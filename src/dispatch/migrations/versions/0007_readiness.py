"""The application may read which version its schema has, to say whether it is ready."""

from __future__ import annotations

from alembic import op

from dispatch.kit.db import APP_ROLE

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(f"grant select on alembic_version to {APP_ROLE}")


def downgrade() -> None:
    raise NotImplementedError("restore the backup that `dispatch database upgrade` made")
