"""A token lies nowhere in the open."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import asdict

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from g6.adapters.kite.token import Token, seal, sealing_key, unseal

TOKEN = Token("acc3ss9tokenx5", "AB1234", 1_700_000_000.0, 1_700_080_000.0)
KEY = sealing_key("key", "secret")


def sealed_the_old_way(token: Token = TOKEN) -> bytes:
    """Seal as G6 did before: SHAKE-256 as a key stream, HMAC-SHA256 over all of it."""
    key, nonce = hashlib.sha256(b"g6:key:secret").digest(), bytes(16)
    plain = json.dumps(asdict(token)).encode()
    stream = hashlib.shake_256(key + nonce).digest(len(plain))
    hidden = bytes(a ^ b for a, b in zip(plain, stream, strict=True))
    return nonce + hmac.digest(key, nonce + hidden, "sha256") + hidden


def test_what_was_sealed_is_read_with_the_same_key_alone() -> None:
    sealed = seal(TOKEN, KEY)
    assert unseal(sealed, KEY) == TOKEN
    assert unseal(sealed, sealing_key("key", "other")) is None
    assert TOKEN.value.encode() not in sealed


def test_two_seals_of_one_token_differ() -> None:
    assert seal(TOKEN, KEY) != seal(TOKEN, KEY)


@pytest.mark.parametrize(
    "damage",
    [
        b"", b"short", seal(TOKEN, KEY)[:-1], seal(TOKEN, KEY) + b"x", sealed_the_old_way(),
        Fernet(KEY).encrypt(b"no JSON"), Fernet(KEY).encrypt(b"[1]"),
        Fernet(KEY).encrypt(b'{"value": "x", "of_a_later_version": 1}'),
    ],
    ids=["nothing", "short", "cut", "longer", "the old way", "no JSON", "a list", "a later version"],
)  # fmt: skip
def test_bytes_that_cannot_be_opened_are_no_token(damage: bytes) -> None:
    assert unseal(damage, KEY) is None


@given(st.binary(max_size=200))
def test_no_bytes_end_it(content: bytes) -> None:
    assert unseal(content, KEY) is None
