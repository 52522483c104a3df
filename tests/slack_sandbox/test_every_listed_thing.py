"""`listed.json` is what a strict Slack has to offer, written down by hand from Slack's reference: each thing on it works once."""

import base64
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from slack_sdk.web.async_client import AsyncWebClient
from stage_set import EVENTS, SCOPES, Stage, consent, manifest, recorder

from slack_sandbox import methods

Json = dict[str, Any]
Act = Callable[[Stage], Awaitable[None]]
DOCS = Path(__file__).parents[2] / "docs" / "sandbox.md"

LISTED = json.loads((Path(__file__).parent / "listed.json").read_text())
METHODS: list[str] = LISTED["methods"]
# `message/<subtype>` by its subtype; `message/-` is an ordinary one.
EVENTS_LISTED: list[str] = LISTED["events"]
# Of the list, what may wait; docs/sandbox.md names each.
WAITING = set(LISTED["waiting"])

ALL_SCOPES = [
    *SCOPES, "channels:write", "chat:write.customize", "chat:write.public", "links:read", "links:write",
    "conversations.connect:manage", "conversations.connect:read", "conversations.connect:write",
]  # fmt: skip
ALL_EVENTS = sorted(
    {one for one in EVENTS_LISTED if "/" not in one} - WAITING - {"url_verification", "app_rate_limited"}
    | set(EVENTS) - {"message"}
)  # fmt: skip


@pytest.fixture
async def full(stage: Stage) -> Stage:
    """The app with every scope and every event."""
    given = manifest(
        stage.app.url, scopes=ALL_SCOPES, events=ALL_EVENTS, user_scopes=["users.profile:write", "channels:write"]
    )
    given["features"]["unfurl_domains"] = ["example.test"]
    await stage.people.app(stage.team, given)
    return stage


async def do(stage: Stage, method: str, *, token: str | None = None, **arguments: Any) -> Json:
    web = stage.web(stage.keys[token]) if token else stage.bot
    answer = await web.api_call(method, json=arguments)
    data: Json = answer.data  # type: ignore[assignment]
    return data


async def posted(stage: Stage, channel: str, **more: Any) -> str:
    ts: str = (await do(stage, "chat.postMessage", **({"channel": channel, "text": "hello"} | more)))["ts"]
    return ts


async def other_workspace(stage: Stage, app_url: str, *, approves: bool) -> AsyncWebClient:
    """Another workspace with an app of its own, which answers invitations."""
    team = {"id": "T0OTHER", "name": "Other", "domain": "other", "approves_connections": approves}
    await stage.people.workspace(team, [{"name": "zoe", "email": "zoe@other.test"}])
    given = manifest(app_url, name="Far", scopes=ALL_SCOPES, events=ALL_EVENTS)
    return stage.web((await stage.people.app("T0OTHER", given))["bot_token"])


# -- each family of methods once ---------------------------------------------------------------------------------------


async def _basics(stage: Stage) -> None:
    await do(stage, "api.test")
    await do(stage, "auth.test")
    await do(stage, "blocks.validate", blocks=[{"type": "divider"}])
    await do(stage, "apps.event.authorizations.list", token="app_token", event_context="4-x")
    await do(stage, "team.info")
    await do(stage, "team.profile.get")
    await do(stage, "dnd.info", user=stage.ada)
    await do(stage, "emoji.list")
    await do(stage, "bots.info")
    await do(stage, "auth.revoke", token="user_token")


async def _apps(stage: Stage) -> None:
    given = manifest(stage.app.url, name="Made", socket=True)
    await do(stage, "apps.manifest.validate", manifest=given)
    made = await do(stage, "apps.manifest.create", manifest=given)
    await do(stage, "apps.manifest.export", app_id=made["app_id"])
    await do(stage, "apps.manifest.update", app_id=made["app_id"], manifest=given)
    keys = await stage.people.app(stage.team, given)
    await stage.web(keys["app_token"]).apps_connections_open(app_token=keys["app_token"])
    granted = await consent(stage, stage.keys, stage.ada)
    assert granted["access_token"].startswith("xoxb-")
    credentials = {key: made["credentials"][key] for key in ("client_id", "client_secret")}
    await AsyncWebClient(base_url=stage.running.api_url).api_call("apps.uninstall", params=credentials)


