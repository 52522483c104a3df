"""The list of incidents: stemmed words, known words for typing errors, saved views, an index by tag."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

from dispatch.schema import opened

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

#: Row-level security is forced on the owner, too: organization after organization.
FILL = """
do $$
declare one bigint;
begin
  for one in select id from organization loop
    perform set_config('app.org_id', one::text, true);
    insert into search_word (org_id, word)
      select distinct one, word
      from situation, unnest(tsvector_to_array(to_tsvector('simple', title || ' ' || description))) as word
      where situation.org_id = one and length(word) between 4 and 40 and word !~ '[0-9]'
      on conflict do nothing;
  end loop;
  perform set_config('app.org_id', '', true);
end $$
"""


def upgrade() -> None:
    # A trusted extension of PostgreSQL's own distribution: whoever owns the database may create it.
    op.execute("create extension if not exists pg_trgm")
    op.drop_column("situation", "words")
    op.add_column(
        "situation",
        sa.Column(
            "words",
            TSVECTOR(),
            sa.Computed(
                "to_tsvector('simple'::regconfig, title || ' ' || description)"
                " || to_tsvector('english'::regconfig, title || ' ' || description)",
                persisted=True,
            ),
            nullable=True,
        ),
    )
    op.create_index("ix_situation_tag_tag", "situation_tag", ["org_id", "tag_id", "situation_id"])
    op.create_table(
        "search_word",
        sa.Column("org_id", sa.BigInteger(), nullable=False),
        sa.Column("word", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["organization.id"], name=op.f("fk_search_word_org_id")),
        sa.PrimaryKeyConstraint("org_id", "word", name=op.f("pk_search_word")),
    )
    op.create_table(
        "saved_view",
        sa.Column("org_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["organization.id"], name=op.f("fk_saved_view_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_saved_view")),
    )
    op.create_index(
        "uq_saved_view_own", "saved_view", ["org_id", "owner_id", "name"], unique=True,
        postgresql_where=sa.text("not shared"),
    )  # fmt: skip
    op.create_index(
        "uq_saved_view_shared", "saved_view", ["org_id", "name"], unique=True, postgresql_where=sa.text("shared")
    )
    for table in ("search_word", "saved_view"):
        for statement in opened(table):
            op.execute(statement)
    op.execute(FILL)


def downgrade() -> None:
    raise NotImplementedError("restore the backup that `dispatch database upgrade` made")
