"""What tests of the plugin pages do as a person: open a page, read its form, send it back changed."""

from __future__ import annotations

from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

import httpx
from sqlalchemy import select

from dispatch.kit.crypto import Vault, generate_key
from dispatch.kit.events import Event
from dispatch.people.queries import organization
from dispatch.projects.models import PluginInstance, SlackDirectory
from dispatch.projects.providers import secret_context
from tests.playing import org_id
from tests.stage import Stage

PLUGINS = "/default/settings/projects/default/plugins"


class _Form(HTMLParser):
    """The values a browser would send of the form with the id `plugin`."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self.inside = False
        self.select = ""
        self.chosen = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value or "" for key, value in attrs}
        if tag == "form":
            self.inside = given.get("id") == "plugin"
        if not self.inside:
            return
        if tag == "input":
            box = given.get("type") == "checkbox"
            if given.get("name") and (not box or "checked" in given):
                self.values[given["name"]] = given.get("value", "on")
        elif tag == "select":
            self.select = given["name"]
        elif tag == "option" and "selected" in given:
            self.values[self.select] = given.get("value", "")
            self.chosen = "value" not in given

    def handle_data(self, data: str) -> None:
        # An option without a value: a browser sends its text.
        if self.chosen:
            self.values[self.select], self.chosen = " ".join(data.split()), False

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = False


def form_of(html: str) -> dict[str, str]:
    found = _Form()
    found.feed(html)
    assert found.values, "there is no form on the page"
    return found.values


@dataclass
class Admin:
    """Somebody with a browser, at the plugins of a project."""

    stage: Stage
    browser: httpx.AsyncClient

    async def open(self, where: str | int) -> httpx.Response:
        answer = await self.browser.get(
            where if isinstance(where, str) and where.startswith("/") else f"{PLUGINS}/{where}"
        )
        assert answer.status_code == 200, answer.text
        return answer

    async def send(
        self, where: str | int, /, *, without: tuple[str, ...] = (), to: str = "", **changes: Any
    ) -> httpx.Response:
        """The form of the page with some fields changed; `to` is what the pressed button adds to the address."""
        values = form_of((await self.open(where)).text)
        given = {key: str(value) for key, value in changes.items()}
        sent = {key: value for key, value in {**values, **given}.items() if key not in without}
        return await self.browser.post(f"{PLUGINS}/{where}{to}", data=sent)

    async def press(self, where: str, **fields: str) -> httpx.Response:
        """A button of its own, such as Disable."""
        csrf = form_of((await self.open("new/jitsi")).text)["csrf"]
        return await self.browser.post(f"{PLUGINS}/{where}", data={"csrf": csrf, **fields})


async def admin(stage: Stage, email: str = "ada@example.com") -> Admin:
    return Admin(stage, await stage.sign_in(email))


async def instances(stage: Stage, slug: str) -> list[PluginInstance]:
    """Stored instances of the default project."""
    async with stage.house.db.system() as t:
        org = await organization(t, "default")
    assert org is not None
    async with stage.house.db.read(org.id) as t:
        found = await t.scalars(
            select(PluginInstance)
            .where(PluginInstance.org_id == t.org, PluginInstance.slug == slug, PluginInstance.project_id == 1)
            .order_by(PluginInstance.id)
        )
        return list(found)


async def instance(stage: Stage, slug: str) -> PluginInstance:
    [found] = await instances(stage, slug)
    return found


async def directory(stage: Stage, instance_id: int) -> SlackDirectory | None:
    async with stage.house.db.system() as t:
        return await t.scalar(select(SlackDirectory).where(SlackDirectory.instance_id == instance_id))


async def facts(stage: Stage, name: str) -> list[dict[str, Any]]:
    """The data of the events of that name, oldest first."""
    async with stage.house.db.system() as t:
        org = await organization(t, "default")
    assert org is not None
    async with stage.house.db.read(org.id) as t:
        return [
            e.data
            for e in await t.scalars(select(Event).where(Event.org_id == t.org, Event.fact == name).order_by(Event.id))
        ]


async def sealed_with_another_key(stage: Stage, slug: str) -> None:
    """The plugin's secrets are of a key that is gone: nobody can open them any more."""
    async with stage.house.db.tx(await org_id(stage)) as t:
        here = PluginInstance.slug == slug, PluginInstance.project_id == 1
        found = (await t.scalars(select(PluginInstance).where(*here))).one()
        context = secret_context(found.org_id, found.project_id, slug)
        found.secrets = Vault.from_text(generate_key()).seal(b"{}", context=context)
        found.version += 1