async def _people(stage: Stage) -> None:
    await do(stage, "users.info", user=stage.ada)
    await do(stage, "users.list")
    await do(stage, "users.lookupByEmail", email="ada@acme.test")
    await do(stage, "users.conversations")
    await do(stage, "users.profile.get", user=stage.ada)
    await do(stage, "users.profile.set", token="user_token", profile={"title": "Countess"})
    await do(stage, "users.getPresence", user=stage.ada)
    await do(stage, "users.setPresence", presence="away")


async def _conversations(stage: Stage) -> None:
    channel = (await do(stage, "conversations.create", name="inc-1"))["channel"]["id"]
    await do(stage, "conversations.invite", channel=channel, users=f"{stage.ada},{stage.bo}")
    await do(stage, "conversations.kick", channel=channel, user=stage.bo)
    await do(stage, "conversations.setTopic", channel=channel, topic="now")
    await do(stage, "conversations.setPurpose", channel=channel, purpose="why")
    await do(stage, "conversations.rename", channel=channel, name="inc-2")
    ts = await posted(stage, channel)
    await posted(stage, channel, thread_ts=ts)
    await do(stage, "conversations.list")
    await do(stage, "conversations.info", channel=channel)
    await do(stage, "conversations.members", channel=channel)
    await do(stage, "conversations.history", channel=channel)
    await do(stage, "conversations.replies", channel=channel, ts=ts)
    await do(stage, "conversations.mark", channel=channel, ts=ts)
    await do(stage, "conversations.join", channel=stage.general)
    direct = (await do(stage, "conversations.open", users=stage.ada))["channel"]["id"]
    await do(stage, "conversations.close", channel=direct)
    await do(stage, "conversations.archive", channel=channel)
    await do(stage, "conversations.unarchive", token="user_token", channel=channel)
    await do(stage, "conversations.leave", channel=channel)


async def _talk(stage: Stage) -> None:
    channel = await stage.room("inc-1", stage.ada)
    ts = await posted(stage, channel)
    await do(stage, "chat.postEphemeral", channel=channel, user=stage.ada, text="psst")
    await do(stage, "chat.update", channel=channel, ts=ts, text="changed")
    await do(stage, "chat.getPermalink", channel=channel, message_ts=ts)
    planned = await do(stage, "chat.scheduleMessage", channel=channel, post_at=stage.box.now() + 60, text="later")
    await do(stage, "chat.scheduledMessages.list")
    await do(
        stage, "chat.deleteScheduledMessage", channel=channel, scheduled_message_id=planned["scheduled_message_id"]
    )
    link = "https://example.test/1"
    said = await stage.people.say(stage.ada, channel, link)
    await do(stage, "chat.unfurl", channel=channel, ts=said["ts"], unfurls={link: {"text": "one"}})
    whom = {"recipient_user_id": stage.ada, "recipient_team_id": stage.team}
    stream = await do(stage, "chat.startStream", channel=channel, thread_ts=ts, **whom)
    await do(stage, "chat.appendStream", channel=channel, ts=stream["ts"], markdown_text="more")
    await do(stage, "chat.stopStream", channel=channel, ts=stream["ts"])
    await do(stage, "assistant.threads.setStatus", channel_id=channel, thread_ts=ts, status="thinks")
    await do(stage, "assistant.threads.setTitle", channel_id=channel, thread_ts=ts, title="Talk")
    prompts = [{"title": "Sum up", "message": "Sum up"}]
    await do(stage, "assistant.threads.setSuggestedPrompts", channel_id=channel, thread_ts=ts, prompts=prompts)
    await do(stage, "chat.delete", channel=channel, ts=ts)


async def _views(stage: Stage) -> None:
    title = {"type": "plain_text", "text": "Probe"}
    view = {"type": "modal", "title": title, "blocks": [{"type": "actions", "elements": [
        {"type": "button", "action_id": "more", "text": title},
    ]}]}  # fmt: skip

    async def opens(body: Json) -> str:
        opened = await do(stage, "views.open", trigger_id=body["trigger_id"], view=view)
        await do(stage, "views.update", view_id=opened["view"]["id"], view=view)
        return ""

    async def pushes(body: Json) -> str:
        await do(stage, "views.push", trigger_id=body["trigger_id"], view=view)
        return ""

    stage.app.answers |= {"command": opens, "action": pushes}
    shown = await stage.people.command(stage.ada, stage.general, "/probe")
    await stage.people.act_in_view(stage.ada, shown["view"]["id"], "more")
    await do(stage, "views.publish", user_id=stage.ada, view={"type": "home", "blocks": [{"type": "divider"}]})


