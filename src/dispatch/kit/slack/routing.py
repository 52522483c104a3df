"""Whose request it is: which installation serves what came in, and how a form remembers that.

Within a channel of ours its project's installation decides; a form goes back to the installation that opened it; else
the one with that command's name; else the default project's.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from dispatch.kit.db import OrgId
from dispatch.kit.events import Subject
from dispatch.kit.slack import payloads
from dispatch.kit.slack.registry import Installation, SlackCalls

#: Between a form's callback id and its stamp.
_MARK = "~"
_STAMPED_METHODS = frozenset({"views.open", "views.push", "views.update"})
#: Slack's limit on a callback id, in characters.
LONGEST_CALLBACK = 255


@dataclass(frozen=True)
class Owner:
    """Whose channel it is: the subject it was made for, and its organization's enabled installations."""

    org: OrgId
    about: Subject
    installations: Sequence[Installation]


@dataclass(frozen=True)
class Look:
    """What was configured when the request came in."""

    own: Sequence[Installation]
    """Of the organization that was addressed; none when there is no such organization."""
    owner: Owner | None = None
    sharing: Sequence[OrgId] = ()
    """Organizations with an enabled installation in this workspace."""


class Installations(Protocol):
    """What is configured. Implemented by `projects`, wired by the composition root; never older than the call."""

    async def look(self, organization: str, *, team: str, channel: str) -> Look: ...

    async def of(self, organization: str) -> Sequence[Installation]:
        """Enabled installations of the organization, the default project's first; none when it does not exist."""
        ...

    async def of_org(self, org: OrgId) -> Sequence[Installation]:
        """The same by id."""
        ...

    async def everywhere(self) -> Sequence[Installation]:
        """Those of all organizations."""
        ...

    async def knows(self, there: Installation, *, user_id: str, client: SlackCalls) -> bool:
        """Whether this user of the workspace is known in that organization: by chat identity or e-mail address."""
        ...


def fitting(candidates: Sequence[Installation], *, team: str, app: str) -> list[Installation]:
    """Those of this workspace and app, with the ids filled in that nobody configured."""
    return [
        replace(each, team_id=each.team_id or team, app_id=each.app_id or app)
        for each in candidates
        if each.team_id in ("", team) and (not app or each.app_id in ("", app))
    ]


def of_project(candidates: Sequence[Installation], project_id: int | None) -> Installation | None:
    return next((each for each in candidates if each.project_id == project_id), None)


def of_command(candidates: Sequence[Installation], name: str) -> Installation | None:
    return next((each for each in candidates if name in each.commands), None)


class Stamps:
    """Marks on forms that say which installation opened them for whom. Nobody else can make one.

    A stamp binds instance, workspace, person and form: a form opened for one person does not speak for another.
    """

    def __init__(self, key: bytes) -> None:
        self._key = hmac.new(key, b"slack form stamps", hashlib.sha256).digest()

    def on(self, view: Mapping[str, Any], there: Installation, *, user: str) -> dict[str, Any]:
        """The view with its stamp; unchanged when it has no callback id, or one that leaves no room."""
        callback = view.get("callback_id")
        if not isinstance(callback, str) or not callback or _MARK in callback:
            return dict(view)
        stamped = f"{callback}{_MARK}{there.org}.{there.instance_id}.{self._proof(callback, there.org, there.instance_id, there.team_id, user)}"
        return {**view, "callback_id": stamped} if len(stamped) <= LONGEST_CALLBACK else dict(view)

    def off(
        self, payload: Mapping[str, Any], *, team: str, user: str
    ) -> tuple[dict[str, Any], tuple[OrgId, int] | None]:
        """The payload with the plain callback id, and (organization, instance) if the stamp is genuine."""
        view = payload.get("view")
        callback = view.get("callback_id") if isinstance(view, dict) else None
        if not isinstance(view, dict) or not isinstance(callback, str) or _MARK not in callback:
            return dict(payload), None
        plain, _, stamp = callback.partition(_MARK)
        clean = {**payload, "view": {**view, "callback_id": plain}}
        org, _, rest = stamp.partition(".")
        instance, _, proof = rest.partition(".")
        if not (org.isdecimal() and instance.isdecimal() and org.isascii() and instance.isascii() and len(stamp) < 80):
            return clean, None
        expected = self._proof(plain, int(org), int(instance), team, user)
        if not hmac.compare_digest(expected.encode(), proof.encode()):
            return clean, None
        return clean, (OrgId(int(org)), int(instance))

    def _proof(self, callback: str, org: int, instance: int, team: str, user: str) -> str:
        said = "\n".join((callback, str(org), str(instance), team, user)).encode()
        return base64.urlsafe_b64encode(hmac.new(self._key, said, hashlib.sha256).digest()[:15]).decode()


class StampedCalls:
    """An installation's Web API on behalf of one person: forms it opens come back to the same installation."""

    def __init__(self, client: SlackCalls, stamp: Callable[[Mapping[str, Any]], dict[str, Any]]) -> None:
        self.plain = client
        self._stamp = stamp

    async def call(self, method: str, **arguments: Any) -> dict[str, Any]:
        view = arguments.get("view")
        if method in _STAMPED_METHODS and isinstance(view, Mapping):
            arguments["view"] = self._stamp(view)
        return await self.plain.call(method, **arguments)


def value_slugs(payload: Mapping[str, Any]) -> str:
    """The organization a button's value begins with; nothing when it does not."""
    pressed = payloads.rows(payload, "actions")
    value = pressed[0].get("value") if pressed else None
    slug, sign, _ = value.partition("/") if isinstance(value, str) else ("", "", "")
    return slug if sign else ""
