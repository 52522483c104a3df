"""/dispatch-notifications-group: who gets the executive reports of this incident by mail."""

from __future__ import annotations

import hashlib

from dispatch.kit.db import Read
from dispatch.kit.forms import Form, from_modal, long_text, to_modal
from dispatch.kit.slack import blocks as b
from dispatch.kit.slack.registry import Answer, Request, command, submission
from dispatch.reports.actions import addresses, change_notifications_group
from dispatch.reports.queries import notifications_group
from dispatch.situations.slack.actor import actor
from dispatch.situations.slack.opening import open_here
from dispatch.situations.slack.place import Here, carried, carrying, here

CALLBACK = "notifications_group"
TITLE = "Notifications group"


class NotificationsGroup(Form):
    """A list of addresses."""

    addresses: str = long_text(
        "E-mail addresses", default="", required=False, max_length=3000, help="One per line, or separated by commas."
    )


@command(
    "update_notifications_group",
    name="/dispatch-notifications-group",
    description="Opens a modal to edit the notifications group.",
    needs="notifications_group",
)
async def typed(asked: Request) -> Answer:
    """The list as it is now. Each address leaves a mark, so that the submission tells what was added and removed."""

    async def draw(t: Read, place: Here) -> b.View:
        now = await notifications_group(t, place.situation.id)
        return to_modal(
            NotificationsGroup,
            title=TITLE,
            submit="Update",
            callback_id=CALLBACK,
            values={"addresses": "\n".join(now)},
            private_metadata=carried(place.situation.id, shown="".join(_mark(each) for each in now)),
            intro=[b.context(f"They get the executive reports of *{place.situation.name}*.")],
        )

    await open_here(asked, TITLE, draw, action="notifications_group")
    return None


@submission(CALLBACK)
async def submitted(asked: Request) -> Answer:
    """What somebody else added meanwhile stays: only the difference to what was shown is applied."""
    form = from_modal(NotificationsGroup, asked.view)
    came = carrying(asked.view)
    wanted = addresses(form.addresses)
    marks = str(came.get("shown") or "")
    shown = {marks[at : at + MARK] for at in range(0, len(marks), MARK)}
    by = await actor(asked)
    async with asked.db.tx(asked.org) as t:
        place = await here(t, asked, by, int(came["id"]))
        place.require("notifications_group")
        present = await notifications_group(t, place.situation.id)
        await change_notifications_group(
            t,
            place.situation,
            add=[each for each in wanted if _mark(each) not in shown],
            remove=[each for each in present if _mark(each) in shown and each not in wanted],
            by=by,
        )
    return None


#: Characters of a mark: 100 addresses have to fit into Slack's 3,000.
MARK = 12


def _mark(address: str) -> str:
    return hashlib.blake2b(address.encode(), digest_size=MARK // 2).hexdigest()
