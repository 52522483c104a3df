"""Each scope we ask for says what is lost without it."""

from __future__ import annotations

import pytest

from dispatch.app import load_slack_handlers
from dispatch.kit.slack.manifest import bot_scopes
from dispatch.kit.slack.scopes import BREAKS, OPTIONAL


@pytest.mark.seed("scopes")
def test_every_scope_of_the_manifest_says_what_it_is_for() -> None:
    load_slack_handlers()
    assert set(bot_scopes()) <= BREAKS.keys() | OPTIONAL.keys()
    assert not BREAKS.keys() & OPTIONAL.keys()
