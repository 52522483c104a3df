"""Writes about role rules, each recorded with what was before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete

from dispatch.kit.db import Tx
from dispatch.kit.errors import Stale
from dispatch.kit.events import Subject, record
from dispatch.kit.forms import FormErrors, Option, differences, fingerprint, inputs
from dispatch.projects.actions import take_turn
from dispatch.projects.configure import STALE
from dispatch.projects.models import Project
from dispatch.situations.policies import queries
from dispatch.situations.policies.events import RolePolicyAdded, RolePolicyChanged, RolePolicyRemoved
from dispatch.situations.policies.form import RolePolicyForm
from dispatch.situations.policies.models import RolePolicy
from dispatch.situations.policies.queries import CONDITIONS


def stored(policy: RolePolicy) -> dict[str, Any]:
    """What the form asks for, as the rule has it."""
    return {key: getattr(policy, key) for key in inputs(RolePolicyForm)}


async def save_policy(
    t: Tx, project: Project, form: RolePolicyForm, *, policy_id: int | None, seen: str, by: int | None,
    choices: Mapping[str, Sequence[Option]],
) -> RolePolicy:  # fmt: skip
    """Add (without an id) or change.

    Args:
        seen: the fingerprint of what the person was shown; empty for a new one.
        choices: the options of the form, for the words of the audit log.

    Raises:
        FormErrors: there is a rule for the same role and the same incidents.
        Stale: changed by somebody else since.
    """
    await take_turn(t, project)
    policy = await queries.policy(t, policy_id, project_id=project.id) if policy_id is not None else None
    before = stored(policy) if policy is not None else {}
    if policy is not None and fingerprint(RolePolicyForm, before) != seen:
        raise Stale(STALE)
    values: dict[str, Any] = {"role": form.role}
    for key in (*CONDITIONS, "rotation_id"):
        typed = getattr(form, key)
        values[key] = int(typed) if typed else None
    same = [
        each
        for each in await queries.policies(t, project.id)
        if each is not policy and all(getattr(each, key) == values[key] for key in ("role", *CONDITIONS))
    ]
    if same:
        labels = {key: each.label for key, each in inputs(RolePolicyForm).items()}
        raise FormErrors({"role": f"There is already a rule for the {form.role} of these incidents."}, labels=labels)
    if policy is None:
        policy = RolePolicy(org_id=t.org, project_id=project.id, **values)
        t.add(policy)
    else:
        for key, value in values.items():
            setattr(policy, key, value)
    await t.flush()
    was, now = differences(RolePolicyForm, before, stored(policy), choices=choices)
    about = Subject("project", project.id)
    if policy_id is None:
        await record(t, RolePolicyAdded(role=policy.role, item=policy.id, after=now), about=about, by=by)
    elif now:
        changed = ", ".join(now)
        await record(
            t,
            RolePolicyChanged(role=policy.role, item=policy.id, changed=changed, before=was, after=now),
            about=about,
            by=by,
        )
    return policy


async def remove_policy(t: Tx, project: Project, policy_id: int, *, by: int | None) -> None:
    """Take a rule away; who has a role keeps it."""
    policy = await queries.policy(t, policy_id, project_id=project.id)
    role = policy.role
    await t.execute(delete(RolePolicy).where(RolePolicy.org_id == t.org, RolePolicy.id == policy_id))
    t.expunge(policy)
    await record(t, RolePolicyRemoved(role=role, item=policy_id), about=Subject("project", project.id), by=by)
