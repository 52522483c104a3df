"""The report form on the web beside the modal in Slack: what a person waits for, in each of them."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from html.parser import HTMLParser
from typing import Any

import httpx
from bench.measures import form_in_slack, report, settle, submit_in_slack
from bench.place import Place

#: Seconds a call of Slack takes: the modal waits for two of them, the page for none.
LATENCY = 0.15


def report_forms(place: Place, times: int) -> dict[str, Any]:
    """Seconds from asking for the form to having it, and from Report to the answer, each the middle of so many."""
    place.latency(LATENCY)
    settle(place, [report(place, "Warm up")], 60)
    return {"times": times, "latency": LATENCY, **asyncio.run(_both(place, times))}


async def _both(place: Place, times: int) -> dict[str, Any]:
    took: dict[str, list[float]] = {"modal_open": [], "modal_sent": [], "web_open": [], "web_sent": []}

    async def timed(what: str, work: Callable[[], Awaitable[Any]]) -> Any:
        began = time.perf_counter()
        done = await work()
        took[what].append(time.perf_counter() - began)
        return done

    name, _, value = place.cookie.partition("=")
    # As a cookie, which a redirect keeps; a header of ours it would drop.
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{place.port}", timeout=60, cookies={name: value}) as http:
        await _form_on_the_web(http)
        for number in range(times):
            await asyncio.to_thread(place.slack, "/forget")
            view = await timed("modal_open", lambda: form_in_slack(place, http))
            name = await timed("modal_sent", lambda: submit_in_slack(place, http, view, f"Modal {number}", number))  # noqa: B023
            await asyncio.to_thread(settle, place, [name], 60)
            filled = await timed("web_open", lambda: _form_on_the_web(http))
            name = await timed("web_sent", lambda: _submit_on_the_web(http, filled, f"Page {number}"))  # noqa: B023
            await asyncio.to_thread(settle, place, [name], 60)
    return {name: {"median": statistics.median(all_), "worst": max(all_)} for name, all_ in took.items()}


class _Filled(HTMLParser):
    """What a browser would send of the page's forms without anything typed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self._select, self._text = "", False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "select":
            self._select = given.get("name") or ""
        elif tag == "option" and self._select and "selected" in given:
            self.values[self._select] = given.get("value") or ""
            self._text = "value" not in given
        elif (
            tag == "input"
            and given.get("name")
            and (given.get("type") not in ("radio", "checkbox") or "checked" in given)
        ):
            self.values[given["name"] or ""] = given.get("value") or ""

    def handle_data(self, data: str) -> None:
        if self._text:
            self.values[self._select], self._text = " ".join(data.split()), False


async def _form_on_the_web(http: httpx.AsyncClient) -> dict[str, str]:
    """The page, as it is filled."""
    answer = (await http.get("/default/report")).raise_for_status()
    assert 'name="description"' in answer.text
    return _Filled(answer.text).values


async def _submit_on_the_web(http: httpx.AsyncClient, filled: dict[str, str], title: str) -> str:
    """Until the receipt is there; the incident's name."""
    answer = await http.post(
        "/default/report", data={**filled, "title": title, "description": title}, follow_redirects=True
    )
    assert answer.url.path.endswith("/receipt"), (answer.status_code, filled, answer.text[-3000:])
    return answer.url.path.split("/")[-2]
