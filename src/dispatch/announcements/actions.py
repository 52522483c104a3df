"""Writes about announcement rules, each recorded with what was before and after; and that a rule fitted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert as upsert

from dispatch.announcements import queries
from dispatch.announcements.events import RuleAdded, RuleChanged, RuleFitted, RuleRemoved
from dispatch.announcements.forms import RuleForm
from dispatch.announcements.models import AnnouncedByRule, AnnouncementRule
from dispatch.kit import clock
from dispatch.kit.db import Tx
from dispatch.kit.errors import Stale
from dispatch.kit.events import Subject, record
from dispatch.kit.forms import FormErrors, Option, differences, fingerprint, inputs
from dispatch.projects.actions import take_turn
from dispatch.projects.configure import STALE
from dispatch.projects.models import Project
from dispatch.situations.models import Situation

#: Each is looked at when an incident changes.
MOST_RULES = 50


def stored(rule: AnnouncementRule) -> dict[str, Any]:
    """What the form asks for, as the rule has it."""
    return {
        "name": rule.name, "query": rule.query or None, "channel": rule.channel, "emails": "\n".join(rule.emails),
        "restricted": rule.restricted, "enabled": rule.enabled,
    }  # fmt: skip


async def save_rule(
    t: Tx, project: Project, form: RuleForm, *, rule_id: int | None, seen: str, by: int | None,
    choices: Mapping[str, Sequence[Option]],
) -> AnnouncementRule:  # fmt: skip
    """Add (without an id) or change.

    Args:
        seen: the fingerprint of what the person was shown; empty for a new one.
        choices: the options of the form, for the words of the audit log.

    Raises:
        FormErrors: the name is taken, or there are too many.
        Stale: changed by somebody else since.
    """
    await take_turn(t, project)
    rule = await queries.rule(t, rule_id, project_id=project.id) if rule_id is not None else None
    before = stored(rule) if rule is not None else {}
    if rule is not None and fingerprint(RuleForm, before) != seen:
        raise Stale(STALE)
    there = await queries.rules(t, project.id)
    labels = {key: each.label for key, each in inputs(RuleForm).items()}
    taken = next((r.name for r in there if r is not rule and r.name.casefold() == form.name.casefold()), None)
    if taken is not None:
        raise FormErrors({"name": f"There is already a rule called {taken}."}, labels=labels)
    if rule is None and len(there) >= MOST_RULES:
        raise FormErrors({"name": f"A project has at most {MOST_RULES} rules. Remove one first."}, labels=labels)
    values = form.model_dump() | {
        "query": form.query or "", "emails": form.emails.split("\n") if form.emails else [], "changed_at": clock.now()
    }  # fmt: skip
    if rule is None:
        rule = AnnouncementRule(org_id=t.org, project_id=project.id, **values)
        t.add(rule)
    else:
        for key, value in values.items():
            setattr(rule, key, value)
    await t.flush()
    was, now = differences(RuleForm, before, stored(rule), choices=choices)
    about = Subject("project", project.id)
    if rule_id is None:
        await record(t, RuleAdded(rule=rule.name, item=rule.id, after=now), about=about, by=by)
    elif now:
        changed = ", ".join(now)
        await record(
            t, RuleChanged(rule=rule.name, item=rule.id, changed=changed, before=was, after=now), about=about, by=by
        )
    return rule


async def remove_rule(t: Tx, project: Project, rule_id: int, *, by: int | None) -> None:
    """Take a rule away; what it announced stays announced."""
    rule = await queries.rule(t, rule_id, project_id=project.id)
    name = rule.name
    await t.execute(delete(AnnouncementRule).where(AnnouncementRule.org_id == t.org, AnnouncementRule.id == rule_id))
    t.expunge(rule)
    await record(t, RuleRemoved(rule=name, item=rule_id), about=Subject("project", project.id), by=by)


async def fit_rules(t: Tx, about: Subject) -> int:
    """Let the rules that fit the situation now announce it, each once; how many."""
    situation = await t.scalar(select(Situation).where(Situation.org_id == t.org, Situation.id == about.id))
    if situation is None:
        return 0
    found = await queries.fitting(
        t, situation.id, situation.project_id, restricted=situation.visibility == "restricted"
    )
    count = 0
    for rule in found:
        # Two changes at once may both fit it: one of them announces.
        first = await t.scalar(
            upsert(AnnouncedByRule)
            .values(org_id=t.org, situation_id=situation.id, rule_id=rule.id, at=clock.now())
            .on_conflict_do_nothing()
            .returning(AnnouncedByRule.rule_id)
        )
        if first is not None:
            await record(t, RuleFitted(rule=rule.name, rule_id=rule.id), about=about)
            count += 1
    return count
