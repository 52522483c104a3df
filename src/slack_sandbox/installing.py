"""Workspaces and apps come to be: people, channels, tokens."""

import dataclasses
from typing import Any

from . import channels, manifest
from .errors import Impossible, SlackError
from .events import publish
from .people_events import user_changed
from .sandbox import Sandbox
from .state import App, Token, TokenKind, User, Workspace

Json = dict[str, Any]
APP_SCOPES = ["connections:write", "authorizations:read"]


def workspace(
    box: Sandbox,
    *,
    id_: str | None,
    name: str,
    domain: str,
    profile_fields: dict[str, str],
    approves_connections: bool = False,
) -> Workspace:
    """Creates the workspace, or renames the one that has this id."""
    known = box.state.workspaces.get(id_ or "")
    if known is None:
        known = Workspace(id_ or box.new_id("T"), name, domain, created=box.now())
        box.state.workspaces[known.id] = known
    known.name, known.domain, known.approves_connections = name, domain, approves_connections
    known.profile_fields |= profile_fields
    box.touched()
    return known


def person(box: Sandbox, team: str, given: Json) -> User:
    """Adds a person, or changes the one with this id (or, lacking an id, with this name)."""
    user_id = given.get("id")
    known = box.state.users.get(user_id or "")
    if known is None and not user_id:
        known = next((user for user in box.state.people(team) if user.name == given["name"] and not user.app_id), None)
    if known is not None and known.team_id != team:
        raise Impossible("id_taken", f"{user_id} belongs to workspace {known.team_id}", status=409)
    fields = {key: value for key, value in given.items() if key != "id" and value is not None}
    profile = dict(fields.pop("profile", None) or {})
    if isinstance(profile.get("fields"), dict):
        box.workspace(team).profile_fields |= {
            key: box.workspace(team).profile_fields.get(key, key) for key in profile["fields"]
        }
        profile["fields"] = {
            key: value if isinstance(value, dict) else {"value": value, "alt": ""}
            for key, value in profile["fields"].items()
        }
    if known is None:
        first = not any(not user.is_bot for user in box.state.people(team))
        known = User(user_id or box.new_id("U"), team, given["name"], is_admin=first, updated=box.now())
        box.state.users[known.id] = known
        event = "team_join"
    else:
        event = "user_change"
    before = dataclasses.replace(known, profile=dict(known.profile))
    for key, value in fields.items():
        setattr(known, key, value)
    known.real_name = known.real_name or known.name
    known.profile |= profile
    if known.is_bot and not known.bot_id:
        known.bot_id = box.ids.new("B")
    if event == "team_join" or known != before:
        user_changed(box, known, kind=event)
    return known


def room(box: Sandbox, team: str, given: Json) -> str:
    """Adds a channel with its members, or adds members to the one of that name."""
    people = [_named(box, team, name) for name in given.get("members") or []]
    key = f"{team} {given['name']}"
    if key in box.state.names:
        channel = box.channel(box.state.names[key])
    else:
        creator = people[0] if people else _first_person(box, team)
        try:
            channel = channels.create(
                box,
                team,
                given["name"],
                private=bool(given.get("is_private")),
                by=creator,
                general=given["name"] == "general",
            )
        except SlackError as error:
            raise Impossible(error.error, given["name"]) from None
    for member in people:
        channels.join(box, channel, member)
    return channel.id


def _named(box: Sandbox, team: str, name: str) -> User:
    """A person by id, name or e-mail address."""
    for user in box.state.people(team):
        if name in (user.id, user.name, user.email):
            return user
    raise Impossible("user_not_found", name)


def _first_person(box: Sandbox, team: str) -> User:
    for user in box.state.people(team):
        if not user.is_bot and not user.deleted:
            return user
    raise Impossible("no_people", "a channel needs somebody who creates it")


def install(box: Sandbox, team: str, given: Json) -> App:
    """Installs the manifest's app; the same app name in the same workspace changes that app and keeps its tokens."""
    wrong = manifest.problems(given)
    if wrong:
        raise SlackError("invalid_manifest", errors=wrong)
    name = given["display_information"]["name"]
    app = next((one for one in box.state.apps.values() if one.team_id == team and one.name == name), None)
    if app is None:
        app = _new_app(box, team, given)
    app.manifest = given
    app.installed = True
    app.socket_link_disabled = app.events_disabled = False
    box.subscriptions.forgive(app.id)
    bot = box.user(app.bot_user_id)
    bot.real_name = (app.features.get("bot_user") or {}).get("display_name") or name
    bot.deleted = False
    grants: list[tuple[str, TokenKind, str, list[str]]] = [
        (app.bot_token, "bot", app.bot_user_id, app.scopes("bot")),
        (app.user_token, "user", app.installer, app.scopes("user")),
        (app.app_token, "app", app.bot_user_id, APP_SCOPES),
    ]
    for value, kind, holder, scopes in grants:
        box.state.tokens[value] = Token(value, kind, app.id, team, holder, list(scopes))
    box.tell("app")
    return app


def _new_app(box: Sandbox, team: str, given: Json) -> App:
    app_id = box.new_id("A")
    name = given["display_information"]["name"]
    slug = "".join(letter for letter in name.lower().replace(" ", "_") if letter.isalnum() or letter in "_-") or "app"
    bot = User(
        box.new_id("U"), team, slug, name, is_bot=True, app_id=app_id, bot_id=box.ids.new("B"), updated=box.now()
    )
    box.state.users[bot.id] = bot
    secret = box.ids.secret
    number = box.ids.digest("numbers") % 10**12
    app = App(
        id=app_id,
        team_id=team,
        manifest=given,
        bot_id=bot.bot_id or "",
        bot_user_id=bot.id,
        installer=_first_person(box, team).id,
        bot_token=f"xoxb-{number}-{secret('bot')[:24]}",
        user_token=f"xoxp-{number}-{secret('user')[:24]}",
        app_token=f"xapp-1-{app_id}-{number}-{secret('app')}",
        signing_secret=secret("signing")[:32],
        client_id=f"{number}.{box.ids.digest('client') % 10**12}",
        client_secret=secret("client")[:32],
        verification_token=secret("verification")[:24],
    )
    box.state.apps[app_id] = app
    return app


def credentials(app: App) -> Json:
    return {
        "app_id": app.id,
        "team_id": app.team_id,
        "bot_token": app.bot_token,
        "user_token": app.user_token,
        "app_token": app.app_token,
        "signing_secret": app.signing_secret,
        "client_id": app.client_id,
        "client_secret": app.client_secret,
        "bot_user_id": app.bot_user_id,
    }


def revoke(box: Sandbox, app: App, tokens: list[Token]) -> None:
    """Tells the app first: the event needs a token that is still good."""
    gone = {
        "oauth": [token.user_id for token in tokens if token.kind == "user"],
        "bot": [token.user_id for token in tokens if token.kind == "bot"],
    }
    publish(box, app.team_id, {"type": "tokens_revoked", "tokens": gone}, only_app=app.id)
    for token in tokens:
        token.revoked = True
    box.tell("app")


def uninstall(box: Sandbox, app: App) -> None:
    publish(box, app.team_id, {"type": "app_uninstalled"}, only_app=app.id)
    revoke(box, app, [token for token in box.state.tokens.values() if token.app_id == app.id])
    app.installed = False
    bot = box.user(app.bot_user_id)
    bot.deleted = True
    for channel in box.state.rooms(app.team_id):
        if bot.id in channel.members and channel.kind != "im":
            channel.members.remove(bot.id)
