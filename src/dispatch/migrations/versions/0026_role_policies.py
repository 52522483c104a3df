"""role policies; what a severity means for calls and updates"""

from alembic import op
import sqlalchemy as sa
from dispatch.schema import opened
revision = "0026"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("severity", sa.Column("paging", sa.Text(), nullable=True))
    op.add_column("severity", sa.Column("escalate_minutes", sa.Integer(), server_default="2", nullable=False))
    op.add_column("severity", sa.Column("update_minutes", sa.Integer(), nullable=True))
    op.create_table(
        "role_policy",
        sa.Column("org_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("type_id", sa.BigInteger(), nullable=True),
        sa.Column("severity_id", sa.BigInteger(), nullable=True),
        sa.Column("priority_id", sa.BigInteger(), nullable=True),
        sa.Column("rotation_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["org_id"], ["organization.id"], name=op.f("fk_role_policy_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_role_policy")),
        *(
            sa.ForeignKeyConstraint(
                ["org_id", column], [f"{table}.org_id", f"{table}.id"], name=op.f(f"fk_role_policy_org_id_{column}"), ondelete=gone
            )
            for column, table, gone in (
                ("type_id", "situation_type", "CASCADE"), ("severity_id", "severity", "CASCADE"),
                ("priority_id", "priority", "CASCADE"), ("rotation_id", "rotation", None),
            )
        ),
    )
    op.create_index("ix_role_policy_project", "role_policy", ["org_id", "project_id"], unique=False)
    for statement in opened("role_policy"):
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("restore the backup that `dispatch database upgrade` made")
