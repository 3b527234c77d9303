"""Ticks as the WebSocket carries them: packets of 8, 28, 32, 44 and 184 bytes, big-endian, many to a frame."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from g6.kite_server.market.tick_records import INDEX_TICK, LEVELS, Ticks

HEARTBEAT = b"\x00"

_U4 = ">u4"
_LTP = [("token", _U4), ("last", _U4)]
_QUOTE = [
    *_LTP, ("last_quantity", _U4), ("average", _U4), ("volume", _U4), ("buy", _U4), ("sell", _U4),
    ("open", _U4), ("high", _U4), ("low", _U4), ("close", _U4),
]  # fmt: skip
_LEVEL = np.dtype([("quantity", _U4), ("price", _U4), ("orders", ">u2"), ("pad", ">u2")])
_FULL = [
    *_QUOTE, ("traded_at", _U4), ("oi", _U4), ("oi_high", _U4), ("oi_low", _U4), ("stamp", _U4), ("depth", _LEVEL, (2 * LEVELS,)),
]  # fmt: skip
_INDEX_QUOTE = [*_LTP, ("high", _U4), ("low", _U4), ("open", _U4), ("close", _U4), ("change", _U4)]


def _framed(fields: list[Any]) -> np.dtype[np.void]:
    return np.dtype([("length", ">u2"), *fields])


TRADABLE: Mapping[str, np.dtype[np.void]] = MappingProxyType(
    {"ltp": _framed(_LTP), "quote": _framed(_QUOTE), "full": _framed(_FULL)}
)
"""Packets of contracts by mode, each behind the two bytes of its length."""
INDEX: Mapping[str, np.dtype[np.void]] = MappingProxyType(
    {
        "ltp": _framed(_LTP),
        "quote": _framed(_INDEX_QUOTE),
        "full": _framed([*_INDEX_QUOTE, ("stamp", _U4)]),
    }
)
"""Packets of indices by mode."""

_PRICES = frozenset(("last", "average", "open", "high", "low", "close"))
_MOST = np.float64(2**32 - 1)


def pack(ticks: Ticks, mode: str) -> NDArray[np.void]:
    """Return the packets of contracts or indices (told apart by the records' type) in a mode, prices in hundredths."""
    kind = (INDEX if ticks.dtype == INDEX_TICK else TRADABLE)[mode]
    packets = np.zeros(len(ticks), kind)
    packets["length"] = kind.itemsize - 2
    for name in kind.names or ():
        if name in _PRICES:
            packets[name] = _paise(ticks[name])
        elif name == "depth":
            _pack_depth(packets["depth"], ticks)
        elif name == "change":
            packets[name] = (
                _paise(ticks["last"]).astype(np.int64) - _paise(ticks["close"]).astype(np.int64)
            ) & 0xFFFFFFFF
        elif name != "length":
            packets[name] = np.clip(ticks[name], 0, _MOST)
    return packets


def _pack_depth(depth: NDArray[np.void], ticks: Ticks) -> None:
    depth["quantity"], depth["price"] = np.clip(ticks["quantity"], 0, _MOST), _paise(ticks["price"])
    depth["orders"] = np.minimum(ticks["orders"], 0xFFFF)


def _paise(price: NDArray[np.float64]) -> NDArray[np.uint32]:
    return np.clip(np.rint(price * 100), 0, _MOST).astype(np.uint32)


def count(packets: int) -> bytes:
    """Return the head of a frame of so many packets."""
    return struct.pack(">H", packets)
