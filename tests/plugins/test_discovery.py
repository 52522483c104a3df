"""Plugins are found by their entry points; what does not load stops the start."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

import dispatch.plugins
from dispatch.kit.errors import SetupError
from dispatch.plugins import GROUP, discover


def test_all_of_ours_are_found_by_their_slugs() -> None:
    found = discover()
    assert {"slack-conversation", "slack-contact", "jitsi", "webhook", "smtp"} <= found.keys()
    assert all(slug == plugin.slug and plugin.title and plugin.description for slug, plugin in found.items())
    assert {found["slack-conversation"].kind, found["slack-contact"].kind} == {"conversation", "contact"}


def test_every_setting_has_a_title_and_a_description_and_one_plain_type() -> None:
    for plugin in discover().values():
        for name, setting in plugin.settings.model_fields.items():
            assert setting.title and setting.description, f"{plugin.slug} {name}"
            assert isinstance(setting.annotation, type), f"{plugin.slug} {name} cannot be rendered"
            if any(word in name for word in ("token", "secret", "password")):
                assert setting.annotation is SecretStr, f"{plugin.slug} {name} would be shown"


def _installed(monkeypatch: pytest.MonkeyPatch, *points: tuple[str, str]) -> None:
    made = [EntryPoint(name, value, GROUP) for name, value in points]
    monkeypatch.setattr(dispatch.plugins, "entry_points", lambda group: made)


def test_a_module_that_does_not_load_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    _installed(monkeypatch, ("broken", "dispatch.plugins.no_such_module:plugin"))
    with pytest.raises(ImportError) as error:
        discover()
    assert any("broken" in note for note in error.value.__notes__)


def test_two_plugins_of_one_name_and_things_that_are_none_stop_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    _installed(monkeypatch, ("a", "dispatch.plugins.jitsi:plugin"), ("b", "dispatch.plugins.jitsi:plugin"))
    with pytest.raises(SetupError, match="Two plugins are called jitsi"):
        discover()
    _installed(monkeypatch, ("a", "dispatch.plugins.jitsi:Jitsi"))
    with pytest.raises(SetupError, match="is not a Plugin"):
        discover()


def test_plugins_and_ports_load_no_database() -> None:
    program = (
        "import sys; from dispatch.plugins import discover; discover()\n"
        "import dispatch.ports.tickets, dispatch.ports.documents, dispatch.ports.conversations\n"
        "print([name for name in ('sqlalchemy', 'psycopg', 'dispatch.kit.db') if name in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "[]"


def test_plugins_and_ports_import_only_to_the_right() -> None:
    root = Path(dispatch.plugins.__file__).parents[1]
    for folder, allowed in (("ports", ("kit", "ports")), ("plugins", ("kit", "ports", "plugins"))):
        for file in (root / folder).rglob("*.py"):
            for name in _imports(ast.parse(file.read_text())):
                if name.startswith("dispatch."):
                    assert name.split(".")[1] in allowed, f"{file.name} imports {name}"


def _imports(tree: ast.AST) -> list[str]:
    names: list[Any] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            names.append(node.module)
        elif isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
    return [str(name) for name in names]
