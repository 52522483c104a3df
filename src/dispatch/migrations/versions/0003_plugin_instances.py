"""Plugin instances have a label and keep what the latest test of their connection said."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("plugin_instance", sa.Column("label", sa.Text(), nullable=False, server_default=""))
    op.add_column(
        "plugin_instance",
        sa.Column("checks", postgresql.JSONB(astext_type=sa.Text()), nullable=False, server_default="[]"),
    )
    op.add_column("plugin_instance", sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    raise NotImplementedError("restore the backup that `dispatch database upgrade` made")
