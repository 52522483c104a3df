"""What the Slack instances of an organization have to agree on: the directory of workspaces, and command names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert as upsert

from dispatch.kit.db import Read, Tx
from dispatch.kit.forms import FormErrors
from dispatch.projects.models import PluginInstance, Project, SlackDirectory

SLUG: Final = "slack-conversation"
COMMAND: Final = "slack_command_"
#: What verifies requests, and where their arrival is noted.
VERIFYING: Final = frozenset({"signing_secret", "socket_mode_app_token"})
HEARD: Final = ("event_at", "command_at", "action_at")
#: Setting -> column of the directory. Filled from Slack's answer when they are left empty.
IDS: Final = {"app_user_slug": "bot_user_id", "app_id": "app_id", "team_id": "team_id"}


async def keep_directory(t: Tx, instance: PluginInstance, *, other_secret: bool = False) -> None:
    """An enabled Slack instance has a row in the directory, any other has none.

    Args:
        other_secret: requests are verified by another secret now; what came in before proves nothing any more.
    """
    if instance.slug != SLUG:
        return
    if not instance.enabled:
        await drop_from_directory(t, instance)
        return
    ids = {column: str(instance.settings.get(key) or "") for key, column in IDS.items()}
    row = upsert(SlackDirectory).values(
        org_id=instance.org_id, instance_id=instance.id, project_id=instance.project_id, reachable=True, **ids
    )
    # Whether Slack answers is the care loop's to say: a change of settings does not touch it.
    changed: dict[str, str | None] = {**ids, **(dict.fromkeys(HEARD) if other_secret else {})}
    await t.execute(row.on_conflict_do_update(index_elements=["org_id", "instance_id"], set_=changed))


async def drop_from_directory(t: Tx, instance: PluginInstance) -> None:
    await t.execute(
        delete(SlackDirectory).where(
            SlackDirectory.org_id == instance.org_id, SlackDirectory.instance_id == instance.id
        )
    )


async def refuse_contradictory_commands(t: Tx, instance: PluginInstance, settings: Mapping[str, Any]) -> None:
    """One app sends one name; it must not mean different things to the projects that share the app.

    Raises:
        FormErrors: at the command whose name means something else in another project.
    """
    wrong = await contradictory_commands(t, instance, settings) if instance.enabled else {}
    if wrong:
        raise FormErrors(wrong)


async def contradictory_commands(t: Read, instance: PluginInstance, settings: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong by setting; empty for other plugins."""
    if instance.slug != SLUG:
        return {}
    others = await t.execute(
        select(PluginInstance.settings, Project.name)
        .join(Project, (Project.org_id == PluginInstance.org_id) & (Project.id == PluginInstance.project_id))
        .where(
            PluginInstance.org_id == t.org,
            PluginInstance.slug == SLUG,
            PluginInstance.enabled,
            PluginInstance.id != instance.id,
        )
    )
    mine = {name: key for key, name in settings.items() if key.startswith(COMMAND)}
    wrong: dict[str, str] = {}
    for theirs, project in others:
        if not _same_app(settings, theirs):
            continue
        for key, name in theirs.items():
            if key.startswith(COMMAND) and mine.get(name, key) != key:
                what = key.removeprefix(COMMAND).replace("_", " ")
                wrong[mine[name]] = f"{name} is “{what}” in the project {project}, which uses the same Slack app."
    return wrong


def _same_app(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    known = [(one.get(key), other.get(key)) for key in ("team_id", "app_id")]
    return all(a and a == b for a, b in known)
