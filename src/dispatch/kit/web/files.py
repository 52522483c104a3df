"""Lists as files for download: a line of CSV that no spreadsheet calculates, and the answer that is sent piece by piece."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Iterable
from typing import Any

from starlette.responses import StreamingResponse

#: A spreadsheet takes a cell that begins so for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def csv_line(values: Iterable[Any]) -> str:
    """One line, with its end."""
    out = io.StringIO()
    csv.writer(out).writerow([_cell(value) for value in values])
    return out.getvalue()


def _cell(value: Any) -> str:
    """As text that no spreadsheet calculates."""
    text = "" if value is None else {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) else text


def download(body: AsyncIterator[Any], media_type: str, name: str) -> StreamingResponse:
    """The file under this name, which must be plain ASCII."""
    return StreamingResponse(
        body, media_type=media_type, headers={"content-disposition": f'attachment; filename="{name}"'}
    )
