"""What was opened before somebody lost the right to it does not go on working: streams, and links in mails."""

from __future__ import annotations

import asyncio

import httpx
from sqlalchemy import select

from dispatch.people.membership import change_role, deactivate
from dispatch.people.models import Person
from dispatch.people.queries import Viewer
from dispatch.situations import actions
from dispatch.situations.models import Situation
from tests.playing import org_id
from tests.receivers import Mailbox, link_in
from tests.stage import BO, Stage


class Ear:
    """An open stream; what it heard, until it was closed from the other side."""

    def __init__(self, browser: httpx.AsyncClient, address: str) -> None:
        self.heard: list[str] = []
        self.open = asyncio.Event()
        self.task = asyncio.create_task(self._listen(browser, address))

    async def _listen(self, browser: httpx.AsyncClient, address: str) -> None:
        async with browser.stream("GET", address, timeout=120) as answer:
            assert answer.status_code == 200
            self.open.set()
            async for line in answer.aiter_lines():
                if line.startswith("event:"):
                    self.heard.append(line)

    async def hung_up(self) -> list[str]:
        """What was heard, once the other side has ended it and said so; fails when it stays open."""
        await asyncio.wait_for(self.task, 60)
        assert self.heard[-1] == "event: ended"
        return self.heard[:-1]


async def somebody(stage: Stage, email: str) -> tuple[Viewer, Person]:
    org = await org_id(stage)
    async with stage.house.db.read(org) as t:
        who = (await t.scalars(select(Person).where(Person.email == email))).one()
    return Viewer(org, "default", "Example Company", "owner", who.id, who.name, who.email, "UTC"), who


async def note(stage: Stage, name: str, text: str) -> None:
    _, bo = await somebody(stage, "bo@example.com")
    async with stage.house.db.tx(await org_id(stage)) as t:
        situation = (await t.scalars(select(Situation).where(Situation.name == name))).one()
        await actions.add_note(t, situation, text, author=bo, source="web")


async def test_an_open_page_hears_nothing_more_once_the_incident_is_restricted(stage: Stage) -> None:
    name = await stage.report(BO, Title="Open for now")
    await stage.settle()
    cy, bo = await stage.sign_in("cy@example.com"), await stage.sign_in("bo@example.com")
    outside, inside = (Ear(each, f"/default/incidents/{name}/live") for each in (cy, bo))
    await outside.open.wait()
    await inside.open.wait()

    async def both_listen() -> bool:
        await note(stage, name, "Anything")
        await asyncio.sleep(0.1)
        return bool(outside.heard and inside.heard)

    await stage.eventually(both_listen)
    _, ada = await somebody(stage, "ada@example.com")
    await asyncio.sleep(0)
    before = len(outside.heard)
    async with stage.house.db.tx(await org_id(stage)) as t:
        situation = (await t.scalars(select(Situation).where(Situation.name == name))).one()
        await actions.change_visibility(t, situation.id, "restricted", by=ada)
    after = await outside.hung_up()
    # Of the notes above the last one may have been under way; of the restriction nothing is told.
    assert set(after[before:]) <= {"event: timeline"}
    assert not inside.task.done()

    async def bo_hears_on() -> bool:
        count = len(inside.heard)
        await note(stage, name, "For the two of us")
        await asyncio.sleep(0.1)
        return len(inside.heard) > count

    await stage.eventually(bo_hears_on)
    inside.task.cancel()
    await asyncio.gather(inside.task, return_exceptions=True)
    await cy.aclose()
    await bo.aclose()


async def test_an_open_home_of_somebody_deactivated_or_signed_out_hears_nothing_more(stage: Stage) -> None:
    """Nor an open set-up guide."""
    for who, ending, address in (
        ("fay@example.com", "deactivated", "/default/home/live"),
        ("cy@example.com", "signed out", "/default/home/live"),
        ("dee@example.com", "signed out", "/default/setup/live"),
    ):
        cy = await stage.sign_in(who)
        ear = Ear(cy, address)
        await ear.open.wait()

        async def watched() -> bool:
            return stage.house.live.listeners(await org_id(stage)) > 0

        await stage.eventually(watched)
        if ending == "signed out":
            csrf = (await cy.get("/default/incidents")).text.split('name="csrf" content="')[1].split('"')[0]
            assert (await cy.post("/sign-out", data={"csrf": csrf}, follow_redirects=False)).status_code == 303
        else:
            owner, _ = await somebody(stage, "ada@example.com")
            _, gone = await somebody(stage, "fay@example.com")
            async with stage.house.db.tx(await org_id(stage)) as t:
                await deactivate(t, owner, gone.id)
        await stage.report(BO, Title=f"After {ending}")
        assert await ear.hung_up() == [], ending
        await stage.slack.close_view(BO, (await stage.slack.view(BO))["id"])
        # The steps of this one would be heard by the next ear while it may still hear.
        await stage.settle()
        await cy.aclose()


async def test_a_link_in_a_mail_ends_with_the_membership(stage: Stage, mailbox: Mailbox) -> None:
    name = await stage.report(BO)
    await stage.settle()

    async def mailed() -> bool:
        return bool(mailbox.to("ada@example.com", "You are needed"))

    await stage.eventually(mailed)
    link = link_in(mailbox.to("ada@example.com", "You are needed")[0], "Acknowledge")
    owner, ada = await somebody(stage, "ada@example.com")
    heir, joy = await somebody(stage, "joy@example.com")
    async with stage.house.db.tx(await org_id(stage)) as t:
        await change_role(t, owner, joy.id, "owner")
        await deactivate(t, heir, ada.id)
    async with httpx.AsyncClient(timeout=60) as anybody:
        for answer in (await anybody.get(link), await anybody.post(link)):
            assert answer.status_code == 410 and "no member here any more" in answer.text
            assert "Checkout answers with errors" not in answer.text
    assert "acknowledged" not in {page["state"] for page in await stage.pages(name)}
