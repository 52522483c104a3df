"""The backup file: a ZIP with one member per table, in PostgreSQL's COPY text, and a manifest that comes last.

A standard container, so that a person can look inside with any ZIP program. Each member has the ZIP's CRC and,
in the manifest, its SHA-256: what was cut off or rotted is found before anything is restored. They are not a
signature: whoever can write the file can write its sums.
"""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from pydantic import BaseModel, ValidationError

from dispatch.kit.errors import SetupError

FORMAT = 1
_MANIFEST = "manifest.json"
# Fast and nearly as small: COPY text shrinks to about a tenth at any level.
_LEVEL = 3
_CHUNK = 1 << 20


class Damaged(SetupError):
    """The file is not a complete backup; nothing was changed."""


class SavedTable(BaseModel):
    """One table in the file."""

    schema_name: str
    name: str
    columns: list[str]
    rows: int
    sha256: str

    @property
    def member(self) -> str:
        return f"{self.schema_name}/{self.name}.copy"


class SavedSequence(BaseModel):
    """Where a counter stood, so that no number is given twice."""

    schema_name: str
    name: str
    last_value: int
    is_called: bool


class Manifest(BaseModel):
    """What the file holds."""

    format: int = FORMAT
    made_at: str
    #: The version of the schema; it is made by our migrations, not stored.
    revision: str
    postgres: str
    tables: list[SavedTable]
    sequences: list[SavedSequence]
    #: Ids of the keys in DISPATCH_SECRET_KEY that are needed to open what is sealed. The keys are not inside.
    sealed_with: list[str]

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables)


class Writer:
    """Adds members, one after the other."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    @contextmanager
    def member(self, name: str) -> Iterator[HashingFile]:
        """A member to write to; its sum is known when the block is left."""
        info = zipfile.ZipInfo(name)
        info.compress_type = zipfile.ZIP_DEFLATED
        info.external_attr = 0o600 << 16
        with self._archive.open(info, "w", force_zip64=True) as file:
            yield HashingFile(file)

    def finish(self, manifest: Manifest) -> None:
        """Last of all: a file without it is not a backup."""
        self._archive.writestr(_MANIFEST, manifest.model_dump_json(indent=1))


class HashingFile:
    """Counts the sum of what goes through."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._sum = hashlib.sha256()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._sum.update(data)
        self._file.write(data)

    @property
    def sha256(self) -> str:
        return self._sum.hexdigest()


@contextmanager
def writing(file: Path) -> Iterator[Writer]:
    """A new backup that appears under its name as a whole or not at all; readable by us alone."""
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as raw:
            with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
                yield Writer(archive)
            raw.flush()
            os.fsync(raw.fileno())
        part.replace(file)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def reading(file: Path) -> Iterator[tuple[zipfile.ZipFile, Manifest]]:
    """An existing backup.

    Raises:
        Damaged: it is something else, or incomplete.
    """
    try:
        archive = zipfile.ZipFile(file)
    except FileNotFoundError:
        raise Damaged(f"There is no file {file}.") from None
    except (zipfile.BadZipFile, OSError) as why:
        raise Damaged(f"{file} is not a backup of Dispatch, or incomplete ({why}).") from None
    with archive:
        try:
            manifest = Manifest.model_validate_json(archive.read(_MANIFEST))
        except (KeyError, ValidationError, zipfile.BadZipFile):
            raise Damaged(f"{file} is not a backup of Dispatch: it has no list of what it holds.") from None
        if manifest.format > FORMAT:
            raise Damaged(f"{file} was written by a newer Dispatch. Restore it with that one.")
        yield archive, manifest


def inspect(file: Path) -> Manifest:
    """Read all of it, and compare every sum.

    Raises:
        Damaged: the first thing that does not fit.
    """
    with reading(file) as (archive, manifest):
        for table in manifest.tables:
            found = hashlib.sha256()
            try:
                for chunk in chunks(archive, table):
                    found.update(chunk)
            except (KeyError, zipfile.BadZipFile, EOFError, OSError) as why:
                raise Damaged(f"{file} is damaged at the table {table.name} ({why}).") from None
            if found.hexdigest() != table.sha256:
                raise Damaged(f"{file} is damaged at the table {table.name}: its sum is another.")
        return manifest


def chunks(archive: zipfile.ZipFile, table: SavedTable) -> Iterator[bytes]:
    """The table's rows as COPY takes them."""
    with archive.open(table.member) as member:
        while chunk := member.read(_CHUNK):
            yield chunk
