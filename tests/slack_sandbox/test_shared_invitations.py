"""Slack Connect invitations: offered by one workspace, taken, approved or declined by another."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from stage_set import EVENTS, SCOPES, Recorder, Stage, manifest, recorder, refusal

from slack_sandbox.client import Refused

Json = dict[str, Any]
CONNECT = ["conversations.connect:manage", "conversations.connect:read", "conversations.connect:write"]
TOLD = [f"shared_channel_invite_{what}" for what in ("accepted", "approved", "declined", "received")]


@dataclass
class There:
    """The other workspace: Zoe, its admin, Yan and an app."""

    team: str
    zoe: str
    yan: str
    bot_user: str
    web: AsyncWebClient
    app: Recorder


@pytest.fixture
async def there(stage: Stage) -> AsyncIterator[There]:
    await stage.people.app(
        stage.team, manifest(stage.app.url, scopes=[*SCOPES, *CONNECT], events=[*EVENTS, *TOLD, "channel_shared"])
    )
    people = [{"name": "zoe", "email": "zoe@other.test"}, {"name": "yan", "email": "yan@other.test"}]
    made = await stage.people.workspace(
        {"id": "T0OTHER", "name": "Other", "domain": "other"}, people, [{"name": "lobby"}]
    )
    async with recorder() as app:
        given = manifest(app.url, name="Far", scopes=[*SCOPES, *CONNECT], events=[*TOLD, "message.groups"])
        keys = await stage.people.app("T0OTHER", given)
        zoe, yan = (one["id"] for one in made["users"])
        yield There("T0OTHER", zoe, yan, keys["bot_user_id"], stage.web(keys["bot_token"]), app)


async def offered(stage: Stage, channel: str, **more: Any) -> str:
    answer = await stage.bot.conversations_inviteShared(channel=channel, **({"emails": ["zoe@other.test"]} | more))
    assert answer["is_legacy_shared_channel"] is False
    invite: str = answer["invite_id"]
    return invite


async def refused(stage: Stage, method: str, **arguments: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        await stage.bot.api_call(method, params=arguments)
    return refusal(caught)


async def test_an_invitation_is_listed_on_both_sides_and_taken_by_name(stage: Stage, there: There) -> None:
    channel = await stage.room("inc-1", stage.ada)
    invite = await offered(stage, channel, external_limited=False)
    (out,) = (await stage.bot.conversations_listConnectInvites())["invites"]
    (here,) = (await there.web.conversations_listConnectInvites())["invites"]
    assert (out["direction"], here["direction"], out["status"]) == ("outgoing", "incoming", "sent")
    assert out["invite"]["recipient_email"] == "zoe@other.test"
    assert out["channel"] == {"id": channel, "is_private": False, "is_im": False, "name": "inc-1"}
    taken = await there.web.conversations_acceptSharedInvite(invite_id=invite, channel_name="acme-inc")
    assert (taken["channel_id"], taken["invite_id"], taken["implicit_approval"]) == (channel, invite, True)
    await stage.app.until(
        lambda: stage.app.events("shared_channel_invite_accepted") and stage.app.events("channel_shared")
    )
    told = stage.app.events("shared_channel_invite_accepted")[0]
    assert (told["approval_required"], told["invite"]["id"], told["accepting_user"]["id"]) == (
        False,
        invite,
        there.bot_user,
    )
    assert [one["id"] for one in told["teams_in_channel"]] == [stage.team]
    assert not (await stage.bot.conversations_listConnectInvites())["invites"]


async def test_each_workspace_has_its_own_name_and_privacy_for_a_channel(stage: Stage, there: There) -> None:
    channel = await stage.room("inc-1", stage.ada)
    await there.web.conversations_acceptSharedInvite(invite_id=await offered(stage, channel), channel_name="acme-inc")
    abroad = (await there.web.conversations_info(channel=channel))["channel"]
    home = (await stage.bot.conversations_info(channel=channel))["channel"]
    # An invitation is for limited guests unless it says otherwise, and then the channel is private over there.
    assert (abroad["name"], abroad["is_private"], abroad["is_ext_shared"]) == ("acme-inc", True, True)
    assert (home["name"], home["is_private"], home["is_ext_shared"]) == ("inc-1", False, True)
    listed = (await there.web.conversations_list(types="private_channel"))["channels"]
    assert [one["name"] for one in listed] == ["acme-inc"]
    with pytest.raises(Refused, match="channel_not_found"):
        await stage.people.join(there.yan, channel)
    assert (await stage.people.channels(there.zoe))[-1]["name"] != "acme-inc"
    await stage.people.say(stage.ada, channel, "hello over there")
    await there.app.until(lambda: any(one["text"] == "hello over there" for one in there.app.events("message")))
    with pytest.raises(SlackApiError) as caught:
        await there.web.conversations_create(name="acme-inc")
    assert refusal(caught) == "name_taken"
    await stage.people.unshare_channel(channel, there.team, by=stage.ada)
    assert (await there.web.conversations_create(name="acme-inc"))["ok"]


async def test_an_app_is_told_that_it_was_invited(stage: Stage, there: There) -> None:
    shared = await stage.room("shared", stage.ada)
    await there.web.conversations_acceptSharedInvite(invite_id=await offered(stage, shared), channel_name="shared-acme")
    channel = await stage.room("inc-1", stage.ada)
    invite = await offered(stage, channel, emails=[], user_ids=[there.bot_user])
    await there.app.until(lambda: there.app.events("shared_channel_invite_received"))
    told = there.app.events("shared_channel_invite_received")[0]
    assert (told["invite"]["id"], told["invite"]["recipient_user_id"], told["channel"]["id"]) == (
        invite,
        there.bot_user,
        channel,
    )
    assert told["invite"]["inviting_team"]["domain"] == "acme"
    assert not stage.app.events("shared_channel_invite_received")


async def test_an_admin_approves_before_a_channel_is_shared(stage: Stage, there: There) -> None:
    await stage.people.workspace(
        {"id": there.team, "name": "Other", "domain": "other", "approves_connections": True}, []
    )
    channel = await stage.room("inc-1", stage.ada)
    invite = await offered(stage, channel)
    assert await refused(stage, "conversations.approveSharedInvite", invite_id=invite) == "approval_not_found"
    taken = await there.web.conversations_acceptSharedInvite(invite_id=invite, channel_name="acme-inc")
    assert taken["implicit_approval"] is False
    (waiting,) = (await there.web.conversations_listConnectInvites())["invites"]
    assert (waiting["status"], len(waiting["acceptances"])) == ("accepted", 1)
    with pytest.raises(SlackApiError):
        await there.web.conversations_info(channel=channel)
    with pytest.raises(Refused, match="restricted_action"):
        await stage.people.answer_invitation(there.yan, invite, "approve")
    assert (await there.web.conversations_approveSharedInvite(invite_id=invite))["ok"]
    assert (await there.web.conversations_info(channel=channel))["channel"]["name"] == "acme-inc"
    await stage.app.until(lambda: stage.app.events("shared_channel_invite_approved"))
    told = stage.app.events("shared_channel_invite_approved")[0]
    assert (told["approving_team_id"], told["invite"]["id"]) == (there.team, invite)
    assert stage.app.events("shared_channel_invite_accepted")[0]["approval_required"] is True
    assert await refused(stage, "conversations.approveSharedInvite", invite_id=invite) == "already_approved"


async def test_a_declined_or_late_invitation_is_gone(stage: Stage, there: There) -> None:
    channel = await stage.room("inc-1", stage.ada)
    invite = await offered(stage, channel)
    assert (await there.web.conversations_declineSharedInvite(invite_id=invite))["ok"]
    await stage.app.until(lambda: stage.app.events("shared_channel_invite_declined"))
    assert stage.app.events("shared_channel_invite_declined")[0]["declining_team_id"] == there.team
    assert await refused(stage, "conversations.declineSharedInvite", invite_id=invite) == "inactive_invite"
    late = await offered(stage, channel)
    await stage.people.advance(14 * 24 * 3600 + 1)
    with pytest.raises(SlackApiError):
        await there.web.conversations_acceptSharedInvite(invite_id=late, channel_name="acme-inc")
    assert not (await there.web.conversations_listConnectInvites())["invites"]


async def test_people_invite_and_answer_as_well(stage: Stage, there: There) -> None:
    channel = await stage.room("inc-1", stage.ada)
    made = await stage.people.invite_shared(stage.ada, channel, email="zoe@other.test", external_limited=False)
    with pytest.raises(Refused, match="email_does_not_match"):
        await stage.people.answer_invitation(there.yan, made["id"], "accept")
    answered = await stage.people.answer_invitation(there.zoe, made["id"], "accept", channel_name="acme-inc")
    assert answered["status"] == "approved"
    assert [row["direction"] for row in await stage.people.shared_invitations(there.team)] == ["incoming"]
    names = {row["name"] for row in await stage.people.channels(there.zoe) if there.zoe in row["members"]}
    assert "acme-inc" in names
    await stage.people.say(there.zoe, channel, "here we are")
    again = await stage.people.snapshot()
    await stage.people.restore(again)
    assert (await there.web.conversations_info(channel=channel))["channel"]["name"] == "acme-inc"


async def test_what_cannot_be_offered_or_taken(stage: Stage, there: There) -> None:
    channel = await stage.room("inc-1", stage.ada)
    ask = "conversations.inviteShared"
    assert await refused(stage, ask, channel=channel) == "recipients_not_specified"
    assert await refused(stage, ask, channel=channel, emails="a@x.test,b@x.test") == "too_many_emails"
    assert await refused(stage, ask, channel=channel, emails="nobody") == "invalid_email"
    assert await refused(stage, ask, channel=channel, user_ids=there.zoe) == "user_not_found"
    assert await refused(stage, ask, channel="C0NONE", emails="a@x.test") == "channel_not_found"
    assert await refused(stage, ask, channel=stage.general, emails="a@x.test") == "not_in_channel"
    await stage.bot.conversations_join(channel=stage.general)
    assert await refused(stage, ask, channel=stage.general, emails="a@x.test") == "cannot_share_mandatory_channel"
    direct = (await stage.bot.conversations_open(users=stage.ada))["channel"]["id"]
    assert await refused(stage, ask, channel=direct, emails="a@x.test") == "invalid_channel_type"
    archived = await stage.room("old")
    await stage.bot.conversations_archive(channel=archived)
    assert await refused(stage, ask, channel=archived, emails="a@x.test") == "channel_archived"
    invite = await offered(stage, channel)
    accept = "conversations.acceptSharedInvite"
    assert await refused(stage, accept, invite_id=invite, channel_name="mine") == "invite_from_same_org"
    assert await refused(stage, accept, invite_id="I0NONE", channel_name="mine") == "invite_not_found"
    with pytest.raises(SlackApiError) as caught:
        await there.web.conversations_acceptSharedInvite(invite_id=invite, channel_name="lobby")
    assert refusal(caught) == "name_taken"
    with pytest.raises(SlackApiError) as caught:
        await there.web.conversations_acceptSharedInvite(invite_id=invite, channel_name="Not A Name")
    assert refusal(caught) == "invalid_name_specials"
    await there.web.conversations_acceptSharedInvite(channel_id=channel, channel_name="acme-inc")
    with pytest.raises(SlackApiError) as caught:
        await there.web.conversations_acceptSharedInvite(invite_id=invite, channel_name="other")
    assert refusal(caught) == "invite_used"
    assert await refused(stage, ask, channel=channel, user_ids=there.bot_user) == "already_in_channel"
    with pytest.raises(SlackApiError) as caught:
        await there.web.conversations_inviteShared(channel=channel, emails=["third@x.test"])
    assert refusal(caught) == "not_owner"
    with pytest.raises(SlackApiError) as caught:
        await stage.web(stage.keys["user_token"]).conversations_listConnectInvites()
    assert refusal(caught) == "not_allowed_token_type"
