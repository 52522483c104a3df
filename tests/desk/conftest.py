"""Tests by clicks use a stage in another thread."""

from tests.played import chromium, played, unplayed

__all__ = ["chromium", "played", "unplayed"]
