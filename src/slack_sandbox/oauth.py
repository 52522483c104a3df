"""OAuth v2: the consent page, codes, and tokens that may rotate."""

import dataclasses
import html
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from .errors import SlackError
from .sandbox import Sandbox
from .state import App, Token, User

Json = dict[str, Any]
CODE_SECONDS = 600
TOKEN_SECONDS = 43_200
CONSENT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action *"


@dataclass
class Grant:
    app_id: str
    person: str
    bot_scopes: list[str]
    user_scopes: list[str]
    redirect_uri: str
    expires: float


def app_of(box: Sandbox, client_id: str, team: str | None = None) -> App | None:
    return next(
        (app for app in box.state.apps.values() if app.client_id == client_id and team in (None, app.team_id)), None
    )


def _asked(request: Request, name: str) -> list[str]:
    return [scope for scope in request.query_params.get(name, "").replace(" ", ",").split(",") if scope]


async def authorize(request: Request) -> Response:
    """GET shows the consent page; POST is somebody pressing Allow or Cancel."""
    box: Sandbox = request.app.state.sandbox
    app = app_of(box, request.query_params.get("client_id", ""))
    if app is None:
        return PlainTextResponse("Invalid client_id parameter", 400)
    redirect = request.query_params.get("redirect_uri") or next(iter(_redirects(app)), "")
    if not registered(app, redirect):
        return PlainTextResponse("redirect_uri did not match any configured URIs", 400)
    bot, user = _asked(request, "scope"), _asked(request, "user_scope")
    strange = sorted((set(bot) - set(app.scopes("bot"))) | (set(user) - set(app.scopes("user"))))
    if strange:
        return PlainTextResponse(f"Invalid permissions requested: {', '.join(strange)}", 400)
    if request.method == "GET":
        return HTMLResponse(page(box, app, bot, user), headers={"Content-Security-Policy": CONSENT_POLICY})
    form = await request.form()
    state = {"state": request.query_params["state"]} if "state" in request.query_params else {}
    person = box.state.users.get(str(form.get("user", "")))
    if form.get("answer") != "allow" or person is None or person.is_bot or person.deleted:
        return back(redirect, {"error": "access_denied", **state})
    installed = app_of(box, app.client_id, person.team_id) or _elsewhere(box, app, person)
    code = f"{box.ids.digest('code') % 10**12}.{box.ids.secret('code')}"
    box.grants[code] = Grant(installed.id, person.id, bot, user, redirect, box.clock.now() + CODE_SECONDS)
    return back(redirect, {"code": code, **state})


def back(redirect: str, answer: dict[str, str]) -> Response:
    return RedirectResponse(redirect + ("&" if urlsplit(redirect).query else "?") + urlencode(answer), 302)


def _elsewhere(box: Sandbox, app: App, person: User) -> App:
    """The same app in another workspace: same client and secrets, its own bot.

    Slack keeps the app id too; here an id names one installation, so the copy gets its own.
    """
    bot = User(box.new_id("U"), person.team_id, box.bot_user(app).name, app.name, is_bot=True, bot_id=box.ids.new("B"))
    copy = dataclasses.replace(
        app,
        id=box.new_id("A"),
        team_id=person.team_id,
        bot_id=bot.bot_id or "",
        bot_user_id=bot.id,
        installer=person.id,
        bot_token=_secret(box, "xoxb"),
        user_token=_secret(box, "xoxp"),
        installed=False,
    )
    bot.app_id = copy.id
    box.state.users[bot.id] = bot
    box.state.apps[copy.id] = copy
    return copy


def _secret(box: Sandbox, kind: str) -> str:
    return f"{kind}-{box.ids.digest(kind) % 10**12}-{box.ids.secret(kind)[:24]}"


def _redirects(app: App) -> list[str]:
    return (app.manifest.get("oauth_config") or {}).get("redirect_urls") or []


def registered(app: App, redirect: str) -> bool:
    """Whether the app may be sent back there."""
    return any(redirect == one or redirect.startswith(one.rstrip("/") + "/") for one in _redirects(app))


