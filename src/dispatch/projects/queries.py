"""Reads about projects and their configuration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from sqlalchemy import and_, func, or_, select

from dispatch.kit.db import Read
from dispatch.kit.errors import Invalid, NotFound
from dispatch.kit.events import Event
from dispatch.people.models import ProjectAdmin
from dispatch.projects.models import PluginInstance, Priority, Project, Severity, SituationType, Tag

Choice = TypeVar("Choice", SituationType, Severity, Priority)


async def projects(t: Read) -> list[Project]:
    """Enabled projects, the default one first."""
    return list(
        await t.scalars(
            select(Project)
            .where(Project.org_id == t.org, Project.enabled)
            .order_by(Project.is_default.desc(), Project.name)
        )
    )


async def all_projects(t: Read) -> list[Project]:
    """Disabled ones too, for the settings; the default one first, the disabled ones last."""
    return list(
        await t.scalars(
            select(Project)
            .where(Project.org_id == t.org)
            .order_by(Project.is_default.desc(), Project.enabled.desc(), Project.name)
        )
    )


async def project_names(t: Read) -> dict[int, str]:
    """What the projects are called, disabled ones too, by their ids."""
    return {each.id: each.name for each in await all_projects(t)}


async def run_by(t: Read, person_id: int) -> list[tuple[str, str]]:
    """(slug, name) of the projects somebody is project admin of, by name."""
    rows = await t.execute(
        select(Project.slug, Project.name)
        .join(ProjectAdmin, (ProjectAdmin.org_id == Project.org_id) & (ProjectAdmin.project_id == Project.id))
        .where(Project.org_id == t.org, ProjectAdmin.person_id == person_id)
        .order_by(Project.name, Project.id)
    )
    return [(row.slug, row.name) for row in rows]


async def project(t: Read, slug: str | None, *, disabled: bool = False) -> Project:
    """By slug, or the default one.

    Args:
        disabled: also one that is switched off, for what belongs to it already.

    Raises:
        Invalid: no enabled project of that name.
    """
    found = await (all_projects(t) if disabled else projects(t))
    if slug:
        for p in found:
            if slug == p.slug:
                return p
        raise Invalid(
            f'There is no project "{slug}" here. There are: {", ".join(p.slug for p in found)}.', field="project"
        )
    if not found:
        raise Invalid("This organization has no project yet.", field="project")
    return found[0]


async def project_by_id(t: Read, project_id: int) -> Project:
    """By id.

    Raises:
        NotFound: not one of this organization.
    """
    found = await t.scalar(select(Project).where(Project.org_id == t.org, Project.id == project_id))
    if found is None:
        raise NotFound("There is no such project.")
    return found


async def choices(t: Read, cls: type[Choice], project_id: int, *, kind: str = "incident") -> list[Choice]:
    """Enabled types, severities or priorities of a project in their order."""
    return list(
        await t.scalars(
            select(cls)
            .where(cls.org_id == t.org, cls.project_id == project_id, cls.kind == kind, cls.enabled)
            .order_by(cls.position, cls.id)
        )
    )


async def all_choices(t: Read, cls: type[Choice], project_id: int, *, kind: str = "incident") -> list[Choice]:
    """Disabled ones too, for the settings, in their order."""
    return list(
        await t.scalars(
            select(cls)
            .where(cls.org_id == t.org, cls.project_id == project_id, cls.kind == kind)
            .order_by(cls.position, cls.id)
        )
    )


async def severity_names(t: Read, *, kind: str = "incident") -> list[str]:
    """Names of the severities of all enabled projects, each once, in their order."""
    names = await t.scalars(
        select(Severity.name)
        .join(Project, (Project.org_id == Severity.org_id) & (Project.id == Severity.project_id))
        .where(Severity.org_id == t.org, Severity.kind == kind, Severity.enabled, Project.enabled)
        .group_by(Severity.name)
        .order_by(func.min(Severity.position), Severity.name)
    )
    return list(names)


def chosen(options: Sequence[Choice], name: str | None, *, field: str) -> Choice:
    """The option of that name or id; the default one when none is named.

    Raises:
        Invalid: unknown, or nothing to choose from.
    """
    if name:
        for option in options:
            if name in (option.name, str(option.id)):
                return option
        raise Invalid(f'There is no {field} "{name}". There are: {", ".join(o.name for o in options)}.', field=field)
    for option in options:
        if option.is_default:
            return option
    if not options:
        raise Invalid(f"This project has no {field} to choose from.", field=field)
    return options[0]


async def tags(t: Read, project_id: int, q: str = "", *, limit: int = 100) -> list[Tag]:
    """Tags of a project whose name contains `q`."""
    query = select(Tag).where(Tag.org_id == t.org, Tag.project_id == project_id)
    if q.strip():
        query = query.where(Tag.name.icontains(q.strip(), autoescape=True))
    return list(await t.scalars(query.order_by(Tag.name).limit(limit)))


async def tag_page(t: Read, project_id: int, q: str, *, page: int, size: int) -> tuple[list[Tag], int]:
    """One page of the tags of a project whose name or description contains `q`, and how many there are in all."""
    wanted = select(Tag).where(Tag.org_id == t.org, Tag.project_id == project_id)
    if q.strip():
        wanted = wanted.where(
            or_(Tag.name.icontains(q.strip(), autoescape=True), Tag.description.icontains(q.strip(), autoescape=True))
        )
    total = (await t.execute(wanted.with_only_columns(func.count()))).scalar_one()
    rows = await t.scalars(wanted.order_by(Tag.name, Tag.id).limit(size).offset((page - 1) * size))
    return list(rows), total


async def tag(t: Read, project_id: int, tag_id: int) -> Tag | None:
    """By id; None when it is not one of this project."""
    return await t.scalar(select(Tag).where(Tag.org_id == t.org, Tag.project_id == project_id, Tag.id == tag_id))


async def instances(t: Read, project_id: int | None = None, *, slug: str | None = None) -> list[PluginInstance]:
    """Enabled plugin instances, oldest first."""
    query = select(PluginInstance).where(PluginInstance.org_id == t.org, PluginInstance.enabled)
    if project_id is not None:
        query = query.where(PluginInstance.project_id == project_id)
    if slug is not None:
        query = query.where(PluginInstance.slug == slug)
    return list(await t.scalars(query.order_by(PluginInstance.id)))


async def configured(t: Read, project_id: int, slug: str, instance_id: int | None = None) -> PluginInstance | None:
    """The instance of a plugin in a project, enabled or not; with an id that one; None when there is none.

    Raises:
        Invalid: there are several and none is named.
    """
    query = select(PluginInstance).where(
        PluginInstance.org_id == t.org, PluginInstance.project_id == project_id, PluginInstance.slug == slug
    )
    if instance_id is not None:
        query = query.where(PluginInstance.id == instance_id)
    found = list(await t.scalars(query.order_by(PluginInstance.id)))
    if len(found) > 1:
        named = ", ".join(f"{each.id} ({each.label or 'no label'})" for each in found)
        raise Invalid(f"This project has several of {slug}: {named}. Say which one.")
    return found[0] if found else None


async def configured_plugins(t: Read, project_id: int) -> list[PluginInstance]:
    """All instances of a project, enabled or not, oldest first."""
    return list(
        await t.scalars(
            select(PluginInstance)
            .where(PluginInstance.org_id == t.org, PluginInstance.project_id == project_id)
            .order_by(PluginInstance.id)
        )
    )


async def plugin_instance(t: Read, project_id: int, instance_id: int) -> PluginInstance:
    """By id.

    Raises:
        NotFound: not one of this project.
    """
    found = await t.get(PluginInstance, (t.org, instance_id))
    if found is None or found.project_id != project_id:
        raise NotFound("There is no such plugin in this project.")
    return found


async def plugin_history(t: Read, instance: PluginInstance, *, limit: int = 100) -> list[Event]:
    """What was done to an instance, newest first. Rows of earlier versions name the plugin instead of the instance."""
    of_it = Event.data["instance"].as_integer() == instance.id
    before_ids = and_(~Event.data.has_key("instance"), Event.data["plugin"].as_string() == instance.slug)
    return list(
        await t.scalars(
            select(Event)
            .where(
                Event.org_id == t.org,
                Event.subject_kind == "project",
                Event.subject_id == instance.project_id,
                Event.fact.like("plugin.%"),
                or_(of_it, before_ids),
            )
            .order_by(Event.at.desc(), Event.id.desc())
            .limit(limit)
        )
    )
