"""What follows a report: the channel reads and pins it, the notifications group gets it; and promises are called to mind."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from dispatch.kit.db import Tx
from dispatch.kit.errors import Refused
from dispatch.kit.events import Recorded, on
from dispatch.kit.flows import Deciding, Skip, StepContext, flow, step
from dispatch.kit.slack.markup import cut
from dispatch.ports.documents import Documents
from dispatch.projects.providers import Providers
from dispatch.reports import mail
from dispatch.reports.actions import promise_first_update
from dispatch.reports.events import ReportWritten, UpdateDue, UpdateLate
from dispatch.reports.models import PROMISE
from dispatch.reports.queries import ReportRow, notifications_group, report
from dispatch.reports.slack import messages
from dispatch.situations import queries
from dispatch.situations.actions import link_resource
from dispatch.situations.events import DetailsChanged, Opened, ResourceLinked
from dispatch.situations.flows.common import NO_MAIL, channel_of, chat_id, chat_of, still_open, thread
from dispatch.situations.flows.subscribers import if_subscribed, tell_subscribers
from dispatch.situations.slack.messages import subscribed


async def _report(c: StepContext) -> tuple[queries.Brief, ReportRow]:
    async with c.db.read(c.org) as t:
        return await queries.brief(t, c.subject.id), await report(t, int(c.data["report_id"]))


async def post_tactical(c: StepContext) -> None:
    """Posted and pinned: whoever comes later finds the last one on top."""
    brief, chat = await chat_of(c)
    _, written = await _report(c)
    posted = await chat.post(channel_of(brief), messages.tactical(brief, written), key=c.key, look_first=c.repeat)
    await chat.pin(posted)


async def make_document(c: StepContext) -> None:
    """A document of its own, among the incident's documents."""
    brief, written = await _report(c)
    documents: Documents | None = await c.use(Providers).documents(c.org, brief.project_id)
    if documents is None:
        raise Skip("No document system is configured.")
    title = f"{brief.name} – Executive report {written.number}"
    made = await documents.create(key=c.key, name=brief.name, title=title, body=messages.document(brief, written))
    async with c.done({"url": made.url}) as t:
        await link_resource(
            t, c.subject, kind="document", provider=documents.provider, external_id=made.external_id,
            title=made.title, url=made.url,
            says=ResourceLinked(what="Executive report", kind="document", title=made.title, url=made.url),
        )  # fmt: skip


async def mail_group(c: StepContext) -> None:
    """Each address gets its own mail; one that is refused keeps the others from nothing, and is named."""
    brief, written = await _report(c)
    async with c.db.read(c.org) as t:
        group = await notifications_group(t, c.subject.id)
    if not group:
        raise Skip("The notifications group is empty (/dispatch-notifications-group).")
    mailer = await c.use(Providers).mailer(c.org, brief.project_id)
    if mailer is None:
        raise Skip(NO_MAIL)
    url = str((c.results.get("document") or {}).get("url") or brief.url)
    refused: list[str] = []
    for address in group:
        key = f"{c.key}-{hashlib.blake2b(address.encode(), digest_size=8).hexdigest()}"
        try:
            await mailer.send(mail.executive(brief, written, url=url, to=address, key=key, thread=thread(c, brief)))
        except Refused as why:
            refused.append(f"{address}: {why}")
    if refused:
        raise Refused(f"Not sent to {'; '.join(refused)}", hint="Correct the notifications group. The others have it.")
    async with c.done({"told": len(group)}):
        pass


async def post_executive(c: StepContext) -> None:
    """The channel learns that there is one."""
    brief, chat = await chat_of(c)
    _, written = await _report(c)
    url = str((c.results.get("document") or {}).get("url") or "")
    told = int((c.results.get("mail") or {}).get("told") or 0)
    await chat.post(
        channel_of(brief), messages.executive(brief, written, url=url, told=told), key=c.key, look_first=c.repeat
    )


async def tell_those_who_subscribed(c: StepContext) -> None:
    """People who follow along without being in the channel."""
    brief, written = await _report(c)
    said = "; ".join(
        f"{messages.LABELS[key]}: {cut(' '.join(text.split()), 300)}" for key, text in written.content.items()
    )
    await tell_subscribers(c, subscribed(brief, what=f"has a new report. {said}"))


async def remind_commander(c: StepContext) -> None:
    """Who leads."""
    brief, written = await _report(c)
    await _remind(c, brief, written, brief.commander_id, brief.commander)


async def remind_author(c: StepContext) -> None:
    """Who promised, if that is somebody else who still takes part."""
    brief, written = await _report(c)
    if written.kind == PROMISE:
        raise Skip("The severity promised it, and no person.")
    if written.author_id == brief.commander_id:
        raise Skip(f"{written.author} leads, and is reminded of it anyway.")
    async with c.db.read(c.org) as t:
        here = any(row.person.id == written.author_id for row in await queries.participants(t, c.subject.id))
    if not here:
        raise Skip(f"{written.author} does not take part any more.")
    await _remind(c, brief, written, written.author_id, written.author)


async def _remind(c: StepContext, brief: queries.Brief, written: ReportRow, person_id: int, name: str) -> None:
    if written.promise == "kept":
        raise Skip("The update was written meanwhile.")
    _, chat = await chat_of(c)
    when = str(c.data.get("when") or f"promised for {c.data.get('promised')} is late")
    user = await chat_id(c, chat, person_id)
    if user is None:
        raise Skip(f"{name} is not known in the chat workspace.")
    await chat.direct_message(user, messages.reminder(brief, written, when=when), key=c.key, look_first=c.repeat)


HOUR = timedelta(hours=1)

tactical = flow("report.tactical", version=1)(
    step("post", post_tactical, title="Post and pin the tactical report", when=still_open, delivery="once"),
)
executive = flow("report.executive", version=1)(
    step("document", make_document, title="Write the executive report into a document"),
    step("mail", mail_group, title="Mail it to the notifications group", after="document", after_failed=True),
    step("post", post_executive, title="Tell the channel about the executive report", after="mail", after_failed=True,
         when=still_open, delivery="once"),
)  # fmt: skip
subscribers = flow("report.tell_subscribers", version=1)(
    step("tell", tell_those_who_subscribed, title="Tell those who subscribed", when=still_open, delivery="once"),
)
update_due = flow("report.update_due", version=1)(
    step("remind", remind_commander, title="Remind of the promised update", when=still_open, deadline=HOUR, delivery="once",
         lane="people"),
    step("remind_author", remind_author, title="Remind who promised it", when=still_open, deadline=HOUR, delivery="once",
         lane="people"),
)  # fmt: skip


async def promise_first(t: Tx, recorded: Recorded) -> int:
    """1 when an update is promised now; the reminders follow when it is due."""
    return int(await promise_first_update(t, recorded.subject.id))


on(Opened, Deciding(update_due, promise_first))
on(DetailsChanged, Deciding(update_due, promise_first), when=lambda happened: "severity" in happened.changes)
on(ReportWritten, tactical, when=lambda happened: happened.kind == "tactical")
on(ReportWritten, executive, when=lambda happened: happened.kind == "executive")
on(ReportWritten, if_subscribed(subscribers))
on(UpdateDue, update_due)
on(UpdateLate, update_due)
