"""Nothing the builders make is refused by Slack, whatever people typed."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block as SdkBlock
from slack_sdk.models.blocks import BlockElement, ConfirmObject, Option
from slack_sdk.models.views import View as SdkView

from dispatch.kit.slack import blocks as b
from slack_sandbox.blockkit import check_message, check_view

FAMILY = "👩🏽‍👩‍👧‍👦"
FLAG = "🇩🇪"
ARABIC = "انقطاع في خدمة الدفع "
ANY = st.one_of(
    st.text(max_size=400),
    st.text(alphabet=st.sampled_from(list("ab <>&|\n\t*_`~😀é\u0301\u200d\u200f\u202e🇩🇪")), max_size=400),
    st.builds(lambda s, n: s * n, st.text(max_size=12), st.integers(0, 4000)),
)


def accepted(blocks: Sequence[b.Block], *, in_view: bool = False) -> None:
    for page in [] if in_view else b.paged([each for each in blocks if each["type"] != "input"]):
        assert check_message(page) == []
    for each in blocks:
        parsed = SdkBlock.parse(each)
        assert parsed is not None
        parsed.validate_json()
        for text, limit in _texts(each):
            assert text.strip(), each
            assert len(text) <= limit


def accepted_view(view: b.View) -> None:
    SdkView(**view).validate_json()
    assert check_view(view) == []
    accepted(view["blocks"], in_view=True)


def _texts(part: Any) -> list[tuple[str, int]]:
    if isinstance(part, list):
        return [found for each in part for found in _texts(each)]
    if not isinstance(part, dict):
        return []
    own = [(part["text"], 3000)] if isinstance(part.get("text"), str) else []
    return own + [found for each in part.values() for found in _texts(each)]


@given(ANY)
@settings(max_examples=200, deadline=None)
def test_every_block_takes_any_text(text: str) -> None:
    accepted(
        [
            b.section(text),
            b.section("", fields=[text] * 13),
            b.section(text, fields=[text, ""], accessory=b.button(text, action_id="go")),
            *b.sections(b.escape(text)),
            b.header(text),
            b.context(*[text] * 12),
            b.context(text),
            b.context(),
            b.divider(),
            b.image("https://example.com/a.png", text, title=text),
            b.image(text, text),
            b.rich(text, {"type": "user", "user_id": "U1"}),
            b.rich(style="quote"),
            b.field(text, b.text_input(action_id="t", placeholder=text, max_length=40_000), block_id="t", hint=text),
            b.actions(b.button(text, action_id="a", url="https://example.com/" + text, confirm=b.confirm(text, text))),
        ]
    )


@given(ANY, ANY)
@settings(max_examples=100, deadline=None)
def test_every_element_takes_any_text(text: str, other: str) -> None:
    options = [b.option(text, "1", other), b.option(other, "2", text)]
    for element in (
        b.static_select(text, options, action_id="s", initial="2"),
        b.static_select(text, options, action_id="s", initial=["1", "gone"], multi=True),
        b.external_select(text, action_id="s", initial=options[:1]),
        b.external_select(text, action_id="s", initial=options, multi=True),
        b.users_select(text, action_id="s", initial=["U1"]),
        b.users_select(text, action_id="s", initial=["U1", "U2"], multi=True),
        b.checkboxes(options, action_id="s", initial=["1"]),
        b.overflow(options, action_id="s"),
        b.button(text, action_id="s", value="7", style="danger"),
    ):
        parsed = BlockElement.parse(element)
        assert parsed is not None
        parsed.validate_json()
        where = b.section("x", accessory=element) if element["type"] == "overflow" else b.actions(element)
        assert check_message([where]) == []
    Option.parse_all(options)
    assert ConfirmObject.parse(b.confirm(text, other)) is not None


@given(ANY, st.integers(1, 500), st.booleans())
@settings(max_examples=300, deadline=None)
def test_a_cut_text_is_within_the_limit_and_a_prefix(text: str, limit: int, markup: bool) -> None:
    shown = b.cut(text, limit, markup=markup)
    assert len(shown) <= limit
    assert shown == text or (shown.endswith("…") and text.startswith(shown[:-1]))


@given(ANY, st.integers(40, 3000))
@settings(max_examples=300, deadline=None)
def test_a_split_text_loses_only_space(text: str, limit: int) -> None:
    parts = b.split_text(text, limit)
    assert all(part.strip() and len(part) <= limit for part in parts)
    assert re.sub(r"\s", "", "".join(parts)) == re.sub(r"\s", "", text)


@given(st.text(alphabet=st.sampled_from(list("<>&ab ")), min_size=100, max_size=300), st.integers(20, 80))
@settings(deadline=None)
def test_an_escaped_text_never_breaks_inside_an_entity(text: str, limit: int) -> None:
    for part in [b.cut(b.escape(text), limit, markup=True), *b.split_text(b.escape(text), limit)]:
        assert not re.search(r"&(?!amp;|lt;|gt;)", part)
        assert "<" not in part


def test_a_description_of_forty_thousand_characters_fits_into_sections() -> None:
    text = "\n\n".join(f"Paragraph {n}. " + "word " * 150 for n in range(52))[:40_000]
    made = b.sections(text)
    accepted(made)
    assert 14 <= len(made) <= 20
    assert all(each["text"]["text"].startswith("Paragraph") for each in made)


def test_a_text_is_broken_at_a_paragraph_before_a_line_before_a_word() -> None:
    assert b.split_text("a" * 30 + "\n\n" + "b" * 15 + "\n" + "c" * 9, 50) == ["a" * 30, "b" * 15 + "\n" + "c" * 9]
    assert b.split_text("a" * 30 + "\n" + "b" * 15 + " " + "c" * 9, 50) == ["a" * 30, "b" * 15 + " " + "c" * 9]
    assert b.split_text("aaaa " * 20, 52) == [("aaaa " * 10).strip()] * 2


def test_an_emoji_is_never_cut_in_two() -> None:
    assert b.cut("abc" + FAMILY + "def", 8) == "abc…"
    assert b.cut(FLAG * 10, 6) == FLAG * 2 + "…"
    assert b.cut("cafe\u0301 closed", 5) == "caf…"


def test_a_link_is_never_cut_in_two() -> None:
    text = "See " + b.link("https://example.com/?a=1&b=2", "the runbook of the payment service") + " now"
    assert b.cut(text, 40, markup=True) == "See…"
    assert b.split_text(text + " " + text, 120)[0] == text + " See"


def test_a_title_of_150_emoji_and_one_from_right_to_left_work() -> None:
    for title in ("🔥" * 150, FAMILY * 40, ARABIC * 20, "\u202e" + "x" * 200):
        accepted([b.header(title), b.section(b.escape(title)), b.context(b.escape(title))])
        accepted_view(b.modal(title, [b.section(title)], callback_id="c", submit=title, close=title))
    assert b.header("🔥" * 150)["text"]["text"] == "🔥" * 150


def test_what_a_person_typed_mentions_nobody() -> None:
    assert b.escape("<!channel> & <@U1>") == "&lt;!channel&gt; &amp; &lt;@U1&gt;"
    assert b.link("https://a.example/?q=<x>|y&z", "a > b") == "<https://a.example/?q=%3Cx%3E%7Cy&amp;z|a &gt; b>"
    assert b.link("javascript:alert(1)", "click") == "click"


def test_a_moment_is_shown_in_the_readers_zone_with_a_fallback() -> None:
    at = datetime(2026, 3, 1, 14, 5, tzinfo=UTC)
    assert b.date(at) == "<!date^1772373900^{date_short_pretty} at {time}|2026-03-01 14:05 UTC>"
    assert b.date(at, "a|<b>").endswith("|a/&lt;b&gt;>")
    with pytest.raises(ValueError, match="zone"):
        b.date(datetime(2026, 3, 1))  # noqa: DTZ001


def test_too_many_fields_end_in_a_count() -> None:
    shown = b.section("", fields=[f"field {n}" for n in range(14)])["fields"]
    assert len(shown) == 10
    assert shown[-1]["text"] == "… and 5 more fields"


def test_a_message_always_has_a_text() -> None:
    assert b.message([b.section("*Hello*")], "")["text"] == "*Hello*"
    assert b.message([b.divider()], " ")["text"] == "–"
    assert b.message([], "Hello") == {"text": "Hello"}
    assert len(b.message([], "x" * 50_000)["text"]) == 40_000
    assert len(b.message([b.divider()], "x" * 50_000)["text"]) == 4000


def test_too_many_blocks_for_a_message_are_a_programming_error_with_a_way_out() -> None:
    blocks = [b.section(str(n)) for n in range(120)]
    with pytest.raises(b.BlockError, match="paged"):
        b.message(blocks, "x")
    assert [len(page) for page in b.paged(blocks)] == [50, 50, 20]
    assert b.paged([]) == []


def test_a_modal_with_too_much_says_what_is_left_out_and_keeps_its_inputs() -> None:
    many = [b.section(str(n)) for n in range(130)]
    view = b.modal("T", [*many, b.field("L", b.text_input(action_id="a"), block_id="a")], callback_id="c", submit="Go")
    accepted_view(view)
    assert len(view["blocks"]) == 100
    assert view["blocks"][-2]["block_id"] == "a"
    assert view["blocks"][-1]["elements"][0]["text"].startswith("… and 32 more")


def test_a_modal_stays_below_250_kilobytes() -> None:
    view = b.notice("Long", "😀 " * 60_000)
    accepted_view(view)
    assert len(str(view).encode("unicode-escape")) < 250_000


def test_views_without_content_are_valid() -> None:
    for view in (b.notice("", ""), b.placeholder(""), b.modal("", [], callback_id="c"), b.home([])):
        accepted_view(view)


def test_what_must_not_be_cut_is_a_programming_error() -> None:
    field = b.field("L", b.text_input(action_id="a"), block_id="a")
    mistakes: list[Callable[[], object]] = [
        lambda: b.button("x", action_id="a" * 256),
        lambda: b.button("x", action_id="a", value="v" * 2001),
        lambda: b.option("x", "v" * 151),
        lambda: b.option("x", ""),
        lambda: b.modal("T", [], callback_id="c", private_metadata="m" * 3001),
        lambda: b.modal("T", [field], callback_id="c"),
        lambda: b.modal("T", [field, field], callback_id="c", submit="Go"),
        lambda: b.static_select("x", [], action_id="a"),
        lambda: b.static_select("x", [b.option("x", str(n)) for n in range(101)], action_id="a"),
        lambda: b.actions(),
        lambda: b.actions(*[b.button("x", action_id=str(n)) for n in range(26)]),
        lambda: b.text_input(action_id="a", initial="x" * 3001),
        lambda: b.checkboxes([], action_id="a"),
        lambda: b.overflow([], action_id="a"),
    ]
    for wrong in mistakes:
        with pytest.raises(b.BlockError):
            wrong()


def test_an_initial_text_above_the_maximum_can_still_be_shown_and_shortened() -> None:
    assert b.text_input(action_id="a", initial="x" * 245, max_length=200)["max_length"] == 245
