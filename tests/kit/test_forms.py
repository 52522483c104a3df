"""A form is declared once; the modal and the page ask the same and complain in the same words."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import SecretStr, field_validator, model_validator
from slack_sdk.models.blocks import Block as SdkBlock
from slack_sdk.models.views import View as SdkView
from starlette.datastructures import FormData

from dispatch.kit import forms
from dispatch.kit.errors import Invalid
from dispatch.kit.forms import Form, FormErrors, Option, from_html, from_modal, modal_values, to_html, to_modal
from slack_sandbox.blockkit import check_view


class Report(Form):
    title: str = forms.text("Title", max_length=200, placeholder="What is broken?", help="One line.")
    description: str = forms.long_text("Description", max_length=40_000)
    project: str = forms.choice("Project", reload=True)
    type: str | None = forms.choice("Type", depends_on="project")
    severity: str | None = forms.choice("Severity", depends_on="project")
    visibility: str = forms.choice("Visibility", default="open")
    tags: list[str] = forms.search("Tags", source="tags", required=False)
    drill: bool = forms.switch("This is a drill", default=False)

    @field_validator("title")
    @classmethod
    def no_shouting(cls, value: str) -> str:
        if value.isupper() and len(value) > 10:
            raise ValueError("Please do not shout.")
        return value


class Settings(Form):
    api_token: str = forms.secret("Bot Token")
    user_token: SecretStr | None = forms.secret("User OAuth Token")
    retries: int = forms.number("Retries", default=3, least=0, most=10)
    rate: float | None = forms.number("Rate")
    owner: str | None = forms.person("Owner")
    watchers: list[str] = forms.person("Watchers", required=False)
    since: dt.date | None = forms.date("Since")
    note: str = forms.text("Note", required=False)

    @model_validator(mode="after")
    def quiet_owner(self) -> Settings:
        if self.note == "both":
            raise ValueError("Not both.")
        return self


CHOICES = {
    "project": [Option("1", "Payments", "Everything with money"), Option("2", "Search")],
    "type": [Option("5", "Outage", "x" * 200)],
    "severity": [Option("7", "High"), Option("8", "Low")],
    "visibility": [Option("open", "Open"), Option("restricted", "Restricted")],
}
GOOD = {
    "title": ["Down"],
    "description": ["All of it"],
    "project": ["1"],
    "visibility": ["open"],
}


def view_of(form: type[Form] = Report, **more: Any) -> dict[str, Any]:
    given: dict[str, Any] = {"title": "Report", "submit": "Report", "callback_id": "report", "choices": CHOICES}
    view = to_modal(form, **given | more)
    SdkView(**view).validate_json()
    assert check_view(view) == []
    for block in view["blocks"]:
        parsed = SdkBlock.parse(block)
        assert parsed is not None
        parsed.validate_json()
    return view


def filled(view: dict[str, Any], **typed: Any) -> dict[str, Any]:
    """The view as Slack sends it on submit: initial values, changed by what was typed."""
    state: dict[str, Any] = {}
    for block in view["blocks"]:
        if block["type"] == "input":
            element = block["element"]
            state[block["block_id"]] = {element["action_id"]: _state(element, typed)}
    return view | {"state": {"values": state}}


def _state(element: dict[str, Any], typed: dict[str, Any]) -> dict[str, Any]:
    kind, key = element["type"], element["action_id"]
    name, initial = {
        "plain_text_input": ("value", "initial_value"),
        "number_input": ("value", "initial_value"),
        "static_select": ("selected_option", "initial_option"),
        "external_select": ("selected_option", "initial_option"),
        "multi_static_select": ("selected_options", "initial_options"),
        "multi_external_select": ("selected_options", "initial_options"),
        "checkboxes": ("selected_options", "initial_options"),
        "users_select": ("selected_user", "initial_user"),
        "multi_users_select": ("selected_users", "initial_users"),
        "datepicker": ("selected_date", "initial_date"),
    }[kind]
    empty: Any = [] if name.endswith("s") else None
    return {"type": kind, name: typed.get(key, element.get(initial, empty))}


def chosen(value: str) -> dict[str, Any]:
    return {"text": {"type": "plain_text", "text": value}, "value": value}


def blocks_of(view: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {block["block_id"]: block for block in view["blocks"] if "block_id" in block}


def errors_of(form: type[Form], **sent: list[str]) -> dict[str, str]:
    with pytest.raises(FormErrors) as caught:
        from_html(form, sent, choices=CHOICES)
    return caught.value.by_field


# --- declaration -----------------------------------------------------------------------------------------------------


def test_a_form_can_be_made_in_code_with_what_may_be_left_out_left_out() -> None:
    made = Report(title="Down", description="All", project="1")
    assert (made.type, made.visibility, made.tags, made.drill) == (None, "open", [], False)
    assert Settings(api_token="x").note == ""


def test_the_declaration_says_what_is_required() -> None:
    assert {key: each.required for key, each in forms.inputs(Report).items()} == {
        "title": True,
        "description": True,
        "project": True,
        "type": False,
        "severity": False,
        "visibility": True,
        "tags": False,
        "drill": False,
    }
    assert forms.inputs(Report)["tags"].many
    assert forms.inputs(Settings)["retries"].whole


def test_a_subclass_keeps_the_inputs_in_order() -> None:
    class Longer(Report):
        more: str | None = forms.text("More")

    assert list(forms.inputs(Longer)) == [*forms.inputs(Report), "more"]
    assert Longer(title="a", description="b", project="1").type is None


def test_the_json_schema_of_a_form_is_valid_and_carries_the_declaration() -> None:
    schema = Report.model_json_schema()
    Draft202012Validator.check_schema(schema)
    assert schema["required"] == ["title", "description", "project"]
    assert schema["properties"]["title"]["form"]["kind"] == "text"


def test_a_secret_is_not_in_the_repr() -> None:
    assert "hush" not in repr(Settings(api_token="hush"))


# --- modal -----------------------------------------------------------------------------------------------------------


def test_a_submitted_modal_becomes_the_form() -> None:
    view = filled(
        view_of(values={"project": "1"}),
        title="  Down ",
        description="All of\r\nit",
        type=chosen("5"),
        tags=[chosen("db"), chosen("eu")],
        drill=[chosen("on")],
    )
    made = from_modal(Report, view, choices=CHOICES)
    assert made == Report(
        title="Down",
        description="All of\nit",
        project="1",
        type="5",
        tags=["db", "eu"],
        drill=True,
    )


def test_ids_are_the_keys_and_those_of_dependent_fields_follow_the_parent() -> None:
    first = blocks_of(view_of(values={"project": "1"}))
    second = blocks_of(view_of(values={"project": "2"}))
    assert list(first) == ["title", "description", "project", "type@1", "severity@1", "visibility", "tags", "drill"]
    assert "type@2" in second
    assert second["type@2"]["element"]["action_id"] == "type"
    assert first["project"]["dispatch_action"] is True
    assert first["title"] == blocks_of(view_of())["title"]


def test_what_was_typed_survives_rendering_again_and_a_selection_that_is_not_offered_does_not() -> None:
    view = filled(
        view_of(values={"project": "1"}),
        title="Half typed",
        severity=chosen("8"),
        type=chosen("5"),
        tags=[chosen("db")],
    )
    values = modal_values(Report, view)
    assert values["severity"] == "8"
    assert values["type"] == "5"
    again = blocks_of(view_of(values=values | {"project": "2"}, choices=CHOICES | {"type": [Option("6", "Other")]}))
    assert again["title"]["element"]["initial_value"] == "Half typed"
    assert again["severity@2"]["element"]["initial_option"]["value"] == "8"
    assert "initial_option" not in again["type@2"]["element"]
    assert [each["value"] for each in again["tags"]["element"]["initial_options"]] == ["db"]


def test_strange_state_counts_as_empty() -> None:
    strange: list[Any] = [
        {},
        {"state": None},
        {"state": {"values": {"title": None, "project": {"project": None}, "x": {"y": {}}}}},
    ]
    assert [modal_values(Report, each) for each in strange] == [{}, {}, {}]
    state = {"state": {"values": {"tags": {"tags": {"selected_options": [None, {}]}}, "title": {"title": {}}}}}
    assert modal_values(Report, state) == {"tags": [], "title": None}


def test_more_than_a_hundred_options_are_searched_on_the_server() -> None:
    many = [Option(str(n), f"Project {n}") for n in range(250)]
    element = blocks_of(view_of(choices=CHOICES | {"project": many}, values={"project": "170"}))["project"]["element"]
    assert element["type"] == "external_select"
    assert element["action_id"] == "project"
    assert element["initial_option"]["text"]["text"] == "Project 170"
    assert (
        blocks_of(view_of(choices=CHOICES | {"project": many[:100]}))["project"]["element"]["type"] == "static_select"
    )


def test_a_search_answers_at_most_a_hundred_those_that_begin_with_the_query_first() -> None:
    found = [*(Option(str(n), f"The tag {n}") for n in range(300)), Option("t", "tag"), Option("v" * 151, "tag too")]
    answer = forms.search_options(found, "TAG")["options"]
    assert len(answer) == 100
    assert answer[0]["value"] == "t"
    assert forms.search_options(found, "nothing like it") == {"options": []}
    assert forms.search_options([Option("1", "l" * 100)])["options"][0]["text"]["text"] == "l" * 74 + "…"


def test_no_options_become_a_line_that_says_why() -> None:
    def line(label: str, **more: Any) -> str:
        texts: list[str] = [
            each["elements"][0]["text"] for each in view_of(**more)["blocks"] if each["type"] == "context"
        ]
        return next(text for text in texts if text.startswith(f"*{label}*"))

    empty = CHOICES | {"type": [], "project": []}
    assert line("Type", choices=empty) == "*Type*: choose the project first."
    assert line("Type", choices=empty, values={"project": "1"}) == "*Type*: nothing is set up for this project."
    assert line("Project", choices=empty) == "*Project*: there is nothing to choose from yet."


def test_a_text_too_long_for_slack_is_not_asked_for_and_kept() -> None:
    long = "word " * 8000
    view = view_of(values={"description": long, "project": "1"})
    assert "description" not in blocks_of(view)
    made = from_modal(Report, filled(view, title="Down"), keep={"description": long, "title": "Old"})
    assert made.description == long.strip()
    assert made.title == "Down"


def test_a_modal_asks_for_no_secret() -> None:
    view = view_of(Settings, values={"api_token": "xoxb-1"})
    assert "xoxb-1" not in str(view)
    assert "api_token" not in blocks_of(view)
    assert from_modal(Settings, filled(view), keep={"api_token": "xoxb-1"}).api_token == "xoxb-1"


def test_numbers_days_and_people_go_to_slack_and_back() -> None:
    values = {"retries": 4, "rate": 0.5, "owner": "U12AB", "watchers": ["U1AB", "me"], "since": dt.date(2026, 3, 1)}
    view = view_of(Settings, values=values)
    made = from_modal(Settings, filled(view), keep={"api_token": "x"})
    assert made == Settings(
        api_token="x", retries=4, rate=0.5, owner="U12AB", watchers=["U1AB"], since=dt.date(2026, 3, 1)
    )
    assert "initial_value" not in blocks_of(view_of(Settings, values={"retries": 99}))["retries"]["element"]


def test_errors_of_a_modal_are_at_input_blocks_that_are_there() -> None:
    view = view_of(values={"project": "1"}, choices=CHOICES | {"severity": []})
    errors = FormErrors({"type": "Gone.", "severity": "Missing.", "": "Not both."}, labels={"severity": "Severity"})
    assert errors.for_modal(view) == {"type@1": "Gone.", "title": "Severity: Missing. Not both."}
    assert errors.for_modal({"blocks": []}) == {}
    assert str(errors) == "Gone. Severity: Missing. Not both."
    assert isinstance(errors, Invalid)


@given(
    st.lists(
        st.builds(Option, st.text(min_size=1, max_size=150), st.text(max_size=200), st.text(max_size=200)), max_size=130
    ),
    st.text(max_size=4000),
    st.text(max_size=300),
)
@settings(max_examples=50, deadline=None)
def test_any_options_and_values_make_a_valid_modal(options: list[Option], text: str, value: str) -> None:
    values = {"title": text, "description": text, "project": value, "type": value, "tags": [value] if value else []}
    view = view_of(
        choices={"project": options, "type": options, "severity": options, "visibility": options},
        values={**values, "project": value[:150]},
    )
    assert len(view["blocks"]) == 8


# --- words -----------------------------------------------------------------------------------------------------------


def test_what_is_missing_is_asked_for_in_plain_english() -> None:
    assert errors_of(Report, title=[" \n\t "], tags=[]) == {
        "title": "Please give a title.",
        "description": "Please give a description.",
        "project": "Please choose a project.",
    }
    assert errors_of(Settings, retries=[""]) == {
        "api_token": "Please give a bot token.",
        "retries": "Please give retries.",
    }


@pytest.mark.parametrize(
    ("label", "asked"),
    [
        ("Title", "a title"),
        ("App ID", "an app ID"),
        ("API Key", "an API key"),
        ("URL", "a URL"),
        ("SMTP Host", "an SMTP host"),
        ("Status", "a status"),
        ("User OAuth Token", "a user OAuth token"),
        ("Recipients", "recipients"),
    ],
)
def test_labels_read_well_inside_a_sentence(label: str, asked: str) -> None:
    class Small(Form):
        it: str = forms.text(label)

    assert errors_of(Small) == {"it": f"Please give {asked}."}


def test_lengths_are_told_in_code_points_of_what_is_kept() -> None:
    assert errors_of(Report, **GOOD | {"title": ["x" * 245 + "  "]}) == {
        "title": "At most 200 characters; this has 245."
    }
    assert errors_of(Report, **GOOD | {"description": ["x" * 40_001]}) == {
        "description": "At most 40,000 characters; this has 40,001."
    }
    assert from_html(Report, GOOD | {"title": ["🔥" * 200]}).title == "🔥" * 200


def test_custom_rules_speak_for_themselves() -> None:
    assert errors_of(Report, **GOOD | {"title": ["EVERYTHING IS DOWN"]}) == {"title": "Please do not shout."}
    assert errors_of(Settings, api_token=["x"], note=["both"]) == {"": "Not both."}


def test_wrong_numbers_and_days_are_told() -> None:
    assert errors_of(Settings, api_token=["x"], retries=["many"], rate=["a"], since=["soon"]) == {
        "retries": "Please give a whole number.",
        "rate": "Please give a number.",
        "since": "Please give a date, such as 2026-03-31.",
    }
    assert errors_of(Settings, api_token=["x"], retries=["11"]) == {"retries": "At most 10."}
    assert errors_of(Settings, api_token=["x"], retries=["-1"]) == {"retries": "At least 0."}


def test_a_choice_that_was_not_offered_is_refused() -> None:
    wrong = errors_of(Report, **GOOD | {"project": ["3"], "visibility": ["secret"]})
    assert wrong == dict.fromkeys(
        ["project", "visibility"], "That choice is not available any more; please choose again."
    )


def test_an_error_never_repeats_what_was_typed() -> None:
    with pytest.raises(FormErrors) as caught:
        from_html(Settings, {"api_token": ["xoxb-hush"], "retries": ["hush"]})
    assert "hush" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_what_a_database_cannot_store_is_left_out() -> None:
    assert from_html(Report, GOOD | {"title": ["a\0b\ud83dc"]}).title == "abc"


# --- html ------------------------------------------------------------------------------------------------------------


def test_a_page_shows_the_same_fields_with_their_full_help() -> None:
    page = to_html(Report, choices=CHOICES, values={"title": "Down", "type": "5", "tags": ["db"]})
    by_key = {each.key: each for each in page.fields}
    assert list(by_key) == list(forms.inputs(Report))
    assert by_key["title"].value == "Down"
    assert by_key["title"].help == "One line."
    assert by_key["project"].reload
    assert by_key["type"].options == [forms.html.HtmlOption("5", "Outage", "x" * 200, True)]
    assert by_key["tags"].source == "tags"
    assert [(each.value, each.selected) for each in by_key["tags"].options] == [("db", True)]
    assert [each.selected for each in by_key["visibility"].options] == [True, False]
    assert by_key["description"].max_length == 40_000


def test_a_page_shows_what_is_wrong_where_it_is_wrong_and_keeps_what_was_typed() -> None:
    sent = FormData([("title", ""), ("description", "Half"), ("drill", "on"), ("tags", "a"), ("tags", "b")])
    with pytest.raises(FormErrors) as caught:
        from_html(Report, sent)
    page = to_html(
        Report, choices=CHOICES, values=forms.html_values(Report, sent), errors=caught.value.by_field | {"": "Sorry."}
    )
    by_key = {each.key: each for each in page.fields}
    assert by_key["title"].error == "Please give a title."
    assert by_key["description"].value == "Half"
    assert by_key["drill"].value is True
    assert by_key["tags"].value == ["a", "b"]
    assert page.errors == ["Sorry."]


def test_a_sent_page_becomes_the_form() -> None:
    assert from_html(Report, GOOD) == Report(title="Down", description="All of it", project="1")
    unticked = from_html(Report, FormData([*((key, value[0]) for key, value in GOOD.items()), ("drill", "false")]))
    assert unticked.drill is False
    assert from_html(Report, {"title": "a", "description": "b", "project": "1", "drill": "on"}).drill is True


def test_a_secret_is_shown_as_set_and_unchanged_when_nothing_is_sent() -> None:
    stored = {"api_token": "xoxb-1", "user_token": SecretStr("xoxp-1")}
    page = {each.key: each for each in to_html(Settings, choices={}, values=stored).fields}
    assert page["api_token"].is_set
    assert not page["api_token"].required
    assert page["api_token"].remove is None
    assert page["user_token"].remove == "user_token.remove"
    assert "xoxb-1" not in str(page)
    assert "xoxp-1" not in str(page)

    kept = from_html(Settings, {"api_token": [""], "retries": ["3"]}, keep=stored)
    assert kept.api_token == "xoxb-1"
    assert kept.user_token == SecretStr("xoxp-1")
    assert from_html(Settings, {"api_token": ["new"]}, keep=stored).api_token == "new"
    assert from_html(Settings, {"user_token.remove": ["on"]}, keep=stored).user_token is None


def test_an_emptied_field_is_empty_and_a_field_that_was_not_sent_is_kept() -> None:
    kept = {"api_token": "x", "note": "old", "rate": 1.5}
    assert from_html(Settings, {"note": [""], "rate": [""]}, keep=kept).model_dump(include={"note", "rate"}) == {
        "note": "",
        "rate": None,
    }
    assert from_html(Settings, {}, keep=kept).note == "old"
