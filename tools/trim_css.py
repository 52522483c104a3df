"""Recreates the vendored Tabler files, cut down to what the templates use.

    python tools/trim_css.py            fetch the pinned packages with `npm pack` and write
    python tools/trim_css.py FOLDER     read *.tgz from FOLDER instead of fetching

Writes static/vendor/tabler.css, static/vendor/icons.svg and HASHES.txt. Run it after a template
uses a Tabler class or icon for the first time; tests/kit/web/test_look.py says when that is due.
Needs npm only to fetch; building and running the product needs neither npm nor Node.
"""

import hashlib
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[1] / "src" / "dispatch"
STATIC = SOURCE / "kit" / "web" / "static"
VENDOR = STATIC / "vendor"
# Pinned by version and by the sha256 of the archive.
PACKAGES = {
    "@tabler/core@1.6.1": ("tabler-core-1.6.1.tgz", "d02d679e51f6c179b21f035e154c13cdcb2ae8b18579e56ea606408ba7fc7a87"),
    "@tabler/icons@3.51.0": (
        "tabler-icons-3.51.0.tgz",
        "b30108713d3fa60aee862c2a133225da8e0f309be0708fe2925763ff810c766c",
    ),
}
# Each kind of quote by itself: an apostrophe in the prose must not hide the attribute behind it.
QUOTED = tuple(re.compile(rf"{quote}([^{quote}\n]*){quote}") for quote in "\"'`")
NAME = re.compile(r"[A-Za-z_][\w-]*")
NESTED = ("@media", "@supports", "@layer", "@container")


def sources() -> list[Path]:
    return sorted([*SOURCE.rglob("templates/**/*.html"), *STATIC.glob("*.js")])


def used_words() -> frozenset[str]:
    """Every name inside quotes in a template or script: a superset of the class names, never the prose."""
    found: set[str] = set()
    for path in sources():
        text = path.read_text(encoding="utf-8")
        found.update(name for quoted in QUOTED for value in quoted.findall(text) for name in NAME.findall(value))
    return frozenset(found)


def used_icons() -> frozenset[str]:
    """Whole quoted values in templates, and `icon = "..."` in the Python code of the slices."""
    shown = (path.read_text(encoding="utf-8") for path in sources() if path.suffix == ".html")
    named = (path.read_text(encoding="utf-8") for path in SOURCE.rglob("*.py"))
    found = {name for text in shown for name in re.findall(r'"([a-z0-9-]+)"', text)}
    return frozenset(found | {name for text in named for name in re.findall(r'\bicon\b[^=\n]*= ?"([a-z0-9-]+)"', text)})


def split(text: str, separator: str) -> Iterator[str]:
    """Split where the separator stands outside of quotes and brackets."""
    depth, quote, start = 0, "", 0
    for index, char in enumerate(text):
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        elif char in "([":
            depth += 1
        elif char in ")]":
            depth -= 1
        elif char == separator and not depth:
            yield text[start:index]
            start = index + 1
    yield text[start:]


def rules(css: str) -> Iterator[tuple[str, str]]:
    """(selector or at-rule, body) of each top-level block."""
    start = index = 0
    while (opened := css.find("{", index)) >= 0:
        depth, end = 1, opened + 1
        while depth:
            depth += {"{": 1, "}": -1}.get(css[end], 0)
            end += 1
        yield css[start:opened].split(";")[-1].strip(), css[opened + 1 : end - 1]
        start = index = end


def is_used(selector: str, words: frozenset[str]) -> bool:
    plain = re.sub(r":(not|is|where|has)\([^()]*(\([^()]*\)[^()]*)*\)", "", selector)
    names = [name.replace("\\", "") for name in re.findall(r"[.#]((?:[\w-]|\\.)+)", re.sub(r"\[[^\]]*\]", "", plain))]
    names += re.findall(r"\[(data-[\w-]+)", plain)
    return "::-moz" not in plain and all(name in words for name in names)


def keep(css: str, words: frozenset[str]) -> Iterator[tuple[str, str]]:
    for head, body in rules(css):
        if head.startswith(NESTED):
            inner = "".join(f"{selector}{{{text}}}" for selector, text in keep(body, words))
            if inner and "print" not in head:
                yield head, inner
        elif head.startswith("@"):
            yield head, body
        else:
            used = [selector for selector in split(head, ",") if is_used(selector, words)]
            if used and body:
                yield ",".join(used), body


def without_dead_names(css: str, ours: str) -> str:
    """Drop keyframes and custom properties that nothing refers to, until nothing more goes."""
    while True:
        alive = set(re.findall(r"var\(\s*(--[\w-]+)", css + ours))
        smaller = "".join(f"{head}{{{declarations(body, alive)}}}" for head, body in rules(css) if lives(head, css))
        if smaller == css:
            return re.sub(r"[^{}]+\{\}", "", css)
        css = smaller


def lives(head: str, css: str) -> bool:
    return not head.startswith("@keyframes") or len(re.findall(rf"\b{re.escape(head.split()[-1])}\b", css)) > 1


def declarations(body: str, alive: set[str]) -> str:
    if "{" in body:
        return "".join(f"{head}{{{declarations(inner, alive)}}}" for head, inner in rules(body))
    return ";".join(d for d in split(body, ";") if not d.startswith("--") or d.split(":")[0] in alive)


def trimmed(css: str, ours: str, words: frozenset[str]) -> str:
    licence = css[css.index("/*!") : css.index("*/") + 2]
    bare = re.sub(r"/\*.*?\*/", "", css, flags=re.S)
    kept = "".join(f"{head}{{{body}}}" for head, body in keep(bare, words))
    return f"{licence}\n{without_dead_names(kept, ours)}\n".replace("}", "}\n").replace("\n}", "}")


def sprite(icons: Iterable[tuple[str, str]]) -> str:
    symbols = []
    for name, svg in sorted(icons):
        paths = re.sub(r"\s*\n\s*", "", svg[svg.index(">", svg.index("<svg")) + 1 : svg.rindex("</svg>")])
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{paths}</symbol>')
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


def fetched(folder: Path) -> Iterator[Path]:
    for package, (archive, digest) in PACKAGES.items():
        path = folder / archive
        if not path.exists():
            subprocess.run(["npm", "pack", package, "--silent"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        if hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            raise SystemExit(f"{archive} is not the archive this script was written for")
        yield path


def text_of(archive: tarfile.TarFile, name: str) -> str:
    member = archive.extractfile(f"package/{name}")
    assert member, name
    return member.read().decode()


def write(folder: Path) -> None:
    ours = (STATIC / "app.css").read_text(encoding="utf-8")
    core_path, icons_path = fetched(folder)
    with tarfile.open(core_path) as core:
        css = trimmed(text_of(core, "dist/css/tabler.min.css"), ours, used_words())
    with tarfile.open(icons_path) as icons:
        names = {Path(n).stem for n in icons.getnames() if n.startswith("package/icons/outline/")} & used_icons()
        svg = sprite((name, text_of(icons, f"icons/outline/{name}.svg")) for name in names)
    (VENDOR / "tabler.css").write_text(css, encoding="utf-8")
    (VENDOR / "icons.svg").write_text(svg, encoding="utf-8")
    files = sorted(path for path in VENDOR.iterdir() if path.name != "HASHES.txt")
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files]
    (VENDOR / "HASHES.txt").write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        write(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as folder:
            write(Path(folder))
