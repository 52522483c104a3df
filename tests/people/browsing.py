"""How a test acts like a browser: forms are sent with the token that stands in the page."""

from __future__ import annotations

import re
from typing import Any

import httpx
from sqlalchemy import select

from dispatch.people import project_admins
from dispatch.people.actions import create_organization
from dispatch.people.membership import admit
from dispatch.people.models import Person
from dispatch.people.passwords import hashed, set_password
from dispatch.people.queries import account_of_email, organization
from dispatch.projects.actions import create_project
from dispatch.projects.queries import all_projects
from tests.stage import Stage

PASSWORD = "correct horse battery"


def browser(stage: Stage, **more: Any) -> httpx.AsyncClient:
    """A browser nobody signed in with."""
    return httpx.AsyncClient(base_url=stage.base_url, follow_redirects=True, timeout=30, **more)


def token_in(page: str) -> str:
    """The form token of a page."""
    found = re.search(r'<meta name="csrf" content="([^"]*)"', page)
    assert found is not None and found.group(1), page[:500]
    return found.group(1)


async def send(
    client: httpx.AsyncClient, page: str, to: str, *, follow_redirects: bool = True, **form: str
) -> httpx.Response:
    """Open a page and send a form from it."""
    shown = await client.get(page)
    return await client.post(to, data={"csrf": token_in(shown.text), **form}, follow_redirects=follow_redirects)


async def by_password(client: httpx.AsyncClient, email: str, password: str, next: str = "/") -> httpx.Response:
    return await send(client, f"/sign-in?next={next}", "/sign-in/password", email=email, password=password, next=next)


async def give_password(stage: Stage, email: str, password: str = PASSWORD, *, org: str = "") -> None:
    """As the operator would; with `org`, as if it was set in a session of that organization."""
    h = await hashed(password)
    async with stage.house.db.system() as t:
        account = await account_of_email(t, email)
        assert account is not None
        only = await organization(t, org) if org else None
        await set_password(t, account, h, org=only.id if only else None)


async def second_organization(stage: Stage, *emails: str, role: str = "member") -> int:
    """An organization "second" with these members; returns its id."""
    async with stage.house.db.system() as t:
        made = await create_organization(t, "second", name="Second Example")
    async with stage.house.db.tx(made.id) as t:
        await create_project(t, "default", name="Default", is_default=True)
        for email in emails:
            await admit(t, email=email, name=email.split("@")[0].title(), role=role)
    return int(made.id)


async def person_id(stage: Stage, email: str) -> int:
    async with stage.house.db.system() as t:
        org = await organization(t, "default")
    assert org is not None
    async with stage.house.db.read(org.id) as t:
        return (await t.execute(select(Person.id).where(Person.email == email))).scalar_one()


async def make_project_admin(stage: Stage, email: str, *projects: str) -> None:
    """As an operator does; of these projects, or of all."""
    async with stage.house.db.system() as t:
        org = await organization(t, "default")
    assert org is not None
    async with stage.house.db.tx(org.id) as t:
        for each in await all_projects(t):
            if not projects or each.slug in projects:
                await project_admins.give(t, each, email, viewer=None, by=None)
