"""The settings of the SMTP plugin."""

from __future__ import annotations

import re
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError


class Security(StrEnum):
    """How the connection is protected."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


class SmtpSettings(BaseModel):
    """The server, the login, and who the mail is from."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, hide_input_in_errors=True)

    host: str = Field(title="Server", description="The mail server's name.", min_length=1)
    port: int = Field(default=587, title="Port", description="587 for STARTTLS, 465 for TLS.", ge=1, le=65535)
    security: Security = Field(
        default=Security.STARTTLS,
        title="Security",
        description="starttls or tls; none only for a server on the same machine.",
    )
    username: str = Field(default="", title="User Name", description="Empty when the server asks for no login.")
    password: SecretStr = Field(default=SecretStr(""), title="Password", description="Belongs to the user name.")
    sender: str = Field(
        title="From Address", description="The address incident mail comes from, such as incidents@example.com."
    )
    sender_name: str = Field(default="Dispatch", title="From Name", description="The name shown with the address.")

    @field_validator("sender")
    @classmethod
    def _sender(cls, value: str) -> str:
        if not re.fullmatch(r"[^@\s<>\",;]+@[^@\s<>\",;]+", value):
            raise PydanticCustomError("smtp_sender", "Give one plain address, such as incidents@example.com.")
        return value

    @field_validator("password")
    @classmethod
    def _password(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        plain = value.get_secret_value()
        if plain and not plain.strip("*•●"):
            raise PydanticCustomError("smtp_password", "This is a masked password, not the password itself.")
        if plain and not info.data.get("username"):
            raise PydanticCustomError("smtp_password", "A password needs a user name.")
        if plain and info.data.get("security") is Security.NONE:
            raise PydanticCustomError("smtp_password", "A password is not sent over an unprotected connection.")
        return value
