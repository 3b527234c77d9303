"""How a token is kept where others may look: sealed by Fernet, under a key made of the API key and secret."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import asdict

from cryptography.fernet import Fernet, InvalidToken

from g6.adapters.kite.token import Token


def sealing_key(api_key: str, api_secret: str) -> bytes:
    """Return the Fernet key of an API key and its secret; nothing but these opens what it sealed."""
    digest = hashlib.sha256(f"g6:{api_key}:{api_secret}".encode()).digest()
    return base64.urlsafe_b64encode(digest)


def seal(token: Token, key: bytes) -> bytes:
    """Return `token` so that only who has `key` can read it."""
    return Fernet(key).encrypt(json.dumps(asdict(token)).encode())


def unseal(content: bytes, key: bytes) -> Token | None:
    """Return the token that `seal` hid.

    None when the key is another one, the bytes are damaged, or another version of G6 sealed them.
    """
    try:
        return Token(**json.loads(Fernet(key).decrypt(content)))
    except (InvalidToken, ValueError, TypeError):
        return None
