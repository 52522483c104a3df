"""Calling people: one step per channel, side by side, so that one that fails delays none of the others."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from datetime import timedelta

from sqlalchemy import exists, select

from dispatch.kit.db import Read, Tx
from dispatch.kit.errors import Refused, SetupError
from dispatch.kit.events import Subject, on
from dispatch.kit.flows import Skip, StepContext, flow, step
from dispatch.kit.signing import Signer
from dispatch.oncall import actions as oncall
from dispatch.oncall.events import NobodyAnswered, PageDue
from dispatch.oncall.queries import called_later
from dispatch.people import queries as people
from dispatch.people.models import Person
from dispatch.ports import paging
from dispatch.ports.conversations import Message
from dispatch.projects.providers import Providers
from dispatch.situations import mail, queries
from dispatch.situations.acknowledge_link import acknowledge_link
from dispatch.situations.actions import add_participant
from dispatch.situations.flows.common import NO_CHAT, NO_MAIL, chat_id, still_open, thread
from dispatch.situations.models import Participant, ParticipantRole, Situation
from dispatch.situations.slack import messages

NO_PAGER = "No webhook is configured for this project (Settings → Project → Plugins → Webhook)."
NO_CHANNEL = (
    "Neither Slack nor e-mail nor a webhook is configured for this project, so nobody can be called "
    "(Settings → Project → Plugins)."
)
#: As long as nobody leads: where the one channel there is was away for an hour, no call went out, and none was repeated.
#: What was overtaken by a later call, answered or closed meanwhile is left out whenever it runs.
IN_TIME = timedelta(hours=24)
#: How pages name these channels; pagers are named by their provider.
SLACK, MAIL = "Slack DM", "e-mail"


async def unanswered(t: Read, about: Subject) -> str | None:
    """Nobody is called for what ended, or once somebody leads."""
    ended = await still_open(t, about)
    if ended is not None:
        return ended
    led = await t.scalar(
        select(
            exists()
            .where(
                ParticipantRole.org_id == t.org,
                ParticipantRole.situation_id == about.id,
                ParticipantRole.role == "Commander",
                ParticipantRole.renounced_at.is_(None),
                ParticipantRole.acknowledged_at.is_not(None),
            )
            .where(Participant.org_id == ParticipantRole.org_id, Participant.id == ParticipantRole.participant_id)
        )
    )
    return "The command is acknowledged." if led else None


async def page_in_slack(c: StepContext) -> None:
    """A direct message with the Acknowledge button."""
    brief, who, call = await _whom(c, through=SLACK)
    failed = await why_not(direct_message(c, brief, who, messages.page(brief, call=call)))
    async with c.done({"failed": failed}) as t:
        await _note(t, c, brief, who, call, through=SLACK, key=c.key, failed=failed)


async def direct_message(c: StepContext, brief: queries.Brief, who: Person, message: Message) -> str:
    """Call somebody in the chat. Why it could not be sent; empty when it was.

    Raises:
        Skip: there is no chat, and another channel.
    """
    providers = c.use(Providers)
    chat = await providers.conversations(c.org, brief.project_id)
    if chat is None:
        if await providers.calls_beside_chat(c.org, brief.project_id):
            raise Skip(NO_CHAT)
        return NO_CHANNEL
    user = await chat_id(c, chat, who.id)
    if user is None:
        return f"{who.name} ({who.email}) is not known in the chat workspace."
    await chat.direct_message(user, message, key=c.key, look_first=c.repeat)
    return ""


async def page_by_email(c: StepContext) -> None:
    """A mail with a link that acknowledges; mail systems drop a second copy by its Message-ID."""
    brief, who, call = await _whom(c, through=MAIL)
    failed = await why_not(_letter(c, brief, who, call))
    async with c.done({"failed": failed}) as t:
        await _note(t, c, brief, who, call, through=MAIL, key=c.key, state="sent", failed=failed)


async def _letter(c: StepContext, brief: queries.Brief, who: Person, call: int) -> str:
    mailer = await c.use(Providers).mailer(c.org, brief.project_id)
    if mailer is None:
        raise Skip(NO_MAIL)
    link, hours = acknowledge_link(c.use(Signer), brief, org=c.org, person_id=who.id)
    letter = mail.page(brief, call=call, acknowledge=link, hours=hours)
    await mailer.send(letter.to(who.email, key=c.key, thread=thread(c, brief)))
    return ""


async def why_not(calling: Awaitable[str]) -> str:
    """Why a call could not be made, as the call itself said or as it was refused; empty when it was made.

    It is written down as a failed one, whatever the reason: as after an unanswered one, somebody is called next.
    """
    try:
        return await calling
    except Refused as why:
        return f"{why} {why.hint}".strip()
    except SetupError as why:
        return str(why)


async def page_by_webhook(c: StepContext) -> None:
    """Every configured pager at once, each with its own row; the receivers drop a second copy by its key."""
    brief, who, call = await _whom(c)
    pagers = await c.use(Providers).pagers(c.org, brief.project_id)
    if not pagers:
        raise Skip(NO_PAGER)
    outcomes = await asyncio.gather(
        *(_through(c, brief, who, call, instance, pager) for instance, pager in pagers.items()), return_exceptions=True
    )
    said_of(outcomes)


def said_of(outcomes: Sequence[str | BaseException]) -> None:
    """What comes of the step that calls through several pagers.

    The others are called and written down; what failed is tried again, and the receivers know the rest by its key.

    Args:
        outcomes: of each pager why it was left out, empty where it was called, or what went wrong.

    Raises:
        Skip: every one was left out.
    """
    for wrong in outcomes:
        if isinstance(wrong, BaseException):
            raise wrong
    if all(outcomes):
        raise Skip(" ".join(dict.fromkeys(map(str, outcomes))))


def overtaken(through: str) -> str:
    """Why a call is left out when a later one through the same channel reached the person."""
    return f"A later call through {through} went out meanwhile."


async def _through(
    c: StepContext, brief: queries.Brief, who: Person, call: int, instance: int, pager: paging.Paging
) -> str:
    """Why it was left out; empty when it was called."""
    key = f"{c.key}-{instance}"
    async with c.db.read(c.org) as t:
        if await called_later(t, c.subject, who.id, through=pager.provider, call=call):
            return overtaken(pager.provider)
    neutral = brief.visibility == "restricted"
    failed = ""
    try:
        await pager.page(
            paging.Page(
                key=key,
                person=who.name,
                email=who.email,
                name=brief.name,
                title=brief.name if neutral else brief.title,
                url=brief.url,
                priority=brief.priority,
                severity=brief.severity,
                call=call,
            )
        )
    except Refused as why:
        failed = f"{why} {why.hint}".strip()
    async with c.db.tx(c.org) as t:
        await _note(t, c, brief, who, call, through=pager.provider, key=key, failed=failed)
    return ""


async def _note(
    t: Tx, c: StepContext, brief: queries.Brief, who: Person, call: int, *, through: str, key: str, failed: str,
    state: str = "delivered",
) -> None:  # fmt: skip
    if who.id != brief.commander_id:
        # Whoever is asked to lead must be able to see what, in the channel, too. First, as in all that writes both: no two wait for each other.
        situation = (
            await t.scalars(select(Situation).where(Situation.org_id == t.org, Situation.id == brief.id))
        ).one()
        await add_participant(
            t, situation, who, role="Participant", reason="called, because nobody had answered", bring_in=True
        )
    await oncall.note_page(
        t, c.subject, who, through=through, key=key, call=call, message={"name": brief.name}, state=state, failed=failed,
        rotation_id=await queries.rotation_of(t, c.subject.id), repeat_minutes=brief.escalate_minutes,
    )  # fmt: skip


async def _whom(c: StepContext, *, through: str | None = None) -> tuple[queries.Brief, Person, int]:
    """Who is called and for which time: the commander first, later whom the unanswered call led to.

    Args:
        through: the channel this step calls through; None where each of several is asked for itself.

    Raises:
        Skip: nobody is to be called, or a later call reached this person through the same channel.
    """
    async with c.db.read(c.org) as t:
        brief = await queries.brief(t, c.subject.id)
        wanted = await queries.paging(t, c.subject.id)
        if brief.drill:
            raise Skip("A drill pages nobody.")
        if not wanted.wanted:
            raise Skip(f"{wanted.why} pages nobody.")
        who = await people.person(t, c.data.get("next_person_id") or brief.commander_id)
        call = int(c.data.get("call") or 1)
        if through is not None and await called_later(t, c.subject, who.id, through=through, call=call):
            raise Skip(overtaken(through))
    return brief, who, call


async def tell_reporter_in_slack(c: StepContext) -> None:
    """Nobody answered, says a direct message."""
    async with c.db.read(c.org) as t:
        brief = await queries.brief(t, c.subject.id)
    chat = await c.use(Providers).conversations(c.org, brief.project_id)
    if chat is None:
        raise Skip(NO_CHAT)
    reporter = await chat_id(c, chat, brief.reporter_id)
    if reporter is None:
        raise Skip(f"{brief.reporter} is not known in the chat workspace.")
    await chat.direct_message(reporter, messages.nobody_answered(brief), key=c.key, look_first=c.repeat)


async def tell_reporter_by_email(c: StepContext) -> None:
    """Nobody answered, says a mail."""
    async with c.db.read(c.org) as t:
        brief = await queries.brief(t, c.subject.id)
    mailer = await c.use(Providers).mailer(c.org, brief.project_id)
    if mailer is None:
        raise Skip(NO_MAIL)
    await mailer.send(mail.nobody_answered(brief).to(brief.reporter_email, key=c.key, thread=thread(c, brief)))


#: The first steps of every flow that calls somebody.
calls = (
    step("page", page_in_slack, title="Page in Slack", deadline=IN_TIME, when=unanswered, delivery="once",
         lane="people"),
    step("page_email", page_by_email, title="Page by e-mail", deadline=IN_TIME, when=unanswered, lane="people"),
    step("page_webhook", page_by_webhook, title="Page by webhook", deadline=IN_TIME, when=unanswered, lane="people"),
)  # fmt: skip

page_again = flow("incident.page_again", version=1)(*calls)

nobody_answered = flow("incident.nobody_answered", version=1)(
    step("tell", tell_reporter_in_slack, title="Tell the reporter in Slack that nobody answered", when=unanswered,
         delivery="once", lane="people"),
    step("tell_email", tell_reporter_by_email, title="Tell the reporter by e-mail that nobody answered",
         when=unanswered, lane="people"),
)  # fmt: skip

on(PageDue, page_again)
on(NobodyAnswered, nobody_answered)
