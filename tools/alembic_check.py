"""Fails when the tables that the migrations make differ from what the code declares."""

from dispatch import migrations
from dispatch.kit.embedded.testing import temporary_cluster


def main() -> None:
    """Migrate an empty database and compare."""
    with temporary_cluster() as cluster:
        migrations.upgrade(cluster.owner_url)
        migrations.check(cluster.owner_url)


if __name__ == "__main__":
    main()
