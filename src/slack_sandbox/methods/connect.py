"""conversations.*Invite: channels offered to other workspaces by Slack Connect."""

from typing import Any

from .. import invitations
from ..call import Call
from ..errors import SlackError
from ..state import Abroad, Invitation
from . import method

Json = dict[str, Any]


@method("conversations.inviteShared")
def invite_shared(call: Call) -> Json:
    room = call.channel(member=True)
    people, addresses = call.names("user_ids"), call.names("emails")
    if not people and not addresses:
        raise SlackError("recipients_not_specified")
    if len(addresses) > 1:
        raise SlackError("too_many_emails")
    if len(people) + len(addresses) > 1:
        # unverified: how Slack words more than one recipient otherwise.
        raise call.bad("must provide exactly one of user_ids or emails")
    limited = call.flag("external_limited", True)
    if people:
        user = call.box.state.users.get(people[0])
        # "Known" is whoever the workspace meets in a channel that is shared already.
        if user is None or not call.box.state.knows(call.team, user):
            raise SlackError("user_not_found")
        offered = invitations.offer(call.box, room, call.me, user=user, limited=limited)
    else:
        offered = invitations.offer(call.box, room, call.me, email=addresses[0], limited=limited)
    return {"invite_id": offered.id, "is_legacy_shared_channel": False}


def _received(call: Call) -> Invitation:
    if call.maybe("invite_id"):
        return invitations.find(call.box, call.text("invite_id"))
    if not call.maybe("channel_id"):
        raise call.bad("must provide invite_id or channel_id")
    for one in call.box.state.invitations.values():
        if one.channel_id == call.text("channel_id") and not invitations.lapsed(call.box, one):
            return invitations.find(call.box, one.id)
    raise SlackError("invite_not_found")


@method("conversations.acceptSharedInvite")
def accept(call: Call) -> Json:
    received = _received(call)
    if call.maybe("team_id") not in (None, call.team):
        raise SlackError("team_not_found")
    taken_as = Abroad(call.needed("channel_name"), call.flag("is_private") or received.external_limited)
    shared = invitations.accept(call.box, received, call.me, taken_as)
    return {"implicit_approval": shared, "channel_id": received.channel_id, "invite_id": received.id}


def _own(call: Call) -> Invitation:
    """One that this workspace sent or got. `target_team`, the other side, is needed by whole organisations only."""
    found = invitations.find(call.box, call.needed("invite_id"))
    if not invitations.concerns(call.box, found, call.team):
        raise SlackError("invite_not_found")
    return found


@method("conversations.approveSharedInvite")
def approve(call: Call) -> Json:
    invitations.approve(call.box, _own(call), call.me)
    return {}


@method("conversations.declineSharedInvite")
def decline(call: Call) -> Json:
    invitations.decline(call.box, _own(call), call.me)
    return {}


@method("conversations.listConnectInvites")
def pending(call: Call) -> Json:
    """Sent or received and neither declined nor approved by everybody."""
    box = call.box
    open_ = [
        one
        for one in box.state.invitations.values()
        if one.status in ("sent", "accepted")
        and not invitations.lapsed(box, one)
        and one.channel_id in box.state.channels
        and invitations.concerns(box, one, call.team)
    ]
    page, more = call.page(open_, size="count")
    return {"invites": [invitations.row(box, one, call.team) for one in page]} | more
