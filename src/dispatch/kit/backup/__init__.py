"""Backup and restore: one file that holds every row, made by the tables' owner while Dispatch runs.

Decision 5 (`docs/decisions/0005-backups-by-copy.md`) says why not pg_dump.
"""

from dispatch.kit.backup.archive import Damaged, Manifest, SavedTable, inspect
from dispatch.kit.backup.load import NotEmpty, restore
from dispatch.kit.backup.nightly import HOUR, KEPT_BEFORE, Kept, State, due, keep_newest, kept, new_file, nightly, state
from dispatch.kit.backup.save import Stopped, save

__all__ = [
    "HOUR",
    "KEPT_BEFORE",
    "Damaged",
    "Kept",
    "Manifest",
    "NotEmpty",
    "SavedTable",
    "State",
    "Stopped",
    "due",
    "inspect",
    "keep_newest",
    "kept",
    "new_file",
    "nightly",
    "restore",
    "save",
    "state",
]
