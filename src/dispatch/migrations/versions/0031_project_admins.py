"""Who runs a project."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from dispatch.schema import opened

revision = "0031"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "project_admin",
        sa.Column("org_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("given_by", sa.BigInteger(), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["organization.id"], name=op.f("fk_project_admin_org_id")),
        *(
            sa.ForeignKeyConstraint(
                ["org_id", column], [f"{table}.org_id", f"{table}.id"], name=op.f(f"fk_project_admin_org_id_{column}"),
                ondelete="CASCADE",
            )
            for column, table in (("project_id", "project"), ("person_id", "person"))
        ),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_project_admin")),
        sa.UniqueConstraint("org_id", "person_id", "project_id", name=op.f("uq_project_admin_org_id_person_id_project_id")),
    )
    op.create_index("ix_project_admin_project", "project_admin", ["org_id", "project_id"])
    for statement in opened("project_admin"):
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("restore the backup that `dispatch database upgrade` made")
