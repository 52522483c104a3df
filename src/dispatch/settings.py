"""The environment, one documented class. Everything else is configured in the web pages or by commands."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from dispatch.kit.errors import SetupError


class Settings(BaseSettings):
    """`DISPATCH_*` variables."""

    model_config = SettingsConfigDict(env_prefix="DISPATCH_", extra="ignore")

    data_dir: Path = Field(Path("var"), description="Where the embedded database and generated keys live.")
    database_url: str = Field("", description="PostgreSQL of the application login; empty: the embedded database.")
    database_owner_url: str = Field("", description="Login that owns the tables; default: the application login.")
    secret_key: str = Field("", description="Comma-separated keys, 32 bytes each, urlsafe base64; the newest first.")
    base_url: str = Field("", description="Where people reach this installation, such as https://dispatch.example.com.")
    slack_api_url: str = Field("https://slack.com/api/", description="Slack's Web API, or a sandbox's; ends in /api/.")
    env: str = Field("production", description="production, demo or test.")
    crash_dir: str = Field("", description="Tests only: folder with the names of the points at which to die.")

    @property
    def production(self) -> bool:
        return self.env == "production"

    @property
    def own_data(self) -> Path | None:
        """The data directory whose embedded database is used; None when the database is the operator's."""
        return None if self.database_url else self.data_dir.absolute()

    @property
    def address(self) -> str:
        """`base_url` without a slash at its end, what links begin with.

        Raises:
            SetupError: it is not set, so a link would lead nowhere.
        """
        if not self.base_url:
            raise SetupError(
                "DISPATCH_BASE_URL is not set. It is the address people use, such as https://dispatch.example.com."
            )
        return self.base_url.rstrip("/")

    def checked(self) -> Settings:
        """The same settings, if a server may start with them.

        Raises:
            SetupError: names the variable and what to set it to.
        """
        if not self.secret_key:
            raise SetupError(
                "DISPATCH_SECRET_KEY is not set. Make one with `dispatch secrets generate` and keep it safe: "
                "stored tokens cannot be read without it."
            )
        _ = self.address
        if self.production and (self.crash_dir or self.env == "test"):
            raise SetupError("DISPATCH_CRASH_DIR is for tests only.")
        return self
