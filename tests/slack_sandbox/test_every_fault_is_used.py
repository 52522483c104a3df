"""Each kind of trouble the sandbox can make is made by a test of Dispatch: nothing here is only for show."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from slack_sandbox.faults import KINDS

TESTS = Path(__file__).parents[1]


def _words(node: ast.AST) -> set[str]:
    return {one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str)}


def _kinds(node: ast.AST, parameters: set[str]) -> set[str]:
    """The kinds a fault is given: written there, or by a parameter of the test."""
    return {node.value} if isinstance(node, ast.Constant) and isinstance(node.value, str) else parameters


def _used(tree: ast.Module) -> Iterator[str]:
    for part in tree.body:
        decorators = getattr(part, "decorator_list", [])
        parameters = set().union(*map(_words, decorators))
        for node in ast.walk(part):
            if isinstance(node, ast.Dict):
                fields = {
                    key.value: value
                    for key, value in zip(node.keys, node.values, strict=True)
                    if isinstance(key, ast.Constant)
                }
                if {"target", "kind"} <= set(fields):
                    yield from _kinds(fields["kind"], parameters)
            elif (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "fault"
                and len(node.args) > 1
            ):
                yield from _kinds(node.args[1], parameters)


@pytest.fixture(scope="module")
def used() -> set[str]:
    files = [file for file in TESTS.rglob("test_*.py") if Path(__file__).parent not in file.parents]
    assert len(files) > 50
    return {kind for file in files for kind in _used(ast.parse(file.read_text()))}


@pytest.mark.parametrize("kind", [*KINDS, "error:"])
def test_a_test_of_dispatch_makes_this_trouble(used: set[str], kind: str) -> None:
    assert any(one == kind or (kind == "error:" and one.startswith(kind)) for one in used)
