"""Modals end: a person submits or closes them."""

from typing import Any

from . import elements, modals, shapes, triggers
from .delivery import Ack, ask
from .errors import Impossible, SlackError
from .interactivity import Spot, common, filled, own_view
from .sandbox import Sandbox
from .state import User, View
from .watching import screen

Json = dict[str, Any]
TROUBLE = "We had some trouble connecting. Try again?"
# Where an error stands that belongs to the whole modal and not to one input.
WHOLE = "_"


async def submit(box: Sandbox, user: User, view_id: str, values: Json) -> Json:
    """`values`: label, block_id or action_id of an input -> what the person enters."""
    view = own_view(box, user, view_id)
    if view.view.get("type") != "modal" or box.state.stacks.get(user.id, [])[-1:] != [view.id]:
        raise Impossible("not_on_top", "only the modal on top can be submitted", status=409)
    if not view.view.get("submit"):
        raise Impossible("no_submit", "this modal has no submit button", status=409)
    await fill(box, user, view, values)
    complaints = _complaints(view)
    if complaints:
        # Slack's client says so by itself; the app hears nothing.
        return _outcome(box, user, "errors", complaints, None)
    app = box.app(view.app_id)
    payload = common(box, app, user, "view_submission") | {
        "api_app_id": app.id,
        "trigger_id": triggers.trigger(box, app, user, view=view),
        "view": shapes.view(box, view),
        "response_urls": _response_urls(box, user, view),
    }
    ack = await ask(box, app, "interactive", payload, name=str(view.view.get("callback_id", "")))
    return _answered(box, user, view, ack)


async def fill(box: Sandbox, user: User, view: View, values: Json) -> None:
    places = list(elements.placed(view.view["blocks"]))
    app = box.app(view.app_id)
    entered = []
    for name, value in values.items():
        place = _named(places, name)
        entered.append((place, await filled(box, user, Spot(app, place, view=view), value)))
    for place, state in entered:
        view.values.setdefault(place.block_id, {})[place.action_id] = state
    box.touched()


def _named(places: list[elements.Placed], name: str) -> elements.Placed:
    holding = [place for place in places if place.element["type"] in elements.HOLDS]
    for by in ("block_id", "label", "action_id"):
        for place in holding:
            if getattr(place, by).strip().lower() == name.strip().lower():
                return place
    labels = ", ".join(f"{place.label} ({place.block_id})" for place in holding)
    raise Impossible("no_such_input", f"{name!r} is not among: {labels}")


def _complaints(view: View) -> dict[str, str]:
    found = {}
    for place in elements.placed(view.view["blocks"]):
        if place.is_input:
            text = elements.complaint(place, view.values[place.block_id][place.action_id])
            if text:
                found[place.block_id] = text
    return found


def _response_urls(box: Sandbox, user: User, view: View) -> list[Json]:
    urls = []
    for place in elements.placed(view.view["blocks"]):
        if not place.element.get("response_url_enabled"):
            continue
        state = view.values[place.block_id][place.action_id]
        chosen = box.state.channels.get(str(state.get("selected_conversation") or state.get("selected_channel") or ""))
        if chosen is not None:
            url = triggers.response_url(box, box.app(view.app_id), user, chosen)
            row = {
                "block_id": place.block_id,
                "action_id": place.action_id,
                "channel_id": chosen.id,
                "response_url": url,
            }
            urls.append(row)
    return urls


def _answered(box: Sandbox, user: User, view: View, ack: Ack) -> Json:
    if not ack.ok:
        return _outcome(box, user, "errors", {WHOLE: TROUBLE}, ack)
    if not view.is_open:
        # It was closed or replaced while the app was thinking.
        return _outcome(box, user, "closed", {}, ack)
    try:
        outcome, errors = _obey(box, user, view, ack.body)
    except SlackError as error:
        refused = Ack(ack.status, ack.ms, error=f"{error.error}: {'; '.join(error.messages) or error.error}")
        return _outcome(box, user, "errors", {WHOLE: TROUBLE}, refused)
    return _outcome(box, user, outcome, errors, ack)


def _obey(box: Sandbox, user: User, view: View, body: Any) -> tuple[str, dict[str, str]]:
    """Does what the app's answer asks for."""
    if body in ("", None, {}):
        modals.pop(box, user.id)
        return "closed", {}
    if not isinstance(body, dict):
        raise SlackError("invalid_response", messages=["the answer must be empty or JSON with response_action"])
    match body.get("response_action"):
        case "clear":
            modals.pop(box, user.id, everything=True)
            return "closed", {}
        case "errors":
            return "errors", _checked_errors(view, body.get("errors"))
        case "update":
            modals.update(box, view, modals.check(box, body.get("view"), app_id=view.app_id, itself=view.id))
            return "updated", {}
        case "push":
            modals.push(box, view.app_id, user.id, modals.check(box, body.get("view"), app_id=view.app_id))
            return "pushed", {}
        case other:
            raise SlackError("invalid_response", messages=[f"unknown response_action {other!r}"])


def _checked_errors(view: View, errors: Any) -> dict[str, str]:
    inputs = {block["block_id"] for block in view.view["blocks"] if block.get("type") == "input"}
    if not isinstance(errors, dict) or not errors:
        raise SlackError("invalid_response", messages=["errors must be a non-empty object"])
    strange = set(errors) - inputs
    if strange:
        raise SlackError("invalid_response", messages=[f"not block_ids of inputs: {', '.join(sorted(strange))}"])
    return {str(key): str(value) for key, value in errors.items()}


def _outcome(box: Sandbox, user: User, outcome: str, errors: dict[str, str], ack: Ack | None) -> Json:
    return {
        "outcome": outcome,
        "errors": errors,
        "view": screen(box, user.id),
        "ack": ack.shown() if ack else None,
    }


async def close(box: Sandbox, user: User, view_id: str, *, everything: bool) -> Json:
    """The close button (one view), or the cross in the corner (all of them)."""
    view = own_view(box, user, view_id)
    if view.view.get("type") != "modal":
        raise Impossible("not_a_modal", view_id)
    clearing = everything or bool(view.view.get("clear_on_close"))
    closed = modals.pop(box, user.id, everything=clearing)
    acks = [await _closed(box, user, one, is_cleared=clearing) for one in closed if one.view.get("notify_on_close")]
    return {"outcome": "closed", "errors": {}, "view": screen(box, user.id), "ack": acks[0].shown() if acks else None}


async def _closed(box: Sandbox, user: User, view: View, *, is_cleared: bool) -> Ack:
    app = box.app(view.app_id)
    payload = common(box, app, user, "view_closed")
    payload |= {"api_app_id": app.id, "view": shapes.view(box, view), "is_cleared": is_cleared}
    return await ask(box, app, "interactive", payload, name=str(view.view.get("callback_id", "")))
