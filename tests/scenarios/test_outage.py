"""Ten minutes in which everything but Slack is away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dispatch.documents.builtin import BuiltinDocuments
from dispatch.kit.errors import Unavailable
from dispatch.plugins.jitsi import Jitsi
from dispatch.situations.builtin import BuiltinTickets
from tests.receivers import Mailbox, Pager
from tests.stage import ADA, BO, CY, Stage, went_well


class Outage:
    """Providers that do not answer; `after` did the work before they fell silent."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.on = True
        self.made: dict[str, set[str]] = {}
        for kind, cls in (("ticket", BuiltinTickets), ("document", BuiltinDocuments), ("bridge", Jitsi)):
            patch.setattr(cls, "create", self._wrapped(kind, cls.create))

    def _wrapped(self, kind: str, create: Callable[..., Any]) -> Callable[..., Any]:
        async def wrapped(provider: Any, **values: Any) -> Any:
            if self.on:
                raise Unavailable(f"The {kind} system does not answer.")
            made = await create(provider, **values)
            self.made.setdefault(kind, set()).add(made.external_id)
            return made

        return wrapped


async def test_ten_minutes_with_everything_but_slack_away(
    stage: Stage, mailbox: Mailbox, pager: Pager, monkeypatch: pytest.MonkeyPatch
) -> None:
    outage = Outage(monkeypatch)
    mailbox.down = pager.down = True
    name = await stage.report()

    async def people_are_in() -> bool:
        found = [c for c in await stage.slack.channels() if (c["name"] or "").startswith(name.lower())]
        return bool(found) and {ADA, BO} <= set(found[0]["members"])

    announced = next(c["id"] for c in await stage.slack.channels() if c["name"] == "incidents")

    async def announcement() -> list[str]:
        said = [m["text"] for m in await stage.slack.messages(announced, as_=CY)]
        return [text for text in said if text.startswith(f"New incident {name}")]

    async def states() -> dict[str, str]:
        return {s["name"]: s["state"] for s in await stage.steps(name)}

    await stage.eventually(people_are_in)
    await stage.eventually(announcement)
    away = ("ticket", "document", "bridge", "page_email", "page_webhook")
    assert {(await states())[step] for step in away} <= {"pending", "running"}
    [_] = await stage.direct_messages(ADA, "You are needed")

    channel = (await stage.channel_of(name))["id"]
    await stage.slack.invite(BO, channel, CY)
    browser = await stage.sign_in("bo@example.com")

    async def cy_takes_part() -> bool:
        return "Cy Okafor" in (await browser.get(f"/default/incidents/{name}/fragments/participants")).text

    await stage.eventually(cy_takes_part)

    async def stuck_and_why() -> bool:
        shown = (await browser.get(f"/default/incidents/{name}/fragments/steps")).text
        return all(
            text in shown
            for text in (
                "Create the ticket", "The ticket system does not answer.", "The document system does not answer.",
                "The bridge system does not answer.", "Page by e-mail", "Page by webhook", "next try",
            )
        )  # fmt: skip

    await stage.eventually(stuck_and_why)
    [dm] = await stage.direct_messages(ADA, "You are needed")
    for _ in range(10):
        await stage.advance(minutes=1)
        await stage.settle()
    assert {(await states())[step] for step in ("ticket", "document", "bridge")} == {"pending"}
    assert (await states())["summary"] == "pending"
    assert not outage.made

    outage.on = mailbox.down = pager.down = False
    await stage.slack.act_in_message(ADA, dm["channel"], dm["ts"], "acknowledge_command")

    async def everything_is_well() -> bool:
        return went_well(await stage.steps(name))

    await stage.eventually(everything_is_well, timeout=100)
    assert {kind: len(ids) for kind, ids in outage.made.items()} == {"ticket": 1, "document": 1, "bridge": 1}
    assert len(await announcement()) == 1
    summaries = [m for m in await stage.slack.messages(channel, as_=BO) if m["text"] == f"Summary of {name}"]
    assert len(summaries) == 1
    assert all(f"*{word}*" in str(summaries[0]["blocks"]) for word in ("Ticket", "Document", "Bridge"))
    resources = (await browser.get(f"/default/incidents/{name}/fragments/resources")).text
    assert [resources.count(f"<small>{word}</small>") for word in ("Ticket", "Document", "Bridge")] == [1, 1, 1]
    await browser.aclose()
