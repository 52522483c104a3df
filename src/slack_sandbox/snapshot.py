"""The whole state as JSON, grouped by workspace, and back."""

import os
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from pydantic import TypeAdapter, ValidationError

from .errors import Impossible
from .methods.chat_later import send_later
from .sandbox import Sandbox
from .state import State

Json = dict[str, Any]
# After a crash some ids handed out since the last save are not in the file; skipping ahead keeps them unique.
ID_MARGIN = 1_000_000
_BY_TEAM = (
    "users",
    "channels",
    "apps",
    "tokens",
    "views",
    "files",
    "canvases",
    "usergroups",
    "scheduled",
    "invitations",
)
_PLAIN = ("stacks", "homes", "names", "directs")


@cache
def _adapter() -> TypeAdapter[State]:
    return TypeAdapter(State)


def take(box: Sandbox) -> Json:
    state = _adapter().dump_python(box.state, mode="json")
    workspaces = []
    for team in state["workspaces"].values():
        rows = {name: [row for row in state[name].values() if row["team_id"] == team["id"]] for name in _BY_TEAM}
        workspaces.append({**team, **rows})
    return {
        "workspaces": workspaces,
        **{name: state[name] for name in _PLAIN},
        "ids": {"seed": box.ids.seed, "count": box.ids.count, "last_ts": box.ids.last_ts},
        "clock": {"offset": box.clock.offset},
    }


def restore(box: Sandbox, saved: Any) -> None:
    try:
        raw: Json = {name: {} for name in _BY_TEAM} | {"workspaces": {}}
        for team in saved["workspaces"]:
            for name in _BY_TEAM:
                key = "value" if name == "tokens" else "id"
                raw[name] |= {row[key]: row for row in team.get(name) or []}
            raw["workspaces"][team["id"]] = {key: value for key, value in team.items() if key not in _BY_TEAM}
        raw |= {name: saved.get(name) or {} for name in _PLAIN}
        state = _adapter().validate_python(raw)
    except (KeyError, TypeError, AttributeError, ValidationError) as error:
        raise Impossible("invalid_snapshot", str(error), status=422) from None
    box.reset()
    box.state = state
    box.uploads = {file.upload_key: file.id for file in state.files.values() if not file.complete}
    ids = saved.get("ids") or {}
    box.ids.seed = int(ids.get("seed", box.ids.seed))
    box.ids.count = max(box.ids.count, int(ids.get("count", 0)) + ID_MARGIN)
    box.ids.last_ts = max(box.ids.last_ts, int(ids.get("last_ts", 0)))
    box.clock.offset = float((saved.get("clock") or {}).get("offset", 0.0))
    box.tell("reset")
    for planned in box.state.scheduled.values():
        box.spawn(send_later(box, planned))


def encode(box: Sandbox) -> bytes:
    return orjson.dumps(take(box))


def write(content: bytes, file: Path) -> None:
    """Replaces the file in one step, so that a crash leaves the old or the new one."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def load(box: Sandbox, file: Path) -> bool:
    if not file.exists():
        return False
    try:
        saved = orjson.loads(file.read_bytes())
    except orjson.JSONDecodeError as error:
        raise Impossible("invalid_snapshot", str(error), status=422) from None
    restore(box, saved)
    return True
