"""Forms: declared once as a model with labels, rendered as a Slack modal and as HTML."""

from dispatch.kit.forms.changes import differences, fingerprint
from dispatch.kit.forms.declare import (
    Form,
    Input,
    Kind,
    Option,
    choice,
    date,
    enum_choices,
    inputs,
    long_text,
    moment,
    number,
    person,
    search,
    secret,
    switch,
    text,
)
from dispatch.kit.forms.html import HtmlField, HtmlForm, from_html, html_values, to_html
from dispatch.kit.forms.modal import drawn_for, from_modal, modal_values, search_options, to_modal
from dispatch.kit.forms.read import FormErrors, explain, read

__all__ = [
    "Form",
    "FormErrors",
    "HtmlField",
    "HtmlForm",
    "Input",
    "Kind",
    "Option",
    "choice",
    "date",
    "differences",
    "drawn_for",
    "enum_choices",
    "explain",
    "fingerprint",
    "from_html",
    "from_modal",
    "html_values",
    "inputs",
    "long_text",
    "modal_values",
    "moment",
    "number",
    "person",
    "read",
    "search",
    "search_options",
    "secret",
    "switch",
    "text",
    "to_html",
    "to_modal",
]
