"""What has to be configured before a project's Slack app can be connected by Socket Mode."""

from __future__ import annotations

from dispatch.kit.db import Database
from dispatch.kit.errors import SetupError
from dispatch.kit.slack.registry import Installation
from dispatch.people.find import organization
from dispatch.projects import queries
from dispatch.projects.installations import SlackInstallations

TITLE = "Slack Plugin - Conversation Management"


async def installation_for_socket(
    db: Database, installations: SlackInstallations, slug: str, project_slug: str
) -> Installation:
    """The project's installation, if it can be connected.

    Raises:
        NotFound, Invalid: no such organization or project.
        SetupError: says what is missing and where to set it.
    """
    org = await organization(db, slug)
    async with db.read(org.id) as t:
        project = await queries.project(t, project_slug)
    where = f"Settings → Project → Plugins of {project.slug} in {org.slug}"
    for installation in await installations.of_org(org.id):
        if installation.project_id == project.id:
            if not installation.app_token:
                raise SetupError(
                    f"“{TITLE}” has no Socket Mode App Token. Make one at api.slack.com/apps → Basic Information → "
                    f"App-Level Tokens with the scope connections:write, and set it in {where}. "
                    "Without it Slack's requests come in over HTTP, and this process is not needed."
                )
            return installation
    raise SetupError(f"“{TITLE}” is not enabled, or its settings cannot be read. Add and enable it in {where}.")
