"""The root command and what all commands share: settings, the database, printing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import typer

app = typer.Typer(
    name="dispatch",
    help="Slack-first incident management.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    # rich would take a second to draw a box around the help.
    rich_markup_mode=None,
)
T = TypeVar("T")


def group(name: str, help: str) -> typer.Typer:
    """A group of commands below `dispatch`."""
    made = typer.Typer(help=help, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None)
    app.add_typer(made, name=name)
    return made


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end."""
    return asyncio.run(work)


@contextmanager
def database_urls() -> Iterator[tuple[str, str]]:
    """(application URL, owner URL): from the environment, else the embedded server, held while in use."""
    from dispatch.settings import Settings

    settings = Settings()
    if settings.database_url:
        yield settings.database_url, settings.database_owner_url or settings.database_url
        return
    from dispatch.kit import embedded

    with embedded.start(settings.data_dir.absolute()) as cluster:
        yield cluster.app_url, cluster.owner_url


def show(value: dict[str, Any], *, as_json: bool, text: str) -> None:
    """One JSON object, or a sentence."""
    print(json.dumps(value, default=str) if as_json else text)
