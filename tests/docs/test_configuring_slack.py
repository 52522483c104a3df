"""docs/configuring-slack.md follows the settings: each under its title, in the order of the form, none left out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from dispatch.kit.forms import inputs
from dispatch.plugins.slack_contact.settings import SlackContactSettings
from dispatch.plugins.slack_conversation.settings import SlackConversationSettings
from tests.seed_titles import CONVERSATION, MORE

DOCUMENT = (Path(__file__).parents[2] / "docs/configuring-slack.md").read_text(encoding="utf-8")

CONTACT = (
    "API Bot Token",
    "Socket Mode App Token",
    "Signing Secret",
    "Profile Department Field Id",
    "Profile Team Field Id",
    "Profile Weblink Field Id",
)
SECTIONS = (
    "Events Mode vs Socket Mode",
    "Events Mode",
    "Socket Mode",
    "Slack Configuration",
    "Event Subscriptions",
    "Interactivity",
    "Slash Commands",
    "OAuth & Permissions",
    "Scopes",
    "Dispatch Configuration",
    "Conversation Management Plugin",
    "Command Strings",
    "More",
    "Contact Information Resolver Plugin",
)
SCOPES = [
    "bookmarks:write",
    "channels:read",
    "chat:write",
    "commands",
    "files:read",
    "groups:history",
    "groups:read",
    "groups:write",
    "im:history",
    "im:read",
    "im:write",
    "mpim:history",
    "mpim:read",
    "mpim:write",
    "pins:write",
    "reactions:read",
    "reactions:write",
    "team:read",
    "users:read",
    "users:read.email",
    "users.profile:read",
    "users:write",
]


def titles(model: type[BaseModel]) -> list[tuple[str, str]]:
    return [(each.group, each.label) for each in inputs(model).values()]


def section(name: str) -> str:
    """From the heading to the next one of its depth or above."""
    found = re.search(rf"^(#+) {re.escape(name)}$", DOCUMENT, re.M)
    assert found, name
    depth = len(found[1])
    rest = DOCUMENT[found.end() :]
    after = re.search(rf"^#{{1,{depth}}} ", rest, re.M)
    return rest[: after.start()] if after else rest


def bold(text: str) -> list[str]:
    """The settings of the tables: what stands in bold in a row's first cell."""
    return re.findall(r"^\| \*\*([^*]+)\*\* \|", text, re.M)


def test_the_forms_have_every_title_in_its_order_and_more_below() -> None:
    found = titles(SlackConversationSettings)
    assert [label for group, label in found if group != "More"] == list(CONVERSATION)
    assert [label for group, label in found if group == "More"] == list(MORE)
    assert found[-len(MORE) :] == [("More", label) for label in MORE]
    assert {group for group, label in found if label.startswith("/dispatch-") and label in CONVERSATION} == {
        "Command Strings"
    }
    assert [label for _, label in titles(SlackContactSettings)] == list(CONTACT)


@pytest.mark.parametrize(
    ("name", "settings"),
    [("Conversation Management Plugin", CONVERSATION + MORE), ("Contact Information Resolver Plugin", CONTACT)],
)
def test_the_document_has_every_setting_in_the_order_of_the_form(name: str, settings: tuple[str, ...]) -> None:
    assert bold(section(name)) == list(settings)


def test_the_document_has_the_sections_in_their_order() -> None:
    headings = re.findall(r"^#+ (.+)$", DOCUMENT, re.M)
    assert [each for each in headings if each in SECTIONS] == list(SECTIONS)


def test_the_document_names_every_scope_and_address() -> None:
    scopes = section("Scopes")
    assert [scope for scope in SCOPES if f"`{scope}`" not in scopes] == []
    for place in ("event", "command", "action", "menu"):
        assert f"`/api/v1/<organization>/events/slack/{place}`" in section("Events Mode")
    for name in ("member_joined_channel", "member_left_channel", "message.groups"):
        assert f"`{name}`" in section("Event Subscriptions")
    assert "dispatch server slack <organization> <project>" in section("Socket Mode")


def test_every_link_within_the_document_leads_somewhere() -> None:
    anchors = {
        re.sub(r"[^a-z0-9 -]", "", h.lower()).replace(" ", "-") for h in re.findall(r"^#+ (.+)$", DOCUMENT, re.M)
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", DOCUMENT)) <= anchors
