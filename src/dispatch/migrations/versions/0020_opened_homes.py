"""App Homes people have opened, and what changes them"""

from alembic import op
import sqlalchemy as sa
from dispatch.schema import opened

revision = '0020'
down_revision = '0027'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('opened_home',
    sa.Column('org_id', sa.BigInteger(), nullable=False),
    sa.Column('instance_id', sa.BigInteger(), nullable=False),
    sa.Column('user_id', sa.Text(), nullable=False),
    sa.Column('person_id', sa.BigInteger(), nullable=False),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('drawn_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('shown', sa.Text(), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('changes', sa.Integer(), server_default='0', nullable=False),
    sa.PrimaryKeyConstraint('org_id', 'instance_id', 'user_id', name=op.f('pk_opened_home'))
    )
    op.create_index('ix_opened_home_due', 'opened_home', ['org_id', 'due_at'], unique=False, postgresql_where='due_at is not null')
    op.create_table('home_change',
    sa.Column('org_id', sa.BigInteger(), nullable=False),
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('person_id', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['org_id'], ['organization.id'], name=op.f('fk_home_change_org_id')),
    sa.PrimaryKeyConstraint('org_id', 'id', name=op.f('pk_home_change'))
    )
    for table in ("opened_home", "home_change"):
        for statement in opened(table):
            op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("restore the backup that `dispatch database upgrade` made")