def page(box: Sandbox, app: App, bot: list[str], user: list[str], *, team: str = "") -> str:
    """What is asked for, and who allows it; with `team` only people of that workspace are offered."""
    people = "".join(
        f'<option value="{one.id}">{html.escape(one.real_name)} ({html.escape(box.workspace(one.team_id).name)})</option>'
        for one in box.state.users.values()
        if not one.is_bot and not one.deleted and team in ("", one.team_id)
    )
    wants = "".join(f"<li>{html.escape(scope)}</li>" for scope in [*bot, *(f"{scope} (as you)" for scope in user)])
    name = html.escape(app.name)
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{name} asks for access</title>"
        "<style>body{font:16px/1.5 system-ui;max-width:32rem;margin:3rem auto;padding:0 1rem}button{padding:.5rem 1rem}</style>"
        f"<h1>{name} is requesting permission to access a Slack workspace</h1><ul>{wants}</ul>"
        f"<form method=post><p><label>Act as <select name=user>{people}</select></label></p>"
        "<button name=answer value=cancel>Cancel</button> <button name=answer value=allow>Allow</button></form></html>"
    )


def exchange(box: Sandbox, client_id: str, client_secret: str, code: str, redirect_uri: str | None) -> Json:
    app = app_of(box, client_id)
    if app is None:
        raise SlackError("invalid_client_id")
    if app.client_secret != client_secret:
        raise SlackError("bad_client_secret")
    grant = box.grants.pop(code, None)
    if grant is None or box.app(grant.app_id).client_id != client_id:
        raise SlackError("invalid_code")
    if grant.expires < box.clock.now():
        raise SlackError("code_expired")
    if redirect_uri is not None and redirect_uri != grant.redirect_uri:
        raise SlackError("bad_redirect_uri")
    installed = box.app(grant.app_id)
    installed.installed = True
    box.bot_user(installed).deleted = False
    person = box.user(grant.person)
    space = box.workspace(installed.team_id)
    answer: Json = {
        "app_id": installed.id,
        "authed_user": {"id": person.id},
        "team": {"id": space.id, "name": space.name},
        "enterprise": None,
        "is_enterprise_install": False,
    }
    if grant.bot_scopes:
        answer |= _issued(box, installed, "bot", installed.bot_user_id, grant.bot_scopes) | {
            "bot_user_id": installed.bot_user_id
        }
    if grant.user_scopes:
        answer["authed_user"] |= _issued(box, installed, "user", person.id, grant.user_scopes)
    box.tell("app")
    return answer


def _issued(box: Sandbox, app: App, kind: str, holder: str, scopes: list[str]) -> Json:
    rotating = bool(app.settings.get("token_rotation_enabled"))
    known = box.state.tokens.get(app.bot_token if kind == "bot" else "")
    if kind == "bot" and not rotating:
        value = app.bot_token
        scopes = sorted({*scopes, *(known.scopes if known and not known.revoked else [])})
    else:
        value = _secret(box, ("xoxe.xoxb" if kind == "bot" else "xoxe.xoxp") if rotating else "xoxp")
    expires = box.clock.now() + TOKEN_SECONDS if rotating else None
    token = Token(value, "bot" if kind == "bot" else "user", app.id, app.team_id, holder, scopes, expires_at=expires)
    box.state.tokens[value] = token
    if kind == "bot":
        app.bot_token = value
    elif not known:
        app.user_token = value
    answer: Json = {"access_token": value, "token_type": kind, "scope": ",".join(scopes)}
    if rotating:
        refresh = _secret(box, "xoxe-1")
        box.refreshes[refresh] = value
        answer |= {"refresh_token": refresh, "expires_in": TOKEN_SECONDS}
    return answer


def refresh(box: Sandbox, client_id: str, client_secret: str, refresh_token: str) -> Json:
    value = box.refreshes.pop(refresh_token, None)
    token = box.state.tokens.get(value or "")
    if token is None or token.revoked:
        raise SlackError("invalid_refresh_token")
    app = box.app(token.app_id)
    if app.client_id != client_id:
        raise SlackError("invalid_client_id")
    if app.client_secret != client_secret:
        raise SlackError("bad_client_secret")
    token.expires_at = box.clock.now()
    space = box.workspace(app.team_id)
    base: Json = {
        "app_id": app.id,
        "team": {"id": space.id, "name": space.name},
        "enterprise": None,
        "is_enterprise_install": False,
    }
    return base | _issued(box, app, token.kind, token.user_id, token.scopes) | {"bot_user_id": app.bot_user_id}
