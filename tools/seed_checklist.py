"""Which test proves which line of "Configuring Slack": checked by `make check`, written into docs/seed-checklist.md.

    python tools/seed_checklist.py          every line has a test or is open by name; the document is up to date
    python tools/seed_checklist.py write    write the document from the markers and the last results
    python tools/seed_checklist.py ran      after `make test`: every named test ran and passed

The tests say it themselves, by `@pytest.mark.seed("/dispatch-create-task")`; tests/conftest.py notes what ran.
"""

from __future__ import annotations

import ast
import json
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LINES = ROOT / "tests/seed_lines.toml"
DOCUMENT = ROOT / "docs/seed-checklist.md"
#: One JSON object per test that names a line: {"test", "outcome"}; the latest counts.
RESULTS = ROOT / ".pytest_cache/seed-results.jsonl"


def lines() -> list[dict[str, Any]]:
    """The promises, in the document's order."""
    found: list[dict[str, Any]] = tomllib.loads(LINES.read_text())["line"]
    return found


def marked() -> dict[str, list[str]]:
    """Line id -> tests that name it, as "path::name"; found in the sources, nothing is run."""
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                for line in _named(node):
                    found.setdefault(line, []).append(f"{path.relative_to(ROOT)}::{node.name}")
    return found


def _named(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    for mark in node.decorator_list:
        if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.seed":
            for given in mark.args:
                if isinstance(given, ast.Constant) and isinstance(given.value, str):
                    yield given.value


def passed() -> dict[str, bool]:
    """Test -> whether it passed when it last ran, all of its parameters."""
    latest: dict[str, str] = {}
    if RESULTS.exists():
        for row in RESULTS.read_text().splitlines():
            said = json.loads(row)
            latest[said["test"]] = said["outcome"]
    found: dict[str, bool] = {}
    for test, outcome in latest.items():
        name = test.split("[", 1)[0]
        found[name] = found.get(name, True) and outcome == "passed"
    return found


def problems(known: list[dict[str, Any]], tests: dict[str, list[str]]) -> list[str]:
    """What is wrong with the markers."""
    ids = [line["id"] for line in known]
    said = [f"{ids.count(i)} lines are called {i!r}" for i in sorted({i for i in ids if ids.count(i) > 1})]
    said += [f"{t}: there is no line {i!r} in tests/seed_lines.toml" for i in tests if i not in ids for t in tests[i]]
    for line in known:
        if "open" in line and line["id"] in tests:
            said.append(f"{line['id']}: has a test and is not open any more; give it a `where`")
        elif "open" not in line and line["id"] not in tests:
            said.append(f"{line['id']}: no test names it; use @pytest.mark.seed({line['id']!r})")
        elif "open" not in line and not line.get("where"):
            said.append(f"{line['id']}: needs a `where`")
    return said


def document(known: list[dict[str, Any]], tests: dict[str, list[str]]) -> str:
    """The checklist as Markdown."""
    done = sum("open" not in line for line in known)
    rows = []
    for line in known:
        text = line["text"].replace("|", "\\|").replace("<", "&lt;")
        if "open" in line:
            rows.append(f"| {text} | *open: {line['open']}* | |")
        else:
            named = "<br>".join(f"`{test}`" for test in tests[line["id"]])
            rows.append(f"| {text} | `{line['where']}` | {named} |")
    return (
        "# What the seed document promises, and what proves it\n\n"
        "Written by `python tools/seed_checklist.py write` from the tests' markers; do not edit. `make check` fails when a\n"
        "line has no test or this page is out of date, `make test` when one of these tests did not run and pass.\n\n"
        f"{done} of {len(known)} lines are done; the others are open by name.\n\n"
        "| Line | Where (below src/dispatch) | Tests |\n| --- | --- | --- |\n" + "\n".join(rows) + "\n"
    )


def main(what: str = "check") -> int:
    """Exit status: 0 when all is well."""
    known, tests = lines(), marked()
    said = problems(known, tests)
    if not said and what == "write":
        DOCUMENT.write_text(document(known, tests))
        return 0
    if not said and what == "check" and (not DOCUMENT.exists() or DOCUMENT.read_text() != document(known, tests)):
        said = ["docs/seed-checklist.md is out of date: run python tools/seed_checklist.py write"]
    if not said and what == "ran":
        ran = passed()
        for test in sorted({test for named in tests.values() for test in named}):
            if test not in ran:
                said.append(f"{test}: did not run")
            elif not ran[test]:
                said.append(f"{test}: did not pass")
    print("\n".join(said), end="\n" if said else "", file=sys.stderr)
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
