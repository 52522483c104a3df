"""sign-in: passwords, sessions by organization, machines, identity providers"""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from dispatch.kit.db import APP_ROLE
from dispatch.schema import protection

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

CONFIGURATION = "subject_kind in ('organization', 'project', 'member')"


def upgrade() -> None:
    op.create_table(
        "account_organization",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("org_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_account_organization_account_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["org_id"], ["organization.id"], name=op.f("fk_account_organization_org_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("account_id", "org_id", name=op.f("pk_account_organization")),
    )
    op.create_table(
        "password",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("org_id", sa.BigInteger(), nullable=True),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_password_account_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["org_id"], ["organization.id"], name=op.f("fk_password_org_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_password")),
        sa.UniqueConstraint("account_id", "org_id", name=op.f("uq_password_account_id_org_id"), postgresql_nulls_not_distinct=True),
    )
    op.create_table(
        "sign_in_attempt",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sign_in_attempt")),
    )
    op.add_column("session", sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False))
    op.create_unique_constraint(op.f("uq_session_id"), "session", ["id"])
    op.add_column("session", sa.Column("org_ids", postgresql.ARRAY(sa.BigInteger()), nullable=True))
    op.add_column("session", sa.Column("method", sa.Text(), nullable=False, server_default="link"))
    op.add_column("session", sa.Column("browser", sa.Text(), nullable=False, server_default=""))
    op.add_column("session", sa.Column("system", sa.Text(), nullable=False, server_default=""))
    op.create_index("ix_session_account", "session", ["account_id"])
    op.add_column("one_time_link", sa.Column("org_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_one_time_link_org_id"), "one_time_link", "organization", ["org_id"], ["id"], ondelete="CASCADE")
    op.add_column("person", sa.Column("left_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "machine",
        sa.Column("org_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["org_id"], ["organization.id"], name=op.f("fk_machine_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_machine")),
    )
    op.create_table(
        "identity_provider",
        sa.Column("org_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("client_secret", sa.LargeBinary(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("domains", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("create_members", sa.Boolean(), nullable=False),
        sa.Column("default_role", sa.Text(), nullable=False),
        sa.Column("groups_claim", sa.Text(), nullable=False),
        sa.Column("role_of_group", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["organization.id"], name=op.f("fk_identity_provider_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_identity_provider")),
        sa.UniqueConstraint("org_id", name=op.f("uq_identity_provider_org_id")),
    )
    op.create_table(
        "external_identity",
        sa.Column("org_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["organization.id"], name=op.f("fk_external_identity_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_external_identity")),
        sa.UniqueConstraint("org_id", "issuer", "account_id", name=op.f("uq_external_identity_org_id_issuer_account_id")),
        sa.UniqueConstraint("org_id", "issuer", "subject", name=op.f("uq_external_identity_org_id_issuer_subject")),
    )
    op.create_index("ix_event_configuration", "event", ["org_id", "at", "id"], postgresql_where=CONFIGURATION)
    for table in ("machine", "identity_provider", "external_identity"):
        for statement in protection(table):
            op.execute(statement)
    for table in ("account_organization", "password", "sign_in_attempt", "machine", "identity_provider", "external_identity"):
        op.execute(f"grant select, insert, update, delete on {table} to {APP_ROLE}")
    op.execute(f"grant usage on all sequences in schema public to {APP_ROLE}")
    _carry_over()
    op.alter_column("api_token", "machine_id", nullable=False)
    for column in ("membership_role", "label_hash", "last_used_at", "revoked_at"):
        op.drop_column("api_token", column)


def _carry_over() -> None:
    """Memberships become findable by account, tokens get a machine. One organization at a time: the owner sees no more."""
    op.add_column("api_token", sa.Column("machine_id", sa.BigInteger(), nullable=True))
    op.execute(
        """
        do $$
        declare org bigint; found record; made bigint;
        begin
          for org in select id from organization loop
            perform set_config('app.org_id', org::text, true);
            insert into account_organization (account_id, org_id) select account_id, org_id from membership where org_id = org;
            for found in select * from api_token where org_id = org order by created_at loop
              insert into machine (org_id, name, role, created_at, last_used_at, revoked_at)
                values (org, 'Token of ' || to_char(found.created_at, 'YYYY-MM-DD'), found.membership_role,
                        found.created_at, found.last_used_at, found.revoked_at)
                returning id into made;
              update api_token set machine_id = made where token_hash = found.token_hash;
            end loop;
          end loop;
          perform set_config('app.org_id', '', true);
        end $$
        """
    )


def downgrade() -> None:
    raise NotImplementedError("restore the backup that `dispatch database upgrade` made")
