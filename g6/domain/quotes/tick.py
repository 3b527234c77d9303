"""A quote as a stream gives it: one packed row per instrument, and until when such a row is known to be true."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from g6.domain.market.calendar import day_of
from g6.domain.quotes.quotes import LEVELS, NAN

NOBODY, STREAM, REST = 0, 1, 2
SOURCES = ("", "stream", "rest")
"""Where a row came from, by its number."""
NO_FEED = -1
LATE_SECONDS = 5.0
"""A tick that is older when it comes is no news: one that was kept, or one of a feed that is behind."""

PRICES = ("last", "average_price", "open", "high", "low", "close")
QUANTITIES = ("volume", "buy_quantity", "sell_quantity", "oi", "oi_day_high", "oi_day_low")
BOOK = [
    ("bid", "<f8", (LEVELS,)), ("ask", "<f8", (LEVELS,)), ("bid_quantity", "<u4", (LEVELS,)), ("ask_quantity", "<u4", (LEVELS,)),
    ("bid_orders", "<u2", (LEVELS,)), ("ask_orders", "<u2", (LEVELS,)),
]  # fmt: skip
TICK = np.dtype(
    [
        ("feed", "<i4"),
        ("source", "<u4"),
        ("received", "<f8"),
        ("quote_time", "<f8"),
        ("last_trade_time", "<f8"),
    ]
    + [(name, "<f8") for name in PRICES + QUANTITIES]
    + BOOK
)
"""One row: `feed` the number of the connection that is subscribed to the instrument (NO_FEED: none), `source` an index of SOURCES
(NOBODY: no answer yet), `received` wall seconds, `quote_time` and `last_trade_time` the exchange's epoch seconds, prices in points,
quantities in units, NaN unknown; five levels of the book, best first, price NaN or 0 where there is none."""


def blank(n: int) -> NDArray[Any]:
    """Return `n` rows that know nothing."""
    rows = np.zeros(n, dtype=TICK)
    rows["feed"] = NO_FEED
    for name in ("quote_time", "last_trade_time", "bid", "ask", *PRICES, *QUANTITIES):
        rows[name] = NAN
    return rows


@dataclass(frozen=True, slots=True)
class Feed:
    """One connection of a stream, as its process last told. Times are wall seconds, 0 unknown.

    `state` open, down, refused or waiting; `since` when it last subscribed; `last_frame` its newest frame, heartbeats included;
    `told` when this was written; `newest` the exchange's time (epoch seconds) of the newest tick of a contract; `reconnects` by
    reason; `dropped` frames or packets that were no ticks; `texts` messages that are no market data, by type, None for none.
    """

    state: str = "waiting"
    since: float = 0.0
    last_frame: float = 0.0
    told: float = 0.0
    tokens: int = 0
    ticks_per_second: float = 0.0
    newest: float = 0.0
    reconnects: Mapping[str, int] | None = None
    dropped: int = 0
    pid: int = 0
    reason: str = ""
    texts: Mapping[str, int] | None = None

    def alive(self, now: float, age: float) -> bool:
        """Tell whether it was open and heard of at most `age` seconds before `now`."""
        return self.state == "open" and now - self.last_frame <= age


def true_until(rows: NDArray[Any], feeds: Mapping[int, Feed]) -> NDArray[np.float64]:
    """Return the wall time until which each row is known to be the market's present answer, 0 where nobody answered.

    A stream sends what changes and otherwise only heartbeats. So a row that came after its connection subscribed stays true as long
    as that connection is heard of; one of a connection that is down, or that has not sent the row anew since it came back, was true
    when it was received and no longer.
    """
    until = np.where(rows["source"] == NOBODY, 0.0, rows["received"])
    for number, feed in feeds.items():
        if feed.state == "open":
            confirmed = (
                (rows["feed"] == number)
                & (rows["source"] != NOBODY)
                & (rows["received"] >= feed.since)
            )
            until[confirmed] = np.maximum(until[confirmed], feed.last_frame)
    return until


def stands_until(
    rows: NDArray[Any],
    fresh: NDArray[np.bool_],
    late: NDArray[np.float64],
    most: float = LATE_SECONDS,
) -> NDArray[np.float64]:
    """Return the exchange's time (epoch seconds) to which each quote of one index's contracts is known to stand, NaN unknown.

    A stream sends what changes: a quote that was the market's when it came, `late` at most `most` seconds, stands while it
    is `fresh`, up to the newest tick of the index's contracts on the same connection. Where all of them stop, in a halt or a feed
    that froze, their quotes grow old together. What was old when it came, as the tick that a broker keeps and sends upon
    subscribing, is as old as it says.
    """
    until: NDArray[np.float64] = rows["quote_time"].copy()
    current = fresh & (rows["source"] != NOBODY) & (late <= most)
    for number in np.unique(rows["feed"][current]).tolist():
        mine = current & (rows["feed"] == number)
        ticked = mine & (rows["source"] == STREAM)
        if number != NO_FEED and ticked.any():
            until[mine] = np.maximum(until[mine], until[ticked].max())
    return until


def of_day(time: float, at: datetime) -> bool:
    """Tell whether an exchange's time (epoch seconds) lies on the trading day of `at`; one that is not known is believed."""
    return not isfinite(time) or day_of(datetime.fromtimestamp(time, UTC)) == day_of(at)
