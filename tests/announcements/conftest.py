"""Tests by clicks use a stage in another thread."""

from tests.played import chromium, played

__all__ = ["chromium", "played"]
