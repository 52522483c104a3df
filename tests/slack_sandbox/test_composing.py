"""What people type in a composer or a rich_text_input is stored as Slack stores it: typed styles, links, lists, code."""

from typing import Any

import pytest
from stage_set import Stage

from slack_sandbox import blockkit, composing


def text(said: str, *styles: str) -> dict[str, Any]:
    return {"type": "text", "text": said} | ({"style": dict.fromkeys(styles, True)} if styles else {})


def section(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"type": "rich_text_section", "elements": list(parts)}


def listed(style: str, *items: str, indent: int = 0, **more: Any) -> dict[str, Any]:
    lines = [section(text(item)) for item in items]
    return {"type": "rich_text_list", "style": style, "indent": indent, "border": 0, "elements": lines, **more}


TYPED: tuple[tuple[str, list[dict[str, Any]]], ...] = (
    ("plain words", [section(text("plain words"))]),
    ("*bold* _italic_ ~gone~", [section(text("bold", "bold"), text(" "), text("italic", "italic"), text(" "), text("gone", "strike"))]),
    ("_so *very* so_", [section(text("so ", "italic"), text("very", "italic", "bold"), text(" so", "italic"))]),
    ("run `rm *x*` now", [section(text("run "), text("rm *x*", "code"), text(" now"))]),
    ("a*b*c and 2 * 3 * 4 and *open", [section(text("a*b*c and 2 * 3 * 4 and *open"))]),
    ("*not\nclosed*", [section(text("*not\nclosed*"))]),
    ("see <https://a.example/x?y=1&amp;z=2|the page>.", [
        section(text("see "), {"type": "link", "url": "https://a.example/x?y=1&z=2", "text": "the page"}, text(".")),
    ]),
    ("*<@U1>* in <#C1|general> :fire: <!here>", [section(
        {"type": "user", "user_id": "U1", "style": {"bold": True}}, text(" in "), {"type": "channel", "channel_id": "C1"}, text(" "),
        {"type": "emoji", "name": "fire"}, text(" "), {"type": "broadcast", "range": "here"},
    )]),
    ("Do:\n- one\n- two\n  - deeper\n3. third\n4. fourth\nDone", [
        section(text("Do:")), listed("bullet", "one", "two"), listed("bullet", "deeper", indent=1),
        listed("ordered", "third", "fourth", offset=2), section(text("Done")),
    ]),
    ("&gt; quoted\n> again\nafter", [{"type": "rich_text_quote", "elements": [text("quoted\nagain")]}, section(text("after"))]),
    ("before\n```\nx = *1*\n```\nafter", [
        section(text("before")), {"type": "rich_text_preformatted", "elements": [text("x = *1*")]}, section(text("after")),
    ]),
    ("1 &lt; 2 &amp; 3", [section(text("1 < 2 & 3"))]),
    ("", [section(text(" "))]),
)  # fmt: skip


@pytest.mark.parametrize(("typed", "elements"), TYPED, ids=[each[0][:20] for each in TYPED])
def test_typed_text_becomes_rich_text(typed: str, elements: list[dict[str, Any]]) -> None:
    assert composing.elements(typed) == elements
    assert blockkit.check_blocks([{"type": "rich_text", "elements": elements}], surface="message") == []


async def test_a_message_is_stored_with_its_styles_and_its_links(stage: Stage) -> None:
    room = await stage.room("styles", stage.ada)
    said = await stage.people.say(
        stage.ada, room, "*Rolled back* to [v41](https://ci.example/41), see https://ci.example/log. `@here` @here"
    )
    [shown] = [m for m in await stage.people.messages(room) if m["ts"] == said["ts"]]
    assert shown["text"] == (
        "*Rolled back* to <https://ci.example/41|v41>, see <https://ci.example/log>. `@here` <!here>"
    )
    parts = shown["blocks"][0]["elements"][0]["elements"]
    assert parts[0] == text("Rolled back", "bold")
    assert {"type": "link", "url": "https://ci.example/41", "text": "v41"} in parts
    assert {"type": "link", "url": "https://ci.example/log"} in parts
    assert [p for p in parts if p["type"] == "broadcast"] == [{"type": "broadcast", "range": "here"}]
    assert text("@here", "code") in parts
