"""Frames of the broker's WebSocket as arrays, without a loop over prices. Pure functions.

A frame is a number of packets (u16), then each packet's length (u16) and body; everything is big-endian and unsigned, and a
packet's kind is its length. An index's packet has high, low, open, close; a contract's open, high, low, close. Prices are whole
numbers to be divided by what the segment, the token's lowest byte, says.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from g6.domain.quotes.quotes import LEVELS, NAN
from g6.domain.quotes.tick import PRICES, QUANTITIES, STREAM

Rows = NDArray[Any]

LTP, INDEX_QUOTE, INDEX_FULL, QUOTE, FULL = 8, 28, 32, 44, 184
DIVISORS = {3: 1e7, 6: 1e4, 12: 1e4}
"""Of currency segments; all others have two decimals."""

_PRICE = [("token", ">u4"), ("last", ">u4")]
_INDEX = [*_PRICE, *((name, ">u4") for name in ("high", "low", "open", "close", "change"))]
_QUOTE = [
    *_PRICE,
    *((name, ">u4") for name in (
        "last_quantity", "average_price", "volume", "buy_quantity", "sell_quantity", "open", "high", "low", "close",
    )),
]  # fmt: skip
_LEVEL = np.dtype([("quantity", ">u4"), ("price", ">u4"), ("orders", ">u2"), ("pad", ">u2")])
_TIMES = [
    (name, ">u4")
    for name in ("last_trade_time", "oi", "oi_day_high", "oi_day_low", "exchange_time")
]
PACKETS = {
    LTP: np.dtype(_PRICE),
    INDEX_QUOTE: np.dtype(_INDEX),
    INDEX_FULL: np.dtype([*_INDEX, ("exchange_time", ">u4")]),
    QUOTE: np.dtype(_QUOTE),
    FULL: np.dtype([*_QUOTE, *_TIMES, ("bid", _LEVEL, (LEVELS,)), ("ask", _LEVEL, (LEVELS,))]),
}
"""The layout of each kind of packet, by its length in bytes."""

_DAY_SECONDS = 86_400
"""Instants of the first day of 1970 are how the broker writes that there is none."""


@dataclass(frozen=True, slots=True)
class FrameContent:
    """What one frame said: rows by packet length, and how much of it was no packet that we know."""

    packets: dict[int, Rows]
    dropped: int = 0


def split(payload: bytes) -> FrameContent:
    """Return the packets of a frame by length. A heartbeat has none; what is cut off or of unknown length is counted, not read."""
    if len(payload) < 2:
        return FrameContent({})
    count, at, end = int.from_bytes(payload[:2], "big"), 2, len(payload)
    starts: dict[int, list[int]] = {}
    for _ in range(count):
        if at + 2 > end:
            break
        (length,) = struct.unpack_from(">H", payload, at)
        at += 2 + length
        if at > end:
            break
        starts.setdefault(length, []).append(at - length)
    known = {
        length: _gathered(payload, found, length)
        for length, found in starts.items()
        if length in PACKETS
    }
    read = sum(len(rows) for rows in known.values())
    left_over = read == count and at < end
    return FrameContent(known, count - read + left_over)


def _gathered(payload: bytes, starts: list[int], length: int) -> Rows:
    if len(starts) == 1:
        return np.frombuffer(payload, PACKETS[length], 1, starts[0])
    places = np.array(starts)[:, None] + np.arange(length)
    return np.frombuffer(payload, np.uint8)[places].view(PACKETS[length])[:, 0]


def tokens(packets: Rows) -> NDArray[np.int64]:
    """Return the instruments of packets."""
    return packets["token"].astype(np.int64)


def write(rows: Rows, packets: Rows, received: float) -> None:
    """Write packets into `rows` (one each): what this kind of packet says, nothing else. A price of 0 or less is none.

    A last price of 0 or less of a contract that has traded stays as it came, to be flagged and counted.

    Only a packet with the exchange's time counts as received; one of a lesser mode has no time and no open interest, so the row
    stays as old as it was.
    """
    said, divisor = packets.dtype.names or (), _divisors(tokens(packets))
    for name in PRICES:
        if name in said:
            rows[name] = _points(packets[name], divisor)
    for name in QUANTITIES:
        if name in said:
            rows[name] = packets[name]
    if "volume" in said:
        traded = packets["volume"] > 0
        if "last_trade_time" in said:
            traded = traded | (packets["last_trade_time"] > _DAY_SECONDS)
        last = _signed(packets["last"])
        kept = (last < 0) | ((last == 0) & traded)
        rows["last"] = np.where(kept, last / divisor, rows["last"])
    if "exchange_time" in said:
        rows["quote_time"] = _instants(packets["exchange_time"])
        rows["received"], rows["source"] = received, STREAM
    if "last_trade_time" in said:
        rows["last_trade_time"] = _instants(packets["last_trade_time"])
        for side in ("bid", "ask"):
            rows[side] = _points(packets[side]["price"], divisor[:, None])
            rows[f"{side}_quantity"], rows[f"{side}_orders"] = (
                packets[side]["quantity"],
                packets[side]["orders"],
            )


def _points(price: NDArray[Any], divisor: NDArray[np.float64]) -> NDArray[np.float64]:
    signed = _signed(price)
    return np.where(signed > 0, signed / divisor, NAN)


def _signed(price: NDArray[Any]) -> NDArray[np.int64]:
    """Return prices as they were meant: a negative one reads as more than two thousand million when taken for unsigned."""
    return price.astype(np.uint32).view(np.int32).astype(np.int64)


def _instants(seconds: NDArray[Any]) -> NDArray[np.float64]:
    return np.where(seconds > _DAY_SECONDS, seconds.astype(np.float64), NAN)


def _divisors(token: NDArray[np.int64]) -> NDArray[np.float64]:
    segment = token & 0xFF
    found = np.full(len(token), 100.0)
    for number, divisor in DIVISORS.items():
        found[segment == number] = divisor
    return found
