"""How much a page weighs on the wire, and that being small gives nothing away."""

from __future__ import annotations

import re

import httpx
import pytest

from tests.stage import Stage

FIRST_PAGE = 130_000
FURTHER_PAGE = 25_000


async def weight(browser: httpx.AsyncClient, address: str) -> int:
    """Bytes of the body as it travels."""
    async with browser.stream("GET", address, headers={"accept-encoding": "gzip"}) as answer:
        assert answer.status_code == 200, address
        return sum([len(chunk) async for chunk in answer.aiter_raw()])


@pytest.mark.parametrize("page", ["/default/incidents", "/default/incidents/INC-13", "/default/report"])
async def test_pages_are_light(stage: Stage, page: str) -> None:
    await stage.report()
    await stage.settle()
    browser = await stage.sign_in("ada@example.com")
    html = (await browser.get(page)).text
    parts = {found.split("#")[0] for found in re.findall(r'(?:href|src)="(/static/[^"]+)"', html)}
    own = await weight(browser, page)
    everything = own + sum([await weight(browser, part) for part in sorted(parts)])
    assert own <= FURTHER_PAGE, f"{own} bytes"
    assert everything <= FIRST_PAGE, f"{everything} bytes in {sorted(parts)}"
    await browser.aclose()


async def test_the_token_in_a_page_is_another_each_time_and_counts(stage: Stage) -> None:
    browser = await stage.sign_in("bo@example.com")
    tokens = []
    for _ in range(2):
        page = await browser.get("/default/report")
        assert page.headers["content-encoding"] == "gzip"
        tokens.append(page.text.split('name="csrf" content="')[1].split('"')[0])
    assert tokens[0] != tokens[1]
    for token in tokens:
        sent = {"csrf": token, "title": f"By {token[:8]}", "description": "x", "project": "default"}
        assert (await browser.post("/default/report", data=sent)).status_code == 200
    for wrong in ("", "zz", tokens[0][:-2], tokens[0][:64] + tokens[1][64:]):
        assert (await browser.post("/default/report", data={**sent, "csrf": wrong})).status_code == 403
    await browser.aclose()


async def test_live_events_are_not_held_back(stage: Stage) -> None:
    name = await stage.report()
    await stage.settle()
    browser = await stage.sign_in("bo@example.com")
    async with browser.stream("GET", f"/default/incidents/{name}/live", headers={"accept-encoding": "gzip"}) as live:
        assert live.headers["content-type"].startswith("text/event-stream")
        assert "content-encoding" not in live.headers
    await browser.aclose()
