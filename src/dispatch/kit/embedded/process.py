"""What the operating system knows about the process a postmaster.pid names."""

from __future__ import annotations

import os
from enum import Enum
from pathlib import Path


class Process(Enum):
    """The state of a process id."""

    GONE = "gone"
    #: Dead, but its parent has not taken note. PostgreSQL takes it for alive.
    ZOMBIE = "zombie"
    #: The number belongs to another program by now, as happens after a container restarts.
    STRANGER = "stranger"
    POSTGRES = "postgres"
    #: Alive, and this system does not say what it is.
    ALIVE = "alive"


def look_at(pid: int) -> Process:
    """What runs under this id."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return Process.GONE
    except PermissionError:
        pass  # Another user's; /proc still tells.
    try:
        # "12 (name of program) S ...": the name may hold anything, so count from its last bracket.
        name, _, rest = Path(f"/proc/{pid}/stat").read_text().partition(" (")[2].rpartition(") ")
    except (FileNotFoundError, ProcessLookupError):
        return Process.GONE if Path("/proc/self/stat").exists() else Process.ALIVE
    if rest.startswith(("Z", "X")):
        return Process.ZOMBIE
    return Process.POSTGRES if name in ("postgres", "postmaster") else Process.STRANGER


def pid_in(pid_file: Path) -> int | None:
    """The process id a postmaster.pid names; a single-user server writes it with a minus."""
    try:
        first = pid_file.read_text().partition("\n")[0].strip()
    except FileNotFoundError:
        return None
    return abs(int(first)) if first.lstrip("-").isdigit() else None
