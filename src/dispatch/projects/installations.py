"""Slack installations of organizations, made from their enabled `slack-conversation` instances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy import select, text

from dispatch.kit.db import Database, OrgId
from dispatch.kit.errors import DispatchError, ProviderError, Refused
from dispatch.kit.events import Subject
from dispatch.kit.slack import payloads, registry
from dispatch.kit.slack.registry import Installation, SlackCalls
from dispatch.kit.slack.routing import Look, Owner
from dispatch.kit.together import Together
from dispatch.people import queries as people
from dispatch.people.models import Organization, Person
from dispatch.ports.plugin import SlackClients
from dispatch.projects import queries
from dispatch.projects.models import PluginInstance, Project
from dispatch.projects.providers import Providers
from dispatch.projects.slack_instances import SLUG as SLUG

log = structlog.get_logger()

# Global tables only, so one statement serves requests to different organizations.
_LOOK = text("""
select o.id as org, o.slug, o.name, o.config_version as version,
       c.org_id as owner, c.subject_kind, c.subject_id,
       p.slug as owner_slug, p.name as owner_name, p.config_version as owner_version,
       case when a.channel = '' or c.org_id is null
            then array(select distinct d.org_id from slack_directory d where d.team_id = a.team and a.team <> '')
       end as sharing
from unnest(cast(:slugs as text[]), cast(:teams as text[]), cast(:channels as text[])) with ordinality
     as a(slug, team, channel, n)