async def _marks(stage: Stage) -> None:
    channel = await stage.room("inc-1")
    ts = await posted(stage, channel)
    await do(stage, "reactions.add", channel=channel, timestamp=ts, name="eyes")
    await do(stage, "reactions.get", channel=channel, timestamp=ts)
    await do(stage, "reactions.remove", channel=channel, timestamp=ts, name="eyes")
    await do(stage, "pins.add", channel=channel, timestamp=ts)
    await do(stage, "pins.list", channel=channel)
    await do(stage, "pins.remove", channel=channel, timestamp=ts)
    made = await do(stage, "bookmarks.add", channel_id=channel, title="Doc", type="link", link="https://example.test/")
    where = {"channel_id": channel, "bookmark_id": made["bookmark"]["id"]}
    await do(stage, "bookmarks.edit", **where, title="Docs")
    await do(stage, "bookmarks.list", channel_id=channel)
    await do(stage, "bookmarks.remove", **where)


async def _files(stage: Stage) -> None:
    channel = await stage.room("inc-1")
    asked = await do(stage, "files.getUploadURLExternal", filename="a.txt", length=3)
    async with httpx.AsyncClient() as http:
        assert (await http.post(asked["upload_url"], content=b"abc")).status_code == 200
        await do(stage, "files.completeUploadExternal", files=[{"id": asked["file_id"]}], channel_id=channel)
        shown = (await do(stage, "files.info", file=asked["file_id"]))["file"]
        bearer = {"Authorization": f"Bearer {stage.keys['bot_token']}"}
        assert (await http.get(shown["url_private_download"], headers=bearer)).content == b"abc"
    await do(stage, "files.delete", file=asked["file_id"])


async def _canvases(stage: Stage) -> None:
    channel = await stage.room("inc-1")
    content = {"type": "markdown", "markdown": "# Head"}
    await do(stage, "conversations.canvases.create", channel_id=channel, document_content=content)
    canvas = (await do(stage, "canvases.create", title="Alone", document_content=content))["canvas_id"]
    await do(stage, "canvases.sections.lookup", canvas_id=canvas, criteria={"section_types": ["h1"]})
    change = {"operation": "insert_at_end", "document_content": content}
    await do(stage, "canvases.edit", canvas_id=canvas, changes=[change])
    await do(stage, "canvases.access.set", canvas_id=canvas, access_level="read", user_ids=[stage.ada])
    await do(stage, "canvases.delete", canvas_id=canvas)


async def _usergroups(stage: Stage) -> None:
    group = (await do(stage, "usergroups.create", name="On call", handle="oncall"))["usergroup"]["id"]
    await do(stage, "usergroups.users.update", usergroup=group, users=stage.ada)
    await do(stage, "usergroups.users.list", usergroup=group)
    await do(stage, "usergroups.update", usergroup=group, description="whoever is up")
    await do(stage, "usergroups.disable", usergroup=group)
    await do(stage, "usergroups.enable", usergroup=group)
    await do(stage, "usergroups.list")


async def _connect(stage: Stage) -> None:
    far = await other_workspace(stage, stage.app.url, approves=True)
    for answer in ("approve", "decline"):
        channel = await stage.room(f"inc-{answer}")
        invite = (await do(stage, "conversations.inviteShared", channel=channel, emails=["zoe@other.test"]))[
            "invite_id"
        ]
        await far.conversations_acceptSharedInvite(invite_id=invite, channel_name=f"acme-{answer}")
        await do(stage, "conversations.listConnectInvites")
        await far.api_call(f"conversations.{answer}SharedInvite", json={"invite_id": invite})


BY_FAMILY: dict[Act, str] = {
    _basics: "api. auth. blocks. apps.event. team. dnd. emoji. bots.",
    _apps: "apps.manifest. apps.connections. apps.uninstall oauth.",
    _people: "users.",
    _conversations: "conversations.",
    _talk: "chat. assistant.",
    _views: "views.",
    _marks: "reactions. pins. bookmarks.",
    _files: "files.",
    _canvases: "canvases. conversations.canvases.",
    _usergroups: "usergroups.",
    _connect: "conversations.inviteShared conversations.acceptSharedInvite conversations.approveSharedInvite "
    "conversations.declineSharedInvite conversations.listConnectInvites",
}


