"""Blocks that show data: tables and charts. Slack's words on rules between rows or series are unverified."""

from collections.abc import Mapping

from .objects import BLOCK_ID
from .rich_text import RICH_TEXT
from .schema import Check, Choice, Fields, Flag, Found, Items, Json, Kinds, Nullable, Number, Text, say

_BASE: dict[str, Check] = {"type": Text(), "block_id": BLOCK_ID}
_CELLS: dict[str, Check] = {
    "raw_text": Fields({"type": Text(), "text": Text(least=1)}, needs=("text",)),
    "raw_number": Fields(
        {"type": Text(), "value": Number(whole=False), "text": Text(least=1)}, needs=("value", "text")
    ),
    "rich_text": RICH_TEXT,
}
_CELL = Kinds(_CELLS)
_COLUMN = Fields({"align": Choice(("left", "center", "right")), "is_wrapped": Flag()})


def _as_wide(value: Mapping[str, Json], here: str, found: Found) -> None:
    """Every row has as many cells as the first."""
    rows = value.get("rows")
    lists = [(index, row) for index, row in enumerate(rows) if isinstance(row, list)] if isinstance(rows, list) else []
    for index, row in lists:
        if len(row) != len(lists[0][1]):
            say(found, f"{here}/rows/{index}", "all rows must have the same number of cells", type="row_shape")


def _plain_header(value: Mapping[str, Json], here: str, found: Found) -> None:
    """The first row of a data table is its header, without rich text."""
    rows = value.get("rows")
    header = rows[0] if isinstance(rows, list) and rows else None
    for index, cell in enumerate(header if isinstance(header, list) else ()):
        if isinstance(cell, dict) and cell.get("type") == "rich_text":
            expected = [kind for kind in _CELLS if kind != "rich_text"]
            say(found, f"{here}/rows/0/{index}/type", "unsupported type: rich_text", type="enum", expected=expected)


TABLE = Fields(
    {
        **_BASE,
        "rows": Items(Items(_CELL, most=20, least=1), most=100, least=1),
        "column_settings": Items(Nullable(_COLUMN), most=20),
    },
    needs=("rows",),
    rules=(_as_wide,),
)
DATA_TABLE = Fields(
    {
        **_BASE,
        # slackblocks has 201 rows; an older text of Slack's page says 101 (unverified)
        "rows": Items(Items(_CELL, most=20, least=1), most=201, least=2),
        "page_size": Number(least=1, most=100),
        "caption": Text(),
        "row_header_column_index": Number(least=0),
    },
    needs=("rows", "caption"),
    rules=(_as_wide, _plain_header),
)

_POINT = Fields({"label": Text(20), "value": Number(whole=False)}, needs=("label", "value"))
_SERIES = Fields({"name": Text(20), "data": Items(_POINT, most=20, least=1)}, needs=("name", "data"))
_SEGMENT = Fields({"label": Text(20), "value": Number(above=0, whole=False)}, needs=("label", "value"))
_AXES = Fields(
    {"categories": Items(Text(20), most=20, least=1), "x_label": Text(50), "y_label": Text(50)},
    needs=("categories",),
)


def _one_point_for_each_category(value: Mapping[str, Json], here: str, found: Found) -> None:
    axes, series = value.get("axis_config"), value.get("series")
    categories = axes.get("categories") if isinstance(axes, dict) else None
    if not isinstance(categories, list) or not isinstance(series, list):
        return
    wanted = sorted(name for name in categories if isinstance(name, str))
    for index, one in enumerate(series):
        data = one.get("data") if isinstance(one, dict) else None
        if isinstance(data, list):
            labels = [point.get("label") for point in data if isinstance(point, dict)]
            if sorted(label for label in labels if isinstance(label, str)) != wanted:
                at = f"{here}/series/{index}/data"
                say(found, at, "must have exactly one point for each category", type="axis_category_coverage")


def _names_differ(value: Mapping[str, Json], here: str, found: Found) -> None:
    series = value.get("series")
    seen: set[str] = set()
    for index, one in enumerate(series if isinstance(series, list) else ()):
        name = one.get("name") if isinstance(one, dict) else None
        if isinstance(name, str):
            if name in seen:
                say(found, f"{here}/series/{index}/name", f'`name` "{name}" already exists', type="unique", got=name)
            seen.add(name)


_CHART = Fields(
    {"type": Text(), "series": Items(_SERIES, most=12, least=1), "axis_config": _AXES},
    needs=("series", "axis_config"),
    rules=(_one_point_for_each_category, _names_differ),
)
_PIE = Fields({"type": Text(), "segments": Items(_SEGMENT, most=12, least=1)}, needs=("segments",))
DATA_VISUALIZATION = Fields(
    {
        **_BASE,
        "title": Text(50, least=1),
        "chart": Kinds({"pie": _PIE, "bar": _CHART, "line": _CHART, "area": _CHART}),
    },
    needs=("title", "chart"),
)
