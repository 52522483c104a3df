"""/dispatch-list-incidents <organization> <project>: what is going on, and what was closed in the last 24 hours."""

from __future__ import annotations

from dispatch.kit.db import Read
from dispatch.kit.errors import NotFound
from dispatch.kit.slack import blocks as b
from dispatch.kit.slack.opening import open_modal, redraw
from dispatch.kit.slack.pages import on_turn, page_row, page_there
from dispatch.kit.slack.registry import Answer, Request, command
from dispatch.people.queries import Viewer, viewer_of_person
from dispatch.projects import queries as projects
from dispatch.situations.current import Current, current_incidents
from dispatch.situations.queries import Links, Row
from dispatch.situations.slack.actor import actor
from dispatch.situations.slack.place import carried, carrying

TITLE = "Incidents"
KEY = "list_incidents"
SIZE = 20


@command(
    "list_incidents",
    name="/dispatch-list-incidents",
    description="Lists current active and stable incidents and closed incidents in the last 24 hours.",
    usage_hint="<organization-slug|'default'> <project-slug|'default'>",
    anywhere=True,
)
async def typed(asked: Request) -> Answer:
    """Both arguments may be left out: this organization, all of its projects (W-13, W-84)."""
    wanted = [word.strip("'\"‘’“”") for word in asked.text.split()]
    there, slug = await _organization(asked, wanted[0] if wanted else ""), wanted[1] if len(wanted) > 1 else ""
    async with there.db.read(there.org) as t:
        project = await _project(t, slug, there.installation.org_name)

    async def fill() -> b.View:
        person = await actor(there)
        async with there.db.read(there.org) as t:
            return await _list(t, await viewer_of_person(t, person), project, 1)

    await open_modal(there, TITLE, fill)
    return None


async def _organization(asked: Request, wanted: str) -> Request:
    there = await asked.towards(wanted) if wanted else asked
    if there is None and wanted == "default":
        return asked  # The word for the usual one, unless there is an organization of this name.
    if there is None:
        # One answer for what does not exist and what is not theirs.
        raise NotFound(
            f'"{b.escape(b.cut(wanted, 60))}" is not an organization whose incidents you can list from here. '
            f"Leave it out to list those of {b.escape(asked.installation.org_name)}."
        )
    return there


async def _project(t: Read, slug: str, organization: str) -> str:
    """The slug, if there is such a project; nothing for all."""
    if not slug:
        return ""
    known = await projects.projects(t)
    if slug in [each.slug for each in known]:
        return slug
    if slug == "default" and known:
        return known[0].slug
    raise NotFound(
        f'There is no project "{b.escape(b.cut(slug, 60))}" in {b.escape(organization)}. '
        f"There are: {b.cut(', '.join(each.slug for each in known), 500)}."
    )


@on_turn(KEY)
async def turned(asked: Request, page: int) -> None:
    """Another page of the same list."""
    came = carrying(asked.view)
    person = await actor(asked)

    async def fill() -> b.View:
        async with asked.db.read(asked.org) as t:
            return await _list(t, await viewer_of_person(t, person), str(came.get("project") or ""), page)

    redraw(asked, TITLE, fill)


async def _list(t: Read, viewer: Viewer, project: str, page: int) -> b.View:
    found: Current = await current_incidents(t, viewer, project=project, page=page, size=SIZE)
    if page != (there := page_there(page, size=SIZE, total=found.total)):
        page, found = there, await current_incidents(t, viewer, project=project, page=there, size=SIZE)
    where = f"{b.escape(viewer.org_name)}" + (f", project {b.escape(project)}" if project else "")
    blocks = [b.context(f"{where} · active, stable, and closed in the last 24 hours: {found.total}")]
    blocks += [b.section(_line(viewer.org_slug, row)) for row in found.items]
    if not found.total:
        blocks.append(b.section("Nothing is going on. :sunny:"))
    return b.modal(
        TITLE,
        [*blocks, *page_row(KEY, page=page, size=SIZE, total=found.total)],
        callback_id=KEY,
        private_metadata=carried(0, project=project),
    )


def _line(org_slug: str, row: Row) -> str:
    lead = f"{b.escape(row.commander.name)}{' (acting)' if row.acting else ''}" if row.commander else "nobody"
    lock = " :lock:" if row.visibility == "restricted" else ""
    drill = " · drill" if row.drill else ""
    return (
        f"*{b.link(Links.incident(org_slug, row.name), row.name)}*{lock} {b.escape(b.cut(row.title, 300))}\n"
        f"{row.status} · {b.escape(row.severity.name)} · {b.escape(row.priority.name)} · {b.escape(row.type)} · "
        f"{b.escape(row.project)} · led by {lead}{drill} · {b.date(row.reported_at)}"
    )
