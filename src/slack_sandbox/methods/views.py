"""views.*: modals and App Home, from the app's side."""

from typing import Any

from .. import modals, shapes
from ..call import Call
from ..errors import SlackError
from ..sandbox import Trigger
from ..state import View
from . import method

Json = dict[str, Any]


def _trigger(call: Call) -> Trigger:
    """The person's action this modal answers; spent by looking at it successfully."""
    value = call.maybe("trigger_id") or call.maybe("interactivity_pointer")
    if value is None:
        raise call.bad("missing required field: trigger_id")
    trigger = call.box.triggers.get(value)
    if trigger is None or trigger.app_id != call.app.id:
        raise SlackError("invalid_trigger_id")
    if trigger.used:
        raise SlackError("exchanged_trigger_id")
    if trigger.expires < call.box.clock.now():
        raise SlackError("expired_trigger_id")
    return trigger


def _checked(call: Call, kind: str, *, itself: str | None = None) -> Json:
    view = call.structure("view")
    if isinstance(view, dict) and view.get("type") != kind:
        raise call.bad(f'must be equal to constant: "{kind}" [json-pointer:/view/type]')
    return modals.check(call.box, view, app_id=call.app.id, itself=itself)


def _answer(call: Call, view: View) -> Json:
    return {"view": shapes.view(call.box, view)}


@method("views.open")
def open_(call: Call) -> Json:
    trigger = _trigger(call)
    checked = _checked(call, "modal")
    trigger.used = True
    return _answer(call, modals.open_(call.box, call.app.id, trigger.user_id, checked, channel=trigger.channel_id))


@method("views.push")
def push(call: Call) -> Json:
    trigger = _trigger(call)
    checked = _checked(call, "modal")
    if trigger.view_id is None:
        # A push needs an action inside the modal below.
        raise SlackError("invalid_trigger_id")
    view = modals.push(call.box, call.app.id, trigger.user_id, checked)
    trigger.used = True
    return _answer(call, view)


@method("views.update")
def update(call: Call) -> Json:
    view_id, external = call.maybe("view_id"), call.maybe("external_id")
    if view_id is None and external is None:
        raise call.bad("missing required field: view_id")
    found = view_id or modals.find(call.box, call.app.id, external_id=external or "")
    view = call.box.state.views.get(found or "")
    if view is None or view.app_id != call.app.id or not view.is_open:
        raise SlackError("not_found")
    checked = _checked(call, str(view.view.get("type", "modal")), itself=view.id)
    if call.maybe("hash") and call.text("hash") != view.hash:
        raise SlackError("hash_conflict")
    return _answer(call, modals.update(call.box, view, checked))


@method("views.publish")
def publish(call: Call) -> Json:
    if not (call.app.features.get("app_home") or {}).get("home_tab_enabled"):
        raise SlackError("not_enabled")
    person = call.box.state.users.get(call.needed("user_id"))
    if person is None or person.team_id != call.team or person.is_bot:
        raise SlackError("invalid_arguments", messages=["invalid user id [json-pointer:/user_id]"])
    known = call.box.state.homes.get(f"{call.app.id} {person.id}")
    checked = _checked(call, "home", itself=known)
    if call.maybe("hash") and known and call.text("hash") != call.box.state.views[known].hash:
        raise SlackError("hash_conflict")
    return _answer(call, modals.publish(call.box, call.app.id, person.id, checked))
