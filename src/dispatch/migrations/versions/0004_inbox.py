"""inbox, sockets, and a version of each organization's configuration"""

from alembic import op
import sqlalchemy as sa

from dispatch.schema import GRANTS

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None

# A trigger, so that no write to these tables can forget it: other processes keep what they read under a version.
VERSION = """
create function config_version_rises() returns trigger language plpgsql as $$
begin
  update organization set config_version = config_version + 1 where id = coalesce(new.org_id, old.org_id);
  return null;
end $$
"""


def upgrade() -> None:
    op.create_table('slack_inbox',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('org_id', sa.BigInteger(), nullable=False),
    sa.Column('team_id', sa.Text(), nullable=False),
    sa.Column('app_id', sa.Text(), nullable=False),
    sa.Column('event_id', sa.Text(), nullable=False),
    sa.Column('channel_id', sa.Text(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('happened_us', sa.BigInteger(), nullable=False),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('state', sa.Text(), server_default='waiting', nullable=False),
    sa.Column('aside', sa.Boolean(), server_default='false', nullable=False),
    sa.Column('attempts', sa.Integer(), server_default='0', nullable=False),
    sa.Column('begun', sa.Integer(), server_default='0', nullable=False),
    sa.Column('next_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('deadline_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('handled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('body', sa.LargeBinary(), nullable=False),
    sa.Column('trouble', sa.LargeBinary(), nullable=True),
    sa.ForeignKeyConstraint(['org_id'], ['organization.id'], name=op.f('fk_slack_inbox_org_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_slack_inbox')),
    sa.UniqueConstraint('org_id', 'team_id', 'event_id', name=op.f('uq_slack_inbox_org_id_team_id_event_id'))
    )
    op.create_index('ix_slack_inbox_done', 'slack_inbox', ['handled_at'], unique=False, postgresql_where="state <> 'waiting'")
    op.create_index('ix_slack_inbox_due', 'slack_inbox', ['next_at'], unique=False, postgresql_where="state = 'waiting'")
    op.create_index('ix_slack_inbox_lane', 'slack_inbox', ['org_id', 'team_id', 'channel_id', 'happened_us', 'id'], unique=False, postgresql_where="state = 'waiting'")
    op.create_table('slack_socket',
    sa.Column('app_key', sa.Text(), nullable=False),
    sa.Column('holder', sa.Text(), nullable=False),
    sa.Column('org_id', sa.BigInteger(), nullable=False),
    sa.Column('instance_id', sa.BigInteger(), nullable=False),
    sa.Column('named', sa.Boolean(), nullable=False),
    sa.Column('lease_until', sa.DateTime(timezone=True), nullable=False),
    sa.Column('connected_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('heard_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('connections', sa.Integer(), nullable=False),
    sa.Column('trouble', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['org_id'], ['organization.id'], name=op.f('fk_slack_socket_org_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('app_key', 'holder', name=op.f('pk_slack_socket'))
    )
    op.add_column('organization', sa.Column('config_version', sa.BigInteger(), server_default='0', nullable=False))
    op.execute(VERSION)
    for table in ("project", "plugin_instance"):
        op.execute(
            f"create trigger config_version after insert or update or delete on {table}"
            " for each row execute function config_version_rises()"
        )
    op.execute(GRANTS)


def downgrade() -> None:
    raise NotImplementedError("restore the backup that `dispatch database upgrade` made")
