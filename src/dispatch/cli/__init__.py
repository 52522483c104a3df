"""The command line. Every group is a file; heavy parts are imported only by the command that needs them."""

from __future__ import annotations

import sys


def main() -> None:
    """Run `dispatch`; expected errors are one sentence and exit code 1, wrong usage is exit code 2."""
    from dispatch.cli import auth, database, demo, organizations, people, plugins, secrets, server, setup, slack
    from dispatch.cli.root import app
    from dispatch.kit import logs
    from dispatch.kit.errors import DispatchError, ProviderError

    # To standard error: what a command prints may be read by a program. The servers say more, and set it themselves.
    logs.configure("WARNING", json=False)
    _ = (auth, database, demo, organizations, people, plugins, secrets, server, setup, slack)
    try:
        app()
    except DispatchError as why:
        print(f"dispatch: {why}", file=sys.stderr)
        raise SystemExit(1) from None
    except ProviderError as why:
        print(f"dispatch: {why} {getattr(why, 'hint', '')}".rstrip(), file=sys.stderr)
        raise SystemExit(1) from None
    except Exception as why:
        said = _of_the_database(why)
        if said is None:
            raise
        print(f"dispatch: {said}", file=sys.stderr)
        raise SystemExit(1) from None


def _of_the_database(why: Exception) -> str | None:
    """What an operator can do about a database that is away or not prepared; None when it is neither."""
    from psycopg import OperationalError, errors

    cause = getattr(why, "orig", None) or why
    if isinstance(cause, errors.UndefinedTable | errors.UndefinedColumn | errors.InvalidParameterValue):
        return (
            "The database has not the tables that this version needs. Run `dispatch database init` for an empty one, "
            "`dispatch database upgrade` for one of an earlier version."
        )
    if isinstance(cause, OperationalError):
        # The first line; the others are PostgreSQL's advice to those who run it. No password is in it.
        first = next(iter(str(cause).splitlines()), "")
        return f"The database does not answer: {first}. Look at DISPATCH_DATABASE_URL, and whether its server runs."
    return None
