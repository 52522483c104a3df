"""Writes about calling in whoever is on call: named, called until somebody answers, brought in."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Select, select

from dispatch.kit import clock
from dispatch.kit.db import OrgId, Tx
from dispatch.kit.errors import Conflict, Invalid, NotAllowed, NotFound
from dispatch.kit.events import Subject, record
from dispatch.oncall.actions import CALLS_EACH, REPEAT_MINUTES, acknowledge_pages, note_page
from dispatch.oncall.queries import on_call, rotation_by_id, was_called
from dispatch.people.models import Person
from dispatch.people.queries import person, unreachable
from dispatch.situations.access import sees
from dispatch.situations.actions.command import locked
from dispatch.situations.actions.participants import add_participant
from dispatch.situations.events import OncallAnswered, OncallCalledAgain, OncallEngaged, OncallUnanswered
from dispatch.situations.models import Engagement, Situation

#: What the pages of an engagement are about, so that they do not mix with the calls to the commander.
SUBJECT = "engagement"
#: Also of a call about what the person does not see.
NO_CALL = "There is no such call."


async def engage_oncall(
    t: Tx, situation: Situation, rotation_id: int, *, by: Person, note: str = "", page: bool = True
) -> tuple[Engagement, Person]:
    """Bring in who is on call now, and call them unless `page` is False. The caller checked `engage_oncall`.

    Raises:
        Invalid: no such rotation in the situation's project, or nobody is on call.
        Conflict: the situation is closed, or an unanswered call to this rotation is open.
    """
    situation = await locked(t, situation.id)
    if situation.status == "Closed":
        raise Conflict(f"{situation.name} is closed; reopen it first.")
    rotation = await rotation_by_id(t, rotation_id)
    if rotation is None or rotation.project_id != situation.project_id:
        raise Invalid("There is no such rotation in this project any more.", field="rotation")
    now_on = await on_call(t, rotation_id)
    if now_on is None:
        raise Invalid(f"Nobody is on call for {rotation.name} now.", field="rotation")
    waiting = await t.scalar(
        select(Engagement).where(
            Engagement.org_id == t.org, Engagement.situation_id == situation.id, Engagement.rotation_id == rotation_id,
            Engagement.due_at.is_not(None),
        )
    )  # fmt: skip
    if waiting is not None:
        called = await person(t, waiting.person_id)
        raise Conflict(f"{called.name} is being called for {rotation.name} already.")
    who = await person(t, now_on.person_id)
    now = clock.now()
    made = Engagement(
        org_id=t.org, situation_id=situation.id, rotation_id=rotation_id, rotation=rotation.name, on_call_id=who.id,
        person_id=who.id, by_id=by.id, note=note.strip(), created_at=now, calls=1 if page else 0,
        due_at=now + timedelta(minutes=REPEAT_MINUTES) if page else None,
    )  # fmt: skip
    t.add(made)
    await t.flush()
    await add_participant(
        t, situation, who, role="Participant", reason=f"on call for {rotation.name}", by=by.id, bring_in=True,
        bring_back=True,
    )  # fmt: skip
    said = f": {made.note}" if made.note else ""
    await record(
        t,
        OncallEngaged(
            engagement_id=made.id, person=who.name, person_id=who.id, rotation=rotation.name, said=said, call=made.calls
        ),
        about=Subject(situation.kind, situation.id),
        by=by.id,
    )
    return made, who


async def answer_engagement(t: Tx, engagement_id: int, *, by: Person) -> tuple[Situation, bool]:
    """ "I am coming": nobody is called any more. (the situation, whether it was unanswered)

    Raises:
        NotFound: no such call, or one about what this person does not see.
        NotAllowed: this person was not called.
    """
    situation, made = await _locked_engagement(t, engagement_id)
    # A call may come by mail before its page is noted, so whose turn it is counts, too.
    if by.id != made.person_id and not await was_called(t, Subject(SUBJECT, made.id), by.id):
        if not await sees(t, by, situation.id):
            raise NotFound(NO_CALL)
        called = await person(t, made.person_id)
        raise NotAllowed(f"{called.name} was called and has to answer. You can ask them in the channel.")
    if made.acknowledged_at is not None:
        return situation, False
    made.acknowledged_at, made.due_at = clock.now(), None
    await t.flush()
    await acknowledge_pages(t, Subject(SUBJECT, made.id), by)
    await record(
        t,
        OncallAnswered(engagement_id=made.id, rotation=made.rotation),
        about=Subject(situation.kind, situation.id),
        by=by.id,
    )
    return situation, True


def due_engagements(org: OrgId) -> Select[int]:
    """Calls for a rotation that nobody answered in time."""
    return select(Engagement.id).where(Engagement.org_id == org, Engagement.due_at <= clock.now())


async def call_engaged_again(t: Tx) -> int:
    """Claim calls nobody answered in time: the same person once more, then the next, then there is nobody left."""
    due = list(await t.scalars(due_engagements(t.org).order_by(Engagement.due_at).limit(50)))
    for engagement_id in due:
        # The situation's row first, as everywhere; then look again, since another worker may have been here.
        situation, made = await _locked_engagement(t, engagement_id)
        if made.due_at is None or made.due_at > clock.now():
            continue
        about = Subject(situation.kind, situation.id)
        order = await _in_order(t, made)
        turn = made.calls // CALLS_EACH
        if situation.status == "Closed":
            made.due_at = None
            continue
        if turn >= len(order):
            made.due_at = None
            await t.flush()
            await record(
                t, OncallUnanswered(engagement_id=made.id, rotation=made.rotation, by_id=made.by_id), about=about
            )
            continue
        who = await person(t, order[turn])
        made.person_id, made.calls = who.id, made.calls + 1
        made.due_at = clock.now() + timedelta(minutes=REPEAT_MINUTES)
        await t.flush()
        await add_participant(
            t, situation, who, role="Participant", reason=f"on call for {made.rotation}", bring_in=True, bring_back=True
        )
        await record(
            t,
            OncallCalledAgain(
                engagement_id=made.id, person=who.name, person_id=who.id, rotation=made.rotation, call=made.calls
            ),
            about=about,
        )
    return len(due)


async def _in_order(t: Tx, made: Engagement) -> list[int]:
    """Who is called one after the other: who was on call, then the rest of the rotation.

    After somebody who stands in comes whoever they stand in for.
    """
    rotation = await rotation_by_id(t, made.rotation_id)
    named = [int(m) for m in rotation.members] if rotation is not None else []
    gone = await unreachable(t, named)
    members = [each for each in named if each not in gone or each == made.on_call_id]
    first = members.index(made.on_call_id) if made.on_call_id in members else 0
    if made.on_call_id not in members:
        then = await on_call(t, made.rotation_id, made.created_at)
        if then is not None and then.instead_of in members:
            first = members.index(then.instead_of)
    return list(dict.fromkeys([made.on_call_id, *members[first:], *members[:first]]))


async def note_engagement_page(
    t: Tx,
    about: Subject,
    engagement_id: int,
    who: Person,
    *,
    through: str,
    key: str,
    call: int,
    state: str,
    failed: str,
) -> None:
    """A call as a row, shown among the situation's; the engagement itself sees to repeating it."""
    await note_page(
        t, Subject(SUBJECT, engagement_id), who, through=through, key=key, call=call, message={}, state=state,
        failed=failed, timeline=about, repeated=False,
    )  # fmt: skip


async def _locked_engagement(t: Tx, engagement_id: int) -> tuple[Situation, Engagement]:
    situation_id = await t.scalar(
        select(Engagement.situation_id).where(Engagement.org_id == t.org, Engagement.id == engagement_id)
    )
    if situation_id is None:
        raise NotFound(NO_CALL)
    situation = await locked(t, situation_id)
    made = (
        await t.scalars(
            select(Engagement)
            .where(Engagement.org_id == t.org, Engagement.id == engagement_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    ).one()
    return situation, made
