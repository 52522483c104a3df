"""usergroups.*: handles such as @oncall."""

from typing import Any

from .. import shapes
from ..call import Call
from ..errors import SlackError
from ..events import publish
from ..state import UserGroup
from . import method

Json = dict[str, Any]


def _group(call: Call) -> UserGroup:
    group = call.box.state.usergroups.get(call.needed("usergroup"))
    if group is None or group.team_id != call.team:
        raise SlackError("no_such_subteam")
    return group


def _all(call: Call) -> list[UserGroup]:
    return [group for group in call.box.state.usergroups.values() if group.team_id == call.team]


def _changed(call: Call, group: UserGroup, kind: str = "subteam_updated") -> Json:
    group.date_update, group.updated_by = call.box.now(), call.me.id
    publish(call.box, call.team, {"type": kind, "subteam": shapes.usergroup(group)})
    return {"usergroup": shapes.usergroup(group)}


def _free(call: Call, *, handle: str, name: str, itself: UserGroup | None = None) -> None:
    for group in _all(call):
        if group is itself:
            continue
        if group.handle == handle:
            raise SlackError("handle_already_exists")
        if group.name == name:
            raise SlackError("name_already_exists")


@method("usergroups.list")
def list_(call: Call) -> Json:
    shown = [group for group in _all(call) if call.flag("include_disabled") or not group.date_delete]
    return {"usergroups": [shapes.usergroup(group, with_users=call.flag("include_users")) for group in shown]}


@method("usergroups.create")
def create(call: Call) -> Json:
    name = call.needed("name")
    handle = call.text("handle") or name.lower().replace(" ", "-")
    _free(call, handle=handle, name=name)
    group = UserGroup(
        id=call.box.ids.new("S"),
        team_id=call.team,
        name=name,
        handle=handle,
        description=call.text("description"),
        channels=call.names("channels"),
        created_by=call.me.id,
        date_create=call.box.now(),
    )
    call.box.state.usergroups[group.id] = group
    return _changed(call, group, "subteam_created")


@method("usergroups.update")
def update(call: Call) -> Json:
    group = _group(call)
    name, handle = call.text("name", group.name), call.text("handle", group.handle)
    _free(call, handle=handle, name=name, itself=group)
    group.name, group.handle = name, handle
    group.description = call.text("description", group.description)
    if "channels" in call.args:
        group.channels = call.names("channels")
    return _changed(call, group)


@method("usergroups.disable")
def disable(call: Call) -> Json:
    group = _group(call)
    group.date_delete = call.box.now()
    return _changed(call, group)


@method("usergroups.enable")
def enable(call: Call) -> Json:
    group = _group(call)
    group.date_delete = 0
    return _changed(call, group)


@method("usergroups.users.list")
def users(call: Call) -> Json:
    return {"users": list(_group(call).users)}


@method("usergroups.users.update")
def set_users(call: Call) -> Json:
    """Replaces the whole list; Slack refuses an empty one."""
    group = _group(call)
    people = call.names("users")
    if not people:
        raise SlackError("no_users_provided")
    for person in people:
        user = call.box.state.users.get(person)
        if user is None or user.team_id != call.team or user.deleted:
            raise SlackError("invalid_users")
    before, group.users = set(group.users), people
    publish(
        call.box,
        call.team,
        {
            "type": "subteam_members_changed",
            "subteam_id": group.id,
            "team_id": call.team,
            "date_update": call.box.now(),
            "added_users": sorted(set(people) - before),
            "removed_users": sorted(before - set(people)),
        },
    )
    return _changed(call, group)
