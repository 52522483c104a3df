"""Calling in whoever is on call: side by side through chat, mail and pagers, each call a row."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from dispatch.kit.db import Read
from dispatch.kit.errors import Refused
from dispatch.kit.events import Subject, on
from dispatch.kit.flows import Skip, StepContext, flow, step
from dispatch.kit.signing import Signer
from dispatch.oncall.queries import called_later
from dispatch.people import queries as people
from dispatch.people.models import Person
from dispatch.ports import paging
from dispatch.projects.providers import Providers
from dispatch.situations import mail, queries
from dispatch.situations.acknowledge_link import acknowledge_link
from dispatch.situations.actions import note_engagement_page
from dispatch.situations.actions.engagement import SUBJECT as ENGAGEMENT
from dispatch.situations.events import OncallCalledAgain, OncallEngaged, OncallUnanswered
from dispatch.situations.flows.common import NO_MAIL, chat_id, chat_of, still_open, thread
from dispatch.situations.flows.paging import IN_TIME, MAIL, NO_PAGER, SLACK, direct_message, overtaken, said_of, why_not
from dispatch.situations.models import Engagement
from dispatch.situations.queries.engagements import engagement
from dispatch.situations.slack import messages


async def _wanted(c: StepContext, *, through: str | None = None) -> tuple[queries.Brief, Engagement, Person]:
    """The call this step makes.

    Args:
        through: the channel this step calls through; None where each of several is asked for itself.

    Raises:
        Skip: it was answered, or a later call reached this person through the same channel.
    """
    async with c.db.read(c.org) as t:
        made = await engagement(t, c.subject.id, int(c.data["engagement_id"]))
        who = await people.person(t, int(c.data["person_id"]))
        if made.acknowledged_at is not None:
            raise Skip("They answered already.")
        if through is not None and await _overtaken(t, c, who, through):
            raise Skip(overtaken(through))
        return await queries.brief(t, c.subject.id), made, who


async def _overtaken(t: Read, c: StepContext, who: Person, through: str) -> bool:
    about = Subject(ENGAGEMENT, int(c.data["engagement_id"]))
    return await called_later(t, about, who.id, through=through, call=int(c.data["call"]))


async def _note(c: StepContext, who: Person, *, through: str, key: str, failed: str, state: str = "delivered") -> None:
    async with c.db.tx(c.org) as t:
        await note_engagement_page(
            t, c.subject, int(c.data["engagement_id"]), who, through=through, key=key, call=int(c.data["call"]),
            state=state, failed=failed,
        )  # fmt: skip


async def call_in_slack(c: StepContext) -> None:
    """A direct message with the Acknowledge button."""
    brief, made, who = await _wanted(c, through=SLACK)
    message = messages.engaged(brief, made.id, rotation=made.rotation, note=made.note, call=int(c.data["call"]))
    failed = await why_not(direct_message(c, brief, who, message))
    await _note(c, who, through=SLACK, key=c.key, failed=failed)


async def call_by_email(c: StepContext) -> None:
    """A mail with the note, a link that acknowledges, and the way in."""
    brief, made, who = await _wanted(c, through=MAIL)
    failed = await why_not(_letter(c, brief, made, who))
    await _note(c, who, through=MAIL, key=c.key, failed=failed, state="sent")


async def _letter(c: StepContext, brief: queries.Brief, made: Engagement, who: Person) -> str:
    mailer = await c.use(Providers).mailer(c.org, brief.project_id)
    if mailer is None:
        raise Skip(NO_MAIL)
    link, hours = acknowledge_link(c.use(Signer), brief, org=c.org, person_id=who.id, engagement_id=made.id)
    letter = mail.engaged(
        brief, rotation=made.rotation, note=made.note, call=int(c.data["call"]), acknowledge=link, hours=hours
    )
    await mailer.send(letter.to(who.email, key=c.key, thread=thread(c, brief)))
    return ""


async def call_by_webhook(c: StepContext) -> None:
    """Every configured pager at once, each with its own row."""
    brief, _, who = await _wanted(c)
    pagers = await c.use(Providers).pagers(c.org, brief.project_id)
    if not pagers:
        raise Skip(NO_PAGER)
    hidden = brief.visibility == "restricted"

    async def through(instance: int, pager: paging.Paging) -> str:
        key, failed = f"{c.key}-{instance}", ""
        async with c.db.read(c.org) as t:
            if await _overtaken(t, c, who, pager.provider):
                return overtaken(pager.provider)
        wanted = paging.Page(
            key=key, person=who.name, email=who.email, name=brief.name, title=brief.name if hidden else brief.title,
            url=brief.url, priority=brief.priority, severity=brief.severity, call=int(c.data["call"]),
        )  # fmt: skip
        try:
            await pager.page(wanted)
        except Refused as why:
            failed = f"{why} {why.hint}".strip()
        await _note(c, who, through=pager.provider, key=key, failed=failed)
        return ""

    said_of(await asyncio.gather(*(through(i, pager) for i, pager in pagers.items()), return_exceptions=True))


async def tell_unanswered(c: StepContext) -> None:
    """Whoever asked for them has to look further."""
    brief, chat = await chat_of(c)
    user = await chat_id(c, chat, int(c.data["by_id"]))
    if user is None:
        raise Skip("They are not known in the chat workspace.")
    message = messages.engaged_in_vain(brief, rotation=str(c.data["rotation"]))
    await chat.direct_message(user, message, key=c.key, look_first=c.repeat)


_calls = (
    step("page", call_in_slack, title="Call who is on call in Slack", deadline=IN_TIME, when=still_open, delivery="once",
         lane="people"),
    step("page_email", call_by_email, title="Call who is on call by e-mail", deadline=IN_TIME, when=still_open, lane="people"),
    step("page_webhook", call_by_webhook, title="Call who is on call by webhook", deadline=IN_TIME, when=still_open,
         lane="people"),
)  # fmt: skip

engaged = flow("incident.oncall_engaged", version=1)(*_calls)
in_vain = flow("incident.oncall_unanswered", version=1)(
    step("tell", tell_unanswered, title="Say that nobody on the rotation answered", when=still_open,
         deadline=timedelta(hours=1), delivery="once", lane="people"),
)  # fmt: skip

on(OncallEngaged, engaged, when=lambda happened: happened.call > 0)
on(OncallCalledAgain, engaged)
on(OncallUnanswered, in_vain)
