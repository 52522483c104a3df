"""People offer channels to other workspaces by Slack Connect, and answer what they were offered."""

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel

from .. import invitations
from ..errors import Impossible, SlackError
from ..interactivity import able
from ..sandbox import Sandbox
from ..state import Abroad, Invitation
from . import Box, Json, person, room

router = APIRouter(prefix="/sandbox", tags=["slack connect"])


class Offer(BaseModel):
    """To somebody by account (`to`, a user id) or by `email`."""

    channel: str
    to: str | None = None
    email: str | None = None
    external_limited: bool = True


class Answer(BaseModel):
    """`accept` names the channel for the own workspace; `approve` and `decline` are for admins."""

    answer: Literal["accept", "approve", "decline"]
    channel_name: str | None = None
    is_private: bool = False


def _row(box: Sandbox, invitation: Invitation, team: str) -> Json:
    return invitations.row(box, invitation, team) | {"id": invitation.id}


@router.get("/shared_invitations")
async def offered(team: str, box: Box) -> Json:
    """Every invitation this workspace sent or got, answered ones included, oldest first."""
    if team not in box.state.workspaces:
        raise Impossible("team_not_found", team, status=404)
    known = [one for one in box.state.invitations.values() if one.channel_id in box.state.channels]
    return {"invitations": [_row(box, one, team) for one in known if invitations.concerns(box, one, team)]}


@router.post("/users/{user}/shared_invitations")
async def offer(user: str, body: Offer, box: Box) -> Json:
    """This person offers a channel to another workspace."""
    who, place = person(box, user), room(box, body.channel)
    able(who)
    if who.id not in place.members:
        raise Impossible("not_in_channel", place.name, status=403)
    if (body.to is None) == (body.email is None):
        raise Impossible("recipients_not_specified", "name either `to` or `email`", status=422)
    invited = person(box, body.to) if body.to is not None else None
    try:
        made = invitations.offer(box, place, who, user=invited, email=body.email, limited=body.external_limited)
    except SlackError as error:
        raise Impossible(error.error, body.to or body.email or "", status=409) from None
    return _row(box, made, who.team_id)


@router.post("/users/{user}/shared_invitations/{invite}")
async def answer(user: str, invite: str, body: Answer, box: Box) -> Json:
    """Accepts, approves or declines an invitation; answers it as it is then."""
    who = person(box, user)
    able(who)
    if body.answer != "accept" and not who.is_admin:
        raise Impossible("restricted_action", f"{who.name} is no admin", status=403)
    try:
        found = invitations.find(box, invite)
        if body.answer == "accept":
            name = body.channel_name or box.channel(found.channel_id).name
            invitations.accept(box, found, who, Abroad(name, body.is_private or found.external_limited))
        elif not invitations.concerns(box, found, who.team_id):
            raise SlackError("invite_not_found")
        else:
            (invitations.approve if body.answer == "approve" else invitations.decline)(box, found, who)
    except SlackError as error:
        raise Impossible(error.error, invite, status=404 if error.error == "invite_not_found" else 409) from None
    return _row(box, found, who.team_id)
