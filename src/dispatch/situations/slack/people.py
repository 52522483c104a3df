"""People picked in a modal: from the workspace's users to the people we know."""

from __future__ import annotations

from collections.abc import Sequence

from dispatch.kit.errors import Invalid
from dispatch.kit.slack.registry import Request
from dispatch.people.models import Person
from dispatch.situations.slack.actor import somebody


async def chosen_people(asked: Request, users: Sequence[str], *, field: str) -> list[Person]:
    """The people behind picked users, met when new. Call it while no transaction is open: it may ask Slack.

    Raises:
        Invalid: one of them is a bot, has no e-mail address or is of another workspace (never a made-up person: W-58).
    """
    found = []
    for user in dict.fromkeys(users):
        person = await somebody(asked.installation, asked.db, user)
        if person is None:
            raise Invalid(
                f"<@{user}> is an app, has no e-mail address or belongs to another workspace, so Dispatch cannot work "
                "with them.",
                field=field,
            )
        found.append(person)
    return found


async def chosen_person(asked: Request, user: str, *, field: str) -> Person:
    """The same for one."""
    return (await chosen_people(asked, [user], field=field))[0]
