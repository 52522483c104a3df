"""Write the migration that brings the tables to what the code declares: `python tools/new_migration.py 0007 what_it_is`.

Read what it wrote; for each new table add `for statement in opened("table"): op.execute(statement)`.
"""

import sys

from alembic import command

from dispatch import migrations
from dispatch.kit.embedded.testing import temporary_cluster


def main(number: str, what: str) -> None:
    """Compare with an empty database brought to the present head."""
    with temporary_cluster() as cluster:
        migrations.upgrade(cluster.owner_url)
        command.revision(migrations.config(cluster.owner_url), message=what, autogenerate=True, rev_id=number)


if __name__ == "__main__":
    main(*sys.argv[1:3])
