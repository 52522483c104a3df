"""Slack Connect invitations: a channel is offered to another workspace, taken there, approved or declined."""

import re
from typing import Any

from . import channels, connecting, shapes
from .errors import SlackError
from .events import publish
from .sandbox import Sandbox
from .state import Abroad, Channel, Invitation, User

Json = dict[str, Any]
# Seconds: two weeks, as the difference of the dates in Slack's own examples.
LIFE = 14 * 24 * 3600


def offer(
    box: Sandbox,
    channel: Channel,
    by: User,
    *,
    user: User | None = None,
    email: str | None = None,
    limited: bool = True,
) -> Invitation:
    """Invites somebody of another workspace, by account or by address."""
    if channel.kind in ("im", "mpim"):
        raise SlackError("invalid_channel_type")
    if channel.is_archived:
        raise SlackError("channel_archived")
    if channel.is_general:
        raise SlackError("cannot_share_mandatory_channel")
    if channel.team_id != by.team_id:
        raise SlackError("not_owner")
    if email is not None and not re.fullmatch(r"[^@\s]+@[^@\s]+", email):
        raise SlackError("invalid_email")
    if user is not None and user.id in channel.members:
        raise SlackError("already_in_channel")
    if user is not None and user.team_id == by.team_id:
        # unverified: how Slack words an invitation to somebody of the same workspace.
        raise SlackError("user_not_found")
    now = box.now()
    invitation = Invitation(
        id=box.ids.new("I"),
        team_id=by.team_id,
        channel_id=channel.id,
        inviter=by.id,
        created=now,
        expires=now + LIFE,
        updated=now,
        user=user.id if user else None,
        email=email,
        external_limited=limited,
    )
    box.state.invitations[invitation.id] = invitation
    if user is not None:
        for app in box.state.installed(user.team_id):
            # Documented: only when an app is invited, not when a person is.
            if app.bot_user_id == user.id:
                event = {
                    "type": "shared_channel_invite_received",
                    "invite": invite(box, invitation),
                    "channel": place(channel),
                }
                publish(box, user.team_id, event, only_app=app.id)
    box.touched()
    return invitation


def find(box: Sandbox, invite_id: str) -> Invitation:
    invitation = box.state.invitations.get(invite_id)
    if invitation is None or invitation.channel_id not in box.state.channels:
        raise SlackError("invite_not_found")
    return invitation


def lapsed(box: Sandbox, invitation: Invitation) -> bool:
    return invitation.status == "declined" or (invitation.status == "sent" and invitation.expires <= box.now())


def accept(box: Sandbox, invitation: Invitation, by: User, taken_as: Abroad) -> bool:
    """Takes it. Answers whether the channel is shared already: not when a workspace wants to approve it first."""
    channel = box.channel(invitation.channel_id)
    if by.team_id == invitation.team_id:
        raise SlackError("invite_from_same_org")
    if invitation.status in ("accepted", "approved"):
        raise SlackError("invite_used")
    if lapsed(box, invitation):
        # unverified: Slack names no word for an invitation that lapsed.
        raise SlackError("invite_not_found")
    if invitation.user is not None and box.user(invitation.user).team_id != by.team_id:
        raise SlackError("invalid_recipient_team")
    if invitation.email is not None and not by.is_bot and (by.email or "").lower() != invitation.email.lower():
        raise SlackError("email_does_not_match")
    if by.team_id in channel.connected:
        raise SlackError("has_already_connected_to_org")
    channels.check_name(taken_as.name)
    if f"{by.team_id} {taken_as.name}" in box.state.names:
        raise SlackError("name_taken")
    invitation.status, invitation.accepted_by, invitation.taken_as = "accepted", by.id, taken_as
    invitation.accepted_at = invitation.updated = box.now()
    invitation.awaits = [team for team in (invitation.team_id, by.team_id) if box.workspace(team).approves_connections]
    _tell(box, invitation, "accepted", by, approval_required=bool(invitation.awaits))
    if not invitation.awaits:
        _connect(box, invitation)
    return not invitation.awaits


def approve(box: Sandbox, invitation: Invitation, by: User) -> None:
    """An admin's yes; with the last one awaited, the channel is shared."""
    if lapsed(box, invitation):
        raise SlackError("approval_inactive")
    if invitation.status == "approved":
        raise SlackError("already_approved")
    if invitation.status == "sent":
        raise SlackError("approval_not_found")
    if by.team_id not in invitation.awaits:
        raise SlackError("already_approved")
    invitation.awaits.remove(by.team_id)
    invitation.updated = box.now()
    _tell(box, invitation, "approved", by, approving_team_id=by.team_id)
    if not invitation.awaits:
        _connect(box, invitation)


