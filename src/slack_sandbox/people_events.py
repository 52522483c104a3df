"""News about people: they changed, joined the workspace, opened an app's home."""

from . import shapes
from .events import publish
from .sandbox import Sandbox
from .state import App, User


def user_changed(box: Sandbox, user: User, *, kind: str = "user_change") -> None:
    user.updated = box.now()
    for app in box.state.installed(user.team_id):
        # The address inside depends on the scopes of whoever is told.
        readable = "users:read.email" in box.state.tokens[app.bot_token].scopes
        shown = shapes.user(box, user, with_email=readable)
        for event in (kind, *(("user_profile_changed",) if kind == "user_change" else ())):
            body = {"type": event, "user": shown, "cache_ts": user.updated}
            publish(box, user.team_id, body, only_app=app.id)
    box.tell("user", user=user.id)


def home_opened(box: Sandbox, app: App, user: User, *, channel: str, tab: str = "home") -> None:
    event = {"type": "app_home_opened", "user": user.id, "channel": channel, "tab": tab}
    published = box.state.homes.get(f"{app.id} {user.id}")
    if tab == "home" and published:
        event["view"] = shapes.view(box, box.state.views[published])  # type: ignore[assignment]
    publish(box, user.team_id, event, only_app=app.id)
