"""slack_sdk's models accept and refuse what we do; where not, the difference is listed here with its reason."""

import inspect
import logging
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block, basic_components, block_elements, blocks
from slack_sdk.models.views import View

from slack_sandbox.blockkit.blocks import BLOCKS
from slack_sandbox.blockkit.elements import ELEMENTS
from slack_sandbox.blockkit.rich_text import PARTS, RICH_TEXT_KINDS

from .subjects import LIMITS, MORE, Subject
from .test_limits import DOCUMENTED, FURTHER, KINDS

# Limits which slack_sdk does not check: it accepts what Slack and we refuse.
NO_MODEL = ("data_table.", "data_visualization.")  # block types without a model in 3.47
NOT_PARSED = (  # their constructors take options as they come, so nothing within is checked
    "option.text",
    "option.value",
    "option.description",
    "option.url",
    "option_group.label",
    "option_group.options",
)
NO_VALIDATOR = [
    "text.min_length",
    "checkboxes.options",
    "radio_buttons.options",
    "url_source.url",
    "file_input.max_files",
    "plain_text_input.max_length",
    "alert.text",
    "card.actions",
    "card.subtext",
    "feedback_button.accessibility_label",
    "icon_button.visible_to_user_ids",
    "section.fields.item",
    "video.alt_text",
    "video.description",
    "video.provider_name",
    "message.blocks",
    "view.external_id",
    "card.hero_image.image_url",
    "icon_button.value",
    "plain_text_input.min_length",
    "multi_users_select.max_selected_items",
    "plan.tasks",
    "table.rows.max_items",
    "table.columns",
    "table.column_settings",
    "table.content",
    "tables.content",
    "markdowns.text",
]
# slack_sdk refuses the limit itself, reading Slack's "must be less than 200 characters" as exclusive;
# slackblocks, whose numbers we take, reads it as "at most". Which of them Slack means is unverified.
EXCLUSIVE = ("video.title", "video.author_name")


def _sdk_accepts(subject: Subject, size: int) -> bool:
    made = subject.make(size)
    logging.disable()
    try:
        for one in made if isinstance(made, list) else [made]:
            model = View(**one) if one["type"] == "modal" else Block.parse(one)
            assert model is not None
            model.to_dict()
    except SlackObjectFormationError:
        return False
    finally:
        logging.disable(logging.NOTSET)
    return True


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("path", "kind", "limit"),
    [case for case in DOCUMENTED + FURTHER if not case[0].startswith(NO_MODEL)],
    ids=str,
)
def test_both_draw_the_same_line(path: str, kind: str, limit: int) -> None:
    subject = LIMITS[path] if path in LIMITS else MORE[path][0]
    inside, outside, _ = KINDS[kind]
    silent = path in NOT_PARSED or path in NO_VALIDATOR or f"{path}.{kind}" in NO_VALIDATOR
    assert _sdk_accepts(subject, limit + inside) is (path not in EXCLUSIVE)
    assert _sdk_accepts(subject, limit + outside) is silent


# Limits written in slack_sdk's classes, and the path under which we test the same one.
OF_CLASSES = {
    "Block.block_id_max_length": "block_id",
    "SectionBlock.fields_max_length": "section.fields",
    "SectionBlock.text_max_length": "section.text",
    "ImageBlock.image_url_max_length": "image.image_url",
    "ImageBlock.alt_text_max_length": "image.alt_text",
    "ImageBlock.title_max_length": "image.title",
    "ActionsBlock.elements_max_length": "actions.elements",
    "ContextBlock.elements_max_length": "context.elements",
    "ContextActionsBlock.elements_max_length": "context_actions.elements",
    "InputBlock.label_max_length": "input.label",
    "InputBlock.hint_max_length": "input.hint",
    "HeaderBlock.text_max_length": "header.text",
    "MarkdownBlock.text_max_length": "markdown.text",
    "VideoBlock.title_max_length": "video.title",
    "VideoBlock.author_name_max_length": "video.author_name",
    "CardBlock.title_max_length": "card.title",
    "CardBlock.subtitle_max_length": "card.subtitle",
    "CardBlock.body_max_length": "card.body",
    "ContainerBlock.title_max_length": "container.title",
    "ContainerBlock.subtitle_max_length": "container.subtitle",
    "ContainerBlock.child_blocks_max_length": "container.child_blocks",
    "CarouselBlock.elements_max_length": "carousel.elements",
    "InteractiveElement.action_id_max_length": "action_id",
    "InputInteractiveElement.placeholder_max_length": "select.placeholder",
    "ButtonElement.text_max_length": "button.text",
    "ButtonElement.url_max_length": "button.url",
    "ButtonElement.value_max_length": "button.value",
    "ButtonElement.agent_prompt_max_length": "button.agent_prompt",
    "ImageElement.image_url_max_length": "card.hero_image.image_url",
    "ImageElement.alt_text_max_length": "image element.alt_text",
    "StaticSelectElement.options_max_length": "select.options",
    "StaticSelectElement.option_groups_max_length": "select.option_groups",
    "StaticMultiSelectElement.options_max_length": "select.options",
    "StaticMultiSelectElement.option_groups_max_length": "select.option_groups",
    "SelectElement.options_max_length": "select.options",
    "SelectElement.option_groups_max_length": "select.option_groups",
    "OverflowMenuElement.options_min_length": "overflow.options",
    "OverflowMenuElement.options_max_length": "overflow.options",
    "Option.label_max_length": "option.text",
    "Option.value_max_length": "option.value",
    "OptionGroup.label_max_length": "option_group.label",
    "OptionGroup.options_max_length": "option_group.options",
    "ConfirmObject.title_max_length": "confirmation.title",
    "ConfirmObject.text_max_length": "confirmation.text",
    "ConfirmObject.confirm_max_length": "confirmation.confirm",
    "ConfirmObject.deny_max_length": "confirmation.deny",
    "FeedbackButtonObject.text_max_length": "feedback_button.text",
    "FeedbackButtonObject.value_max_length": "feedback_button.value",
    "View.title_max_length": "view.title",
    "View.blocks_max_length": "view.blocks",
    "View.close_max_length": "view.close",
    "View.submit_max_length": "view.submit",
    "View.private_metadata_max_length": "view.private_metadata",
    "View.callback_id_max_length": "view.callback_id",
}


