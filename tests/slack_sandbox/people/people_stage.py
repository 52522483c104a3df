"""What a browser test stands on: people, channels, windows."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
from pager_app import Pager
from playwright.sync_api import Locator, Page

Json = dict[str, Any]

WORKSPACE = {
    "team": {"name": "Northwind", "domain": "northwind"},
    "users": [
        {"name": "ada", "real_name": "Ada Lovelace", "tz": "Europe/London", "profile": {"title": "Incident commander"}},
        {"name": "grace", "real_name": "Grace Hopper", "tz": "America/New_York", "profile": {"title": "SRE"}},
        {"name": "yuki", "real_name": "Yuki Tanaka", "tz": "Asia/Tokyo"},
    ],
    "channels": [
        {"name": "general", "members": ["ada", "grace"]},
        {"name": "random", "members": ["grace", "ada"]},
        {"name": "support", "members": ["yuki"]},
    ],
}


@dataclass
class Stage:
    base_url: str
    app: Pager
    http: httpx.Client
    users: dict[str, str]
    channels: dict[str, str]
    bot_user: str
    open_page: Callable[..., Page]
    complaints: list[str] = field(default_factory=list)

    def call(self, verb: str, path: str, body: Any = None) -> Json:
        answer = self.http.request(verb, f"/sandbox/{path}", json=body)
        assert answer.is_success, answer.text
        shown: Json = answer.json()
        return shown

    def api(self, method: str, **arguments: Any) -> Json:
        """A call by Pager."""
        assert self.app.web is not None
        answer = self.http.post(
            f"/api/{method}", json=arguments, headers={"Authorization": f"Bearer {self.app.web.token}"}
        )
        shown: Json = answer.json()
        assert shown["ok"], shown
        return shown

    def say(self, person: str, channel: str, text: str) -> str:
        ts: str = self.call(
            "POST", f"users/{self.users[person]}/messages", {"channel": self.channels[channel], "text": text}
        )["ts"]
        return ts

    def window(self, person: str, channel: str = "general", **context: Any) -> Page:
        return self.open_page(f"/?as={self.users[person]}&c={self.channels[channel]}", **context)


def write(page: Page, text: str, name: str = "Message #general") -> None:
    """Types into a composer and sends."""
    box = page.get_by_role("textbox", name=name)
    box.fill(text)
    box.press("Enter")


def message(page: Page, text: str) -> Locator:
    return page.locator("#main article.message", has_text=text)
