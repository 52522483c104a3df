"""a claim that decides who may sign in through the organization's provider"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0021"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("identity_provider", sa.Column("required_claim", sa.Text, nullable=False, server_default=""))
    op.add_column("identity_provider", sa.Column("required_values", JSONB, nullable=False, server_default="[]"))


def downgrade() -> None:
    raise NotImplementedError("restore the backup that `dispatch database upgrade` made")