def _family(name: str) -> Act:
    """Whose prefix fits best."""
    fits = [(len(one), act) for act, prefixes in BY_FAMILY.items() for one in prefixes.split() if name.startswith(one)]
    return max(fits, key=lambda fit: fit[0])[1]


@pytest.mark.parametrize("act", list(BY_FAMILY), ids=lambda act: act.__name__.strip("_"))
async def test_every_listed_method_does_its_work(full: Stage, act: Act) -> None:
    wanted = {name for name in METHODS if _family(name) is act}
    assert wanted
    await act(full)
    done = {call["method"] for call in await full.people.calls() if call["result"]["ok"]}
    assert wanted - done == set()


async def test_refresh_tokens_are_exchanged_by_the_same_method(full: Stage) -> None:
    given = manifest(full.app.url, name="Rotating")
    given["settings"]["token_rotation_enabled"] = True
    keys = await full.people.app(full.team, given)
    granted = await consent(full, keys, full.ada)
    fresh = await AsyncWebClient(base_url=full.running.api_url).oauth_v2_access(
        client_id=keys["client_id"],
        client_secret=keys["client_secret"],
        grant_type="refresh_token",
        refresh_token=granted["refresh_token"],
    )
    assert fresh["access_token"] != granted["access_token"]


def test_the_methods_that_are_there_beyond_the_list_are_known() -> None:
    beyond = set(methods.load()) - set(METHODS)
    assert beyond == {"canvases.access.delete", "chat.meMessage", "openid.connect.token", "openid.connect.userInfo"}


# -- each family of events once ----------------------------------------------------------------------------------------


async def _messages(stage: Stage) -> None:
    channel = await stage.room("inc-1", stage.ada)
    said = await stage.people.say(stage.ada, channel, "hello <@probe> @probe")
    await posted(stage, channel, username="Pager")
    await posted(stage, channel, thread_ts=said["ts"], reply_broadcast=True)
    await do(stage, "chat.meMessage", channel=channel, text="waves")
    await stage.people.upload(stage.ada, channel, "a.txt", "abc")
    await stage.people.edit(stage.ada, channel, said["ts"], "hello again")
    gone = await stage.people.say(stage.ada, channel, "oops")
    await stage.people.delete(stage.ada, channel, gone["ts"])
    await stage.people.say(stage.ada, channel, "see https://example.test/7")
    group = await stage.room("quiet", stage.ada, private=True)
    await stage.people.say(stage.ada, group, "hush")
    bot = stage.keys["bot_user_id"]
    for others in (bot, [bot, stage.bo]):
        await stage.people.say(stage.ada, (await stage.people.direct(stage.ada, others))["id"], "hi")


async def _channels(stage: Stage) -> None:
    for name, private in (("inc-1", False), ("quiet", True)):
        channel = await stage.room(name, stage.ada, stage.bo, private=private)
        await stage.people.leave(stage.bo, channel)
        await stage.people.set_topic(stage.ada, channel, "now")
        await stage.people.set_purpose(stage.ada, channel, "why")
        await stage.people.rename_channel(channel, f"{name}-2", by=stage.ada)
        await stage.people.archive_channel(channel, by=stage.ada)
        await stage.people.unarchive_channel(channel, by=stage.ada)
        second = await stage.room(f"{name}-x", stage.ada, private=private)
        await stage.people.delete_channel(second, by=stage.ada)
        await stage.people.kick(stage.ada, channel, stage.keys["bot_user_id"])


async def _reacting(stage: Stage) -> None:
    channel = await stage.room("inc-1", stage.ada)
    ts = (await stage.people.say(stage.ada, channel, "x"))["ts"]
    for remove in (False, True):
        await stage.people.react(stage.ada, channel, ts, "eyes", remove=remove)
        await stage.people.pin(stage.ada, channel, ts, remove=remove)


async def _persons(stage: Stage) -> None:
    await stage.people.open_home(stage.ada, stage.keys["app_id"])
    await stage.people.add_user(stage.team, "eve")
    await stage.people.change_user(stage.bo, real_name="Bo D.")
    await _usergroups(stage)


