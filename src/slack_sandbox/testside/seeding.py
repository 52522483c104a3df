"""Making and changing workspaces, people and apps."""

from itertools import takewhile
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from .. import installing
from ..delivery import disable, enable, verified
from ..errors import Impossible
from ..people_events import user_changed
from ..sandbox import Sandbox
from ..state import App, Channel, User
from . import Box, Json, installed, person

router = APIRouter(prefix="/sandbox", tags=["seeding"])


class Team(BaseModel):
    id: str | None = Field(None, pattern=r"^T\w+$")
    name: str
    domain: str
    profile_fields: dict[str, str] = Field(default_factory=dict, description="custom profile field id -> label")
    approves_connections: bool = Field(False, description="an admin approves channels shared with other workspaces")


class Person(BaseModel):
    """A person; anything left out keeps its value when the person exists."""

    id: str | None = Field(None, pattern=r"^[UW]\w+$")
    name: str
    real_name: str | None = None
    email: str | None = None
    tz: str | None = None
    profile: dict[str, Any] | None = None
    is_bot: bool | None = None
    is_admin: bool | None = None
    is_restricted: bool | None = None
    is_ultra_restricted: bool | None = None
    shares_email: bool | None = Field(None, description="people of other workspaces (Slack Connect) see the address")
    deleted: bool | None = None


class Room(BaseModel):
    name: str
    is_private: bool = False
    members: list[str] = Field(default_factory=list, description="ids, names or e-mail addresses")


class NewWorkspace(BaseModel):
    team: Team
    users: list[Person] = []
    channels: list[Room] = []


class NewApp(BaseModel):
    team: str
    manifest: dict[str, Any]


class Change(BaseModel):
    """What changed about a person."""

    model_config = ConfigDict(extra="forbid")
    real_name: str | None = None
    email: str | None = None
    tz: str | None = None
    profile: dict[str, Any] | None = None
    deleted: bool | None = None
    is_restricted: bool | None = None
    is_ultra_restricted: bool | None = None
    is_admin: bool | None = None
    presence: str | None = None


def user_row(user: User) -> Json:
    return {
        "id": user.id,
        "team_id": user.team_id,
        "name": user.name,
        "real_name": user.real_name,
        "email": user.email,
        "tz": user.tz,
        "profile": user.profile,
        "is_bot": user.is_bot,
        "is_admin": user.is_admin,
        "is_restricted": user.is_restricted,
        "is_ultra_restricted": user.is_ultra_restricted,
        "deleted": user.deleted,
        "app_id": user.app_id,
    }


def app_row(box: Sandbox, app: App) -> Json:
    hinted = ("command", "description", "usage_hint")
    return {
        "app_id": app.id,
        "name": app.name,
        "bot_user_id": app.bot_user_id,
        "bot_id": app.bot_id,
        "description": app.manifest["display_information"].get("description", ""),
        "installed": app.installed,
        "events_disabled": app.events_disabled,
        "events_delayed": app.events_delayed,
        "home_tab": bool((app.features.get("app_home") or {}).get("home_tab_enabled")),
        "commands": [{key: one.get(key, "") for key in hinted} for one in app.commands],
        "shortcuts": [
            {key: one.get(key, "") for key in ("name", "type", "callback_id", "description")} for one in app.shortcuts
        ],
    }


def channel_row(box: Sandbox, channel: Channel, viewer: str | None = None) -> Json:
    team = box.user(viewer).team_id if viewer is not None else channel.team_id
    row: Json = {
        "id": channel.id,
        "team_id": channel.team_id,
        "name": channel.named(team),
        "is_private": channel.kind_in(team) != "public",
        "is_archived": channel.is_archived,
        "is_general": channel.is_general,
        "topic": channel.topic.value,
        "purpose": channel.purpose.value,
        "members": list(channel.members),
        "bookmarks": list(channel.bookmarks),
        "pins": [
            {"ts": pin.ts, "by": pin.by, "created": pin.created, "text": channel.messages[pin.ts].text}
            for pin in channel.pins
        ],
        "creator": channel.creator,
        "created": channel.created,
        "kind": channel.kind_in(team),
        "canvas_id": channel.canvas_id,
        "shared_with": [box.workspace(team).name for team in channel.teams] if channel.connected else [],
        "previous_names": list(channel.previous_names),
        "latest": next(reversed(channel.messages), None),
    }
    if viewer is not None:
        read = channel.last_read.get(viewer, "0")
        seen = []
        if viewer in channel.members:
            for one in takewhile(lambda message: message.ts > read, reversed(channel.messages.values())):
                if one.user != viewer and one.thread_ts in (None, one.ts):
                    seen.append(one)
        row |= {
            "is_member": viewer in channel.members,
            "last_read": channel.last_read.get(viewer),
            "unread": len(seen),
            "mentions": sum(f"<@{viewer}>" in one.text or "<!" in one.text for one in seen),
        }
        if channel.kind == "im":
            row["user"] = next((member for member in channel.members if member != viewer), viewer)
    return row


