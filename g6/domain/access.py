"""Access to a broker: the token that a person fetched, when it ends, and how it may be kept where others look."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from dataclasses import asdict, dataclass, field
from datetime import datetime, time, timedelta

from g6.domain.calendar import IST

FLUSHED = time(6, 0)
"""Clock time (IST) at which every access token of the day before ends (the broker's rule; some live an hour longer)."""

_NONCE, _MAC = 16, 32


@dataclass(frozen=True, slots=True)
class Token:
    """An access token; `value` is shown nowhere. `issued` and `expires` epoch seconds of market time, 0 unknown."""

    value: str = field(repr=False)
    user: str = ""
    issued: float = 0.0
    expires: float = 0.0

    @property
    def mark(self) -> str:
        """Eight hex digits that tell two tokens apart without telling either."""
        return hashlib.sha256(self.value.encode()).hexdigest()[:8]

    def lives(self, at: float) -> bool:
        """Tell whether it has not ended at `at` (epoch seconds); one whose end is not known is believed."""
        return not self.expires or at < self.expires


def expiry_of(issued: datetime) -> datetime:
    """Return when a token issued at `issued` (aware) ends: the next 06:00 in India."""
    local = issued.astimezone(IST)
    end = datetime.combine(local.date(), FLUSHED, IST)
    return end if local < end else end + timedelta(days=1)


def seal(token: Token, key: bytes) -> bytes:
    """Return `token` so that only who has `key` can read it: SHAKE-256 as a key stream, HMAC-SHA256 over all of it."""
    plain = json.dumps(asdict(token)).encode()
    nonce = secrets.token_bytes(_NONCE)
    hidden = _stream(plain, key, nonce)
    return nonce + hmac.digest(key, nonce + hidden, "sha256") + hidden


def unseal(content: bytes, key: bytes) -> Token | None:
    """Return the token that `seal` hid; None when the key is another one or the bytes are damaged."""
    nonce, mac, hidden = content[:_NONCE], content[_NONCE : _NONCE + _MAC], content[_NONCE + _MAC :]
    if not hmac.compare_digest(mac, hmac.digest(key, nonce + hidden, "sha256")):
        return None
    return Token(**json.loads(_stream(hidden, key, nonce)))


def _stream(content: bytes, key: bytes, nonce: bytes) -> bytes:
    stream = hashlib.shake_256(key + nonce).digest(len(content))
    return bytes(a ^ b for a, b in zip(content, stream, strict=True))
