"""The role table, executed over the real routes: every action as every role, and no settings route left out."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from dispatch.people.access import ACTIONS, rank
from dispatch.people.models import ROLES
from tests.people.browsing import make_project_admin, person_id, token_in
from tests.routes import all_routes, filled
from tests.stage import Stage

WHO = {
    "owner": "ada@example.com", "manager": "joy@example.com", "admin": "dee@example.com", "member": "bo@example.com",
    "project admin": "gus@example.com",
}  # fmt: skip
#: Of this project, and of no other.
OWN = "payments"
#: action -> (method, route). A route that needs an action stands here, and only here.
ROUTES: dict[str, list[tuple[str, str]]] = {
    "incidents.report": [("GET", "/{org}/report"), ("GET", "/{org}/profile")],
    "settings.open": [("GET", "/{org}/settings"), ("GET", "/{org}/settings/projects"), ("GET", "/{org}/settings/project/{path}")],
    "settings.read": [
        ("GET", "/{org}/settings/sign-in"), ("GET", "/{org}/settings/organization"), ("GET", "/{org}/settings/deliveries"),
    ],
    "members.read": [("GET", "/{org}/settings/members"), ("GET", "/{org}/settings/members/{person_id}")],
    "members.invite": [("POST", "/{org}/settings/members"), ("POST", "/{org}/settings/members/{person_id}/link")],
    "members.change_role": [("POST", "/{org}/settings/members/{person_id}/role")],
    "members.deactivate": [("POST", "/{org}/settings/members/{person_id}/deactivate")],
    "tokens.manage": [
        ("GET", "/{org}/settings/tokens"), ("POST", "/{org}/settings/tokens"), ("POST", "/{org}/settings/tokens/{machine_id}/revoke"),
    ],
    "audit.read": [("GET", "/{org}/settings/audit")],
    "restricted.open": [("GET", "/{org}/settings/restricted"), ("POST", "/{org}/settings/restricted")],
    "projects.create": [("GET", "/{org}/settings/projects/new"), ("POST", "/{org}/settings/projects/new")],
    "projects.configure": [
        (method, f"/{{org}}/settings/projects/{{project}}/{page}")
        for method, page in (
            ("GET", "general"), ("POST", "general"), ("GET", "types"), ("POST", "types/new"), ("GET", "severities"),
            ("POST", "severities/new"), ("GET", "priorities"), ("POST", "priorities/new"), ("GET", "tags"), ("POST", "tags"),
        )
    ],
    "oncall.configure": [
        ("GET", "/{org}/settings/projects/{project}/oncall"), ("POST", "/{org}/settings/projects/{project}/oncall/new"),
    ],
    "projects.people": [
        ("GET", "/{org}/settings/projects/{project}/admins"), ("POST", "/{org}/settings/projects/{project}/admins"),
    ],
    "plugins.configure": [("GET", "/{org}/settings/projects/{project}/plugins")],
    "plugins.connect": [
        ("GET", "/{org}/settings/projects/{project}/plugins/new"), ("POST", "/{org}/settings/projects/{project}/plugins/new/{slug}"),
        ("POST", "/{org}/settings/projects/{project}/plugins/{instance_id:int}/delete"), ("POST", "/{org}/setup/slack"),
    ],
    "organization.configure": [("POST", "/{org}/settings/organization")],
    "sign_in.configure": [("POST", "/{org}/settings/sign-in"), ("POST", "/{org}/settings/sign-in/check")],
}  # fmt: skip
#: Asked about what a form says; tests/projects/test_project_admins.py.
ELSEWHERE = {"announcements.restricted", "projects.choose_default"}
#: Everything of the settings beside these is the other slices' and needs `settings.read` at least.
SETTINGS = "/{org}/settings"


@pytest.fixture
async def stage(stage: Stage) -> Stage:
    """With somebody who runs one project."""
    await make_project_admin(stage, WHO["project admin"], OWN)
    return stage


def allowed(role: str, action: str, project: str | None) -> bool:
    """What the table says."""
    rule = ACTIONS[action]
    if role == "project admin":
        mine = rule.project == "any" or (rule.project == "own" and project == OWN)
        return mine or rank("member") >= rank(rule.least)
    return rank(role) >= rank(rule.least)


@pytest.mark.parametrize("role", [*ROLES, "project admin"])
async def test_each_action_is_for_its_role_and_above(stage: Stage, role: str) -> None:
    client = await stage.sign_in(WHO[role])
    csrf = token_in((await client.get("/default/incidents")).text)
    fay = await person_id(stage, "fay@example.com")
    wrong: list[str] = []
    for action, routes in ROUTES.items():
        for method, path in routes:
            for project in (OWN, "default") if "{project}" in path else (None,):
                to = re.sub(r":\w+}", "}", path).format(
                    org="default",
                    person_id=fay,
                    machine_id=999,
                    project=project,
                    path="general",
                    slug="jitsi",
                    instance_id=999,
                )
                answer = await ask(client, method, to, csrf)
                may = allowed(role, action, project)
                if (answer.status_code == 403) == may:
                    wrong.append(f"{role} {method} {to}: {answer.status_code}")
                if not may:
                    message = re.sub(r"\s+", " ", answer.text)
                    assert f"you are a{'n' if role == 'admin' else ''} {role}" in message and "Ask " in message, to
    assert wrong == []


async def ask(client: httpx.AsyncClient, method: str, to: str, csrf: str) -> httpx.Response:
    if method == "GET":
        return await client.get(to, follow_redirects=False)
    form: dict[str, Any] = {"csrf": csrf, "role": "member", "email": "", "name": ""}
    return await client.post(to, data=form, follow_redirects=False)


async def test_every_action_is_asked_somewhere_and_every_settings_route_asks(stage: Stage) -> None:
    assert set(ROUTES) | ELSEWHERE == set(ACTIONS)
    listed = {each for routes in ROUTES.values() for each in routes}
    known = set(all_routes(stage))
    assert listed <= known
    # Whatever other slices add below /settings is closed to members, without anybody remembering.
    bo = await stage.sign_in(WHO["member"])
    csrf = token_in((await bo.get("/default/incidents")).text)
    open_to_members = []
    for method, path in sorted(known - listed):
        if path.startswith(SETTINGS) and (await ask(bo, method, filled(path), csrf)).status_code != 403:
            open_to_members.append(f"{method} {path}")
    assert open_to_members == []


async def test_a_project_admin_is_let_into_their_project_and_nowhere_else(stage: Stage) -> None:
    """Every route of the settings, tomorrow's included."""
    gus = await stage.sign_in(WHO["project admin"])
    csrf = token_in((await gus.get("/default/incidents")).text)
    connecting = set(ROUTES["plugins.connect"])
    wrong = []
    for method, path in sorted(all_routes(stage)):
        if not path.startswith((SETTINGS, "/{org}/setup")) or (method, path) in ROUTES["settings.open"]:
            continue
        theirs = path.startswith(f"{SETTINGS}/projects/{{project}}/")
        if (await ask(gus, method, filled(path), csrf)).status_code != 403:
            wrong.append(f"{method} {path} of another project, or of the organization")
        if (
            theirs
            and (method, path) not in connecting
            and not path.startswith(f"{SETTINGS}/projects/{{project}}/plugins/new")
        ):
            answer = await ask(gus, method, filled(path.replace("{project}", OWN)), csrf)
            if answer.status_code == 403 or answer.status_code >= 500:
                wrong.append(f"{method} {path} of their own: {answer.status_code}")
    assert wrong == []
