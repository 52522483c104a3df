"""Message metadata: the event an app attaches to what it posts."""

from .problem import Problem
from .schema import Anything, Fields, Found, Json, Text

_METADATA = Fields({"event_type": Text(least=1), "event_payload": Fields({}, open=True), "entities": Anything()})
_EVENT = Fields(_METADATA.of, needs=("event_type", "event_payload"))


def check_metadata(metadata: Json) -> list[Problem]:
    """Pointers start with `/metadata`. Work objects (`entities`) need no event; what they hold is not judged."""
    found: Found = []
    wanted = _METADATA if isinstance(metadata, dict) and "entities" in metadata else _EVENT
    wanted.check(metadata, "/metadata", found)
    return found
