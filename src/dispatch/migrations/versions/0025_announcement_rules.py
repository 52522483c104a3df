"""announcement rules"""

from alembic import op
import sqlalchemy as sa
from dispatch.schema import opened
from sqlalchemy.dialects import postgresql
revision = "0025"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "announcement_rule",
        sa.Column("org_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("emails", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("restricted", sa.Boolean(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["organization.id"], name=op.f("fk_announcement_rule_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_announcement_rule")),
        sa.UniqueConstraint("org_id", "project_id", "name", name=op.f("uq_announcement_rule_org_id_project_id_name")),
    )
    op.create_table(
        "announced_by_rule",
        sa.Column("org_id", sa.BigInteger(), nullable=False),
        sa.Column("situation_id", sa.BigInteger(), nullable=False),
        sa.Column("rule_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["organization.id"], name=op.f("fk_announced_by_rule_org_id")),
        sa.ForeignKeyConstraint(
            ["org_id", "rule_id"], ["announcement_rule.org_id", "announcement_rule.id"],
            name=op.f("fk_announced_by_rule_org_id_rule_id"), ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("org_id", "situation_id", "rule_id", name=op.f("pk_announced_by_rule")),
    )
    for table in ("announcement_rule", "announced_by_rule"):
        for statement in opened(table):
            op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("restore the backup that `dispatch database upgrade` made")