async def _sharing(stage: Stage) -> None:
    async with recorder() as other:
        far = await other_workspace(stage, other.url, approves=True)
        channel = await stage.room("inc-1", stage.ada)
        for answer in ("approve", "decline"):
            invite = (await do(stage, "conversations.inviteShared", channel=channel, emails=["zoe@other.test"]))[
                "invite_id"
            ]
            await far.conversations_acceptSharedInvite(invite_id=invite, channel_name=f"acme-{answer}")
            await far.api_call(f"conversations.{answer}SharedInvite", json={"invite_id": invite})
            if answer == "approve":
                mine = stage.keys["bot_user_id"]
                await far.conversations_inviteShared(channel=await _far_room(far), user_ids=[mine])
                await stage.people.unshare_channel(channel, "T0OTHER", by=stage.ada)
        await stage.people.share_channel(channel, "T0OTHER", by=stage.ada, new_id=True)
        await stage.app.until(lambda: not stage.box.outgoing)


async def _far_room(far: AsyncWebClient) -> str:
    channel: str = (await far.conversations_create(name="theirs"))["channel"]["id"]
    return channel


async def _app_itself(stage: Stage) -> None:
    await stage.people.verify_events(stage.keys["app_id"])
    await stage.people.settings(rates=True, events_per_hour=1)
    for turn in range(3):
        await stage.people.change_user(stage.bo, real_name=f"Bo {turn}")
    await stage.app.until(lambda: any(one["type"] == "app_rate_limited" for one in stage.app.of("event")))
    await stage.people.settings(rates=False)
    await stage.people.uninstall(stage.keys["app_id"])


EVENTS_BY: dict[Act, str] = {
    _messages: "message.channels message.groups message.im message.mpim message/- message/bot_message message/message_changed "
    "message/message_deleted message/file_share message/thread_broadcast message/me_message app_mention file_shared link_shared",
    _channels: "channel_created member_joined_channel member_left_channel channel_archive channel_unarchive channel_rename "
    "channel_deleted channel_left group_archive group_unarchive group_rename group_deleted group_left message/channel_join "
    "message/channel_leave message/channel_topic message/channel_purpose message/channel_name message/channel_archive",
    _reacting: "reaction_added reaction_removed pin_added pin_removed",
    _persons: "app_home_opened team_join user_change user_profile_changed subteam_created subteam_updated subteam_members_changed",
    _sharing: "channel_shared channel_unshared channel_id_changed shared_channel_invite_accepted shared_channel_invite_approved "
    "shared_channel_invite_declined shared_channel_invite_received",
    _app_itself: "url_verification app_rate_limited app_uninstalled tokens_revoked",
}
_FAMILY = {"channel": "message.channels", "group": "message.groups", "im": "message.im", "mpim": "message.mpim"}


def told(stage: Stage) -> set[str]:
    """What the app has heard so far, in the list's words."""
    names = set()
    for body in stage.app.of("event"):
        event = body.get("event", body)
        names.add(event["type"])
        if event["type"] == "message":
            names |= {_FAMILY[event["channel_type"]], f"message/{event.get('subtype', '-')}"}
    return names


@pytest.mark.parametrize("act", list(EVENTS_BY), ids=lambda act: act.__name__.strip("_"))
async def test_every_listed_event_reaches_an_app_that_subscribed(full: Stage, act: Act) -> None:
    wanted = set(EVENTS_BY[act].split())
    assert wanted <= set(EVENTS_LISTED)
    await act(full)
    await full.app.until(lambda: wanted <= told(full) or not full.box.outgoing)
    assert wanted - told(full) == set()


def test_each_listed_event_is_made_somewhere_or_said_to_wait() -> None:
    made = {name for names in EVENTS_BY.values() for name in names.split()}
    assert set(EVENTS_LISTED) - made == WAITING
    text = DOCS.read_text()
    assert [name for name in sorted(WAITING) if f"`{name}`" not in text] == []


# -- interactivity -----------------------------------------------------------------------------------------------------

_WORDS = {"type": "plain_text", "text": "Choose"}
_OPTIONS = [{"text": {"type": "plain_text", "text": text}, "value": text.lower()} for text in ("Red", "Green")]
_RED = {"selected_option": _OPTIONS[0]}
_REDS = {"selected_options": _OPTIONS[:1]}