def decline(box: Sandbox, invitation: Invitation, by: User) -> None:
    if lapsed(box, invitation):
        raise SlackError("inactive_invite" if invitation.accepted_by is None else "approval_inactive")
    if invitation.status == "approved":
        # unverified: what Slack says when there is nothing left to decline.
        raise SlackError("approval_inactive")
    invitation.status, invitation.awaits, invitation.updated = "declined", [], box.now()
    _tell(box, invitation, "declined", by, declining_team_id=by.team_id)


def _connect(box: Sandbox, invitation: Invitation) -> None:
    channel, guest = box.channel(invitation.channel_id), box.user(invitation.accepted_by or "")
    invitation.status, invitation.updated = "approved", box.now()
    connecting.share(box, channel, guest.team_id, taken_as=invitation.taken_as)
    inviter = box.user(invitation.inviter)
    for person in dict.fromkeys((guest.id, invitation.user or guest.id)):
        channels.join(box, channel, box.user(person), inviter=inviter)


def concerns(box: Sandbox, invitation: Invitation, team: str) -> bool:
    """Whether this workspace sent it or is the one it went to."""
    return team in _teams(box, invitation)


def _teams(box: Sandbox, invitation: Invitation) -> list[str]:
    """The workspace that invites, and the invited one as far as it is known."""
    there = invitation.accepted_by or invitation.user
    if there is not None:
        return [invitation.team_id, box.user(there).team_id]
    of_address = [
        user.team_id
        for user in box.state.users.values()
        if (user.email or "").lower() == (invitation.email or "").lower()
    ]
    return list(dict.fromkeys([invitation.team_id, *of_address]))


def _tell(box: Sandbox, invitation: Invitation, what: str, by: User, **more: Any) -> None:
    channel = box.channel(invitation.channel_id)
    person = {"accepted": "accepting_user", "approved": "approving_user", "declined": "declining_user"}[what]
    event = {
        "type": f"shared_channel_invite_{what}",
        **more,
        "invite": invite(box, invitation),
        "channel": place(channel),
        "teams_in_channel": [_team(box, one) for one in channel.teams],
        person: _person(box, by),
    }
    # unverified: whether both workspaces' apps hear of each step; here they do.
    for team in _teams(box, invitation):
        publish(box, team, dict(event))
    box.touched()


# -- as Slack writes them ------------------------------------------------------------------------------------------


def _team(box: Sandbox, team: str) -> Json:
    space = box.workspace(team)
    return {
        "id": space.id,
        "name": space.name,
        "icon": {"image_default": True},
        "is_verified": False,
        "domain": space.domain,
        "date_created": space.created,
    }


def _person(box: Sandbox, user: User) -> Json:
    kept = (
        "real_name",
        "display_name",
        "real_name_normalized",
        "display_name_normalized",
        "team",
        "avatar_hash",
        "email",
    )
    shown = shapes.profile(box, user, with_email=True)
    profile = {key: value for key, value in shown.items() if key in kept or key.startswith("image_")}
    return {"id": user.id, "team_id": user.team_id, "name": user.name, "updated": user.updated, "profile": profile}


def place(channel: Channel) -> Json:
    return {"id": channel.id, "is_private": channel.kind == "private", "is_im": False, "name": channel.name}


def invite(box: Sandbox, invitation: Invitation) -> Json:
    shown = {
        "id": invitation.id,
        "date_created": invitation.created,
        "date_invalid": invitation.expires,
        "inviting_team": _team(box, invitation.team_id),
        "inviting_user": _person(box, box.user(invitation.inviter)),
    }
    recipient = {"recipient_user_id": invitation.user, "recipient_email": invitation.email}
    return shown | {key: value for key, value in recipient.items() if value is not None}


def row(box: Sandbox, invitation: Invitation, team: str) -> Json:
    """As `conversations.listConnectInvites` lists it for this workspace."""
    shown: Json = {
        "direction": "outgoing" if invitation.team_id == team else "incoming",
        "status": invitation.status,
        "date_last_updated": invitation.updated,
        "invite_type": "channel",
        "invite": invite(box, invitation),
        "channel": place(box.channel(invitation.channel_id)),
    }
    if invitation.accepted_by is None:
        return shown
    guest = box.user(invitation.accepted_by)
    acceptance: Json = {
        "approval_status": "pending_approval" if invitation.awaits else invitation.status,
        "date_accepted": invitation.accepted_at,
        "date_invalid": invitation.expires,
        "date_last_updated": invitation.updated,
        "accepting_team": _team(box, guest.team_id),
        "accepting_user": _person(box, guest),
        "reviews": [],
    }
    return shown | {"acceptances": [acceptance]}
