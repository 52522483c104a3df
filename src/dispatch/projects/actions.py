"""Writes about projects and their configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import SecretStr, ValidationError
from sqlalchemy import select

from dispatch.kit import clock
from dispatch.kit.crypto import Vault
from dispatch.kit.db import Tx
from dispatch.kit.errors import Conflict, Invalid
from dispatch.kit.events import Fact, Subject, fact, record
from dispatch.projects.models import PluginInstance, Priority, Project, Severity, SituationType, Tag
from dispatch.projects.providers import PluginLike, secret_context

SEVERITIES = (
    ("Undetermined", "Nobody knows yet how bad it is.", "secondary", 0),
    ("Low", "Few are affected, and there is a way around it.", "azure", 1),
    ("Medium", "Part of the service is degraded for some.", "yellow", 2),
    ("High", "An important function is down for many.", "orange", 3),
    ("Critical", "The service is down, or data is at risk.", "red", 4),
)
PRIORITIES = (
    ("Low", "Within working hours.", "azure", 1, False, 30),
    ("Medium", "Today.", "yellow", 2, True, 15),
    ("High", "Now, whatever the hour.", "red", 3, True, 5),
)


@fact
@dataclass(frozen=True, kw_only=True)
class PluginConfigured(Fact):
    """Somebody changed a plugin's settings; secrets are named, never shown."""

    name = "plugin.configured"
    says = "{by} changed {plugin}: {changed}"
    icon = "settings"

    plugin: str
    changed: str


async def create_project(t: Tx, slug: str, *, name: str = "", is_default: bool = False, **more: Any) -> Project:
    """A project with the severities, priorities and the type every team starts with.

    Raises:
        Conflict: the slug is taken.
    """
    if await t.scalar(select(Project.id).where(Project.org_id == t.org, Project.slug == slug)):
        raise Conflict(f'There is already a project "{slug}".')
    first = await t.scalar(select(Project.id).where(Project.org_id == t.org).limit(1)) is None
    project = Project(
        org_id=t.org, slug=slug, name=name or slug.title(), is_default=is_default or first, created_at=clock.now(), **more
    )
    t.add(project)
    await t.flush()
    t.add_all(
        Severity(
            org_id=t.org, project_id=project.id, kind="incident", name=n, help=h, color=c, rank=r, position=i, is_default=i == 0
        )
        for i, (n, h, c, r) in enumerate(SEVERITIES)
    )
    t.add_all(
        Priority(
            org_id=t.org, project_id=project.id, kind="incident", name=n, help=h, color=c, rank=r, page_commander=p,
            acknowledge_minutes=m, position=i, is_default=n == "Medium",
        )
        for i, (n, h, c, r, p, m) in enumerate(PRIORITIES)
    )  # fmt: skip
    await add_type(t, project, "Default", help="Anything that does not fit elsewhere.", is_default=True)
    return project


async def add_type(t: Tx, project: Project, name: str, **values: Any) -> SituationType:
    """A further type to choose from."""
    made = SituationType(org_id=t.org, project_id=project.id, kind="incident", name=name, **values)
    t.add(made)
    await t.flush()
    return made


async def add_tags(t: Tx, project: Project, names: list[str]) -> None:
    """Words to mark incidents with; known ones stay."""
    known = set(await t.scalars(select(Tag.name).where(Tag.org_id == t.org, Tag.project_id == project.id)))
    t.add_all(Tag(org_id=t.org, project_id=project.id, name=n) for n in dict.fromkeys(names) if n not in known)
    await t.flush()


async def configure_plugin(
    t: Tx,
    project: Project,
    plugin: PluginLike,
    values: dict[str, Any],
    *,
    vault: Vault,
    enabled: bool | None = None,
    by: int | None = None,
) -> PluginInstance:
    """Change exactly the given settings of the project's instance, made when missing. Secrets not given stay.

    Raises:
        Invalid: the settings would not be valid; the message names the field.
    """
    instance = await t.scalar(
        select(PluginInstance)
        .where(
            PluginInstance.org_id == t.org, PluginInstance.project_id == project.id, PluginInstance.slug == plugin.slug
        )
        .with_for_update()
    )
    context = secret_context(t.org, project.id, plugin.slug)
    old_secrets: dict[str, str] = (
        orjson.loads(vault.open(instance.secrets, context=context)) if instance is not None and instance.secrets else {}
    )
    merged = {**(instance.settings if instance is not None else {}), **old_secrets, **values}
    unknown = set(values) - set(plugin.settings.model_fields)
    if unknown:
        raise Invalid(
            f"{plugin.slug} has no setting {', '.join(sorted(unknown))}. "
            f"It has: {', '.join(plugin.settings.model_fields)}."
        )
    try:
        checked = plugin.settings.model_validate(merged)
    except ValidationError as wrong:
        first = wrong.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Invalid(f"{where}: {first['msg'].removeprefix('Value error, ')}" if where else first["msg"], field=where) from None
    public: dict[str, Any] = {}
    secrets: dict[str, str] = {}
    for key in plugin.settings.model_fields:
        value = getattr(checked, key)
        if isinstance(value, SecretStr):
            secrets[key] = value.get_secret_value()
        elif value is not None:
            public[key] = value
    if instance is None:
        instance = PluginInstance(
            org_id=t.org, project_id=project.id, slug=plugin.slug, enabled=False, settings={}, secrets=b"", version=0,
            changed_at=clock.now(),
        )  # fmt: skip
        t.add(instance)
    instance.settings = public
    instance.secrets = vault.seal(orjson.dumps(secrets), context=context)
    instance.enabled = instance.enabled if enabled is None else enabled
    instance.version += 1
    instance.changed_at = clock.now()
    await t.flush()
    await record(
        t,
        PluginConfigured(plugin=plugin.slug, changed=", ".join(sorted(values)) or ("enabled" if enabled else "saved")),
        about=Subject("project", project.id),
        by=by,
    )
    return instance
