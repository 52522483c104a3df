"""Brings a database to the schema this version needs."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from sqlalchemy.engine import Connection, make_url

from dispatch.kit.db import APP_ROLE, sqlalchemy_url
from dispatch.kit.errors import SetupError


def config(owner_url: str):  # type: ignore[no-untyped-def]
    """Alembic's configuration for this package and database."""
    from alembic.config import Config  # noqa: PLC0415 - costs time at each start of the command line

    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent))
    made.attributes["url"] = sqlalchemy_url(owner_url)
    return made


def upgrade(owner_url: str) -> None:
    """Create or upgrade the schema; safe to run twice, and by several processes at once."""
    from alembic import command  # noqa: PLC0415

    command.upgrade(config(owner_url), "head")


def migrate_within(connection: Connection, revision: str) -> None:
    """Bring the schema to a version inside the transaction the caller has open.

    Raises:
        SetupError: this Dispatch does not know the version, so a newer one made it.
    """
    from alembic import command  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    made = config("postgresql://")
    made.attributes["connection"] = connection
    try:
        ScriptDirectory.from_config(made).get_revision(revision)
    except CommandError:
        raise SetupError(f"This Dispatch does not know version {revision} of the schema. Use a newer one.") from None
    command.upgrade(made, revision)


def let_login_become_app(owner_url: str, app_url: str) -> None:
    """Let the application's login take on the role it works under; the owner has to grant that.

    Raises:
        SetupError: the owner may not grant it; names the statement a database administrator has to run.
    """
    from sqlalchemy import create_engine, text  # noqa: PLC0415
    from sqlalchemy.exc import ProgrammingError  # noqa: PLC0415

    owner, login = make_url(owner_url).username, make_url(app_url).username
    if login in (None, APP_ROLE):
        return
    statement = f'grant {APP_ROLE} to "{login}"'
    engine = create_engine(sqlalchemy_url(owner_url))
    try:
        with engine.begin() as connection:
            may = connection.execute(
                text("select pg_has_role(:login, :role, 'MEMBER')"), {"login": login, "role": APP_ROLE}
            ).scalar()
            if not may:
                connection.execute(text(statement))
    except ProgrammingError:
        raise SetupError(f"The login {owner} may not give {login} its role. As a superuser, run: {statement};") from None
    finally:
        engine.dispose()


def check(owner_url: str) -> None:
    """Refuse when the tables differ from what the code declares (raises Alembic's own error)."""
    from alembic import command  # noqa: PLC0415

    command.check(config(owner_url))


@cache
def head() -> str:
    """The schema version this code needs.

    Raises:
        SetupError: the package is damaged.
    """
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    found = ScriptDirectory(str(Path(__file__).parent)).get_current_head()
    if found is None:
        raise SetupError("This installation of Dispatch has no migrations; it is damaged.")
    return found


def versions(owner_url: str) -> tuple[str | None, str]:
    """(version of the database, version of this code)."""
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415
    from sqlalchemy import create_engine  # noqa: PLC0415

    engine = create_engine(sqlalchemy_url(owner_url))
    try:
        with engine.connect() as connection:
            now = MigrationContext.configure(connection).get_current_revision()
    finally:
        engine.dispose()
    return now, head()


__all__ = ["APP_ROLE", "check", "config", "migrate_within", "upgrade", "versions"]
