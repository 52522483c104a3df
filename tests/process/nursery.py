"""Supervises workers: imports Dispatch once and forks, so that a worker that died is back at once on a busy machine.

Each worker is a process of its own that runs `dispatch worker start`. Writes `worker-N.pid` and `worker-N.ends`.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from pathlib import Path

import dispatch.app  # noqa: F401 - here, so that every child has it
from dispatch.cli import main
from dispatch.kit import logs  # noqa: F401
from dispatch.plugins import discover


class Nursery:
    """Workers by number, forked again whenever they end, until SIGTERM or until our parent is gone."""

    def __init__(self, folder: Path, heartbeat: str) -> None:
        self._folder, self._heartbeat = folder, heartbeat
        self._children: dict[int, int] = {}
        self._stopping = False
        self._parent = os.getppid()
        self._log = os.open(folder / "workers.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def run(self, count: int) -> None:
        """Until told to stop."""
        signal.signal(signal.SIGTERM, lambda *_: self._stop())
        signal.signal(signal.SIGALRM, lambda *_: self._stop() if os.getppid() != self._parent else None)
        signal.setitimer(signal.ITIMER_REAL, 1, 1)
        # A child that collects garbage would copy every page it shares with us.
        gc.collect()
        gc.freeze()
        for number in range(count):
            self._fork(number)
        while self._children:
            pid, status = os.wait()
            number = self._children.pop(pid)
            if self._stopping:
                continue
            with (self._folder / f"worker-{number}.ends").open("a") as ends:
                ends.write(f"{os.waitstatus_to_exitcode(status)}\n")
            self._fork(number)

    def _stop(self) -> None:
        self._stopping = True
        for pid in self._children:
            os.kill(pid, signal.SIGTERM)

    def _fork(self, number: int) -> None:
        # A signal between the fork and the entry in the table would miss the child, or be taken for ours by it.
        signals = {signal.SIGTERM, signal.SIGALRM}
        signal.pthread_sigmask(signal.SIG_BLOCK, signals)
        if not self._stopping:
            pid = os.fork()
            if pid == 0:
                self._become_worker(signals)
            self._children[pid] = number
            fresh = self._folder / f"worker-{number}.pid.new"
            fresh.write_text(str(pid))
            fresh.replace(self._folder / f"worker-{number}.pid")
        signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)

    def _become_worker(self, signals: set[signal.Signals]) -> None:
        for each in signals:
            signal.signal(each, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)
        os.dup2(self._log, 1)
        os.dup2(self._log, 2)
        sys.argv = ["dispatch", "worker", "start", "--heartbeat", self._heartbeat]
        code = 1
        try:
            main()
            code = 0
        except SystemExit as why:
            code = why.code if isinstance(why.code, int) else 1
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)


if __name__ == "__main__":
    discover()
    Nursery(Path(sys.argv[1]), sys.argv[3]).run(int(sys.argv[2]))
