"""Writes about what two situations have to do with each other: related, or alike but not the same."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert as upsert

from dispatch.kit import clock
from dispatch.kit.db import Tx
from dispatch.kit.errors import Invalid
from dispatch.kit.events import Fact, Subject, announce, record
from dispatch.people.models import Person
from dispatch.situations.events import NoDuplicate, Related, Unrelated
from dispatch.situations.models import Duplicate, Situation, SituationLink


async def relate(t: Tx, situation: Situation, other: Situation, *, by: Person) -> bool:
    """Link the two. Returns False when they were. The caller found both visible and asked `access.require(..., "relate")`.

    Raises:
        Invalid: it is the same one.
    """
    first, second = _pair(situation, other)
    link = upsert(SituationLink).values(
        org_id=t.org, first_id=first, second_id=second, relation="related", by_id=by.id, at=clock.now()
    )
    changed = (
        await t.execute(
            link.on_conflict_do_update(
                index_elements=["org_id", "first_id", "second_id"],
                set_={"relation": "related", "by_id": by.id, "at": link.excluded.at},
                where=SituationLink.relation != "related",
            ).returning(SituationLink.first_id)
        )
    ).first()
    if changed is None:
        return False
    await tell(t, situation, Related(other=other.name, other_id=other.id), of=other, by=by)
    await tell(t, other, Related(other=situation.name, other_id=situation.id), of=situation, by=by)
    return True


async def unrelate(t: Tx, situation: Situation, other: Situation, *, by: Person) -> bool:
    """Take the link away. Returns False when there is none."""
    first, second = _pair(situation, other)
    gone = await t.execute(
        delete(SituationLink)
        .where(
            SituationLink.org_id == t.org, SituationLink.first_id == first, SituationLink.second_id == second,
            SituationLink.relation == "related",
        )
        .returning(SituationLink.first_id)
    )  # fmt: skip
    if gone.first() is None:
        return False
    await tell(t, situation, Unrelated(other=other.name, other_id=other.id), of=other, by=by)
    await tell(t, other, Unrelated(other=situation.name, other_id=situation.id), of=situation, by=by)
    return True


async def tell_apart(t: Tx, situation: Situation, other: Situation, *, by: Person) -> None:
    """They look alike and are not the same: nobody is asked again. What they were linked as stays."""
    first, second = _pair(situation, other)
    await t.execute(
        upsert(SituationLink)
        .values(org_id=t.org, first_id=first, second_id=second, relation="different", by_id=by.id, at=clock.now())
        .on_conflict_do_nothing()
    )
    for each, of in ((situation, other), (other, situation)):
        await announce(t, Subject(each.kind, each.id), "related", of=Subject(of.kind, of.id))


async def no_duplicate(t: Tx, situation: Situation, *, by: Person) -> None:
    """What is opened again, or taken apart, is no duplicate any more. Nothing where it was none."""
    original_id = (
        await t.execute(
            delete(Duplicate)
            .where(Duplicate.org_id == t.org, Duplicate.situation_id == situation.id)
            .returning(Duplicate.original_id)
        )
    ).scalar_one_or_none()
    if original_id is None:
        return
    original = (await t.scalars(select(Situation).where(Situation.org_id == t.org, Situation.id == original_id))).one()
    apart = NoDuplicate(duplicate=situation.name, original=original.name)
    await tell(t, situation, apart, of=original, by=by)
    await tell(t, original, apart, of=situation, by=by)


async def tell(t: Tx, situation: Situation, fact: Fact, *, of: Situation, by: Person, pinned: bool = False) -> None:
    """Record a fact that names `of`, unless readers of this timeline must not know of it; pages of those who may know follow in any case."""
    about = Subject(situation.kind, situation.id)
    if of.visibility == "open":
        await record(t, fact, about=about, by=by.id, pinned=pinned)
    else:
        await announce(t, about, "related", of=Subject(of.kind, of.id))


def _pair(one: Situation, other: Situation) -> tuple[int, int]:
    if one.id == other.id:
        raise Invalid(f"{one.name} cannot be linked with itself.", field="other")
    return min(one.id, other.id), max(one.id, other.id)
