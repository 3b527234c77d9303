"""The access token: its end, its seal, and the file that keeps it for a later start."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from dataclasses import asdict, dataclass, field
from datetime import datetime, time, timedelta
from pathlib import Path

from g6.domain.market.calendar import IST

# Kite flushes the tokens of the day before at 06:00; some live an hour longer, none is relied on.
FLUSH_TIME = time(6, 0)
"""Clock time (IST) at which every access token of the day before ends."""


@dataclass(frozen=True, slots=True)
class Token:
    """An access token.

    Attributes:
        value: The secret itself, left out of `repr`.
        user: Kite's user id.
        issued: Epoch seconds of market time, 0 when unknown.
        expires: Epoch seconds of market time, 0 when unknown.
    """

    value: str = field(repr=False)
    user: str = ""
    issued: float = 0.0
    expires: float = 0.0

    @property
    def mark(self) -> str:
        """Eight hex digits that tell two tokens apart and reveal neither."""
        return hashlib.sha256(self.value.encode()).hexdigest()[:8]

    def lives(self, at: float) -> bool:
        """Tell whether the token has not ended at `at` (epoch seconds).

        An unknown end counts as alive.
        """
        return not self.expires or at < self.expires


def expiry_of(issued: datetime) -> datetime:
    """Return when a token issued at `issued` (aware) ends: the next 06:00 in India."""
    local = issued.astimezone(IST)
    end = datetime.combine(local.date(), FLUSH_TIME, IST)
    return end if local < end else end + timedelta(days=1)


def issued_token(value: str, user: str, at: datetime) -> Token:
    """Return the token that Kite issued at `at`, with its end."""
    return Token(value, user, at.timestamp(), expiry_of(at).timestamp())


def sealing_key(api_key: str, api_secret: str) -> bytes:
    """Return the Fernet key that only the owner of an API key and its secret can make."""
    digest = hashlib.sha256(f"g6:{api_key}:{api_secret}".encode()).digest()
    return base64.urlsafe_b64encode(digest)


def seal(token: Token, key: bytes) -> bytes:
    """Encrypt a token so that only the owner of `key` can read it."""
    # Imported by who seals or opens a token: a host of the simulated market has no cryptography.
    from cryptography.fernet import Fernet

    return Fernet(key).encrypt(json.dumps(asdict(token)).encode())


def unseal(content: bytes, key: bytes) -> Token | None:
    """Return the token that `seal` encrypted.

    Returns:
        None when the key is another one, the bytes are damaged, or another version of G6 sealed
        them.
    """
    from cryptography.fernet import Fernet, InvalidToken

    try:
        return Token(**json.loads(Fernet(key).decrypt(content)))
    except (InvalidToken, ValueError, TypeError):
        return None


def read_token_file(path: Path) -> bytes | None:
    """Return the sealed token that a file keeps, None when there is no such file."""
    return path.read_bytes() if path.is_file() else None


def write_token_file(path: Path, sealed: bytes) -> None:
    """Replace the file of the sealed token.

    Raises:
        OSError: The directory or the disk refuses.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.unlink(missing_ok=True)
    # O_EXCL and mode 0600 at creation: with a chmod afterwards others could open it in between.
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(sealed)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
