"""Writes about a project's tags: add many at once, rename, remove."""

from __future__ import annotations

import re

from pydantic import field_validator
from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError

from dispatch.kit.db import Tx
from dispatch.kit.errors import Conflict, NotFound, Stale
from dispatch.kit.events import Subject, record
from dispatch.kit.forms import Form, FormErrors, differences, fingerprint, long_text, text
from dispatch.projects.actions import add_tags, take_turn
from dispatch.projects.configuration_events import TagChanged, TagRemoved, TagsAdded
from dispatch.projects.configure import STALE, stored
from dispatch.projects.models import Project, Tag
from dispatch.projects.settings_forms import one_line

LONGEST = 50
#: In one go; a list pasted by mistake should not fill the database.
MOST_AT_ONCE = 1000


class NewTagsForm(Form):
    """Tags by the dozen."""

    names: str = long_text(
        "New tags", max_length=60_000, placeholder="database, dns, network",
        help="One per line, or separated by commas. Those there already stay as they are.",
    )  # fmt: skip

    def words(self) -> list[str]:
        """Each once, in the order they were typed."""
        found = [one_line(each) for each in re.split(r"[,;\n]", self.names)]
        return list(dict.fromkeys(each for each in found if each))

    @field_validator("names")
    @classmethod
    def _names(cls, value: str) -> str:
        found = [one_line(each) for each in re.split(r"[,;\n]", value)]
        long = [each for each in found if len(each) > LONGEST]
        if long:
            raise ValueError(f"A tag has at most {LONGEST} characters; “{long[0][:LONGEST]}…” has {len(long[0])}.")
        if len(found) > MOST_AT_ONCE:
            raise ValueError(f"At most {MOST_AT_ONCE:,} at once; these are {len(found):,}.")
        if not any(found):
            raise ValueError("Please give at least one tag.")
        return value


class TagForm(Form):
    """One tag."""

    name: str = text("Name", max_length=LONGEST, help="Incidents that have it follow the new name.")
    description: str = text("Description", default="", max_length=200, help="What it is meant for.")

    @field_validator("name")
    @classmethod
    def _name(cls, value: str) -> str:
        if re.search(r"[,;]", value):
            raise ValueError("A tag has no comma or semicolon in it.")
        return one_line(value)


async def add(t: Tx, project: Project, form: NewTagsForm, *, by: int | None) -> list[str]:
    """The names that are new, whatever their case."""
    await take_turn(t, project)
    lowered = set(
        await t.scalars(select(func.lower(Tag.name)).where(Tag.org_id == t.org, Tag.project_id == project.id))
    )
    new: list[str] = []
    for word in form.words():
        if word.lower() not in lowered:
            lowered.add(word.lower())
            new.append(word)
    if new:
        await add_tags(t, project, new)
        await record(
            t, TagsAdded(project=project.name, tags=", ".join(new)), about=Subject("project", project.id), by=by
        )
    return new


async def change(t: Tx, project: Project, tag_id: int, form: TagForm, *, seen: str, by: int | None) -> Tag:
    """Rename or describe.

    Raises:
        FormErrors: the name is taken.
        Stale: changed by somebody else since `seen`.
    """
    tag = await _tag(t, project, tag_id)
    before, after = stored(TagForm, tag), form.model_dump()
    if fingerprint(TagForm, before) != seen:
        raise Stale(STALE)
    same = await t.scalar(
        select(Tag.name).where(
            Tag.org_id == t.org,
            Tag.project_id == project.id,
            Tag.id != tag.id,
            func.lower(Tag.name) == form.name.lower(),
        )
    )
    if same is not None:
        raise FormErrors({"name": f"There is already a tag called {same}."}, labels={"name": "Name"})
    tag.name, tag.description = form.name, form.description
    await t.flush()
    was, now = differences(TagForm, before, after)
    if now:
        await record(
            t,
            TagChanged(project=project.name, tag=str(before["name"]), before=was, after=now),
            about=Subject("project", project.id),
            by=by,
        )
    return tag


async def remove(t: Tx, project: Project, tag_id: int, *, by: int | None) -> str:
    """Take away a tag no incident has; its name.

    Raises:
        Conflict: incidents have it.
    """
    tag = await _tag(t, project, tag_id)
    name = tag.name
    try:
        async with t.begin_nested():
            await t.execute(delete(Tag).where(Tag.org_id == t.org, Tag.id == tag_id))
    except IntegrityError:
        raise Conflict(f"Incidents have the tag {name}, so it stays. You can rename it.") from None
    t.expunge(tag)
    await record(t, TagRemoved(project=project.name, tag=name), about=Subject("project", project.id), by=by)
    return name


async def _tag(t: Tx, project: Project, tag_id: int) -> Tag:
    await take_turn(t, project)
    found = await t.scalar(
        select(Tag)
        .where(Tag.org_id == t.org, Tag.project_id == project.id, Tag.id == tag_id)
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound("There is no such tag in this project.")
    return found
