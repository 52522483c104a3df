"""`dispatch users | tokens | auth` as an operator types them."""

from __future__ import annotations

import io
import json
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
import structlog

from dispatch.cli import main
from dispatch.kit.crypto import generate_key
from tests.people.loopback_provider import LoopbackProvider, loopback_provider


@dataclass
class Said:
    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, object]:
        found: dict[str, object] = json.loads(self.out)
        return found


Command = Callable[..., Said]


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    """A command sends the logs of its process to its standard error, which is gone after the test."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level, sys.excepthook, threading.excepthook, sys.unraisablehook)
    yield
    root.handlers[:], level, sys.excepthook, threading.excepthook, sys.unraisablehook = before
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def dispatch(database: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    monkeypatch.setenv("DISPATCH_DATABASE_URL", database)
    monkeypatch.setenv("DISPATCH_SECRET_KEY", generate_key())
    monkeypatch.setenv("DISPATCH_BASE_URL", "https://dispatch.example.com")
    monkeypatch.setenv("DISPATCH_ENV", "test")

    def command(*words: str, stdin: str = "") -> Said:
        monkeypatch.setattr(sys, "argv", ["dispatch", *words])
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    assert command("organizations", "create", "acme").code == 0
    return command


@pytest.fixture
def provider() -> Iterator[LoopbackProvider]:
    with loopback_provider() as made:
        yield made


ADA = ("users", "create", "--org", "acme", "--email", "Ada@Example.com", "--name", "Ada", "--role", "owner")


def test_the_first_owner_gets_a_link_and_later_a_new_one(dispatch: Command) -> None:
    made = dispatch(*ADA, "--json").json
    assert made["email"] == "ada@example.com"
    assert str(made["link"]).startswith("https://dispatch.example.com/sign-in?token=")
    again = dispatch("users", "link", "ada@example.com")
    assert again.code == 0 and again.out.startswith("https://dispatch.example.com/sign-in?token=")
    assert again.out.strip() != made["link"]
    listed = dispatch("users", "list", "--org", "acme", "--json").json
    assert listed == {"items": [{"email": "ada@example.com", "name": "Ada", "role": "owner"}]}


def test_no_link_is_made_that_leads_nowhere(dispatch: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    dispatch(*ADA)
    monkeypatch.delenv("DISPATCH_BASE_URL")
    for refused in (
        dispatch("users", "create", "--org", "acme", "--email", "bo@example.com", "--name", "Bo"),
        dispatch("users", "link", "ada@example.com"),
        dispatch(
            "auth", "configure", "acme", "--issuer", "https://login.example.com", "--client-id", "dispatch",
            "--client-secret-stdin", "--domain", "example.com", stdin="very-secret\n",
        ),
    ):  # fmt: skip
        assert refused.code == 1 and refused.out == ""
        assert refused.err.startswith("dispatch: DISPATCH_BASE_URL is not set.")
    # Nothing was written: neither the person nor the provider.
    assert "Bo" not in dispatch("users", "list", "--org", "acme").out
    assert "has no provider yet" in dispatch("auth", "show", "acme").err
    # With a password there is no link.
    bo = ("users", "create", "--org", "acme", "--email", "bo@example.com", "--name", "Bo", "--password-stdin")
    assert dispatch(*bo, stdin="a sentence of mine\n").code == 0


def test_a_password_comes_in_on_standard_input_and_is_not_printed(dispatch: Command) -> None:
    made = dispatch(*ADA, "--password-stdin", stdin="a sentence of mine\n")
    assert made.code == 0 and "sentence" not in made.out + made.err
    refused = dispatch(*ADA, "--password-stdin", stdin="short\n")
    assert refused.code == 1 and "at least 12 characters" in refused.err


def test_refused_is_one_and_wrong_usage_is_two(dispatch: Command) -> None:
    assert dispatch("users", "link", "nobody@example.com").code == 1
    assert dispatch("users", "list", "--org", "nowhere").code == 1
    assert dispatch("users", "create", "--org", "acme").code == 2
    assert dispatch(*ADA[:-1], "king").code == 2
    dispatch(*ADA)
    last = dispatch(*ADA[:-1], "member")
    assert last.code == 1 and "Ada is the last owner" in last.err


def test_a_token_is_all_that_is_printed_and_can_be_revoked(dispatch: Command) -> None:
    made = dispatch("tokens", "create", "--org", "acme", "--role", "admin", "pipeline")
    assert made.out.startswith("dsp_") and made.out.count("\n") == 1
    assert dispatch("tokens", "create", "--org", "acme", "--role", "admin", "pipeline").code == 1
    unnamed = dispatch("tokens", "create", "--org", "acme", "--json").json
    assert str(unnamed["token"]).startswith("dsp_") and unnamed["role"] == "member"
    listed = dispatch("tokens", "list", "--org", "acme")
    assert "pipeline" in listed.out and "dsp_" not in listed.out
    number = str(unnamed["id"])
    assert dispatch("tokens", "revoke", number, "--org", "acme").code == 0
    assert dispatch("tokens", "revoke", number, "--org", "acme").code == 1


def test_a_provider_is_configured_shown_and_examined(dispatch: Command, provider: LoopbackProvider) -> None:
    assert dispatch("auth", "doctor", "acme").code == 1
    made = dispatch(
        "auth", "configure", "acme", "--issuer", provider.issuer, "--client-id", "dispatch", "--client-secret-stdin",
        "--domain", "example.com", "--create-members", "--groups-claim", "groups", "--group-role", "sre=admin",
        stdin="very-secret\n",
    )  # fmt: skip
    assert made.code == 0 and "https://dispatch.example.com/sign-in/acme/callback" in made.out
    shown = dispatch("auth", "show", "acme", "--json")
    assert shown.json["role_of_group"] == {"sre": "admin"} and "very-secret" not in shown.out
    examined = dispatch("auth", "doctor", "acme", "--json")
    assert examined.code == 0, examined.out
    assert examined.json["ok"] is True
    # One setting changed leaves the rest, the secret included.
    assert dispatch("auth", "configure", "acme", "--title", "Okta").code == 0
    assert dispatch("auth", "doctor", "acme").code == 0
    provider.down = True
    broken = dispatch("auth", "doctor", "acme")
    assert broken.code == 1 and "FAIL Discovery" in broken.out and "-> Open" in broken.out
    assert dispatch("auth", "configure", "acme", "--group-role", "nonsense").code == 2
    assert dispatch("auth", "configure", "acme", "--any-domain").code == 1  # new people from anywhere
