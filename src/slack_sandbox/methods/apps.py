"""apps.* and blocks.*: manifests, sockets, installations, and Slack's own validator."""

from typing import Any

from .. import blockkit, installing, manifest
from ..call import Call
from ..errors import SlackError
from ..socket_mode import new_ticket
from . import method

Json = dict[str, Any]


@method("apps.connections.open")
def connections_open(call: Call) -> Json:
    if not call.app.uses_socket or call.app.socket_link_disabled:
        raise SlackError("forbidden_team" if call.app.uses_socket else "socket_mode_not_enabled")
    call.require("connections:write")
    return {"url": new_ticket(call.box, call.app, debug=call.flag("debug_reconnects"))}


def _manifest(call: Call) -> Json:
    given = call.structure("manifest", error="invalid_manifest")
    wrong = manifest.problems(given)
    if wrong:
        raise SlackError("invalid_manifest", errors=wrong)
    checked: Json = given
    return checked


@method("apps.manifest.validate")
def validate(call: Call) -> Json:
    _manifest(call)
    return {"errors": []}


@method("apps.manifest.create")
def create(call: Call) -> Json:
    app = installing.install(call.box, call.team, _manifest(call))
    keys = installing.credentials(app)
    return {
        "app_id": app.id,
        "credentials": {key: keys[key] for key in ("client_id", "client_secret", "signing_secret")}
        | {"verification_token": app.verification_token},
        "oauth_authorize_url": f"{call.box.base_url}/oauth/v2/authorize?client_id={app.client_id}",
    }


@method("apps.manifest.update")
def update(call: Call) -> Json:
    app = call.box.state.apps.get(call.needed("app_id"))
    if app is None or app.team_id != call.team:
        raise SlackError("invalid_app_id")
    given = _manifest(call)
    changed = set(app.scopes("bot")) != set((given.get("oauth_config") or {}).get("scopes", {}).get("bot") or [])
    app.manifest = given
    return {"app_id": app.id, "permissions_updated": changed}


@method("apps.manifest.export")
def export(call: Call) -> Json:
    app = call.box.state.apps.get(call.needed("app_id"))
    if app is None or app.team_id != call.team:
        raise SlackError("invalid_app_id")
    return {"manifest": app.manifest}


@method("apps.uninstall")
def uninstall(call: Call) -> Json:
    for app in call.box.state.apps.values():
        if app.client_id == call.needed("client_id") and app.installed:
            if app.client_secret != call.needed("client_secret"):
                raise SlackError("bad_client_secret")
            installing.uninstall(call.box, app)
            return {}
    raise SlackError("invalid_client_id")


@method("apps.event.authorizations.list")
def authorizations(call: Call) -> Json:
    call.require("authorizations:read")
    app = call.app
    row = {"enterprise_id": None, "team_id": app.team_id, "user_id": app.bot_user_id, "is_bot": True}
    return {"authorizations": [row | {"is_enterprise_install": False}], "response_metadata": {"next_cursor": ""}}


@method("blocks.validate")
def validate_blocks(call: Call) -> Json:
    given = [name for name in ("blocks", "view", "message") if call.args.get(name) not in (None, "")]
    if len(given) != 1:
        raise call.bad("must provide exactly one of blocks, view or message")
    kind = given[0]
    value = call.structure(kind)
    if kind == "view":
        problems = blockkit.check_view(value)
    elif kind == "blocks":
        problems = blockkit.check_message(value)
    elif isinstance(value, dict):
        problems = blockkit.check_message(value.get("blocks") or [], attachments=value.get("attachments"))
    else:
        raise call.bad("must provide an object [json-pointer:/message]")
    if problems:
        errors = [
            {"pointer": one.pointer, "code": one.code, "message": one.text, "constraint": dict(one.constraint or {})}
            for one in problems
        ]
        raise SlackError(f"invalid_{kind}", messages=[str(one) for one in problems], errors=errors)
    return {}
