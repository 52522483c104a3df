"""The settings area `/{org}/settings`: which pages it has, and its navigation.

A slice adds its page where its routes are, with `settings_page(...)`; nothing is listed by hand. Its template extends
`settings.html`, sets `settings_page` to the page's key, and its route asks for the visit: `Visits.of`, or for a page of a project
`projects.settings_pages.enter`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

#: The groups of the navigation, in order.
GROUPS: Final = ("Organization", "Project", "Deliveries")
PROJECT: Final = "Project"


@dataclass(frozen=True)
class SettingsPage:
    """One page. `about` is one sentence for the overview; `path` is what follows `/{org}/settings/`, for a page of
    the group Project what follows the project; `may` is what opening it needs."""

    group: str
    key: str
    label: str
    icon: str
    about: str
    path: str
    position: int
    may: str


@dataclass(frozen=True)
class Entry:
    """A page as a link."""

    key: str
    label: str
    icon: str
    about: str
    href: str


_pages: dict[str, SettingsPage] = {}


def settings_page(
    group: str, key: str, label: str, *, icon: str, about: str, path: str = "", position: int = 50, may: str = ""
) -> SettingsPage:
    """Register a page; the same key twice stops the start.

    Args:
        group: one of `GROUPS`.
        key: unique; the template's `settings_page`.
        icon: a Tabler icon.
        path: the key when empty.
        position: smaller is further up in its group.
        may: the action that whoever may opens it; empty: configuring the project, or reading the organization's settings.
    """
    if group not in GROUPS:
        raise RuntimeError(f"settings have the groups {', '.join(GROUPS)}, not {group!r}")
    needs = may or ("projects.configure" if group == PROJECT else "settings.read")
    page = SettingsPage(group, key, label, icon, about, path or key, position, needs)
    if _pages.setdefault(key, page) != page:
        raise RuntimeError(f"two settings pages are called {key!r}")
    return page


def navigation(org: str, project: str = "", *, opens: Callable[[str], bool]) -> Mapping[str, list[Entry]]:
    """The registered pages that somebody may open, by group, as links; groups without a page are left out.

    Args:
        org: the organization's slug.
        opens: whether whoever looks may do an action.
        project: the slug of the project that is looked at; without it links lead to the default project.
    """
    found: dict[str, list[Entry]] = {}
    for group in GROUPS:
        pages = sorted(
            (p for p in _pages.values() if p.group == group and opens(p.may)), key=lambda p: (p.position, p.label)
        )
        if pages:
            found[group] = [Entry(p.key, p.label, p.icon, p.about, address(org, p, project)) for p in pages]
    return found


def address(org: str, page: SettingsPage, project: str = "") -> str:
    """Where a page is. `/project/{path}` (singular) leads on to the default project's, or to the first of theirs."""
    if page.group != PROJECT:
        return f"/{org}/settings/{page.path}"
    return f"/{org}/settings/projects/{project}/{page.path}" if project else f"/{org}/settings/project/{page.path}"