# Element, what the person chooses, what the app reads of it. `ada` and `general` stand for their ids.
ACTIONS: dict[str, tuple[Json, Any, Json]] = {
    "button": ({"text": _WORDS, "value": "v"}, None, {"value": "v"}),
    "overflow": ({"options": _OPTIONS}, "red", _RED),
    "static_select": ({"options": _OPTIONS}, "red", _RED),
    "external_select": ({"min_query_length": 0}, "Red", _RED),
    "users_select": ({}, "ada", {"selected_user": "ada"}),
    "conversations_select": ({}, "general", {"selected_conversation": "general"}),
    "channels_select": ({}, "general", {"selected_channel": "general"}),
    "multi_static_select": ({"options": _OPTIONS}, ["red"], _REDS),
    "multi_external_select": ({"min_query_length": 0}, ["Red"], _REDS),
    "multi_users_select": ({}, ["ada"], {"selected_users": ["ada"]}),
    "multi_conversations_select": ({}, ["general"], {"selected_conversations": ["general"]}),
    "multi_channels_select": ({}, ["general"], {"selected_channels": ["general"]}),
    "checkboxes": ({"options": _OPTIONS}, ["red"], _REDS),
    "radio_buttons": ({"options": _OPTIONS}, "red", _RED),
    "datepicker": ({}, "2026-01-31", {"selected_date": "2026-01-31"}),
    "timepicker": ({}, "13:37", {"selected_time": "13:37"}),
    "datetimepicker": ({}, 1_800_000_000, {"selected_date_time": 1_800_000_000}),
}


def _ids(stage: Stage, thing: Any) -> Any:
    """`thing` with the ids of this stage in the place of names."""
    if isinstance(thing, dict):
        return {key: _ids(stage, value) for key, value in thing.items()}
    if isinstance(thing, list):
        return [_ids(stage, one) for one in thing]
    return {"ada": stage.ada, "general": stage.general}.get(thing, thing) if isinstance(thing, str) else thing


@pytest.mark.parametrize("kind", ACTIONS)
async def test_every_element_acts_in_a_message_and_in_a_view(stage: Stage, kind: str) -> None:
    fields, choice, read = ACTIONS[kind]
    element = {"type": kind, "action_id": "it", **fields}
    # Multi selects stand beside a text; all others among actions.
    multi = kind.startswith("multi_")
    block = (
        {"type": "section", "text": _WORDS, "accessory": element}
        if multi
        else {"type": "actions", "elements": [element]}
    )
    stage.app.answers["menu"] = lambda _: {"options": _OPTIONS}
    channel = await stage.room("inc-1", stage.ada)

    async def opens(body: Json) -> str:
        await stage.bot.views_open(
            trigger_id=body["trigger_id"], view={"type": "modal", "title": _WORDS, "blocks": [block]}
        )
        return ""

    stage.app.answers["command"] = opens
    view = (await stage.people.command(stage.ada, channel, "/probe"))["view"]
    chosen = _ids(stage, choice)
    await stage.people.act_in_view(stage.ada, view["id"], "it", chosen)
    ts = await posted(stage, channel, blocks=[block])
    await stage.people.act_in_message(stage.ada, channel, ts, "it", chosen)
    in_view, in_message = stage.app.of("action")
    for sent, container in ((in_view, "view"), (in_message, "message")):
        assert (sent["type"], sent["container"]["type"], bool(sent["trigger_id"])) == ("block_actions", container, True)
        action = sent["actions"][0]
        assert action["type"] == kind
        assert {key: action[key] for key in read} == _ids(stage, read)


async def test_a_text_input_that_dispatches_tells_at_once(stage: Stage) -> None:
    element = {
        "type": "plain_text_input",
        "action_id": "it",
        "dispatch_action_config": {"trigger_actions_on": ["on_enter_pressed"]},
    }
    block = {"type": "input", "label": _WORDS, "element": element, "dispatch_action": True}

    async def opens(body: Json) -> str:
        view = {"type": "modal", "title": _WORDS, "submit": _WORDS, "blocks": [block]}
        await stage.bot.views_open(trigger_id=body["trigger_id"], view=view)
        return ""

    stage.app.answers["command"] = opens
    view = (await stage.people.command(stage.ada, stage.general, "/probe"))["view"]
    await stage.people.act_in_view(stage.ada, view["id"], "it", "typed")
    assert stage.app.of("action")[-1]["actions"][0]["value"] == "typed"


async def test_an_uploaded_file_reaches_a_modals_file_input(stage: Stage) -> None:
    raw = base64.b64encode(b"abc").decode()
    stored = await stage.people.call("POST", f"users/{stage.ada}/files", {"name": "a.txt", "content_base64": raw})
    assert (await stage.people.file_content(stored["id"])) == b"abc"
