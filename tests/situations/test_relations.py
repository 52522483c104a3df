"""Two reports of one trouble, and incidents that have to do with each other: what others see of it, and what they must not."""

from __future__ import annotations

import asyncio
from typing import Any

from dispatch.kit.errors import Conflict
from dispatch.situations import actions
from tests.scenarios.test_command import cast
from tests.scenarios.test_incident_page import at
from tests.stage import ADA, BO, CY, Stage


async def said(stage: Stage, channel: str, user: str) -> list[str]:
    messages = await stage.slack.messages(channel, as_=user)
    return [f"{m['text']} {m.get('blocks')}" for m in messages if not m.get("subtype") and not m.get("ephemeral")]


async def from_api(stage: Stage, name: str) -> dict[str, Any]:
    headers = {"authorization": f"Bearer {await stage.token('admin')}"}
    answer = await stage.web.get(f"/api/v1/default/incidents/{name}", headers=headers)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_a_duplicate_leads_on_to_the_one_that_goes_on_and_comes_back(stage: Stage) -> None:
    first = await stage.report(BO)
    await stage.settle()
    second = await stage.report(CY, Title="Checkout answers with an error")

    async def suspected() -> bool:
        return "Looks like a duplicate of" in str((await stage.slack.view(CY))["blocks"])

    assert await stage.eventually(suspected)
    await stage.settle()
    channel = await stage.channel_of(second)
    answer = await stage.slack.command(ADA, channel["id"], "/dispatch", f"duplicate-of {first.lower()}")
    assert "is closed as a duplicate" in str(answer)
    await stage.settle()
    # Who was in its channel reads where it goes on, and is there.
    channel = await stage.channel_of(second)
    assert channel["is_archived"]
    assert any(
        f"is a duplicate of <{stage.base_url}/default/incidents/{first}|{first}>" in text
        for text in await said(stage, channel["id"], CY)
    )
    assert CY in (await stage.channel_of(first))["members"]
    told = await stage.eventually(lambda: stage.direct_messages(CY, f"You were brought into {first}"))
    assert f"{second} is the same" in str(told[0]["blocks"])
    assert not await stage.direct_messages(CY, "How did")
    # On the web, the address of the one is that of the other.
    bo = await at(stage, second, "bo")
    answer = await bo.http.get(bo.path, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/default/incidents/{first}?duplicate={second}")
    page = await bo.page()
    assert f"{second} is a duplicate of this incident" in page
    assert f"Ada Lovelace merged the duplicate {second} into it" in page
    assert (await from_api(stage, second))["duplicate_of"] == first
    # Somebody who does not steer cannot take it back; Ada does, and it goes on by itself.
    refused = await bo.send("relations/remove")
    assert refused.status_code == 403
    ada = await at(stage, second, "ada")
    assert f"This is a duplicate of {first}" in await ada.page("?stay=1")
    assert (await ada.send("relations/remove")).status_code == 200
    assert (await from_api(stage, second)) | {"duplicate_of": None, "status": "Active"} == await from_api(stage, second)
    page = await bo.page()
    assert f"Ada Lovelace took {second} and {first} apart again" in page
    assert "is a duplicate of" not in page.split('id="timeline"')[0]
    await stage.settle()


async def test_nobody_learns_of_a_restricted_one_they_may_not_see(stage: Stage) -> None:
    hidden = await stage.report(BO, Title="Laptop of the CFO stolen", Visibility="Restricted")
    seen = await stage.report(CY, Title="Laptop of the CFO stolen", Description="It is gone.")
    await stage.settle()
    cy, dee, ada = await at(stage, seen, "cy"), await at(stage, seen, "dee"), await at(stage, seen, "ada")
    assert hidden not in await cy.page()
    assert "Looks like a duplicate" not in await cy.page("/receipt")
    channel = await stage.channel_of(seen)
    for answer in (
        await cy.send("relations", other=hidden, what="duplicate"),
        await cy.send("relations", other="INC-999", what="duplicate"),
    ):
        assert answer.status_code == 404
    unknown = await stage.slack.command(CY, channel["id"], "/dispatch", f"related-to {hidden}")
    assert f"There is no incident {hidden} that you may see." in str(unknown)
    # Linked by somebody who sees both: only they see the link, in neither timeline stands the hidden name.
    assert (await ada.send("relations", other=hidden, what="related")).status_code == 200
    assert hidden in await ada.page()
    assert hidden not in await cy.page()
    # Merging the hidden one into the open one would show who took part.
    refused = await (await at(stage, hidden, "ada")).send("relations", other=seen, what="duplicate")
    assert refused.status_code == 409
    assert "is restricted" in refused.text
    # The other way: Cy comes into the hidden one; for everybody else the open one is just closed.
    assert (await ada.send("relations", other=hidden, what="duplicate")).status_code == 200
    await stage.settle()
    assert not any(hidden in text for text in await said(stage, channel["id"], ADA))
    page = await dee.page()
    assert hidden not in page
    assert "Closed" in page
    assert (await from_api(stage, seen))["duplicate_of"] is None
    answer = await cy.http.get(cy.path, follow_redirects=False)
    assert answer.headers["location"] == f"/default/incidents/{hidden}?duplicate={seen}"
    assert "Laptop" in await cy.page()


async def test_links_show_on_both_pages_and_what_is_not_the_same_is_not_asked_again(stage: Stage) -> None:
    first = await stage.report(BO)
    second = await stage.report(CY)
    await stage.settle()
    ada, cy = await at(stage, second, "ada"), await at(stage, first, "cy")
    assert "Looks like a duplicate of" in await ada.page()
    assert (await ada.send("relations", other=first, what="different")).status_code == 200
    assert "Looks like a duplicate of" not in await ada.page()
    answer = await stage.slack.command(ADA, (await stage.channel_of(second))["id"], "/dispatch", f"related-to {first}")
    assert "are linked now" in str(answer)
    assert f"Ada Lovelace linked it with {second}" in await cy.page()
    assert (await from_api(stage, first))["related"] == [second]
    assert (await cy.send("relations/remove", other=second)).status_code == 403
    assert (await ada.send("relations/remove", other=first)).status_code == 200
    assert f"Ada Lovelace took the link with {second} away" in await cy.page()
    assert (await from_api(stage, first))["related"] == []
    for wrong, status in (
        ({"other": second, "what": "related"}, 422),
        ({"other": "", "what": "related"}, 422),
        ({"other": first, "what": "twin"}, 422),
    ):
        assert (await ada.send("relations", **wrong)).status_code == status


async def test_of_two_who_merge_the_two_into_each_other_one_is_told(stage: Stage) -> None:
    first, second, third = await stage.report(BO), await stage.report(CY), await stage.report(BO)
    await stage.settle()
    org, one, ada = await cast(stage, first, "ada")
    _, other, _ = await cast(stage, second, "ada")
    _, last, _ = await cast(stage, third, "ada")

    async def merge(a: Any, into: Any) -> None:
        async with stage.house.db.tx(org) as t:
            await actions.merge(t, a, into, by=ada)

    outcomes = await asyncio.gather(merge(one, other), merge(other, one), return_exceptions=True)
    assert [type(each) for each in outcomes if each is not None] == [Conflict]
    gone, kept = (first, second) if outcomes[0] is None else (second, first)
    # What was merged into the one that is merged now goes along; reopening by the usual way takes it apart.
    await merge(other if kept == second else one, last)
    assert (await from_api(stage, gone))["duplicate_of"] == third
    headers = {"authorization": f"Bearer {await stage.token('admin')}"}
    again = await stage.web.patch(f"/api/v1/default/incidents/{gone}", headers=headers, json={"status": "Active"})
    assert again.json()["duplicate_of"] is None
    twice = await stage.web.patch(f"/api/v1/default/incidents/{gone}", headers=headers, json={"duplicate_of": kept})
    assert twice.status_code == 409
    merged = await stage.web.patch(f"/api/v1/default/incidents/{gone}", headers=headers, json={"duplicate_of": third})
    assert (merged.json()["duplicate_of"], merged.json()["status"]) == (third, "Closed")
    undone = await stage.web.patch(f"/api/v1/default/incidents/{gone}", headers=headers, json={"duplicate_of": ""})
    assert (undone.json()["duplicate_of"], undone.json()["status"]) == (None, "Active")
    await stage.settle()
