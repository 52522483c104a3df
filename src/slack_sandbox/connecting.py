"""Slack Connect: a channel shared with other workspaces."""

from . import channels
from .errors import SlackError
from .events import publish
from .sandbox import Sandbox
from .state import Abroad, Channel, User


def share(
    box: Sandbox, channel: Channel, team: str, *, renumbered: bool = False, taken_as: Abroad | None = None
) -> None:
    """Shares a channel with another workspace, which may name it otherwise. Slack may give it a new id while doing so."""
    if team in channel.teams:
        raise SlackError("already_shared")
    if channel.kind not in ("public", "private"):
        raise SlackError("invalid_channel_type")
    if channel.is_archived:
        raise SlackError("channel_archived")
    if renumbered:
        _renumber(box, channel)
    channel.connected.append(team)
    if taken_as is not None:
        channel.abroad[team] = taken_as
        box.state.names[f"{team} {taken_as.name}"] = channel.id
    channel.updated = box.now()
    _tell(box, channel, {"type": "channel_shared", "connected_team_id": team, "channel": channel.id})


def unshare(box: Sandbox, channel: Channel, team: str, *, by: User) -> None:
    """Ends it: the other workspace's people leave."""
    if team not in channel.connected:
        raise SlackError("not_shared")
    for member in [box.user(one) for one in channel.members]:
        if member.team_id == team:
            channels.leave(box, channel, member, kicked_by=by)
    event = {"type": "channel_unshared", "previously_connected_team_id": team, "channel": channel.id}
    _tell(box, channel, event | {"is_ext_shared": len(channel.connected) > 1})
    channel.connected.remove(team)
    if gone := channel.abroad.pop(team, None):
        del box.state.names[f"{team} {gone.name}"]
    channel.updated = box.now()


def _renumber(box: Sandbox, channel: Channel) -> None:
    """The old id names nothing any more."""
    state, old, new = box.state, channel.id, box.new_id("C")
    # In its old place, so that lists keep their order.
    state.channels = {new if key == old else key: value for key, value in state.channels.items()}
    state.names = {key: new if value == old else value for key, value in state.names.items()}
    channel.id = new
    for message in (*channel.messages.values(), *channel.ephemerals):
        message.channel = new
    for file in state.files.values():
        file.channels = [new if room == old else room for room in file.channels]
    for canvas in state.canvases.values():
        canvas.channel_id = new if canvas.channel_id == old else canvas.channel_id
    for planned in state.scheduled.values():
        planned.channel = new if planned.channel == old else planned.channel
    for invitation in state.invitations.values():
        invitation.channel_id = new if invitation.channel_id == old else invitation.channel_id
    for known in box.response_urls.values():
        known.channel_id = new if known.channel_id == old else known.channel_id
    _tell(box, channel, {"type": "channel_id_changed", "old_channel_id": old, "new_channel_id": new})


def _tell(box: Sandbox, channel: Channel, event: dict[str, object]) -> None:
    publish(box, channel.team_id, event, channel=channel, everyone=channel.kind == "public")
    box.tell_members("channel", channel)
