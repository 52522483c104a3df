"""The proofs of the set-up guide: a request that came in, for these secrets; and what the command line says."""

from __future__ import annotations

from dispatch.desk.setup import Setup, setup
from dispatch.people.queries import organization
from tests.people.test_commands import Command, dispatch
from tests.stage import BO, COMMAND, Stage, over_both

__all__ = ["dispatch"]


async def look(stage: Stage) -> Setup:
    async with stage.house.db.system() as t:
        org = await organization(t, "default")
    assert org is not None
    async with stage.house.db.read(org.id) as t:
        return await setup(t, org)


@over_both
async def test_a_request_proves_that_slack_reaches_dispatch_until_the_secret_is_another(stage: Stage) -> None:
    await stage.slack.command(BO, stage.general, COMMAND)

    async def came() -> bool:
        return (await look(stage)).slack.command_at is not None

    await stage.eventually(came)
    await stage.configure("slack-conversation", {"private_channels": False})
    assert (await look(stage)).slack.heard
    await stage.configure(
        "slack-conversation", {"signing_secret": "another one", "socket_mode_app_token": "xapp-1-other"}
    )
    found = await look(stage)
    assert not found.slack.heard
    assert not found.slack.tested, "what was tested were other settings"
    step = found.step("slack")
    assert step is not None
    assert not step.done


def test_the_command_line_says_the_same(dispatch: Command) -> None:
    first = dispatch("setup", "--json").json
    assert str(first["link"]).startswith("https://dispatch.example.com/first-run?token=")
    dispatch("projects", "create", "acme", "default")
    dispatch("users", "create", "--org", "acme", "--email", "ada@example.com", "--name", "Ada", "--role", "owner")
    said = dispatch("setup")
    assert said.code == 0
    assert "open  Owner: The owner came by a one-time link and has no password yet" in said.out
    assert "done  Project: Default: reporters have types" in said.out
    assert "open  Slack: Not connected yet." in said.out
    assert "Go on at https://dispatch.example.com/acme/setup" in said.out
    assert dispatch("setup", "acme", "--json").json["complete"] is False
    assert dispatch("setup", "nobody").code == 1
