"""Slack installations of an organization, made from its enabled `slack-conversation` instances."""

from __future__ import annotations

from collections.abc import Sequence

from dispatch.kit.db import Database
from dispatch.kit.slack import registry
from dispatch.kit.slack.registry import Installation
from dispatch.people import queries as people
from dispatch.ports.plugin import SlackClients
from dispatch.projects import queries
from dispatch.projects.providers import Providers
from dispatch.projects.slack_instances import SLUG as SLUG


class SlackInstallations:
    """Read at each request, so that a changed command name works at once."""

    def __init__(self, db: Database, providers: Providers, clients: SlackClients) -> None:
        self.db = db
        self.clients = clients
        self.providers = providers

    async def of(self, organization: str) -> Sequence[Installation]:
        """Enabled installations of the organization; none when it does not exist."""
        async with self.db.system() as t:
            org = await people.organization(t, organization)
        if org is None:
            return []
        async with self.db.read(org.id) as t:
            instances = await queries.instances(t, slug=SLUG)
        made = []
        for instance in instances:
            settings = self.providers.settings_of(instance)
            names = {
                str(getattr(settings, f"slack_command_{key}", command.default_name)): key
                for key, command in registry.commands.items()
            }
            secret = settings.signing_secret
            made.append(
                Installation(
                    org=org.id,
                    org_slug=org.slug,
                    org_name=org.name,
                    project_id=instance.project_id,
                    instance_id=instance.id,
                    team_id=settings.team_id or "",
                    app_id=settings.app_id or "",
                    bot_user_id=settings.app_user_slug or "",
                    signing_secret=secret.get_secret_value() if secret is not None else "",
                    commands=names,
                    client=self.clients(
                        settings.api_bot_token.get_secret_value(),
                        team_id=settings.team_id or "",
                        app_id=settings.app_id or "",
                    ),
                )
            )
        return made