@router.post("/workspaces")
async def make_workspace(new: NewWorkspace, box: Box) -> Json:
    """Creates a workspace; with the id of an existing one, changes it and adds what is new."""
    team = installing.workspace(
        box,
        id_=new.team.id,
        name=new.team.name,
        domain=new.team.domain,
        profile_fields=new.team.profile_fields,
        approves_connections=new.team.approves_connections,
    )
    people = [installing.person(box, team.id, one.model_dump()) for one in new.users]
    rooms = [installing.room(box, team.id, one.model_dump()) for one in new.channels]
    return {
        "team": {"id": team.id, "name": team.name, "domain": team.domain, "profile_fields": team.profile_fields},
        "users": [user_row(one) for one in people],
        "channels": [channel_row(box, box.channel(one)) for one in rooms],
    }


@router.get("/workspaces")
async def workspaces(box: Box) -> Json:
    """All workspaces with their people and installed apps."""
    rows = []
    for team in box.state.workspaces.values():
        people = [user_row(one) for one in box.state.people(team.id)]
        apps = [app_row(box, one) for one in box.state.installed(team.id)]
        rows.append({"id": team.id, "name": team.name, "domain": team.domain, "users": people, "apps": apps})
    return {"workspaces": rows}


@router.post("/apps")
async def make_app(new: NewApp, box: Box) -> Json:
    """Installs an app; an app of the same name in the workspace gets the new manifest and keeps its tokens."""
    if new.team not in box.state.workspaces:
        raise Impossible("team_not_found", new.team, status=404)
    return installing.credentials(installing.install(box, new.team, new.manifest))


@router.delete("/apps/{app}")
async def remove_app(app: str, box: Box) -> Json:
    """An admin removes the app from the workspace."""
    found = installed(box, app)
    installing.uninstall(box, found)
    return {"ok": True}


class EventSwitch(BaseModel):
    """`enabled` as on the app's settings page; `delayed` is its "Delayed Events" switch."""

    enabled: bool | None = None
    delayed: bool | None = None


@router.put("/apps/{app}/events")
async def switch_events(app: str, body: EventSwitch, box: Box) -> Json:
    """Event subscriptions on or off; Slack itself switches them off when an app hardly ever takes its events."""
    found = installed(box, app)
    if body.delayed is not None:
        found.events_delayed = body.delayed
    if body.enabled is not None:
        (enable if body.enabled else disable)(box, found)
    return app_row(box, found)


@router.post("/apps/{app}/verify")
async def verify(app: str, box: Box) -> Json:
    """Sends `url_verification` to the event address, as Slack does when the address is saved."""
    return await verified(box, installed(box, app))


@router.post("/apps/{app}/revoke")
async def revoke(app: str, box: Box, kind: str = "bot") -> Json:
    """An admin revokes the app's `bot` or `user` tokens."""
    found = installed(box, app)
    gone = [token for token in box.state.tokens.values() if token.app_id == found.id and token.kind == kind]
    installing.revoke(box, found, gone)
    return {"revoked": len(gone)}


class NewPerson(Person):
    team: str


@router.post("/users")
async def add_person(new: NewPerson, box: Box) -> Json:
    """Somebody joins the workspace. 409 when there is somebody of this id or name already."""
    if new.team not in box.state.workspaces:
        raise Impossible("team_not_found", new.team, status=404)
    if new.id in box.state.users or any(one.name == new.name for one in box.state.people(new.team)):
        raise Impossible("name_taken", new.name, status=409)
    return user_row(installing.person(box, new.team, new.model_dump(exclude={"team"})))


@router.patch("/users/{user}")
async def change_person(user: str, change: Change, box: Box) -> Json:
    """A person changes: profile, address, deactivated, made a guest."""
    found = person(box, user)
    given = change.model_dump(exclude_none=True)
    profile = given.pop("profile", {})
    for key, value in given.items():
        setattr(found, key, value)
    found.profile |= profile
    user_changed(box, found)
    return user_row(found)
