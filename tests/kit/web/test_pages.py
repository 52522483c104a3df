"""What the templates are made of: filters, assets, headers."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from jinja2 import UndefinedError

from dispatch.kit.web import pages
from dispatch.kit.web.assets import STATIC, static

from .preview import BARE, COMMON, DESK, PAGES, PEOPLE, REPORTS, SLICE, TASKS, preview

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SOURCES = sorted([*pages.TEMPLATES.glob("*.html"), *SLICE.parents[1].glob("*/templates/*.html")])
# Names that a class attribute composes, or that only scripts look for.
COMPOSED = re.compile(r"\{[{%].*?[%}]\}", re.S)
TRIM = "run `python tools/trim_css.py`"


def client() -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=preview()), base_url="http://test")


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (0.5, "just now"),
        (1, "1 min ago"),
        (59.9, "59 min ago"),
        (125, "2 h ago"),
        (3000, "2 d ago"),
        (-0.5, "in a moment"),
        (-3, "in 3 min"),
    ],
)
def test_ago_says_it_in_the_largest_unit(minutes: float, words: str) -> None:
    assert pages.ago(NOON - timedelta(minutes=minutes), NOON) == words


def test_a_duration_has_at_most_two_units() -> None:
    assert [pages.duration(s) for s in (0, 59, 134 * 60, 90061)] == ["0 s", "59 s", "2 h 14 min", "1 d 1 h"]


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Ada Lovelace", "AL"),
        ("ada", "A"),
        ("Bo von der Au", "BA"),
        ("🔥 (Cy)", "C"),
        ("🔥", "?"),
        ("", "?"),
        ("נועם לוי", "נל"),
    ],
)
def test_initials(name: str, letters: str) -> None:
    assert pages.initials(name) == letters


def test_times_are_in_the_viewers_zone_and_an_unknown_zone_is_utc() -> None:
    assert pages.moment(NOON, "Asia/Kathmandu") == "Tue 24 Nov 2026, 17:45"
    assert (
        pages.moment(NOON, "Middle/Earth")
        == pages.moment(NOON, "../etc")
        == pages.moment(NOON)
        == "Tue 24 Nov 2026, 12:00"
    )


def test_markdown_keeps_the_structure_and_drops_what_could_harm() -> None:
    html = pages.md(
        "# Top\n\n**bold** [ok](https://a.b) [bad](javascript:x) ![pixel](https://spy/p.png) <script>alert(1)</script> <b onclick=x>"
    )
    assert "<h2>Top</h2>" in html and "<strong>bold</strong>" in html
    assert 'href="https://a.b" rel="noopener noreferrer nofollow"' in html
    assert "<script" not in html and "<img" not in html and "<b " not in html and 'href="javascript' not in html


def test_an_address_keeps_the_query_without_what_is_empty() -> None:
    assert pages.url("/x", {"q": "a b", "status": "", "page": 3}, page=None, tag=["u", "v"]) == "/x?q=a+b&tag=u&tag=v"


def test_a_missing_value_is_an_error_and_not_an_empty_place() -> None:
    with pytest.raises(UndefinedError):
        pages.templates().from_string("{{ nobody }}").render()


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_a_template_uses_only_known_classes_and_icons(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    css = "".join((STATIC / name).read_text(encoding="utf-8") for name in ("app.css", "vendor/tabler.css"))
    known = set(re.findall(r"\.([a-zA-Z][\w-]*)", css))
    used = {
        name
        for value in re.findall(r'class="([^"]*)"', COMPOSED.sub("{}", text))
        for name in value.split()
        if "{" not in name
    }
    assert used <= known, TRIM
    assert set(re.findall(r'\bicon\("([a-z0-9-]+)"', text)) <= set(
        re.findall(r'id="([^"]+)"', (STATIC / "vendor/icons.svg").read_text())
    ), TRIM


@pytest.mark.parametrize("address", PAGES)
def test_a_page_carries_no_style_attribute_no_handler_and_no_script_of_its_own(address: str) -> None:
    template, context = PAGES[address]
    common = BARE.get(template, COMMON)
    html = (
        pages.templates(SLICE, PEOPLE, DESK, TASKS, REPORTS)
        .get_template(template)
        .render(common | {"request_path": address} | context)
    )
    assert not re.findall(r"<style|\sstyle=|\son[a-z]+=|<script(?! src=\"/static/)|href=\"javascript:", html)


def test_vendored_files_are_what_they_were() -> None:
    lines = (STATIC / "vendor/HASHES.txt").read_text().splitlines()
    listed = {name: digest for digest, name in (line.split("  ") for line in lines)}
    there = {path.name: path for path in (STATIC / "vendor").iterdir() if path.name != "HASHES.txt"}
    assert listed == {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in there.items()}


async def test_a_hashed_address_is_kept_forever_and_compressed() -> None:
    async with client() as c:
        answer = await c.get(static("vendor/tabler.css"))
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-encoding"] == "gzip" and answer.headers["vary"] == "accept-encoding"
    assert answer.text == (STATIC / "vendor/tabler.css").read_text()


@pytest.mark.parametrize("name", ["app.css", "app.js"])
async def test_our_own_comments_stay_in_the_source(name: str) -> None:
    async with client() as c:
        sent = (await c.get(static(name))).text.splitlines()
    written = (STATIC / name).read_text().splitlines()
    assert not [line for line in sent if line.lstrip().startswith(("//", "/*"))]
    left_out = [line.strip() for line in written if line not in sent]
    assert left_out and all(line.startswith(("//", "/*")) or line.endswith("*/") for line in left_out)


async def test_an_address_of_another_version_is_answered_but_not_kept() -> None:
    async with client() as c:
        answer = await c.get("/static/0123456789ab/app.css", headers={"accept-encoding": "identity"})
        missing = await c.get("/static/0123456789ab/../pages.py")
    assert answer.status_code == 200 and answer.headers["cache-control"] == "no-store"
    assert "content-encoding" not in answer.headers
    assert missing.status_code == 404


def test_a_file_that_does_not_exist_has_no_address() -> None:
    with pytest.raises(KeyError):
        static("no-such-file.css")


async def test_every_answer_forbids_foreign_code_and_framing() -> None:
    async with client() as c:
        answer = await c.get("/sign-in")
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self';" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_way_to_a_setting_is_a_link() -> None:
    made = pages.with_settings(
        "No <chat> (Settings → Project → Plugins → Slack). Ask.", "/acme/settings/projects/a&b/plugins"
    )
    assert str(made) == (
        "No &lt;chat&gt; (<a href='/acme/settings/projects/a&amp;b/plugins'>Settings → Project → Plugins → Slack</a>). Ask."
    )
    assert str(pages.with_settings("Nothing to see.", "/x")) == "Nothing to see."
