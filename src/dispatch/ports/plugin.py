"""What a plugin is: its name, its settings, and how to make the provider of a port from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, Protocol

import aiohttp
from pydantic import BaseModel

from dispatch.kit.slack.client import SlackClient
from dispatch.kit.slack.rates import Lane

#: The port a plugin provides.
Kind = Literal["conversation", "contact", "ticket", "document", "conference", "paging", "email"]
#: Kinds whose enabled plugins all work side by side; of any other kind a project has one at a time.
SIDE_BY_SIDE: Final = frozenset[Kind]({"paging"})


class SlackClients(Protocol):
    """Makes clients that share the process's session, budget and Slack address."""

    def __call__(
        self, token: str, *, team_id: str = "", app_id: str = "", lane: Lane = Lane.ANSWERS
    ) -> SlackClient: ...


@dataclass(frozen=True)
class Outside:
    """What the root lends to every provider.

    Attributes:
        http: the shared session; providers never close it.
        slack: makes Web API clients.
        base_url: Dispatch's own public address, without a slash at the end.
        clock: the present moment in UTC.
        derive: unguessable bytes (32) that are always the same for a text; from the installation's secret key.
    """

    http: aiohttp.ClientSession
    slack: SlackClients
    base_url: str
    clock: Callable[[], datetime]
    derive: Callable[[str], bytes]


@dataclass(frozen=True)
class Plugin:
    """An adapter to one outside system.

    Attributes:
        slug: its stable name in the database and on the command line.
        settings: a pydantic model; its titles and descriptions make the form, `SecretStr` fields are write-only.
        provider: makes the provider of the port from valid settings. Cheap and without network; keep what it
            returns as long as the settings do not change, for it may hold caches.
        many: whether several instances may be enabled in one project.
        behaviour: the settings that say how it behaves; a project admin may change them. All others say what it connects
            with: through that goes what restricted incidents say, so that they are for admins of the organization.
        leads_to: the settings that say where its secrets are sent. Who changes one of them in a browser enters the secrets
            anew: else an admin could read a colleague's secret off a server of their own.
    """

    slug: str
    title: str
    kind: Kind
    description: str
    settings: type[BaseModel]
    provider: Callable[[Any, Outside], Any]
    many: bool = False
    behaviour: frozenset[str] = frozenset()
    leads_to: frozenset[str] = frozenset()
