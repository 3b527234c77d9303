"""Ticks as the WebSocket carries them: packets of 8, 28, 32, 44 and 184 bytes, many to a frame."""

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
_QUOTE_FIELDS = [
    "last_quantity",
    "average",
    "volume",
    "buy",
    "sell",
    "open",
    "high",
    "low",
    "close",
]
_QUOTE = [*_LTP, *((name, _U4) for name in _QUOTE_FIELDS)]
_LEVEL = np.dtype([("quantity", _U4), ("price", _U4), ("orders", ">u2"), ("pad", ">u2")])
_FULL_FIELDS = ["traded_at", "oi", "oi_high", "oi_low", "stamp"]
_FULL = [*_QUOTE, *((name, _U4) for name in _FULL_FIELDS), ("depth", _LEVEL, (2 * LEVELS,))]
# An index has high, low, open, close in this order; a contract has open, high, low, close.
_INDEX_QUOTE = [*_LTP, *((name, _U4) for name in ["high", "low", "open", "close", "change"])]


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
    """Return the packets of contracts or indices in a mode, prices in hundredths."""
    kind = (INDEX if ticks.dtype == INDEX_TICK else TRADABLE)[mode]
    packets = np.zeros(len(ticks), kind)
    packets["length"] = kind.itemsize - 2
    for name in kind.names or ():
        if name in _PRICES:
            packets[name] = _paise(ticks[name])
        elif name == "depth":
            _pack_depth(packets["depth"], ticks)
        elif name == "change":
            packets[name] = _change(ticks)
        elif name != "length":
            packets[name] = np.clip(ticks[name], 0, _MOST)
    return packets


def _change(ticks: Ticks) -> NDArray[np.int64]:
    # Everything in a packet is unsigned: a fall wraps around.
    last = _paise(ticks["last"]).astype(np.int64)
    return (last - _paise(ticks["close"]).astype(np.int64)) & 0xFFFFFFFF


def _pack_depth(depth: NDArray[np.void], ticks: Ticks) -> None:
    depth["quantity"] = np.clip(ticks["quantity"], 0, _MOST)
    depth["price"] = _paise(ticks["price"])
    depth["orders"] = np.minimum(ticks["orders"], 0xFFFF)


def _paise(price: NDArray[np.float64]) -> NDArray[np.uint32]:
    return np.clip(np.rint(price * 100), 0, _MOST).astype(np.uint32)


def count(packets: int) -> bytes:
    """Return the head of a frame of so many packets."""
    return struct.pack(">H", packets)
