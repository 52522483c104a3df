"""related incidents and duplicates"""

from alembic import op
import sqlalchemy as sa
from dispatch.schema import opened
revision = "0024"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "situation_link",
        sa.Column("org_id", sa.BigInteger(), nullable=False),
        sa.Column("first_id", sa.BigInteger(), nullable=False),
        sa.Column("second_id", sa.BigInteger(), nullable=False),
        sa.Column("relation", sa.Text(), nullable=False),
        sa.Column("by_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["organization.id"], name=op.f("fk_situation_link_org_id")),
        sa.PrimaryKeyConstraint("org_id", "first_id", "second_id", name=op.f("pk_situation_link")),
    )
    op.create_index("ix_situation_link_second", "situation_link", ["org_id", "second_id"], unique=False)
    op.create_table(
        "duplicate",
        sa.Column("org_id", sa.BigInteger(), nullable=False),
        sa.Column("situation_id", sa.BigInteger(), nullable=False),
        sa.Column("original_id", sa.BigInteger(), nullable=False),
        sa.Column("status_before", sa.Text(), nullable=False),
        sa.Column("by_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["organization.id"], name=op.f("fk_duplicate_org_id")),
        sa.PrimaryKeyConstraint("org_id", "situation_id", name=op.f("pk_duplicate")),
    )
    op.create_index("ix_duplicate_original", "duplicate", ["org_id", "original_id"], unique=False)
    for table in ("situation_link", "duplicate"):
        for statement in opened(table):
            op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("restore the backup that `dispatch database upgrade` made")