def _classes(*modules: ModuleType) -> Iterator[type[Any]]:
    for module in modules:
        for _, found in inspect.getmembers(module, inspect.isclass):
            if found.__module__ == module.__name__:
                yield found
    for _, part in inspect.getmembers(block_elements.RichTextElementParts, inspect.isclass):
        yield part


def _limits_of_classes() -> dict[str, int]:
    models = [*_classes(blocks, block_elements, basic_components), View]
    return {
        f"{model.__name__}.{name}": value
        for model in models
        for name, value in vars(model).items()
        if name.endswith(("_max_length", "_min_length")) and isinstance(value, int)
        if model.__name__ != "AuthProviderBlock"  # new in 3.47, not judged here: its page was not at hand
    }


def test_every_limit_of_slack_sdk_is_ours() -> None:
    ours = {path: {limit for at, _, limit in DOCUMENTED + FURTHER if at == path} for path in OF_CLASSES.values()}
    theirs = _limits_of_classes()
    assert set(theirs) == set(OF_CLASSES)
    assert {name: value for name, value in theirs.items() if value not in ours[OF_CLASSES[name]]} == {}


# Fields: of each class, those only slack_sdk knows and those only we know.
INHERITED = {
    # Base classes of slack_sdk have them for all; Slack's pages of these elements do not.
    "LinkButtonElement": {"alt_text"},
    "ButtonElement": {"alt_text"},
    "FeedbackButtonsElement": {"alt_text"},
    "IconButtonElement": {"alt_text"},
    "OverflowMenuElement": {"alt_text"},
    "WorkflowButtonElement": {"alt_text"},
    "CheckboxesElement": {"placeholder"},
    "RadioButtonsElement": {"placeholder"},
    "DateTimePickerElement": {"placeholder"},
    "RichTextInputElement": {"confirm"},
    "PlainTextInputElement": {"confirm"},
    "EmailInputElement": {"confirm"},
    "UrlInputElement": {"confirm"},
    "NumberInputElement": {"confirm"},
    "FileInputElement": {"placeholder", "focus_on_load", "confirm"},
    # Slack sets these two itself in what it sends.
    "CallBlock": {"api_decoration_available", "call"},
}
LACKING = {
    "PlanBlock": {"status"},  # accepted by Slack without being documented
    "CardBlock": {"subtext", "slack_icon"},  # newer than slack_sdk 3.47
    "RichTextPreformattedElement": {"language"},
    "RichTextQuoteElement": {"border"},  # documented
    "Emoji": {"url", "display_url"},  # in what Slack itself sends
    "Link": {"unsafe"},  # documented
}
NOT_OURS = {"auth_provider", "url"}  # the first is not judged; the second stands in `sources` only


def _described() -> dict[tuple[str, str], set[str]]:
    described = {("blocks", name): set(block.of) for kinds in BLOCKS.values() for name, block in kinds.of.items()}
    inside = {**ELEMENTS, **PARTS, **RICH_TEXT_KINDS}
    return described | {("block_elements", name): set(one.of) for name, one in inside.items()}


def test_both_know_the_same_fields() -> None:
    described, only_theirs, only_ours = _described(), {}, {}
    for model in _classes(blocks, block_elements):
        kind = getattr(model, "type", None)
        if not isinstance(kind, str) or kind in NOT_OURS:
            continue
        theirs = set(model.__new__(model).attributes)
        ours = described[model.__module__.rsplit(".", 1)[-1], kind]
        only_theirs[model.__name__] = theirs - ours
        only_ours[model.__name__] = ours - theirs
    assert {name: fields for name, fields in only_theirs.items() if fields} == INHERITED
    assert {name: fields for name, fields in only_ours.items() if fields} == LACKING
