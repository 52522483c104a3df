"""What the pages of a project's settings share: who looks at which project, and a form with its notices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Request, Response
from jinja2 import Environment

from dispatch.kit.db import Database, Read
from dispatch.kit.errors import NotAllowed, NotFound
from dispatch.kit.events import Subject, history, sentence
from dispatch.kit.forms import Form, FormErrors, Option, fingerprint, html_values, inputs, to_html
from dispatch.people.access import allows, require
from dispatch.people.queries import people
from dispatch.people.web import Visit, Visits
from dispatch.projects import queries
from dispatch.projects.models import Project

Choices = Mapping[str, Sequence[Option]]


@dataclass(frozen=True)
class Where:
    """The project whose settings somebody looks at; `part` is what follows it in the address."""

    visit: Visit
    project: Project
    projects: list[Project]
    part: str

    @property
    def path(self) -> str:
        return f"/{self.visit.org.slug}/settings/projects/{self.project.slug}/{self.part}"

    @property
    def by(self) -> int | None:
        return self.visit.viewer.person_id

    async def need(self, t: Read, action: str, field: str, form: type[Form]) -> None:
        """Stop, at a field of the form, unless the visitor may: what it says reaches beyond the project.

        Raises:
            FormErrors: says what is missing, and names who can help.
        """
        try:
            await require(t, self.visit.viewer, action, self.project.id)
        except NotAllowed as why:
            raise FormErrors(
                {field: str(why)}, labels={key: each.label for key, each in inputs(form).items()}
            ) from None


@dataclass(frozen=True)
class SettingsForm:
    """A form about one thing: what is stored of it, and where it is sent."""

    form: type[Form]
    action: str
    title: str
    stored: Mapping[str, Any]
    choices: Choices
    #: What the button says.
    save: str = "Save"
    lead: str = ""
    #: (label, address) of the page above.
    above: tuple[str, str] | None = None
    #: Filled for what is stored already, so that a second person's change is noticed.
    exists: bool = True


async def enter(
    db: Database, visits: Visits, request: Request, org: str, project: str, part: str, *, may: str
) -> Where:
    """The visit and the project, which may be a disabled one; `projects` are those whose page the visitor may open, too.

    Raises:
        SignInNeeded, NotFound: as `Visits.of`; of projects only those who may configure all of them learn whether they exist.
        NotAllowed: neither an admin of this project nor of the organization.
    """
    visit = await visits.of(request, org)
    async with db.read(visit.org.id) as t:
        everything = await queries.all_projects(t)
        found = next((each for each in everything if each.slug == project), None)
        await require(t, visit.viewer, may, found.id if found else None)
    if found is None:
        raise NotFound("There is no such project.")
    return Where(visit, found, [each for each in everything if allows(visit.viewer, may, each.id)], part)


def show(
    pages: Environment, template: str, request: Request, where: Where, *, status: int = 200, **context: Any
) -> Response:
    """A page of the project's settings."""
    return where.visit.page(
        pages, template, request, "settings", status=status, project=where.project, projects=where.projects,
        path=where.path, part=where.part, **context,
    )  # fmt: skip


def drawn(
    asked: SettingsForm, *, typed: Mapping[str, Any] | None = None, errors: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """What `settings_form.html` needs: the form with what is stored, or with what was typed and is wrong."""
    values = {**asked.stored, **(typed or {})}
    return {
        "asked": asked,
        "form": to_html(asked.form, choices=asked.choices, values=values, errors=errors),
        "seen": fingerprint(asked.form, asked.stored) if asked.exists else "",
        "wrong": dict(errors or {}),
    }


def refused(asked: SettingsForm, sent: Any, why: FormErrors) -> dict[str, Any]:
    """`drawn` for a form that has to be corrected."""
    return drawn(asked, typed=html_values(asked.form, sent), errors=why.by_field)


async def latest_changes(
    db: Database, where: Where, *, like: str, item: int | None = None, limit: int = 1
) -> list[tuple[Any, str]]:
    """(when, sentence) of the latest changes, for the notice that somebody else was faster.

    Args:
        like: how the facts' names begin.
        item: only about the row with this id.
    """
    async with db.read(where.visit.org.id) as t:
        events = await history(t, Subject("project", where.project.id), limit=200)
        about = [each for each in events if item is None or each.data.get("item") == item]
        found = [each for each in about if each.fact.startswith(like)][:limit]
        who = await people(t, [event.actor for event in found if event.actor is not None])
    return [
        (event.at, sentence(event.fact, event.data, who[event.actor].name if event.actor in who else "Dispatch"))
        for event in found
    ]
