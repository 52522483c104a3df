"""The settings of the webhook plugin."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator
from pydantic_core import PydanticCustomError

_SHORTEST_SECRET: Final = 16


class WebhookSettings(BaseModel):
    """Where pages go, and the secret both sides know."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, hide_input_in_errors=True)

    url: str = Field(title="URL", description="Where pages are posted, as JSON. Answer with 2xx when you have it.")
    signing_secret: SecretStr = Field(
        title="Signing Secret",
        description=(
            "Proves that a request comes from Dispatch: Dispatch-Signature is v1= and the hex HMAC-SHA256 of the "
            "Dispatch-Timestamp header, a dot and the body. At least 16 characters."
        ),
    )

    @field_validator("url")
    @classmethod
    def _url(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise PydanticCustomError("webhook_url", "Give a whole address, such as https://example.com/pages")
        if parts.username or parts.password:
            raise PydanticCustomError(
                "webhook_url", "Put no password into the address: it would be shown. The signature is the proof."
            )
        return value

    @field_validator("signing_secret")
    @classmethod
    def _secret(cls, value: SecretStr) -> SecretStr:
        plain = value.get_secret_value()
        if plain and not plain.strip("*•●"):
            raise PydanticCustomError("webhook_secret", "This is a masked secret, not the secret itself.")
        if len(plain) < _SHORTEST_SECRET:
            raise PydanticCustomError("webhook_secret", "The secret needs at least 16 characters.")
        return value
