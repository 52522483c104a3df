"""The command line. Every group is a file; heavy parts are imported only by the command that needs them."""

from __future__ import annotations

import sys


def main() -> None:
    """Run `dispatch`; expected errors are one sentence and exit code 1, wrong usage is exit code 2."""
    from dispatch.cli import auth, database, demo, organizations, people, plugins, secrets, server, setup, slack
    from dispatch.cli.root import app
    from dispatch.kit import logs
    from dispatch.kit.errors import DispatchError

    # To standard error: what a command prints may be read by a program. The servers say more, and set it themselves.
    logs.configure("WARNING", json=False)
    _ = (auth, database, demo, organizations, people, plugins, secrets, server, setup, slack)
    try:
        app()
    except DispatchError as why:
        print(f"dispatch: {why}", file=sys.stderr)
        raise SystemExit(1) from None
