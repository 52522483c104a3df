"""An incident without Slack: people find the page by mail, and a channel that comes late catches up."""

from __future__ import annotations

from datetime import timedelta

from dispatch.kit.errors import Refused
from dispatch.kit.events import record
from dispatch.kit.flows import Skip, StepContext
from dispatch.people import queries as people
from dispatch.projects.providers import Providers
from dispatch.situations import mail, queries
from dispatch.situations.events import LinkMailed
from dispatch.situations.flows.common import NO_MAIL, channel_of, chat_of, note_if_slack_answers, thread
from dispatch.situations.slack import messages

#: A channel that is made later than this after the report begins with the timeline so far.
LATE = timedelta(minutes=1)


async def post_timeline(c: StepContext) -> None:
    """A channel that comes late says what happened without it."""
    brief, chat = await chat_of(c)
    channel = channel_of(brief)
    async with c.db.read(c.org) as t:
        made = next(r.created_at for r in await queries.resources(t, c.subject.id) if r.kind == "conversation")
        so_far = [row for row in await queries.timeline(t, c.subject) if row.at < made]
    if made - brief.reported_at < LATE:
        raise Skip("The channel was there from the start.")
    await chat.post(channel, messages.so_far(brief, so_far), key=c.key, look_first=c.repeat)


async def mail_link(c: StepContext) -> None:
    """Without Slack, reporter and commander find their way by mail."""
    async with c.db.read(c.org) as t:
        brief = await queries.brief(t, c.subject.id)
        both = await people.people(t, {brief.reporter_id, brief.commander_id})
    chat = await c.use(Providers).conversations(c.org, brief.project_id)
    if chat is not None and await note_if_slack_answers(c, brief, chat):
        raise Skip("Slack answers, so the welcome goes there.")
    mailer = await c.use(Providers).mailer(c.org, brief.project_id)
    if mailer is None:
        raise Skip(NO_MAIL)
    refused: list[str] = []
    for who in both.values():
        letter = mail.no_channel(brief, leads=who.id == brief.commander_id, chat=chat is not None)
        try:
            await mailer.send(letter.to(who.email, key=f"{c.key}-{who.id}", thread=thread(c, brief)))
        except Refused as why:
            refused.append(f"{who.name} ({who.email}): {why}")
    if refused:
        # A repeat mails the other again under the same Message-ID, which their mail system drops.
        raise Refused(f"Not sent to {'; '.join(refused)}", hint="Correct the address, or call them.")
    async with c.done() as t:
        await record(t, LinkMailed(people=" and ".join(sorted(who.name for who in both.values()))), about=c.subject)
