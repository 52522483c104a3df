"""The page of one form in a project's settings, and the routes of a list whose rows are added and changed by such a form."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from jinja2 import Environment

from dispatch.kit.db import Database, Tx
from dispatch.kit.errors import Stale
from dispatch.kit.forms import FormErrors, from_html, html_values
from dispatch.projects.settings_pages import SettingsForm, Where, drawn, latest_changes, refused, show

#: Given the transaction, the checked form, and the fingerprint of what the person was shown.
Write = Callable[[Tx, Any, str], Awaitable[Any]]
#: The form about the row with this id, and what takes that form; without an id it is about a new one.
FormOf = Callable[[Where, int | None], Awaitable[SettingsForm]]
Save = Callable[[Request, Where, int | None], Awaitable[Response]]


@dataclass(frozen=True)
class FormPage:
    """Shows a form and takes it; what was typed stays when it has to be corrected, or somebody else was faster.

    Args:
        key: of the page in the navigation.
        changed: the fact that tells of a change, so that whoever was slower reads who it was.
    """

    db: Database
    pages: Environment
    key: str
    changed: str

    def show(self, request: Request, where: Where, asked: SettingsForm, *, saved: str = "") -> Response:
        """The form with what is stored."""
        return self._drawn(request, where, drawn(asked), saved=saved)

    async def save(
        self, request: Request, where: Where, asked: SettingsForm, write: Write, *, then: Callable[[Any], str],
        item: int | None = None,
    ) -> Response:  # fmt: skip
        """Write what was sent.

        Args:
            write: raises FormErrors for what has to be corrected, and Stale for what was changed by somebody else since.
            then: the address to go on to, given what `write` answered.
            item: the row it is about.
        """
        sent = await request.form()
        seen = str(sent.get("seen", ""))
        try:
            form = from_html(asked.form, sent, choices=asked.choices)
            async with self.db.tx(where.visit.org.id) as t:
                written = await write(t, form, seen)
        except FormErrors as why:
            # The version they saw, not the present one: an error at a field is no leave to overwrite somebody.
            return self._drawn(request, where, refused(asked, sent, why) | {"seen": seen}, status=422)
        except Stale as why:
            told = await latest_changes(self.db, where, like=self.changed, item=item)
            typed = drawn(asked, typed=html_values(asked.form, sent))
            return self._drawn(request, where, typed, status=why.status, stale=str(why), told=told)
        return RedirectResponse(then(written), 303)

    def _drawn(
        self, request: Request, where: Where, form: Mapping[str, Any], *, status: int = 200, **context: Any
    ) -> Response:
        return show(
            self.pages, "settings_form.html", request, where, status=status, page_key=self.key, **form, **context
        )


def row_routes(
    routes: APIRouter, page: FormPage, *, at: Callable[[Request, str, str], Awaitable[Where]], form_of: FormOf, save: Save,
    edit: str = "",
) -> None:  # fmt: skip
    """Add `/new` and `/{id}` to the routes of a list, to see and to send the form.

    Args:
        at: the visit, for whoever may.
        edit: what follows the id in the address of the form, where the row has a page of its own.
    """

    @routes.get("/new")
    async def new(request: Request, org: str, project: str) -> Response:
        where = await at(request, org, project)
        return page.show(request, where, await form_of(where, None))

    @routes.post("/new")
    async def add(request: Request, org: str, project: str) -> Response:
        return await save(request, await at(request, org, project), None)

    @routes.get("/{item_id:int}" + edit)
    async def shown(request: Request, org: str, project: str, item_id: int) -> Response:
        where = await at(request, org, project)
        return page.show(request, where, await form_of(where, item_id))

    @routes.post("/{item_id:int}" + edit)
    async def change(request: Request, org: str, project: str, item_id: int) -> Response:
        return await save(request, await at(request, org, project), item_id)
