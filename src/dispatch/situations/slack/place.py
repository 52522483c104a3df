"""Where somebody acts in Slack: the situation a channel, a button or a modal belongs to, for their eyes only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import select

from dispatch.kit.db import Database, Read
from dispatch.kit.errors import NotFound, Refused
from dispatch.kit.events import Subject
from dispatch.kit.slack import channel_names
from dispatch.kit.slack.registry import Installation, Request
from dispatch.people.models import Person
from dispatch.people.queries import Viewer, viewer_of_person
from dispatch.situations.access import NOT_YOURS, Standing, require, standing, visible_to
from dispatch.situations.models import Situation

WRONG_PLACE = "Please type this command in the channel of an incident: it works on the incident of that channel."


@dataclass(frozen=True)
class Here:
    """One situation as the acting person stands to it."""

    situation: Situation
    person: Person
    viewer: Viewer
    standing: Standing

    @property
    def about(self) -> Subject:
        return Subject(self.situation.kind, self.situation.id)

    def require(self, action: str) -> None:
        """Stop unless the person may; see `access.require`."""
        require(self.standing, action)


async def situation_id_of_channel(asked: Request) -> int:
    """The situation whose channel somebody types or clicks in. Call it while no transaction is open.

    Raises:
        NotFound: the channel is none of this organization's, with a text that says where the command works.
    """
    async with asked.db.system() as t:
        place = await channel_names.owner(t, team=asked.installation.team_id, channel=asked.channel_id)
    if place is None or place.org_id != asked.org:
        raise NotFound(WRONG_PLACE)
    return place.subject_id


async def situation_id_of_event(installation: Installation, db: Database, channel: str) -> int | None:
    """The situation whose channel an event names; None for channels of others. Call it while no transaction is open."""
    async with db.system() as t:
        place = await channel_names.owner(t, team=installation.team_id, channel=channel)
    return place.subject_id if place is not None and place.org_id == installation.org else None


async def situation_of(t: Read, situation_id: int) -> Situation | None:
    """For what Dispatch does by itself; for a person's eyes take `here`."""
    return await t.scalar(select(Situation).where(Situation.org_id == t.org, Situation.id == situation_id))


async def here(t: Read, asked: Request, person: Person, situation_id: int) -> Here:
    """Read the situation as this person may see it.

    Raises:
        NotFound: none, or not for these eyes; the two are not told apart.
    """
    viewer = await viewer_of_person(t, person)
    situation = await t.scalar(
        select(Situation).where(Situation.org_id == t.org, Situation.id == situation_id, visible_to(viewer))
    )
    if situation is None:
        raise NotFound(NOT_YOURS)
    return Here(situation, person, viewer, await standing(t, viewer, situation))


async def permalink(asked: Request, channel: str, ts: str) -> str:
    """The address of a message, for people who want to read around it; nothing without one, or once it is deleted."""
    if not ts:
        return ""
    try:
        found = await asked.installation.client.call("chat.getPermalink", channel=channel, message_ts=ts)
    except Refused as why:
        if why.code not in ("message_not_found", "channel_not_found"):
            raise
        return ""
    return str(found.get("permalink") or "")


def carried(situation_id: int, **more: Any) -> str:
    """What a modal carries to its submission, as private_metadata."""
    return orjson.dumps({"id": situation_id, **more}).decode()


def carrying(view: Mapping[str, Any]) -> dict[str, Any]:
    """What the modal carried.

    Raises:
        NotFound: it is not a modal of ours.
    """
    try:
        carried: dict[str, Any] = orjson.loads(str(view.get("private_metadata") or ""))
        int(carried["id"])
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        raise NotFound("This form belongs to an earlier version. Please open it again.") from None
    return carried


def pressed_value(asked: Request) -> tuple[str, int]:
    """(what, id) of a pressed button whose value is "org-slug/[what/]id".

    Raises:
        NotFound: the button belongs to another organization.
    """
    value = str((asked.payload.get("actions") or [{}])[0].get("value", ""))
    org_slug, _, rest = value.partition("/")
    what, _, number = rest.rpartition("/")
    if org_slug != asked.installation.org_slug or not number.isdigit():
        raise NotFound("This button is not of this organization.")
    return what, int(number)
