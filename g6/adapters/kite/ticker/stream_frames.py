"""Frames of Kite's WebSocket as arrays, without a loop over prices. Pure functions.

A frame is a number of packets (u16), then each packet's length (u16) and body. Everything is
big-endian and unsigned, and a packet's kind is its length. An index's packet has high, low, open,
close. A contract's has open, high, low, close. Prices are whole numbers, to be divided by what the
segment says, the token's lowest byte.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from g6.domain.quotes.quotes import LEVELS, NAN
from g6.domain.quotes.tick import PRICES, QUANTITIES, STREAM

TickRows = NDArray[np.void]
Numbers = NDArray[np.float64]

LTP_LENGTH = 8
INDEX_QUOTE_LENGTH = 28
INDEX_FULL_LENGTH = 32
QUOTE_LENGTH = 44
FULL_LENGTH = 184

# kiteconnect 5.2.2 added NCO (12); Kite's page says 1e7 for all currencies, its clients do not.
DIVISORS = {3: 1e7, 6: 1e4, 12: 1e4}
"""Divisors of prices by segment: currencies and NCO.

All other segments have two decimals.
"""

_LTP = [("token", ">u4"), ("last", ">u4")]
_INDEX = [*_LTP, *((name, ">u4") for name in ("high", "low", "open", "close", "change"))]
_QUOTE_FIELDS = (
    "last_quantity",
    "average_price",
    "volume",
    "buy_quantity",
    "sell_quantity",
    "open",
    "high",
    "low",
    "close",
)
_QUOTE = [*_LTP, *((name, ">u4") for name in _QUOTE_FIELDS)]
_LEVEL = np.dtype([("quantity", ">u4"), ("price", ">u4"), ("orders", ">u2"), ("pad", ">u2")])
_FULL_FIELDS = ("last_trade_time", "oi", "oi_day_high", "oi_day_low", "exchange_time")
_FULL = [*_QUOTE, *((name, ">u4") for name in _FULL_FIELDS)]
PACKETS = {
    LTP_LENGTH: np.dtype(_LTP),
    INDEX_QUOTE_LENGTH: np.dtype(_INDEX),
    INDEX_FULL_LENGTH: np.dtype([*_INDEX, ("exchange_time", ">u4")]),
    QUOTE_LENGTH: np.dtype(_QUOTE),
    FULL_LENGTH: np.dtype([*_FULL, ("bid", _LEVEL, (LEVELS,)), ("ask", _LEVEL, (LEVELS,))]),
}
"""The layout of each kind of packet, by its length in bytes."""

_DAY_SECONDS = 86_400
"""Kite writes the first day of 1970 where there is no instant."""


@dataclass(frozen=True, slots=True)
class FrameContent:
    """The packets of a frame by their length, and how many were cut off or of an unknown length."""

    packets: dict[int, TickRows]
    dropped: int = 0


def split(payload: bytes) -> FrameContent:
    """Return the packets of a frame by length.

    A heartbeat has none.
    """
    if len(payload) < 2:
        return FrameContent({})
    count = int.from_bytes(payload[:2], "big")
    starts, end = _starts(payload, count)
    packets = {}
    read = 0
    for length, offsets in starts.items():
        if length in PACKETS:
            packets[length] = _gather(payload, offsets, length)
            read += len(offsets)
    has_rest = read == count and end < len(payload)
    return FrameContent(packets, count - read + has_rest)


def _starts(payload: bytes, count: int) -> tuple[dict[int, list[int]], int]:
    """Return where the packets of each length start, and where the last one ends."""
    starts: dict[int, list[int]] = {}
    at = 2
    for _ in range(count):
        if at + 2 > len(payload):
            break
        (length,) = struct.unpack_from(">H", payload, at)
        at += 2 + length
        if at > len(payload):
            break
        starts.setdefault(length, []).append(at - length)
    return starts, at


def _gather(payload: bytes, offsets: list[int], length: int) -> TickRows:
    if len(offsets) == 1:
        return np.frombuffer(payload, PACKETS[length], 1, offsets[0])
    places = np.array(offsets)[:, None] + np.arange(length)
    rows: TickRows = np.frombuffer(payload, np.uint8)[places].view(PACKETS[length])[:, 0]
    return rows


def tokens(packets: TickRows) -> NDArray[np.int64]:
    """Return the instrument tokens of packets."""
    return packets["token"].astype(np.int64)


def write(rows: TickRows, packets: TickRows, received: float) -> None:
    """Write packets into rows, one each: the fields that this kind of packet has, nothing else.

    A price of 0 or less becomes NaN. A last price of 0 or less of a contract that has traded stays
    as it came, to be flagged and counted.
    """
    fields = packets.dtype.names or ()
    divisor = _divisors(tokens(packets))
    for name in PRICES:
        if name in fields:
            rows[name] = _points(packets[name], divisor)
    for name in QUANTITIES:
        if name in fields:
            rows[name] = packets[name]
    if "volume" in fields:
        _write_impossible_last(rows, packets, divisor)
    # Only a packet with the exchange's time counts as received: one of a lesser mode has neither
    # time nor open interest, so the row stays as old as it was.
    if "exchange_time" in fields:
        rows["quote_time"] = _instants(packets["exchange_time"])
        rows["received"] = received
        rows["source"] = STREAM
    if "last_trade_time" in fields:
        rows["last_trade_time"] = _instants(packets["last_trade_time"])
        for side in ("bid", "ask"):
            rows[side] = _points(packets[side]["price"], divisor[:, None])
            rows[f"{side}_quantity"] = packets[side]["quantity"]
            rows[f"{side}_orders"] = packets[side]["orders"]


def _write_impossible_last(rows: TickRows, packets: TickRows, divisor: Numbers) -> None:
    has_traded = packets["volume"] > 0
    if "last_trade_time" in (packets.dtype.names or ()):
        has_traded = has_traded | (packets["last_trade_time"] > _DAY_SECONDS)
    last = _signed(packets["last"])
    is_impossible = (last < 0) | ((last == 0) & has_traded)
    rows["last"] = np.where(is_impossible, last / divisor, rows["last"])


def _points(price: NDArray[np.uint32], divisor: Numbers) -> Numbers:
    signed = _signed(price)
    return np.where(signed > 0, signed / divisor, NAN)


def _signed(price: NDArray[np.uint32]) -> NDArray[np.int64]:
    """Return prices with their sign: Kite's client reads -1.00 as 42949671.96."""
    return price.astype(np.uint32).view(np.int32).astype(np.int64)


def _instants(seconds: NDArray[np.uint32]) -> Numbers:
    return np.where(seconds > _DAY_SECONDS, seconds.astype(np.float64), NAN)


def _divisors(token: NDArray[np.int64]) -> Numbers:
    segment = token & 0xFF
    divisors = np.full(len(token), 100.0)
    for number, divisor in DIVISORS.items():
        divisors[segment == number] = divisor
    return divisors
