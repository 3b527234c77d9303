"""JSON as it stands in Redis: compact, UTF-8, and strict, so that every reader can parse it."""

from __future__ import annotations

import json
from operator import methodcaller
from typing import Any

_ITEM = methodcaller("item")


def encode(value: Any) -> bytes:
    """Write a document as JSON bytes.

    NaN and infinities become null, numpy scalars plain numbers.
    """
    try:
        text = json.dumps(
            value, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_ITEM
        )
    except ValueError:
        loose = json.loads(json.dumps(value, default=_ITEM), parse_constant=lambda _: None)
        text = json.dumps(loose, separators=(",", ":"), ensure_ascii=False)
    return text.encode()


def decode(raw: bytes | str) -> Any:
    """Read the bytes of `encode`."""
    return json.loads(raw)
