"""pytest fixtures: `pytest_plugins = ["slack_sandbox.fixtures"]` in a conftest.py or test file gives `slack_sandbox`."""

from collections.abc import Iterator

import pytest

from .testing import InThread, sandbox_in_thread


@pytest.fixture
def slack_sandbox() -> Iterator[InThread]:
    """A fresh sandbox for this test, in a thread of its own, so that tests of any kind can use it. Ids follow seed 1."""
    with sandbox_in_thread() as running:
        yield running
