"""What events from channels and about people leave: counted messages, timeline marks, what was told once."""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from dispatch.schema import opened

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('counted_message',
    sa.Column('org_id', sa.BigInteger(), nullable=False),
    sa.Column('situation_id', sa.BigInteger(), nullable=False),
    sa.Column('message', sa.Text(), nullable=False),
    sa.Column('person_id', sa.BigInteger(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['org_id'], ['organization.id'], name=op.f('fk_counted_message_org_id')),
    sa.PrimaryKeyConstraint('org_id', 'situation_id', 'message', name=op.f('pk_counted_message'))
    )
    op.create_index('ix_counted_message_at', 'counted_message', ['org_id', 'at'], unique=False)
    op.create_table('timeline_mark',
    sa.Column('org_id', sa.BigInteger(), nullable=False),
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('situation_id', sa.BigInteger(), nullable=False),
    sa.Column('message', sa.Text(), nullable=False),
    sa.Column('person_id', sa.BigInteger(), nullable=False),
    sa.Column('present', sa.Boolean(), nullable=False),
    sa.Column('changed_us', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['org_id'], ['organization.id'], name=op.f('fk_timeline_mark_org_id')),
    sa.PrimaryKeyConstraint('org_id', 'id', name=op.f('pk_timeline_mark')),
    sa.UniqueConstraint('org_id', 'situation_id', 'message', 'person_id', name=op.f('uq_timeline_mark_org_id_situation_id_message_person_id'))
    )
    op.create_table('told_once',
    sa.Column('org_id', sa.BigInteger(), nullable=False),
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('situation_id', sa.BigInteger(), nullable=False),
    sa.Column('person_id', sa.BigInteger(), nullable=False),
    sa.Column('what', sa.Text(), nullable=False),
    sa.Column('about', sa.Text(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['org_id'], ['organization.id'], name=op.f('fk_told_once_org_id')),
    sa.PrimaryKeyConstraint('org_id', 'id', name=op.f('pk_told_once')),
    sa.UniqueConstraint('org_id', 'situation_id', 'person_id', 'what', 'about', name=op.f('uq_told_once_org_id_situation_id_person_id_what_about'))
    )
    op.add_column('chat_identity', sa.Column('deactivated_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('chat_identity', sa.Column('profile', postgresql.JSONB(astext_type=sa.Text()), server_default='{}', nullable=False))
    op.add_column('participant', sa.Column('moved_at', sa.DateTime(timezone=True), nullable=True))
    for table in ("counted_message", "timeline_mark", "told_once"):
        for statement in opened(table):
            op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("restore the backup that `dispatch database upgrade` made")
