"""`Contacts` from a Slack workspace's profiles."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

from dispatch.kit.errors import ProviderError, Refused
from dispatch.kit.slack.payloads import is_outsider
from dispatch.kit.slack.rates import Lane
from dispatch.kit.slack.scopes import REQUIRED, missing
from dispatch.plugins.slack_contact.cache import Cache
from dispatch.plugins.slack_contact.settings import SlackContactSettings
from dispatch.ports.answers import Check
from dispatch.ports.contacts import Contact
from dispatch.ports.plugin import Outside

_METHODS: Final = ("users.lookupByEmail", "users.info", "users.list", "users.profile.get")
#: More unknown addresses than this are found by reading the workspace through: 50 look-ups a minute are allowed.
_MANY: Final = 20
_SIDE_BY_SIDE: Final = 5
_PAGE: Final = 200
_UNKNOWN: Final = frozenset({"users_not_found", "user_not_found", "user_not_visible"})


class SlackContacts:
    """People of one workspace, none of another one met in a shared channel; answers are kept for ten minutes."""

    provider = "slack"

    def __init__(self, settings: SlackContactSettings, outside: Outside) -> None:
        self._field_ids = settings.field_ids()
        self._client = outside.slack(settings.api_bot_token.get_secret_value(), lane=Lane.ANSWERS)
        self._cache = Cache(outside.clock)

    async def find(self, email: str) -> Contact | None:
        address = email.strip().lower()
        if not address:
            return None
        known, contact = self._cache.get(address)
        return contact if known else await self._ask(address, "users.lookupByEmail", email=address)

    async def by_chat_id(self, id: str) -> Contact | None:
        known, contact = self._cache.get(id)
        return contact if known else await self._ask(id, "users.info", user=id)

    async def find_many(self, emails: Sequence[str]) -> Mapping[str, Contact | None]:
        """Up to 20 unknown addresses are asked one by one, side by side; for more the workspace is read through once."""
        wanted = {email: email.strip().lower() for email in emails}
        unknown = [a for a in dict.fromkeys(wanted.values()) if a and not self._cache.get(a)[0]]
        read = await self._read_through(unknown) if len(unknown) > _MANY else await self._one_by_one(unknown)
        return {
            email: read[address] if address in read else self._cache.get(address)[1]
            for email, address in wanted.items()
        }

    def forget(self, id: str, *, email: str = "") -> None:
        self._cache.forget(id, *([email.strip().lower()] if email.strip() else []))

    async def check(self) -> Sequence[Check]:
        try:
            who = await self._client.identity()
        except ProviderError as why:
            hint = why.hint if isinstance(why, Refused) else "Try again in a minute."
            return [Check("API Bot Token", False, str(why), hint)]
        found = [Check("API Bot Token", True, f"Works in the workspace {who.team} ({who.team_id}).")]
        lacking = missing(who.scopes or (), {scope for method in _METHODS for scope in REQUIRED[method]})
        if who.scopes is not None and lacking:
            hint = f"Slack app → OAuth & Permissions → Bot Token Scopes → add {', '.join(lacking)}, reinstall the app."
            found.append(Check("Scopes", False, f"The bot token lacks {', '.join(lacking)}.", hint))
        return found

    async def _one_by_one(self, addresses: Sequence[str]) -> dict[str, Contact | None]:
        room = asyncio.Semaphore(_SIDE_BY_SIDE)

        async def ask(address: str) -> Contact | None:
            async with room:
                return await self.find(address)

        return dict(zip(addresses, await asyncio.gather(*map(ask, addresses)), strict=True))

    async def _read_through(self, addresses: Sequence[str]) -> dict[str, Contact | None]:
        """One call per 200 people instead of one per address; stops when everybody is found."""
        await self._know_the_app()
        mark = self._cache.mark
        found: dict[str, Contact | None] = dict.fromkeys(addresses)
        left, cursor = set(addresses), ""
        while left:
            page = await self._client.call("users.list", limit=_PAGE, cursor=cursor or None)
            for user in page.get("members") or []:
                email = str((user.get("profile") or {}).get("email") or "").lower()
                if email in left and not (
                    user.get("deleted") or user.get("is_bot") or is_outsider(user, self._client.team_id)
                ):
                    left.discard(email)
                    found[email] = await self._contact(user, asked=email)
            cursor = str((page.get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor:
                break
        for address, contact in found.items():
            self._keep(address, contact, mark)
        return found

    async def _know_the_app(self) -> None:
        if not self._client.team_id:
            # Once: the conversation plugin calls the same methods, and both must take from the app's one budget.
            await self._client.identity()

    def _keep(self, name: str, contact: Contact | None, mark: int) -> None:
        self._cache.put(name, contact, mark=mark)
        if contact is not None:
            self._cache.put(contact.chat_user_id, contact, mark=mark)

    async def _ask(self, name: str, method: str, **args: Any) -> Contact | None:
        await self._know_the_app()
        mark = self._cache.mark
        try:
            user = (await self._client.call(method, **args))["user"]
        except Refused as why:
            if why.code not in _UNKNOWN:
                raise
            user = {}
        unknown = not user or user.get("deleted") or is_outsider(user, self._client.team_id)
        contact = None if unknown else await self._contact(user, asked=name)
        self._keep(name, contact, mark)
        return contact

    async def _contact(self, user: Mapping[str, Any], *, asked: str) -> Contact:
        profile: Mapping[str, Any] = user.get("profile") or {}
        custom = await self._custom(str(user["id"])) if self._field_ids else {}
        timezone = str(user.get("tz") or "")
        return Contact(
            full_name=str(profile.get("real_name") or user.get("real_name") or user.get("name") or ""),
            email=str(profile.get("email") or (asked if "@" in asked else "")),
            title=str(profile.get("title") or ""),
            team=custom.get("team", ""),
            department=custom.get("department", ""),
            # Slack knows no place; the zone says roughly where somebody is.
            location=timezone,
            timezone=timezone,
            weblink=custom.get("weblink", ""),
            avatar=str(profile.get("image_512") or profile.get("image_192") or ""),
            chat_user_id=str(user["id"]),
            guest=bool(user.get("is_restricted") or user.get("is_ultra_restricted")),
        )

    async def _custom(self, user: str) -> dict[str, str]:
        """The configured profile fields; Slack leaves out the empty ones."""
        profile = (await self._client.call("users.profile.get", user=user)).get("profile") or {}
        # An empty set of fields is an empty list in Slack's answer.
        fields = profile.get("fields") or {}
        return {what: str((fields.get(id) or {}).get("value") or "") for what, id in self._field_ids.items()}
