"""What is sealed opens only with its key and in its place."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.kit.crypto import CannotDecrypt, Vault, constant_time_equal, generate_key, hash_token
from dispatch.kit.errors import SetupError

OLD, NEW = generate_key(), generate_key()
VAULT = Vault.from_text(NEW)


@given(st.binary(max_size=2000), st.binary(max_size=100))
def test_what_is_sealed_opens_again(data: bytes, context: bytes) -> None:
    sealed = VAULT.seal(data, context=context)
    assert VAULT.open(sealed, context=context) == data
    assert sealed != VAULT.seal(data, context=context)


def test_nothing_of_the_value_is_readable_when_sealed() -> None:
    assert b"xoxb-hush" not in VAULT.seal(b"xoxb-hush", context=b"plugin:1")


def test_a_value_moved_to_another_place_does_not_open() -> None:
    sealed = VAULT.seal(b"hush", context=b"plugin:1")
    with pytest.raises(CannotDecrypt, match="belongs to something else") as caught:
        VAULT.open(sealed, context=b"plugin:2")
    assert caught.value.key_id is None


@given(st.data())
def test_a_changed_value_never_opens(data: st.DataObject) -> None:
    sealed = bytearray(VAULT.seal(b"hush", context=b""))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(CannotDecrypt):
        VAULT.open(bytes(sealed), context=b"")


@pytest.mark.parametrize("sealed", [b"", b"\x01", b"\x01" * 20, b"\x02" * 60])
def test_what_was_never_sealed_is_told_from_a_missing_key(sealed: bytes) -> None:
    with pytest.raises(CannotDecrypt, match="damaged"):
        VAULT.open(sealed, context=b"")


def test_a_missing_key_is_named() -> None:
    old = Vault.from_text(OLD)
    with pytest.raises(CannotDecrypt, match=old.key_ids[0]) as caught:
        VAULT.open(old.seal(b"hush", context=b""), context=b"")
    assert caught.value.key_id == old.key_ids[0]
    assert VAULT.key_ids[0] in str(caught.value)
    assert OLD not in str(caught.value)


def test_after_a_rotation_old_values_open_and_new_ones_use_the_new_key() -> None:
    old, both = Vault.from_text(OLD), Vault.from_text(f" {NEW} , {OLD},")
    sealed = old.seal(b"hush", context=b"c")
    assert both.open(sealed, context=b"c") == b"hush"
    assert not both.is_current(sealed)
    again = both.seal(both.open(sealed, context=b"c"), context=b"c")
    assert both.is_current(again)
    assert VAULT.open(again, context=b"c") == b"hush"


@pytest.mark.parametrize(
    "text",
    ["", " , ", "short", f"{NEW},short", "ü" * 43, NEW + "AAAA"],
    ids=["empty", "comma", "short", "second", "letters", "long"],
)
def test_a_wrong_key_stops_the_start_and_is_not_repeated(text: str) -> None:
    with pytest.raises(SetupError, match="DISPATCH_SECRET_KEY") as caught:
        Vault.from_text(text)
    assert not text.strip(" ,") or text not in str(caught.value)


def test_a_key_may_come_without_padding_or_in_plain_base64() -> None:
    assert Vault.from_text(base64.b64encode(b"\xff" * 32).decode()).key_ids == Vault([b"\xff" * 32]).key_ids
    assert Vault.from_text(NEW.rstrip("=")).key_ids == VAULT.key_ids


def test_a_vault_shows_only_key_ids() -> None:
    assert repr(VAULT) == f"Vault({VAULT.key_ids[0]})"


def test_tokens_are_stored_as_hashes_and_compared_in_constant_time() -> None:
    assert hash_token("abc").hex().startswith("ba7816bf")
    assert constant_time_equal(hash_token("abc"), hash_token("abc"))
    assert constant_time_equal("é", "é".encode())
    assert not constant_time_equal("a", "b")