left join organization o on o.slug = a.slug
left join slack_channel c on c.team_id = a.team and c.channel_id = a.channel and a.channel <> ''
left join organization p on p.id = c.org_id
order by a.n
""")


@dataclass(frozen=True)
class _Place:
    """An organization as it is now; `version` rises with each change of projects or plugins, by a trigger."""

    org: OrgId
    slug: str
    name: str
    version: int


@dataclass(frozen=True)
class _Row:
    place: _Place | None
    owner: _Place | None
    about: Subject | None
    sharing: tuple[OrgId, ...]


class SlackInstallations:
    """Settings are read and decrypted once per change, and each request asks whether there was one.

    So a changed command name, or a plugin that was switched off, holds for the next request, in every process. Requests
    that come in at the same moment ask together.
    """

    def __init__(self, db: Database, providers: Providers, clients: SlackClients) -> None:
        self.db = db
        self.clients = clients
        self.providers = providers
        # One entry per organization; an older one is replaced.
        self._kept: dict[OrgId, tuple[_Place, tuple[Installation, ...]]] = {}
        self._looks = Together(self._look, most=200)
        self._places = Together(self._place, most=200)

    async def look(self, organization: str, *, team: str, channel: str) -> Look:
        """What is configured for a request to this organization, and whose channel it comes from."""
        row = await self._looks((organization, team, channel))
        own = await self._of(row.place) if row.place is not None else ()
        owner = None
        if row.owner is not None and row.about is not None:
            theirs = own if row.owner == row.place else await self._of(row.owner)
            owner = Owner(row.owner.org, row.about, theirs)
        return Look(own, owner, row.sharing)

    async def of(self, organization: str) -> Sequence[Installation]:
        """Enabled installations of the organization; none when it does not exist."""
        return (await self.look(organization, team="", channel="")).own

    async def of_org(self, org: OrgId) -> Sequence[Installation]:
        """Enabled installations by the organization's id."""
        place = await self._places(org)
        return await self._of(place) if place is not None else ()

    async def everywhere(self) -> Sequence[Installation]:
        """Those of all organizations, in the order of their ids."""
        async with self.db.system() as t:
            everyone = [_Place(o.id, o.slug, o.name, o.config_version) for o in await people.organizations(t)]
        return [each for place in everyone for each in await self._of(place)]

    async def knows(self, there: Installation, *, user_id: str, client: SlackCalls) -> bool:
        """By chat identity, else by the e-mail address of the person's profile."""
        async with self.db.read(there.org) as t:
            if await people.by_chat(t, team=there.team_id, user=user_id) is not None:
                return True
        try:
            user = (await client.call("users.info", user=user_id)).get("user") or {}
        except Refused:
            return False
        email = str((user.get("profile") or {}).get("email") or "").strip().lower()
        if not email or payloads.is_outsider(user, there.team_id):
            return False
        async with self.db.read(there.org) as t:
            return await t.scalar(select(Person.id).where(Person.org_id == t.org, Person.email == email)) is not None

    async def socket_link(self, installation: Installation) -> str:
        """An address for the app's next socket (`apps.connections.open`).

        Raises:
            Unavailable, Refused: see `SlackClient.call`.
        """
        client = self.clients(installation.app_token, team_id="", app_id="")
        return str((await client.call("apps.connections.open"))["url"])

    async def _look(self, asked: Sequence[tuple[str, str, str]]) -> list[_Row]:
        async with self.db.system() as t:
            rows = (
                await t.execute(
                    _LOOK,
                    {
                        "slugs": [slug for slug, _, _ in asked],
                        "teams": [team for _, team, _ in asked],
                        "channels": [channel for _, _, channel in asked],
                    },
                )
            ).all()
        return [
            _Row(
                None if row.org is None else _Place(row.org, row.slug, row.name, row.version),
                None if row.owner is None else _Place(row.owner, row.owner_slug, row.owner_name, row.owner_version),
                None if row.owner is None else Subject(row.subject_kind, row.subject_id),
                tuple(row.sharing or ()),
            )
            for row in rows
        ]

    async def _place(self, asked: Sequence[OrgId]) -> list[_Place | None]:
        async with self.db.system() as t:
            found = {o.id: o for o in await t.scalars(select(Organization).where(Organization.id.in_(set(asked))))}
        return [
            _Place(org, o.slug, o.name, o.config_version) if (o := found.get(org)) is not None else None
            for org in asked
        ]

    async def _of(self, place: _Place) -> tuple[Installation, ...]:
        kept = self._kept.get(place.org)
        if kept is not None and kept[0] == place:
            return kept[1]
        # Read after the version: what is kept under it may be newer, never older.
        async with self.db.read(place.org) as t:
            projects = {p.id: p for p in await queries.projects(t)}
            instances = await queries.instances(t, slug=SLUG)
        made = [
            installation
            for instance in instances
            if (project := projects.get(instance.project_id)) is not None
            and (installation := self._made(place, project, instance)) is not None
        ]
        made.sort(key=lambda each: not each.is_default)
        latest = self._kept.get(place.org)
        # Somebody may have read a later version meanwhile.
        if latest is None or latest[0].version <= place.version:
            self._kept[place.org] = (place, tuple(made))
        return tuple(made)

    def _made(self, place: _Place, project: Project, instance: PluginInstance) -> Installation | None:
        try:
            settings = self.providers.settings_of(instance)
        except (DispatchError, ProviderError) as why:
            # Its own page says so, too. The organization's other installations go on.
            log.error("slack_settings_unusable", org=place.org, instance=instance.id, error=type(why).__name__)
            return None
        names = settings.commands()
        return Installation(
            org=place.org,
            org_slug=place.slug,
            org_name=place.name,
            project_id=instance.project_id,
            instance_id=instance.id,
            team_id=settings.team_id or "",
            app_id=settings.app_id or "",
            bot_user_id=settings.app_user_slug or "",
            signing_secret=settings.signing_secret.get_secret_value(),
            app_token=settings.socket_mode_app_token.get_secret_value(),
            commands={names.get(key, command.default_name): key for key, command in registry.commands.items()},
            client=self.clients(
                settings.api_bot_token.get_secret_value(), team_id=settings.team_id or "", app_id=settings.app_id or ""
            ),
            is_default=project.is_default,
            options=dict(instance.settings),
            forget_user=lambda user, email: self.providers.forget_contact(place.org, user, email=email),
        )
