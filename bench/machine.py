"""What processes use, and on what: read from /proc, so that nothing has to be asked."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


def children(pid: int) -> list[int]:
    """Process ids of direct children."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append(int(status.parent.name))
    return found


def family(pid: int) -> list[int]:
    """The process and everything below it."""
    found = [pid]
    for child in children(pid):
        found += family(child)
    return found


def cpu_seconds(pid: int) -> float:
    """Processor time of a process and all its children, those that ended as well."""
    total = 0.0
    for each in family(pid):
        try:
            fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        user, system, ended_user, ended_system = (int(field) for field in fields[11:15])
        total += user + system + ended_user + ended_system
    return total / _TICK


def megabytes(pid: int) -> float:
    """Memory of a process and its children; what they share is counted once (proportional set size)."""
    total = 0
    for each in family(pid):
        try:
            found = re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{each}/smaps_rollup").read_text(), re.M)
        except OSError:
            continue
        total += int(found[1]) if found else 0
    return total / 1024


def described() -> str:
    """Processor, cores, memory, system."""
    info = Path("/proc/cpuinfo").read_text()
    model = re.search(r"model name\s*:\s*(.+)", info)
    memory = re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text())
    gigabytes = round(int(memory[1]) / 1024 / 1024) if memory else 0
    return (
        f"{model[1].strip() if model else platform.machine()}, {os.cpu_count()} cores, {gigabytes} GB, "
        f"{platform.system()} {platform.release().split('-')[0]}, Python {platform.python_version()}"
    )
