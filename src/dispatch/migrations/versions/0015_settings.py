"""what incidents use stays; rotations keep local time and can be overridden"""

from alembic import op
import sqlalchemy as sa
from dispatch.schema import opened
revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column, table in (("type_id", "situation_type"), ("severity_id", "severity"), ("priority_id", "priority")):
        op.create_foreign_key(
            op.f(f"fk_situation_org_id_{column}"), "situation", table, ["org_id", column], ["org_id", "id"]
        )
    op.create_foreign_key(
        op.f("fk_situation_tag_org_id_tag_id"), "situation_tag", "tag", ["org_id", "tag_id"], ["org_id", "id"]
    )
    op.add_column("rotation", sa.Column("tz", sa.Text(), server_default="UTC", nullable=False))
    op.create_table(
        "rotation_override",
        sa.Column("org_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("rotation_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["organization.id"], name=op.f("fk_rotation_override_org_id")),
        sa.ForeignKeyConstraint(
            ["org_id", "rotation_id"], ["rotation.org_id", "rotation.id"],
            name=op.f("fk_rotation_override_org_id_rotation_id"), ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_rotation_override")),
    )
    op.create_index("ix_rotation_override_span", "rotation_override", ["org_id", "rotation_id", "ends_at"], unique=False)
    for statement in opened("rotation_override"):
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("restore the backup that `dispatch database upgrade` made")
