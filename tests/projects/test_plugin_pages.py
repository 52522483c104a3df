"""Settings → Project → Plugins over HTTP: what is stored, what is kept, what is refused, what is written down."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.playing import rows
from tests.projects.settings_pages import PLUGINS, admin, facts, form_of, instance, instances, sealed_with_another_key
from tests.stage import Stage


async def test_a_member_may_neither_look_nor_write(stage: Stage) -> None:
    ada, bo = await admin(stage), await admin(stage, "bo@example.com")
    slack = await instance(stage, "slack-conversation")
    for address in ("", "/new", "/new/smtp", f"/{slack.id}", f"/{slack.id}/history"):
        answer = await bo.browser.get(f"{PLUGINS}{address}")
        assert answer.status_code == 403 and "Ask Dee Alvarez" in answer.text
    page = await bo.browser.get("/default/report")
    csrf = page.text.split('name="csrf" value="')[1].split('"')[0]
    for address in (
        "new/jitsi",
        "new/jitsi/test",
        *(f"{slack.id}{a}" for a in ("", "/test", "/enable", "/disable", "/delete")),
    ):
        answer = await bo.browser.post(f"{PLUGINS}/{address}", data={"csrf": csrf, "private_channels": ""})
        assert answer.status_code == 403, address
    assert (await instance(stage, "slack-conversation")).version == slack.version
    assert (await ada.open("")).status_code == 200


async def test_a_change_needs_the_pages_token(stage: Stage) -> None:
    ada = await admin(stage)
    slack = await instance(stage, "slack-conversation")
    assert (await ada.browser.post(f"{PLUGINS}/{slack.id}/delete", data={"csrf": "guessed"})).status_code == 403
    assert await instance(stage, "slack-conversation")


async def test_saving_another_setting_leaves_the_secrets_as_they_were(stage: Stage) -> None:
    ada = await admin(stage)
    before = await instance(stage, "slack-conversation")
    secrets = stage.house.providers.open_secrets(before)
    page = (await ada.open(before.id)).text
    for secret in secrets.values():
        assert not secret or secret not in page
    answer = await ada.send(before.id, timeline_event_reaction="memo")
    assert answer.status_code == 200 and "Saved." in answer.text
    after = await instance(stage, "slack-conversation")
    assert after.settings["timeline_event_reaction"] == "memo"
    assert stage.house.providers.open_secrets(after) == secrets
    assert {key for key in after.settings if after.settings[key] != before.settings[key]} == {"timeline_event_reaction"}


async def test_an_optional_secret_can_be_taken_away_and_a_required_one_cannot(stage: Stage) -> None:
    ada = await admin(stage)
    slack = await instance(stage, "slack-conversation")
    await ada.send(slack.id, **{"socket_mode_app_token.remove": "on"})
    secrets = stage.house.providers.open_secrets(await instance(stage, "slack-conversation"))
    assert secrets["socket_mode_app_token"] == "" and secrets["api_bot_token"] == stage.app["bot_token"]
    # The box is not offered for the bot token; sent all the same it is refused.
    assert 'name="api_bot_token.remove"' not in (await ada.open(slack.id)).text
    answer = await ada.send(slack.id, **{"api_bot_token.remove": "on"})
    assert answer.status_code == 422 and "API Bot Token" in answer.text
    # Without app token and without signing secret Slack could not reach us.
    answer = await ada.send(slack.id, **{"signing_secret.remove": "on"})
    assert answer.status_code == 422 and "Give the Signing Secret" in answer.text
    assert stage.house.providers.open_secrets(await instance(stage, "slack-conversation")) == secrets


async def test_every_mistake_is_shown_at_its_field_and_nothing_is_saved(stage: Stage) -> None:
    ada = await admin(stage)
    slack = await instance(stage, "slack-conversation")
    answer = await ada.send(
        slack.id,
        api_bot_token="xoxp-of-a-person",
        timeline_event_reaction=":memo:",
        slack_command_create_task="no slash",
    )
    assert answer.status_code == 422
    for key, message in {
        "api_bot_token": "A bot token starts with xoxb-.",
        "timeline_event_reaction": "Write the reaction&#39;s name without colons",
        "slack_command_create_task": "A command starts with a slash",
    }.items():
        assert message in answer.text.split(f'id="error-{key}"')[1].split("</p>")[0]
    assert "xoxp-of-a-person" not in answer.text
    assert form_of(answer.text)["timeline_event_reaction"] == ":memo:"
    assert (await instance(stage, "slack-conversation")).version == slack.version


async def test_two_people_edit_and_the_second_one_decides_with_open_eyes(stage: Stage) -> None:
    ada, dee = await admin(stage), await admin(stage, "dee@example.com")
    slack = await instance(stage, "slack-conversation")
    dees_form = form_of((await dee.open(slack.id)).text)
    await ada.send(slack.id, timeline_event_reaction="memo")
    answer = await dee.browser.post(f"{PLUGINS}/{slack.id}", data=dees_form | {"timeline_event_reaction": "eyes"})
    assert answer.status_code == 409
    assert "Ada Lovelace changed" in answer.text and "stopwatch → memo" in answer.text
    assert (await instance(stage, "slack-conversation")).settings["timeline_event_reaction"] == "memo"
    again = await dee.browser.post(f"{PLUGINS}/{slack.id}", data=form_of(answer.text))
    assert again.status_code == 200
    assert (await instance(stage, "slack-conversation")).settings["timeline_event_reaction"] == "eyes"


async def test_history_names_who_changed_what_and_no_secret(stage: Stage) -> None:
    ada = await admin(stage)
    slack = await instance(stage, "slack-conversation")
    token = stage.app["bot_token"]
    await ada.send(slack.id, without=("private_channels",), signing_secret="f" * 32)
    await ada.press(f"{slack.id}/disable")
    await ada.press(f"{slack.id}/enable")
    page = (await ada.open(f"{slack.id}/history")).text
    assert "Ada Lovelace changed Slack Plugin - Conversation Management: Signing Secret, Private Channels" in page
    assert "Ada Lovelace disabled" in page and "Ada Lovelace enabled" in page
    assert "f" * 32 not in page and token not in page
    changes = {c["title"]: (c["before"], c["after"]) for c in (await facts(stage, "plugin.configured"))[-1]["changes"]}
    assert changes == {"Signing Secret": ("set", "another one"), "Private Channels": ("on", "off")}


async def test_the_audit_log_says_in_which_project_and_what_was_there_before(stage: Stage) -> None:
    ada = await admin(stage)
    slack = await instance(stage, "slack-conversation")
    await ada.send(slack.id, without=("private_channels",), signing_secret="f" * 32)
    log = (await ada.browser.get("/default/settings/audit", params={"topic": "plugin"})).text
    [entry] = [row for row in log.split("<tr>") if "Management: Signing Secret, Private Channels" in row]
    project = (await rows(stage, "select name from project where slug = 'default'"))[0]["name"]
    assert f'<span class="soft">in {project}</span>' in entry
    assert "<del>on</del>" in entry and "<ins>off</ins>" in entry
    assert "<del>set</del>" in entry and "<ins>another one</ins>" in entry
    assert "f" * 32 not in log


async def test_secrets_whose_key_is_gone_can_be_entered_anew(stage: Stage) -> None:
    """And until then the plugin can be switched off; nothing that may open again is lost on the way."""
    ada = await admin(stage)
    await stage.configure("webhook", {"url": "https://pager.example.com/in", "signing_secret": "s" * 20})
    await sealed_with_another_key(stage, "webhook")
    webhook = await instance(stage, "webhook")
    page = await ada.open(webhook.id)
    assert page.status_code == 200 and "is not in DISPATCH_SECRET_KEY" in page.text
    refused = await ada.send(webhook.id, url="https://pager.example.com/out")
    assert refused.status_code == 422 and "enter the secrets here anew" in refused.text
    assert (await instance(stage, "webhook")).secrets == webhook.secrets
    assert "Disabled. Its settings are kept." in (await ada.press(f"{webhook.id}/disable")).text
    off = await instance(stage, "webhook")
    assert not off.enabled and off.secrets == webhook.secrets
    assert (await ada.send(webhook.id, signing_secret="t" * 20)).status_code == 200
    mended = await instance(stage, "webhook")
    assert stage.house.providers.open_secrets(mended) == {"signing_secret": "t" * 20}
    assert mended.settings["url"] == "https://pager.example.com/in"


async def test_a_password_goes_to_no_other_server_without_being_entered_again(stage: Stage) -> None:
    """An admin must not read it off a server of their own, neither by saving nor by *Test connection*."""
    ada = await admin(stage)
    await stage.configure(
        "smtp",
        {"host": "mail.example.com", "sender": "a@example.com", "username": "a", "password": "very-secret"},
    )
    smtp = await instance(stage, "smtp")
    for to in ("", "/test"):
        refused = await ada.send(smtp.id, host="mail.elsewhere.example", to=to)
        assert "Please enter it again: it would be sent elsewhere, for you changed Server." in refused.text
    assert (await instance(stage, "smtp")).settings["host"] == "mail.example.com"
    assert (await ada.send(smtp.id, sender="b@example.com")).status_code == 200
    moved = await ada.send(smtp.id, host="mail.elsewhere.example", password="theirs")
    assert moved.status_code == 200
    assert stage.house.providers.open_secrets(await instance(stage, "smtp")) == {"password": "theirs"}


async def test_saving_without_a_change_is_no_change(stage: Stage) -> None:
    ada = await admin(stage)
    slack = await instance(stage, "slack-conversation")
    before = len(await facts(stage, "plugin.configured"))
    assert (await ada.send(slack.id)).status_code == 200
    assert (await instance(stage, "slack-conversation")).version == slack.version
    assert len(await facts(stage, "plugin.configured")) == before


async def test_a_plugin_of_which_one_is_enough_is_not_added_twice(stage: Stage) -> None:
    ada = await admin(stage)
    answer = await ada.send("new/jitsi", server_url="https://meet.example.com")
    assert answer.status_code == 409 and "is in this project already" in answer.text
    assert len(await instances(stage, "jitsi")) == 1


async def test_a_second_plugin_of_a_kind_that_has_one_at_a_time_is_not_enabled(stage: Stage) -> None:
    plugins = stage.house.providers.plugins
    assert isinstance(plugins, dict)
    plugins["other-video"] = replace(plugins["jitsi"], slug="other-video", title="Other video")
    plugins["other-pager"] = replace(plugins["webhook"], slug="other-pager", title="Other pager", many=False)
    ada = await admin(stage)
    told = "Jitsi Plugin - Conference Management is enabled in Infrastructure and does the same work"
    answer = await ada.send("new/other-video", server_url="https://video.example.com", then="enable")
    assert answer.status_code == 409 and told in answer.text, answer.text
    assert await instances(stage, "other-video") == []
    # Added without enabling it, and enabled later: by its own button as well.
    assert (await ada.send("new/other-video", server_url="https://video.example.com")).status_code == 200
    second = await instance(stage, "other-video")
    answer = await ada.press(f"{second.id}/enable")
    assert answer.status_code == 409 and told in answer.text
    assert not (await instance(stage, "other-video")).enabled
    await ada.press(f"{(await instance(stage, 'jitsi')).id}/disable")
    assert (await ada.press(f"{second.id}/enable")).status_code == 200
    assert (await instance(stage, "other-video")).enabled
    # What wakes people works side by side.
    for slug in ("webhook", "other-pager"):
        await ada.send(f"new/{slug}", url="https://page.example.com/", signing_secret="s" * 20, then="enable")
        assert (await instance(stage, slug)).enabled


async def test_several_webhooks_have_labels_and_histories_of_their_own(stage: Stage) -> None:
    ada = await admin(stage)
    for label in ("night", "day"):
        await ada.send(
            "new/webhook", url=f"https://{label}.example.com/", signing_secret="s" * 20, label=label, then="enable"
        )
    night, day = await instances(stage, "webhook")
    assert (night.label, day.label, night.enabled) == ("night", "day", True)
    await ada.send(day.id, url="https://noon.example.com/", label="noon")
    assert "day.example.com" not in (await ada.open(f"{night.id}/history")).text
    assert "noon.example.com" in (await ada.open(f"{day.id}/history")).text
    await ada.press(f"{night.id}/delete")
    [left] = await instances(stage, "webhook")
    assert left.label == "noon" and stage.house.providers.open_secrets(left) == {"signing_secret": "s" * 20}
    assert (await ada.browser.get(f"{PLUGINS}/{night.id}")).status_code == 404


async def test_a_plugin_of_another_project_is_not_there(stage: Stage) -> None:
    ada = await admin(stage)
    slack = await instance(stage, "slack-conversation")
    elsewhere = PLUGINS.replace("/default/plugins", "/payments/plugins")
    assert (await ada.browser.get(f"{elsewhere}/{slack.id}")).status_code == 404
    assert (await ada.browser.get(PLUGINS.replace("projects/default", "projects/nowhere"))).status_code == 404


@pytest.mark.parametrize("field", ["expected", "csrf", "nonsense"])
async def test_fields_that_are_no_settings_change_nothing(stage: Stage, field: str) -> None:
    ada = await admin(stage)
    slack = await instance(stage, "slack-conversation")
    assert (await ada.send(slack.id, **({field: "x"} if field != "csrf" else {}))).status_code == 200
    assert (await instance(stage, "slack-conversation")).settings == slack.settings
