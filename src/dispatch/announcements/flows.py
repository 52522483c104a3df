"""An incident is looked at when it is reported and when it changes; a rule that fits announces it, each place a step."""

from __future__ import annotations

from dispatch.announcements.actions import fit_rules
from dispatch.announcements.events import RuleFitted
from dispatch.announcements.messages import by_email, in_slack
from dispatch.announcements.models import AnnouncementRule
from dispatch.kit.db import Tx
from dispatch.kit.errors import Refused
from dispatch.kit.events import Recorded, on, record
from dispatch.kit.flows import Deciding, Skip, StepContext, flow, step
from dispatch.ports.conversations import Conversations
from dispatch.projects.providers import Providers
from dispatch.situations import queries
from dispatch.situations.events import (
    Announced,
    CommanderChanged,
    CommanderNamed,
    DetailsChanged,
    Opened,
    ParticipantAdded,
    StatusChanged,
    VisibilityChanged,
)
from dispatch.situations.flows.common import NO_CHAT, NO_MAIL, thread


async def _rule(c: StepContext) -> tuple[queries.Brief, AnnouncementRule]:
    """The rule as it is now: a channel that was corrected counts at the next try.

    Raises:
        Skip: it was removed or disabled, or the incident became restricted.
    """
    async with c.db.read(c.org) as t:
        brief = await queries.brief(t, c.subject.id)
        rule = await t.get(AnnouncementRule, (t.org, int(c.data["rule_id"])))
    if rule is None or not rule.enabled:
        raise Skip(f"The rule {c.data['rule']} was removed or disabled meanwhile.")
    if brief.visibility == "restricted" and not rule.restricted:
        raise Skip(f"It is restricted, and the rule {rule.name} does not announce restricted incidents.")
    return brief, rule


async def post(c: StepContext) -> None:
    """Into the channel; of a restricted incident only into a private one."""
    brief, rule = await _rule(c)
    if not rule.channel:
        raise Skip(f"The rule {rule.name} names no channel.")
    chat = await c.use(Providers).conversations(c.org, brief.project_id)
    if chat is None:
        raise Skip(NO_CHAT)
    try:
        if brief.visibility == "restricted" and not await _private(chat, rule.channel):
            raise Refused(
                f"{brief.name} is restricted and {rule.channel} is not a private channel the app is in.",
                hint="Name a private channel in the rule and invite the app into it.",
            )
        await chat.post(rule.channel, in_slack(brief, rule=rule.name), key=c.key, look_first=c.repeat)
    except Refused as why:
        hint = why.hint or "Correct the channel (Settings → Project → Announcements), then try again."
        raise Refused(f"Rule {rule.name}, {rule.channel}: {why}", hint=hint, code=why.code) from None
    async with c.done() as t:
        await record(t, Announced(where=rule.channel), about=c.subject)


async def _private(chat: Conversations, channel: str) -> bool:
    if channel.startswith(("C", "G")) and channel.isupper():
        return (await chat.channel(channel)).private
    return await chat.find_channel(channel.lstrip("#"), private=True) is not None


async def mail(c: StepContext) -> None:
    """A mail to each address; who is refused is named, the others get it all the same."""
    brief, rule = await _rule(c)
    if not rule.emails:
        raise Skip(f"The rule {rule.name} names no e-mail address.")
    mailer = await c.use(Providers).mailer(c.org, brief.project_id)
    if mailer is None:
        raise Skip(NO_MAIL)
    letter = by_email(brief, rule=rule.name)
    refused: list[str] = []
    for address in rule.emails:
        try:
            await mailer.send(letter.to(address, key=f"{c.key}-{address}", thread=thread(c, brief)))
        except Refused as why:
            refused.append(f"{address} ({why})")
    if refused:
        # A repeat mails the others again under the same Message-ID, which their mail systems drop.
        raise Refused(
            f"Rule {rule.name}: not sent to {', '.join(refused)}.",
            hint="Correct the address (Settings → Project → Announcements), then try again.",
        )
    async with c.done() as t:
        await record(t, Announced(where=", ".join(rule.emails)), about=c.subject)


tell = flow("announcements.tell", version=1)(
    step("post", post, title="Announce it in Slack, by a rule", delivery="once"),
    step("mail", mail, title="Announce it by e-mail, by a rule"),
)


async def if_rules_fit(t: Tx, recorded: Recorded) -> int:
    """How many rules fitted; the flow hangs on `RuleFitted`."""
    return await fit_rules(t, recorded.subject)


for fact in (
    Opened,
    CommanderNamed,
    CommanderChanged,
    ParticipantAdded,
    DetailsChanged,
    StatusChanged,
    VisibilityChanged,
):
    on(fact, Deciding(tell, if_rules_fit))
on(RuleFitted, tell)
