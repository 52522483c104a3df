"""Links by mail, over a real mail server on loopback."""

from __future__ import annotations

import re

from dispatch.people import throttle
from dispatch.people.sessions import forget_expired
from tests.people.browsing import browser, person_id, send
from tests.receivers import Mailbox, running_mailbox
from tests.stage import Stage

BO = "bo@example.com"


def link_in(mailbox: Mailbox, address: str) -> str:
    text = mailbox.to(address)[0].get_content()
    found = re.search(r"http\S+", text)
    assert found is not None, text
    return found.group(0)


async def asked(stage: Stage, email: str, org: str = "default") -> str:
    async with browser(stage) as somebody:
        answer = await send(somebody, f"/sign-in?org={org}", "/sign-in", email=email, org=org, next="/default/report")
        assert answer.status_code == 200
        return answer.text


async def test_a_mailed_link_signs_in_after_a_click_and_a_scanner_does_not_use_it_up(stage: Stage) -> None:
    async with running_mailbox() as mailbox:
        async with browser(stage) as bo:
            assert "Mail me a link" not in (await bo.get("/sign-in")).text
        await stage.configure("smtp", mailbox.settings)
        assert "Check your mail" in await asked(stage, BO)

        async def arrived() -> bool:
            return bool(mailbox.to(BO))

        await stage.eventually(arrived)
        link = link_in(mailbox, BO)
        async with browser(stage) as scanner, browser(stage) as bo:
            for _ in range(2):
                assert (await scanner.get(link)).status_code == 200
            token = link.split("token=")[1].split("&")[0]
            page = await send(bo, link, "/sign-in/mailed", token=token, next="/default/report")
            assert page.url.path == "/default/report" and "Bo Nilsson" in page.text
            again = await send(scanner, link, "/sign-in/mailed", token=token)
            assert again.status_code == 401


async def test_strangers_get_the_same_answer_and_no_mail_and_nobody_is_flooded(stage: Stage) -> None:
    async with running_mailbox() as mailbox:
        await stage.configure("smtp", mailbox.settings)
        shown = {re.sub(r'content="[^"]*"|value="[^"]*"|data-now="[^"]*"|[\w.]+@example.com', "", await asked(stage, e))
                 for e in (BO, "nobody@example.com")}  # fmt: skip
        assert len(shown) == 1

        async def arrived() -> bool:
            return bool(mailbox.to(BO))

        await stage.eventually(arrived)
        assert {str(m["To"]) for m in mailbox.arrived.values()} == {BO}
        for _ in range(throttle.MAILS_PER_ACCOUNT - 1):
            await asked(stage, BO)
        async with browser(stage) as somebody:
            held = await send(somebody, "/sign-in?org=default", "/sign-in", email=BO, org="default", next="/")
            assert held.status_code == 429 and "Too many attempts" in held.text


async def test_mail_that_could_not_be_sent_stands_in_the_audit_log(stage: Stage) -> None:
    async with running_mailbox() as mailbox:
        mailbox.down = True
        await stage.configure("smtp", mailbox.settings)
        await asked(stage, BO)
        ada = await stage.sign_in("ada@example.com")

        async def noted() -> bool:
            return "could not be mailed" in (await ada.get("/default/settings/audit")).text

        await stage.eventually(noted)


async def test_an_invitation_is_mailed_where_mail_is_configured(stage: Stage) -> None:
    async with running_mailbox() as mailbox:
        await stage.configure("smtp", mailbox.settings)
        dee = await stage.sign_in("dee@example.com")
        page = "/default/settings/members"
        made = await send(dee, page, page, email="nia@example.com", name="Nia", role="member")
        assert "A link is on its way to nia@example.com" in made.text and "token=" not in made.text

        async def arrived() -> bool:
            return bool(mailbox.to("nia@example.com"))

        await stage.eventually(arrived)
        assert "Dee Alvarez invited you" in mailbox.to("nia@example.com")[0].get_content()
        assert await person_id(stage, "nia@example.com")


async def test_tidying_leaves_what_still_works(stage: Stage) -> None:
    bo = await stage.sign_in(BO)
    async with stage.house.db.system() as t:
        await forget_expired(t)
        await throttle.forget_old(t)
    assert (await bo.get("/default/incidents")).status_code == 200
