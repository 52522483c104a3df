"""A plugin that stopped working from outside: marked where it is configured, recorded, and mailed to the admins."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import or_, select

from dispatch.kit import clock
from dispatch.kit.db import Tx
from dispatch.kit.events import Subject, on, record
from dispatch.kit.flows import Skip, StepContext, flow, step
from dispatch.people.models import Organization
from dispatch.people.queries import admin_addresses
from dispatch.ports.email import Email
from dispatch.projects.events import PluginStopped
from dispatch.projects.models import PluginInstance, Project
from dispatch.projects.providers import Providers
from dispatch.projects.slack_instances import SLUG

TITLE = "Slack"
REMOVED = "The app was removed from the workspace."
REVOKED = "Slack revoked the app's token."


async def plugins_of_app_stopped(
    t: Tx, instance_id: int, *, team: str, app: str, why: str, hint: str, at: datetime
) -> list[PluginInstance]:
    """Mark the enabled instances of a Slack app as not working. Answers those for which that is news.

    Args:
        instance_id: the one through which it became known.
        at: when; an instance changed or tested since then is left alone.
    """
    same = PluginInstance.id == instance_id
    if team and app:
        settings = PluginInstance.settings
        same = or_(same, (settings["team_id"].astext == team) & (settings["app_id"].astext == app))
    found = (
        await t.scalars(
            select(PluginInstance)
            .where(PluginInstance.org_id == t.org, PluginInstance.slug == SLUG, PluginInstance.enabled, same)
            .order_by(PluginInstance.id)
            .with_for_update()
        )
    ).all()
    stopped = [
        each
        for each in found
        if not any(check.get("message") in (REMOVED, REVOKED) for check in each.checks)
        and each.changed_at <= at
        and (each.checked_at is None or each.checked_at <= at)
    ]
    names = {each.id: (await t.get_one(Project, (t.org, each.project_id))).name for each in stopped}
    for first, instance in zip([True, *[False] * len(stopped)], stopped, strict=False):
        instance.checks = [{"name": "API Bot Token", "ok": False, "message": why, "hint": hint}]
        instance.checked_at = clock.now()
        await t.flush()
        await record(
            t,
            PluginStopped(
                plugin=f"{TITLE} ({instance.label})" if instance.label else TITLE,
                slug=instance.slug, instance=instance.id, why=why, hint=hint,
                # One app, one mail, however many projects use it.
                mail_for=sorted(set(names.values())) if first else [],
            ),
            about=Subject("project", instance.project_id),
        )  # fmt: skip
    return stopped


async def mail_admins(c: StepContext) -> None:
    """Slack cannot say it any more, so it is said by mail."""
    async with c.db.read(c.org) as t:
        org = await t.get_one(Organization, c.org)
        addresses = await admin_addresses(t)
    mailer = await c.use(Providers).organization_mailer(c.org)
    if mailer is None or not addresses:
        raise Skip("No e-mail is configured." if addresses else "There is no admin with an e-mail address.")
    text = (
        f"{TITLE} stopped working in {org.name}, project {', '.join(c.data['mail_for'])}.\n\n{c.data['why']}\n\n"
        f"{c.data['hint']}\n\nUntil then incidents are handled on their pages and by e-mail. "
        "What waits for Slack is not lost.\n"
    )
    await mailer.send(
        Email(key=c.key, to=tuple(addresses), subject=f"{TITLE} stopped working in {org.name}", text=text)
    )


plugin_stopped = flow("plugin.stopped", version=1)(
    step("mail", mail_admins, title="Mail the admins", deadline=timedelta(hours=24), lane="people"),
)

on(PluginStopped, plugin_stopped, when=lambda happened: bool(happened.mail_for))
