"""Sealing what is stored encrypted, and comparing what is stored as a hash.

A sealed value is: version (1 byte), key id (4), nonce (12), ciphertext with tag. The context (what it is and
whose it is, such as `b"plugin:7:12"`) is authenticated with it, so a value copied to another row does not open.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from dispatch.kit.errors import SetupError

VERSION = b"\x01"
_KEY = 32
_ID = 4
# Random nonces of 96 bits: safe up to 2^32 values under one key (NIST SP 800-38D, 8.3).
_NONCE = 12
_HEAD = len(VERSION) + _ID
_TAG = 16


class CannotDecrypt(SetupError):
    """A sealed value that does not open; the message names the key that is missing, never the value.

    `key_id` is the missing key's, None when the key is there and the value is not the one that was sealed.
    """

    def __init__(self, message: str, *, key_id: str | None = None) -> None:
        super().__init__(message)
        self.key_id = key_id


class Vault:
    """Keys of 32 bytes: the first one seals, all of them open."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys:
            raise SetupError("DISPATCH_SECRET_KEY is empty: Dispatch needs a key to store secrets.")
        if any(len(key) != _KEY for key in keys):
            raise SetupError(f"Each key in DISPATCH_SECRET_KEY must be {_KEY} bytes in urlsafe base64.")
        self._ciphers = {_key_id(key): AESGCM(key) for key in keys}
        self._first = _key_id(keys[0])

    @classmethod
    def from_text(cls, text: str) -> Vault:
        """From DISPATCH_SECRET_KEY: one or several comma-separated keys, the newest first.

        Raises:
            SetupError: no key, or one that is not 32 bytes in urlsafe base64.
        """
        return cls([_decode(part.strip(), place) for place, part in enumerate(text.split(","), 1) if part.strip()])

    @property
    def key_ids(self) -> list[str]:
        """The ids of the keys, the sealing one first; safe to show."""
        return [each.hex() for each in self._ciphers]

    @property
    def head(self) -> bytes:
        """How every value sealed under the first key begins."""
        return VERSION + self._first

    def seal(self, data: bytes, *, context: bytes) -> bytes:
        """Encrypted under the first key; opens only with the same context."""
        head = self.head
        nonce = secrets.token_bytes(_NONCE)
        return head + nonce + self._ciphers[self._first].encrypt(nonce, data, head + context)

    def open(self, sealed: bytes, *, context: bytes) -> bytes:
        """What was sealed.

        Raises:
            CannotDecrypt: the key is missing, or the value was changed or belongs elsewhere.
        """
        if len(sealed) < _HEAD + _NONCE + _TAG or sealed[:1] != VERSION:
            raise CannotDecrypt("This stored secret is damaged, or was written by another version of Dispatch.")
        head, nonce, rest = sealed[:_HEAD], sealed[_HEAD : _HEAD + _NONCE], sealed[_HEAD + _NONCE :]
        cipher = self._ciphers.get(head[1:])
        if cipher is None:
            raise CannotDecrypt(
                f"A stored secret was sealed with the key {head[1:].hex()}, which is not in DISPATCH_SECRET_KEY "
                f"(it has {', '.join(self.key_ids)}). Add the earlier key after a comma.",
                key_id=head[1:].hex(),
            )
        try:
            return cipher.decrypt(nonce, rest, head + context)
        except InvalidTag:
            raise CannotDecrypt("This stored secret was changed, or belongs to something else.") from None

    def is_current(self, sealed: bytes) -> bool:
        """Whether it is sealed under the first key; what is not, a rotation seals again."""
        return sealed[:_HEAD] == self.head

    def __repr__(self) -> str:
        return f"Vault({', '.join(self.key_ids)})"


def generate_key() -> str:
    """A new key as it stands in DISPATCH_SECRET_KEY."""
    return base64.urlsafe_b64encode(secrets.token_bytes(_KEY)).decode()


def hash_token(token: str) -> bytes:
    """What is stored of a token: SHA-256. For random tokens only; a password needs a slow hash."""
    return hashlib.sha256(token.encode()).digest()


def constant_time_equal(one: str | bytes, other: str | bytes) -> bool:
    """Whether both are equal, in a time that does not tell where they differ."""
    return hmac.compare_digest(_bytes(one), _bytes(other))


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"dispatch key id" + key).digest()[:_ID]


def _decode(part: str, place: int) -> bytes:
    # Plain base64 is taken too: it is what `openssl rand -base64 32` prints.
    padded = part.replace("-", "+").replace("_", "/") + "=" * (-len(part) % 4)
    try:
        key = base64.b64decode(padded, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != _KEY:
        raise SetupError(
            f"Key {place} in DISPATCH_SECRET_KEY is not {_KEY} bytes in urlsafe base64. "
            "Make one with `dispatch secrets generate`."
        )
    return key


def _bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value
