"""auth.* and api.*: is anybody there, and who am I."""

from typing import Any

from ..call import Call
from ..errors import SlackError
from ..installing import revoke
from . import method

Json = dict[str, Any]


@method("api.test")
def api_test(call: Call) -> Json:
    if error := call.maybe("error"):
        raise SlackError(error, args=call.args)
    return {"args": call.args}


@method("auth.test")
def auth_test(call: Call) -> Json:
    space = call.box.workspace(call.team)
    if call.token.kind == "app":
        return {"app_name": call.app.name, "app_id": call.app.id}
    who: Json = {
        "url": f"{call.box.base_url}/",
        "team": space.name,
        "user": call.me.name,
        "team_id": space.id,
        "user_id": call.me.id,
    }
    if call.is_bot:
        who["bot_id"] = call.app.bot_id
    return who | {"is_enterprise_install": False}


@method("auth.revoke")
def auth_revoke(call: Call) -> Json:
    if call.flag("test"):
        return {"revoked": False}
    revoke(call.box, call.app, [call.token])
    return {"revoked": True}
