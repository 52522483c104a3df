"""Writes about configured plugins: add, change, switch, delete; each is recorded with what was before and after."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
from pydantic import BaseModel, SecretStr, ValidationError
from sqlalchemy import select

from dispatch.kit import clock
from dispatch.kit.crypto import CannotDecrypt, Vault
from dispatch.kit.db import Tx
from dispatch.kit.errors import Conflict, Invalid, NotFound
from dispatch.kit.events import Fact, Subject, record
from dispatch.kit.forms import FormErrors, explain, inputs
from dispatch.ports.plugin import SIDE_BY_SIDE
from dispatch.projects.events import PluginAdded, PluginConfigured, PluginDeleted, PluginDisabled, PluginEnabled
from dispatch.projects.models import PluginInstance, Project
from dispatch.projects.providers import PluginLike, secret_context
from dispatch.projects.slack_instances import (
    VERIFYING,
    drop_from_directory,
    keep_directory,
    refuse_contradictory_commands,
)

LONGEST_LABEL = 60


class Stale(Conflict):
    """Somebody else saved since the person opened the form; nothing was written."""


async def configure_plugin(
    t: Tx,
    project: Project,
    plugin: PluginLike,
    values: Mapping[str, Any],
    *,
    vault: Vault,
    enabled: bool | None = None,
    by: int | None = None,
    instance_id: int | None = None,
    new: bool = False,
    label: str | None = None,
    expected_version: int | None = None,
    among: Iterable[PluginLike] = (),
) -> PluginInstance:
    """Change exactly the given settings of the project's instance, made when missing. Secrets not given stay.

    Args:
        values: by key; None takes a value away, so that its default holds.
        instance_id: which one, where a project has several of a plugin.
        new: make a further one.
        label: what people call this one of several.
        expected_version: the version the person saw.
        among: the installed plugins; needed to enable one, for a project has one of most kinds at a time.

    Raises:
        FormErrors: the settings would not be valid; the messages are by field.
        Invalid: a setting that does not exist, or several instances and none named.
        Conflict: a second instance of a plugin that has one per project, or another of its kind is enabled.
        Stale: changed by somebody else since `expected_version`.
    """
    instance = None if new else await _locked(t, project, plugin, instance_id)
    if instance is None:
        return await _add(
            t, project, plugin, values, vault=vault, label=label or "", enabled=bool(enabled), by=by, among=among
        )
    if expected_version is not None and instance.version != expected_version:
        raise Stale("Somebody else changed this in the meantime. Nothing of yours is saved yet.")
    changes: list[dict[str, Any]] = []
    after = dict(instance.settings)
    # What cannot work any more, for its key is gone or a later version takes its settings no more, can be switched off.
    if enabled is not False or values or label is not None:
        before = dict(instance.settings) | _secrets_to_change(instance, plugin, values, vault)
        after = _plain(checked(plugin, before, values, by=by))
        _write(instance, plugin, after, vault)
        changes = _changes(plugin, before, after)
    if label is not None and _label(label) != instance.label:
        changes.append({"key": "label", "title": "Label", "before": instance.label, "after": _label(label)})
        instance.label = _label(label)
    facts: list[Fact] = []
    if changes:
        # What an earlier test said is about other settings.
        instance.checks, instance.checked_at = [], None
        changed = ", ".join(each["title"] for each in changes)
        facts.append(PluginConfigured(**_of(plugin, instance), changed=changed, changes=changes))
    if enabled is not None and enabled != instance.enabled:
        if enabled:
            await _refuse_second(t, project, plugin, among, but=instance.id)
        instance.enabled = enabled
        facts.append((PluginEnabled if enabled else PluginDisabled)(**_of(plugin, instance)))
    if facts:
        await refuse_contradictory_commands(t, instance, after)
        instance.version += 1
        instance.changed_at = clock.now()
        await t.flush()
        for each in facts:
            await record(t, each, about=Subject("project", project.id), by=by)
    await keep_directory(t, instance, other_secret=any(each["key"] in VERIFYING for each in changes))
    return instance


async def delete_plugin(t: Tx, project: Project, plugin: PluginLike, instance_id: int, *, by: int | None) -> None:
    """Settings and secrets are gone; what happened to it stays in the history of the project."""
    instance = await _locked(t, project, plugin, instance_id)
    if instance is None:
        raise NotFound("There is no such plugin in this project.")
    await drop_from_directory(t, instance)
    await t.delete(instance)
    await t.flush()
    await record(t, PluginDeleted(**_of(plugin, instance)), about=Subject("project", project.id), by=by)


async def note_checks(t: Tx, instance_id: int, checks: Sequence[Mapping[str, Any]]) -> None:
    """Keep what the latest test said; it is shown until the next one. No change of the configuration."""
    instance = await t.scalar(
        select(PluginInstance).where(PluginInstance.org_id == t.org, PluginInstance.id == instance_id)
    )
    if instance is not None:
        instance.checks = [dict(each) for each in checks]
        instance.checked_at = clock.now()


def checked(
    plugin: PluginLike, present: Mapping[str, Any], values: Mapping[str, Any], *, by: int | None = None
) -> BaseModel:
    """The settings there would be with these values.

    Args:
        by: who wants them so; None for the operator, who can read the secrets anyway.

    Raises:
        FormErrors, Invalid: as `configure_plugin`.
    """
    model: type[BaseModel] = plugin.settings
    unknown = set(values) - set(model.model_fields)
    if unknown:
        raise Invalid(
            f"{plugin.slug} has no setting {', '.join(sorted(unknown))}. It has: {', '.join(model.model_fields)}."
        )
    # A setting that a later version dropped must not keep an operator from saving.
    wanted = {key: value for key, value in {**present, **values}.items() if key in model.model_fields}
    labels = {key: each.label for key, each in inputs(model).items()}
    try:
        made = model.model_validate({key: value for key, value in wanted.items() if value is not None})
    except ValidationError as wrong:
        told = explain(model, wrong)
        raise FormErrors({key: told[key] for key in [*labels, ""] if key in told}, labels=labels) from None
    after = _plain(made)
    moved = [labels[key] for key in labels if key in plugin.leads_to and str(after.get(key)) != str(present.get(key))]
    kept = [
        key
        for key, each in inputs(model).items()
        if each.kind == "secret" and present.get(key) and after.get(key) and not values.get(key)
    ]
    if by is not None and moved and kept:
        again = f"Please enter it again: it would be sent elsewhere, for you changed {', '.join(moved)}."
        raise FormErrors(dict.fromkeys(kept, again), labels=labels)
    return made


def open_secrets(instance: PluginInstance, vault: Vault) -> tuple[dict[str, str], str]:
    """(the instance's secrets by key, why there are none: their key is gone; empty when they open)."""
    if not instance.secrets:
        return {}, ""
    context = secret_context(instance.org_id, instance.project_id, instance.slug)
    try:
        opened: dict[str, str] = orjson.loads(vault.open(instance.secrets, context=context))
    except CannotDecrypt as why:
        return {}, f"{why} Or enter the secrets here anew; those you leave out are gone then."
    return opened, ""


def _secrets_to_change(
    instance: PluginInstance, plugin: PluginLike, values: Mapping[str, Any], vault: Vault
) -> dict[str, str]:
    opened, unreadable = open_secrets(instance, vault)
    anew = [key for key, each in inputs(plugin.settings).items() if each.kind == "secret" and values.get(key)]
    if unreadable and not anew:
        # The key may come back: till somebody decides otherwise, what is sealed stays.
        raise FormErrors({"": unreadable}, labels={})
    return opened


async def _add(
    t: Tx, project: Project, plugin: PluginLike, values: Mapping[str, Any], *, vault: Vault, label: str, enabled: bool,
    by: int | None, among: Iterable[PluginLike],
) -> PluginInstance:  # fmt: skip
    there = await _instances(t, project, plugin)
    if there and not plugin.many:
        raise Conflict(f"{plugin.title} is in this project already; edit that one.")
    after = _plain(checked(plugin, {}, values))
    if enabled:
        await _refuse_second(t, project, plugin, among)
    instance = PluginInstance(
        org_id=t.org, project_id=project.id, slug=plugin.slug, label=_label(label), enabled=enabled, settings={},
        secrets=b"", checks=[], version=1, changed_at=clock.now(),
    )  # fmt: skip
    _write(instance, plugin, after, vault)
    t.add(instance)
    await t.flush()
    await refuse_contradictory_commands(t, instance, after)
    about = Subject("project", project.id)
    defaults = {key: each.default for key, each in inputs(plugin.settings).items()}
    await record(
        t,
        PluginAdded(**_of(plugin, instance), changes=_changes(plugin, _shown_defaults(defaults), after)),
        about=about,
        by=by,
    )
    if enabled:
        await record(t, PluginEnabled(**_of(plugin, instance)), about=about, by=by)
    await keep_directory(t, instance)
    return instance


async def _refuse_second(
    t: Tx, project: Project, plugin: PluginLike, among: Iterable[PluginLike], *, but: int | None = None
) -> None:
    """Of a kind that has one plugin at a time, the first to be enabled serves; the second would do nothing, unseen."""
    if plugin.kind in SIDE_BY_SIDE:
        return
    titles = {each.slug: each.title for each in among if each.kind == plugin.kind} | {plugin.slug: plugin.title}
    there = await t.scalar(
        select(PluginInstance)
        .where(
            PluginInstance.org_id == t.org, PluginInstance.project_id == project.id, PluginInstance.enabled,
            PluginInstance.slug.in_(titles), PluginInstance.id != (but or 0),
        )
        .order_by(PluginInstance.id)
        .limit(1)
    )  # fmt: skip
    if there is not None:
        named = f"{titles[there.slug]} ({there.label})" if there.label else titles[there.slug]
        raise Conflict(
            f"{named} is enabled in {project.name} and does the same work ({plugin.kind}); a project has one at a time. "
            f"Disable {named} first, then enable {plugin.title}."
        )


async def _instances(t: Tx, project: Project, plugin: PluginLike) -> list[PluginInstance]:
    # One after the other per project: two people who add the same plugin at once must not both succeed.
    await t.execute(select(Project.id).where(Project.org_id == t.org, Project.id == project.id).with_for_update())
    found = await t.scalars(
        select(PluginInstance)
        .where(
            PluginInstance.org_id == t.org, PluginInstance.project_id == project.id, PluginInstance.slug == plugin.slug
        )
        .order_by(PluginInstance.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list(found)


async def _locked(t: Tx, project: Project, plugin: PluginLike, instance_id: int | None) -> PluginInstance | None:
    found = await _instances(t, project, plugin)
    if instance_id is not None:
        for each in found:
            if each.id == instance_id:
                return each
        raise NotFound("There is no such plugin in this project.")
    if len(found) > 1:
        named = ", ".join(f"{each.id} ({each.label or 'no label'})" for each in found)
        raise Invalid(f"This project has several of {plugin.slug}: {named}. Say which one.")
    return found[0] if found else None


def _plain(settings: BaseModel) -> dict[str, Any]:
    """By key, secrets opened, as JSON has it."""
    found: dict[str, Any] = {}
    for key in type(settings).model_fields:
        value = getattr(settings, key)
        if isinstance(value, SecretStr):
            value = value.get_secret_value()
        if value is not None:
            found[key] = getattr(value, "value", value)
    return found


def _write(instance: PluginInstance, plugin: PluginLike, after: Mapping[str, Any], vault: Vault) -> None:
    secret = {key for key, each in inputs(plugin.settings).items() if each.kind == "secret"}
    instance.settings = {key: value for key, value in after.items() if key not in secret}
    sealed = {key: value for key, value in after.items() if key in secret}
    context = secret_context(instance.org_id, instance.project_id, instance.slug)
    instance.secrets = vault.seal(orjson.dumps(sealed), context=context)


def _changes(plugin: PluginLike, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What differs, in the order of the settings; of a secret only whether it is set."""
    found: list[dict[str, Any]] = []
    for key, each in inputs(plugin.settings).items():
        default = getattr(each.default, "value", each.default)
        old = before.get(key, None if each.kind == "secret" else default)
        new = after.get(key)
        if (old or "") == (new or "") and bool(old) == bool(new):
            continue
        shown = (_masked(old), _masked(new, old)) if each.kind == "secret" else (_text(old), _text(new))
        found.append({"key": key, "title": each.label, "before": shown[0], "after": shown[1]})
    return found


def _shown_defaults(defaults: Mapping[str, Any]) -> dict[str, Any]:
    return {key: getattr(value, "value", value) for key, value in defaults.items() if not isinstance(value, SecretStr)}


def _masked(value: Any, before: Any = None) -> str:
    if not value:
        return "not set"
    return "another one" if before else "set"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value) if value not in (None, "") else ""


def _of(plugin: PluginLike, instance: PluginInstance) -> dict[str, Any]:
    named = f"{plugin.title} ({instance.label})" if instance.label else plugin.title
    return {"plugin": named, "slug": instance.slug, "instance": instance.id}


def _label(text: str) -> str:
    cleaned = " ".join(text.split())
    if len(cleaned) > LONGEST_LABEL:
        raise FormErrors(
            {"label": f"At most {LONGEST_LABEL} characters; this has {len(cleaned)}."}, labels={"label": "Label"}
        )
    return cleaned
