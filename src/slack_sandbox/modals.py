"""Modals and App Home as the person's screen: the stack of views, their state, their text."""

from typing import Any

from . import blockcheck, elements, rich_text
from .errors import SlackError
from .sandbox import Sandbox
from .state import View

Json = dict[str, Any]
STACK_LIMIT = 3
SIZE_LIMIT = 250_000


def check(box: Sandbox, view: Any, *, app_id: str, itself: str | None = None) -> Json:
    """The view as Slack will keep it."""
    blockcheck.view(view)
    if not isinstance(view, dict):
        raise SlackError("invalid_arguments", messages=["must provide an object [json-pointer:/view]"])
    if len(str(view)) > SIZE_LIMIT:
        raise SlackError("view_too_large")
    external = view.get("external_id")
    if external and find(box, app_id, external_id=external) not in (None, itself):
        raise SlackError("duplicate_external_id")
    return {**view, "blocks": rich_text.with_block_ids(box, view["blocks"])}


def find(box: Sandbox, app_id: str, *, external_id: str) -> str | None:
    for view in box.state.views.values():
        if view.is_open and view.app_id == app_id and view.view.get("external_id") == external_id:
            return view.id
    return None


def new_hash(box: Sandbox) -> str:
    return f"{box.now()}.{box.ids.secret('hash')[:8]}"


def _fresh(box: Sandbox, app_id: str, person: str, checked: Json) -> View:
    view_id = box.new_id("V")
    view = View(
        id=view_id,
        team_id=box.user(person).team_id,
        app_id=app_id,
        user_id=person,
        view=checked,
        hash=new_hash(box),
        root_id=view_id,
        values=_values(checked["blocks"], {}),
    )
    box.state.views[view_id] = view
    return view


def _values(blocks: list[Json], before: dict[str, dict[str, Json]]) -> dict[str, dict[str, Json]]:
    """State of these blocks; an element whose block_id, action_id and type stayed keeps what the person entered."""
    values: dict[str, dict[str, Json]] = {}
    for place in elements.placed(blocks):
        untouched = elements.empty(place.element)
        if untouched is None:
            continue
        kept = before.get(place.block_id, {}).get(place.action_id)
        same = kept is not None and kept["type"] == untouched["type"]
        values.setdefault(place.block_id, {})[place.action_id] = kept if same and kept else untouched
    return values


def top(box: Sandbox, person: str) -> View | None:
    stack = box.state.stacks.get(person)
    return box.state.views[stack[-1]] if stack else None


def open_(box: Sandbox, app_id: str, person: str, checked: Json, *, channel: str | None = None) -> View:
    """A new modal; whatever stood there before is gone, without a word to its app."""
    for view_id in box.state.stacks.pop(person, []):
        box.state.views.pop(view_id).is_open = False
    view = _fresh(box, app_id, person, checked)
    view.channel_id = channel
    box.state.stacks[person] = [view.id]
    _tell(box, view)
    return view


def push(box: Sandbox, app_id: str, person: str, checked: Json) -> View:
    stack = box.state.stacks.get(person) or []
    if not stack:
        raise SlackError("not_found")
    if len(stack) >= STACK_LIMIT:
        raise SlackError("push_limit_reached")
    view = _fresh(box, app_id, person, checked)
    below = box.state.views[stack[-1]]
    view.root_id, view.previous_id, view.channel_id = below.root_id, below.id, below.channel_id
    stack.append(view.id)
    _tell(box, view)
    return view


def update(box: Sandbox, view: View, checked: Json) -> View:
    view.view = checked
    view.values = _values(checked["blocks"], view.values)
    view.hash = new_hash(box)
    _tell(box, view)
    return view


def publish(box: Sandbox, app_id: str, person: str, checked: Json) -> View:
    key = f"{app_id} {person}"
    known = box.state.homes.get(key)
    if known:
        view = box.state.views[known]
        view.view, view.hash = checked, new_hash(box)
        view.values = _values(checked["blocks"], view.values)
    else:
        view = _fresh(box, app_id, person, checked)
        box.state.homes[key] = view.id
    box.tell("home", to={person}, app=app_id, user=person)
    return view


def pop(box: Sandbox, person: str, *, everything: bool = False) -> list[View]:
    """Closes the top view or all of them; answers what was closed, top first."""
    stack = box.state.stacks.get(person) or []
    closed: list[View] = []
    while stack and (everything or not closed):
        view = box.state.views.pop(stack.pop())
        view.is_open = False
        closed.append(view)
    if not stack:
        box.state.stacks.pop(person, None)
    for view in closed:
        _tell(box, view)
    return closed


def _tell(box: Sandbox, view: View) -> None:
    box.view_changes[view.user_id] = box.view_changes.get(view.user_id, 0) + 1
    box.tell("view", to={view.user_id}, user=view.user_id)


def plain(view: View) -> str:
    """The modal as a person reads it, one line per thing."""
    sent = view.view
    lines = [_words(sent.get("title"))]
    lines += as_lines(sent.get("blocks") or [], view.values)
    buttons = [_words(sent.get(key)) for key in ("close", "submit")]
    lines.append(" ".join(f"[{button}]" for button in buttons if button))
    return "\n".join(line for line in lines if line)


def as_lines(blocks: list[Json], values: dict[str, dict[str, Json]]) -> list[str]:
    lines: list[str] = []
    for block in blocks:
        if block.get("type") == "divider":
            lines.append("---")
        for key in ("text", "label", "title"):
            if words := _words(block.get(key)):
                lines.append(words)
        lines += [_words(field) for field in block.get("fields") or []]
        if block.get("type") == "context":
            lines.append(" ".join(filter(None, (_words(one) for one in block.get("elements") or []))))
        if block.get("type") == "rich_text":
            lines.append(_spoken(block))
        lines += [_held(place, values) for place in elements.placed([block])]
        lines += [f"({_words(block['hint'])})"] if block.get("hint") else []
    return [line for line in lines if line]


def _words(thing: Any) -> str:
    if isinstance(thing, str):
        return thing
    if isinstance(thing, dict):
        return str(thing.get("text") or thing.get("alt_text") or "") if not isinstance(thing.get("text"), dict) else ""
    return ""


def _spoken(block: Any) -> str:
    if isinstance(block, list):
        return "".join(_spoken(one) for one in block)
    if not isinstance(block, dict):
        return ""
    own = block.get("text") or block.get("url") or (f"@{block['user_id']}" if "user_id" in block else "")
    end = "\n" if block.get("type") in ("rich_text_section", "rich_text_quote", "rich_text_preformatted") else ""
    return f"{own}{_spoken(block.get('elements'))}{end}"


def _held(place: elements.Placed, values: dict[str, dict[str, Json]]) -> str:
    element = place.element
    state = values.get(place.block_id, {}).get(place.action_id)
    if state is None:
        words = _words(element.get("text")) or element.get("type", "")
        return f"[{words}]"
    held = next((value for key, value in state.items() if key != "type"), None)
    if held in (None, "", []):
        return f"<{_words(element.get('placeholder')) or element['type']}>"
    shown = [_chosen(one) for one in held] if isinstance(held, list) else [_chosen(held)]
    return f"<{', '.join(shown)}>"


def _chosen(value: Any) -> str:
    if isinstance(value, dict):
        return _words(value.get("text")) or _spoken(value)
    return str(value)
