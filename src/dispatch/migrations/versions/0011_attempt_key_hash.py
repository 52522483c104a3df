"""a name for what the column is: a keyed hash, nothing that is sealed"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.alter_column("sign_in_attempt", "key", new_column_name="key_hash")


def downgrade() -> None:
    raise NotImplementedError("restore the backup that `dispatch database upgrade` made")
