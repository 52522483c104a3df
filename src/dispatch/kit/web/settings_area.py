"""The settings area `/{org}/settings`: which pages it has, and its navigation.

A slice adds its page where its routes are, with `settings_page(...)`; nothing is listed by hand. Its template extends
`settings.html`, sets `settings_page` to the page's key, and its route asks `Visits.admin` for the visit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

#: The groups of the navigation, in order.
GROUPS: Final = ("Organization", "Project", "Deliveries")
PROJECT: Final = "Project"


@dataclass(frozen=True)
class SettingsPage:
    """One page. `about` is one sentence for the overview; `path` is what follows `/{org}/settings/`, for a page of
    the group Project what follows the project."""

    group: str
    key: str
    label: str
    icon: str
    about: str
    path: str
    position: int


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
    group: str, key: str, label: str, *, icon: str, about: str, path: str = "", position: int = 50
) -> SettingsPage:
    """Register a page; the same key twice stops the start.

    Args:
        group: one of `GROUPS`.
        key: unique; the template's `settings_page`.
        icon: a Tabler icon.
        path: the key when empty.
        position: smaller is further up in its group.
    """
    if group not in GROUPS:
        raise RuntimeError(f"settings have the groups {', '.join(GROUPS)}, not {group!r}")
    page = SettingsPage(group, key, label, icon, about, path or key, position)
    if _pages.setdefault(key, page) != page:
        raise RuntimeError(f"two settings pages are called {key!r}")
    return page


def navigation(org: str, project: str = "") -> Mapping[str, list[Entry]]:
    """The registered pages by group, as links; groups without a page are left out.

    Args:
        org: the organization's slug.
        project: the slug of the project that is looked at; without it links lead to the default project.
    """
    found: dict[str, list[Entry]] = {}
    for group in GROUPS:
        pages = sorted((p for p in _pages.values() if p.group == group), key=lambda p: (p.position, p.label))
        if pages:
            found[group] = [Entry(p.key, p.label, p.icon, p.about, address(org, p, project)) for p in pages]
    return found


def address(org: str, page: SettingsPage, project: str = "") -> str:
    """Where a page is. `/project/{path}` (singular) leads on to the default project's."""
    if page.group != PROJECT:
        return f"/{org}/settings/{page.path}"
    return f"/{org}/settings/projects/{project}/{page.path}" if project else f"/{org}/settings/project/{page.path}"
