"""Writes about reports and their promises: each one transaction's worth, no network, ending in a recorded fact."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import timedelta

from sqlalchemy import Select, delete, func, select
from sqlalchemy.dialects.postgresql import insert as upsert

from dispatch.kit import clock
from dispatch.kit.db import OrgId, Tx
from dispatch.kit.errors import Conflict, Invalid, NotFound
from dispatch.kit.events import Subject, record
from dispatch.people.models import Person
from dispatch.reports.events import NotificationsGroupChanged, ReportWritten, UpdateDue, UpdateLate
from dispatch.reports.models import PROMISE, NotificationAddress, Report
from dispatch.reports.queries import promised_after
from dispatch.situations.actions import locked, promise_update
from dispatch.situations.models import Situation

LONGEST = 10_000
#: Minutes before a promised update at which somebody is reminded.
AHEAD_MINUTES = 5
MOST_ADDRESSES = 100
_ADDRESS = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\".]{2,}")


async def write_report(
    t: Tx,
    situation: Situation,
    kind: str,
    content: Mapping[str, str],
    *,
    by: Person,
    next_minutes: int | None,
    source_key: str | None = None,
) -> Report:
    """A report. It keeps, or misses, the promise of the one before. The caller asked `access.require(..., "report")`.

    Args:
        kind: tactical or executive.
        content: texts by field, none empty.
        next_minutes: minutes from now in which the next one is promised; None: none is.
        source_key: what it came from; the same twice gives the report written before.

    Raises:
        Invalid: a text is missing or longer than 10,000 characters.
        Conflict: the situation is closed.
    """
    for key, text in content.items():
        if not text.strip():
            raise Invalid("Please write something here.", field=key)
        if len(text) > LONGEST:
            raise Invalid(f"At most {LONGEST:,} characters; this has {len(text):,}.", field=key)
    situation = await locked(t, situation.id)
    if source_key is not None:
        made = await t.scalar(select(Report).where(Report.org_id == t.org, Report.source_key == source_key))
        if made is not None:
            return made
    if situation.status == "Closed":
        raise Conflict(f"{situation.name} is closed; reopen it first.")
    now = clock.now()
    await _settle(t, situation.id)
    last = await t.scalar(
        select(func.max(Report.number)).where(
            Report.org_id == t.org, Report.situation_id == situation.id, Report.kind == kind
        )
    )
    promised = now + timedelta(minutes=next_minutes) if next_minutes else None
    report = Report(
        org_id=t.org, situation_id=situation.id, kind=kind, number=(last or 0) + 1, author_id=by.id,
        content={key: text.strip() for key, text in content.items()}, created_at=now, promised_at=promised, promise="",
        remind_at=promised - timedelta(minutes=min(AHEAD_MINUTES, next_minutes or 0)) if promised else None,
        source_key=source_key,
    )  # fmt: skip
    t.add(report)
    await t.flush()
    await promise_update(t, situation, promised)
    told = f"; the next update is promised for {promised:%H:%M} UTC" if promised else ""
    await record(
        t,
        ReportWritten(report_id=report.id, kind=kind, number=report.number, next=told),
        about=_about(situation),
        by=by.id,
        pinned=True,
    )
    return report


async def promise_first_update(t: Tx, situation_id: int) -> bool:
    """Promise what the severity wants, before the first report. Returns False when it wants nothing, or one is there.

    A worse severity brings what was promised for later forward; a milder one takes no promise back.
    """
    minutes = await promised_after(t, situation_id)
    if minutes is None:
        return False
    situation = await locked(t, situation_id)
    there = select(Report).where(Report.org_id == t.org, Report.situation_id == situation_id)
    written = there.where(Report.kind != PROMISE).limit(1)
    if situation.status == "Closed" or await t.scalar(written) is not None:
        return False
    now = clock.now()
    promised = now + timedelta(minutes=minutes)
    remind_at = promised - timedelta(minutes=min(AHEAD_MINUTES, minutes))
    before = await t.scalar(there.with_for_update())
    if before is not None:
        if before.promise or (before.promised_at is not None and before.promised_at <= promised):
            return False
        before.promised_at, before.remind_at = promised, remind_at
    else:
        t.add(
            Report(
                org_id=t.org, situation_id=situation.id, kind=PROMISE, number=1, author_id=situation.reporter_id,
                content={}, created_at=now, promised_at=promised, promise="", remind_at=remind_at, source_key=None,
            )
        )  # fmt: skip
    await t.flush()
    await promise_update(t, situation, promised)
    return True


def due_updates(org: OrgId) -> Select[Report, Situation]:
    """Promised updates of which somebody has to be reminded now."""
    return (
        select(Report, Situation)
        .join(Situation, (Situation.org_id == Report.org_id) & (Situation.id == Report.situation_id))
        .where(Report.org_id == org, Report.remind_at <= clock.now())
    )


async def remind_updates(t: Tx) -> int:
    """Claim promises whose reminder is due; one that passed is late, and stays so. Returns how many."""
    now = clock.now()
    due = (await t.execute(due_updates(t.org).limit(50).with_for_update(of=Report, skip_locked=True))).all()
    reminded = 0
    for report, situation in due:
        report.remind_at = None
        await t.flush()
        if situation.status == "Closed" or report.promised_at is None or report.promise == "kept":
            continue
        if now < report.promised_at:
            report.remind_at = report.promised_at
            minutes = max(1, round((report.promised_at - now).total_seconds() / 60))
            told: UpdateDue | UpdateLate = UpdateDue(
                report_id=report.id, when=f"is due in {minutes} minute{'' if minutes == 1 else 's'}"
            )
        elif report.promise == "":
            report.promise = "late"
            told = UpdateLate(report_id=report.id, promised=f"{report.promised_at:%H:%M} UTC")
        else:
            minutes = round((now - report.promised_at).total_seconds() / 60)
            told = UpdateDue(report_id=report.id, when=f"is {minutes} minutes late")
        await t.flush()
        await record(t, told, about=_about(situation))
        reminded += 1
    return reminded


async def remind_update_again(t: Tx, report_id: int, *, minutes: int) -> bool:
    """Remind of a promise once more, in so many minutes. Returns False when a report was written meanwhile.

    Raises:
        NotFound: no such report.
    """
    report = await t.scalar(select(Report).where(Report.org_id == t.org, Report.id == report_id).with_for_update())
    if report is None:
        raise NotFound("There is no such report.")
    later = await t.scalar(
        select(Report.id)
        .where(Report.org_id == t.org, Report.situation_id == report.situation_id, Report.id > report.id)
        .limit(1)
    )
    if later is not None:
        return False
    report.remind_at = clock.now() + timedelta(minutes=minutes)
    await t.flush()
    return True


async def change_notifications_group(
    t: Tx, situation: Situation, *, add: Collection[str], remove: Collection[str], by: Person
) -> bool:
    """Add and remove addresses; what others added meanwhile stays. Returns False when nothing changed.

    The caller asked `access.require(..., "notifications_group")`.

    Raises:
        Invalid: too many addresses.
    """
    await locked(t, situation.id)
    mine = (NotificationAddress.org_id == t.org) & (NotificationAddress.situation_id == situation.id)
    present = set(await t.scalars(select(NotificationAddress.email).where(mine)))
    added, removed = sorted(set(add) - present), sorted(set(remove) & present)
    after = (present | set(added)) - set(removed)
    # More could not be edited in Slack, whose inputs hold 3,000 characters.
    if len(after) > MOST_ADDRESSES or sum(len(each) + 1 for each in after) > 3000:
        raise Invalid(
            f"At most {MOST_ADDRESSES} addresses and 3,000 characters. Use a mailing list.", field="addresses"
        )
    if not added and not removed:
        return False
    await t.execute(delete(NotificationAddress).where(mine, NotificationAddress.email.in_(removed)))
    if added:
        await t.execute(
            upsert(NotificationAddress).on_conflict_do_nothing(),
            [{"org_id": t.org, "situation_id": situation.id, "email": email} for email in added],
        )
    said = [f"added {', '.join(added)}"] if added else []
    said += [f"removed {', '.join(removed)}"] if removed else []
    await record(
        t,
        NotificationsGroupChanged(what="; ".join(said), added=added, removed=removed),
        about=_about(situation),
        by=by.id,
    )
    return True


def addresses(text: str) -> list[str]:
    """The addresses in a text, in lower case, each once; separated by white space, commas or semicolons.

    Raises:
        Invalid: names what is no address.
    """
    found = [each.lower() for each in re.split(r"[\s,;]+", text.strip()) if each]
    wrong = [each for each in found if not _ADDRESS.fullmatch(each) or len(each) > 254]
    if wrong:
        raise Invalid(f"This is no e-mail address: {', '.join(wrong[:5])}.", field="addresses")
    return list(dict.fromkeys(found))


async def _settle(t: Tx, situation_id: int) -> None:
    """A report is there: what was promised is kept, or late."""
    now = clock.now()
    for earlier in await t.scalars(
        select(Report)
        .where(
            Report.org_id == t.org,
            Report.situation_id == situation_id,
            Report.promised_at.is_not(None),
            Report.promise.in_(("", "late")),
        )
        .with_for_update()
    ):
        earlier.remind_at = None
        if earlier.promise == "" and earlier.promised_at is not None:
            earlier.promise = "kept" if now <= earlier.promised_at else "late"
    await t.flush()


def _about(situation: Situation) -> Subject:
    return Subject(situation.kind, situation.id)
