"""Writes about a project and what reporters choose from: each is recorded with what was before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from dispatch.kit.db import Read, Tx
from dispatch.kit.errors import Conflict, NotFound, Stale
from dispatch.kit.events import Subject, record
from dispatch.kit.forms import Form, FormErrors, Option, differences, fingerprint, inputs
from dispatch.projects.actions import create_project, take_turn
from dispatch.projects.configuration_events import (
    ChoiceAdded,
    ChoiceChanged,
    ChoiceRemoved,
    ProjectChanged,
    ProjectCreated,
)
from dispatch.projects.models import Priority, Project, Severity, SituationType
from dispatch.projects.queries import all_choices
from dispatch.projects.settings_forms import ChoiceKind, NewProjectForm, ProjectForm

Row = SituationType | Severity | Priority
Choices = Mapping[str, Sequence[Option]]

STALE = "Somebody else changed this in the meantime. Nothing of yours is saved yet."


def stored(form: type[Form], row: object) -> dict[str, Any]:
    """What the form asks for, as the row has it."""
    return {key: getattr(row, key) for key in inputs(form)}


async def rows(t: Read, kind: ChoiceKind, project_id: int) -> list[Row]:
    """All types, severities or priorities of a project, disabled ones too, in their order."""
    cls: Any = kind.cls
    return list(await all_choices(t, cls, project_id))


async def new_project(t: Tx, form: NewProjectForm, *, by: int | None) -> Project:
    """A project with the types, severities and priorities every team starts with.

    Raises:
        FormErrors: the short name is taken.
    """
    try:
        made = await create_project(t, form.slug, name=form.name, description=form.description)
    except Conflict as why:
        raise FormErrors({"slug": str(why)}, labels=_labels(NewProjectForm)) from None
    await record(t, ProjectCreated(project=made.name), about=Subject("project", made.id), by=by)
    return made


async def locked_projects(t: Tx) -> list[Project]:
    """All of them, in one order: two people who each make another project the default must not both succeed."""
    return list(
        await t.scalars(
            select(Project)
            .where(Project.org_id == t.org)
            .order_by(Project.id)
            .with_for_update(key_share=True)
            .execution_options(populate_existing=True)
        )
    )


async def change_project(t: Tx, project_id: int, form: ProjectForm, *, seen: str, by: int | None) -> Project:
    """Exactly one project is the default, and that one is enabled.

    Args:
        seen: the fingerprint of what the person was shown.

    Raises:
        FormErrors: the rule above would be broken.
        Stale: changed by somebody else since.
    """
    everything = await locked_projects(t)
    project = next((each for each in everything if each.id == project_id), None)
    if project is None:
        raise NotFound("There is no such project.")
    before, after = stored(ProjectForm, project), form.model_dump()
    if fingerprint(ProjectForm, before) != seen:
        raise Stale(STALE)
    _keep_a_default(before, after, "project", labels=_labels(ProjectForm))
    if after["is_default"] and not before["is_default"]:
        for other in everything:
            other.is_default = False
    _write(project, after)
    await t.flush()
    was, now = differences(ProjectForm, before, after)
    if now:
        changed = ", ".join(now)
        await record(
            t,
            ProjectChanged(project=project.name, changed=changed, before=was, after=now),
            about=Subject("project", project.id),
            by=by,
        )
    return project


async def save_choice(
    t: Tx,
    project: Project,
    kind: ChoiceKind,
    form: Form,
    *,
    choice_id: int | None,
    seen: str,
    by: int | None,
    choices: Choices,
) -> Row:
    """Add (without an id) or change one of the types, severities or priorities. One of them is the default.

    Args:
        seen: the fingerprint of what the person was shown; empty for a new one.
        choices: the options of the form, for the words of the audit log.

    Raises:
        FormErrors: the name is taken, or there would be no default.
        Stale: changed by somebody else since.
    """
    there = await _locked(t, project, kind)
    after = form.model_dump()
    for key in ("rotation_id", "update_minutes"):
        if key in after:
            after[key] = int(after[key]) if after[key] else None
    labels = _labels(kind.form)
    row = None if choice_id is None else _one(there, kind, choice_id)
    taken = [r for r in there if r is not row and r.name.casefold() == str(after["name"]).casefold()]
    before = stored(kind.form, row) if row is not None else {}
    if row is not None and fingerprint(kind.form, before) != seen:
        raise Stale(STALE)
    if taken:
        raise FormErrors({"name": f"There is already a {kind.one} called {taken[0].name}."}, labels=labels)
    _keep_a_default(before, after, kind.one, labels=labels)
    if after["is_default"]:
        for other in there:
            other.is_default = False
    if row is None:
        row = kind.cls(
            org_id=t.org,
            project_id=project.id,
            kind="incident",
            position=max((r.position for r in there), default=-1) + 1,
            **after,
        )
        t.add(row)
    else:
        _write(row, after)
    await t.flush()
    was, now = differences(kind.form, before, after, choices=choices)
    told: dict[str, Any] = {
        "project": project.name,
        "kind": kind.one,
        "what": row.name,
        "item": row.id,
        "before": was,
        "after": now,
    }
    about = Subject("project", project.id)
    if choice_id is None:
        await record(t, ChoiceAdded(**told), about=about, by=by)
    elif now:
        await record(t, ChoiceChanged(**told, changed=", ".join(now)), about=about, by=by)
    return row


async def move_choice_up(t: Tx, project: Project, kind: ChoiceKind, choice_id: int, *, by: int | None) -> None:
    """One place further up in the order reporters see; the first stays where it is."""
    there = await _locked(t, project, kind)
    at = there.index(_one(there, kind, choice_id))
    if at == 0:
        return
    before = [row.name for row in there]
    there.insert(at - 1, there.pop(at))
    for position, row in enumerate(there):
        row.position = position
    await t.flush()
    row = there[at - 1]
    await record(
        t,
        ChoiceChanged(
            project=project.name, kind=kind.one, what=row.name, item=row.id, changed="Order",
            before={"Order": before}, after={"Order": [each.name for each in there]},
        ),
        about=Subject("project", project.id),
        by=by,
    )  # fmt: skip


async def remove_choice(t: Tx, project: Project, kind: ChoiceKind, choice_id: int, *, by: int | None) -> str:
    """Take away what no incident has; its name.

    Raises:
        Conflict: incidents have it, or it is the default.
    """
    row = _one(await _locked(t, project, kind), kind, choice_id)
    name, item = row.name, row.id
    if row.is_default:
        raise Conflict(f"{name} is the default. Make another {kind.one} the default first.")
    try:
        async with t.begin_nested():
            await t.execute(delete(kind.cls).where(kind.cls.org_id == t.org, kind.cls.id == item))
    except IntegrityError:
        raise Conflict(
            f"Incidents have the {kind.one} {name}, so it stays. Disable it instead: nobody can choose it then."
        ) from None
    t.expunge(row)
    await record(
        t,
        ChoiceRemoved(project=project.name, kind=kind.one, what=name, item=item),
        about=Subject("project", project.id),
        by=by,
    )
    return name


async def _locked(t: Tx, project: Project, kind: ChoiceKind) -> list[Row]:
    # One after the other per project, so that no two of them become the default, or get one name, at once.
    await take_turn(t, project)
    return await rows(t, kind, project.id)


def _one(rows: Sequence[Row], kind: ChoiceKind, choice_id: int) -> Row:
    for row in rows:
        if row.id == choice_id:
            return row
    raise NotFound(f"There is no such {kind.one} in this project.")


def _keep_a_default(
    before: Mapping[str, Any], after: Mapping[str, Any], one: str, *, labels: Mapping[str, str]
) -> None:
    wrong = {}
    if before.get("is_default") and not after["is_default"]:
        wrong["is_default"] = f"There must be a default. Make another {one} the default instead."
    if after["is_default"] and not after["enabled"]:
        wrong["enabled"] = f"The default {one} has to be enabled. Make another one the default first."
    if wrong:
        raise FormErrors(wrong, labels=labels)


def _write(row: object, values: Mapping[str, Any]) -> None:
    for key, value in values.items():
        setattr(row, key, value)


def _labels(form: type[Form]) -> dict[str, str]:
    return {key: each.label for key, each in inputs(form).items()}
