"""A quote as a stream gives it: one packed row per instrument, and until when it is true."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from g6.domain.market.calendar import day_of
from g6.domain.quotes.quotes import LEVELS

NOBODY = 0
STREAM = 1
REST = 2
SOURCES = ("", "stream", "rest")
"""Where a row came from, by its number."""
NO_FEED = -1
LATE_SECONDS = 5.0
"""Age at which a tick that comes is no news."""
# Kite sends the tick that it kept when somebody subscribes, and a feed can be behind.

PRICES = ("last", "average_price", "open", "high", "low", "close")
QUANTITIES = ("volume", "buy_quantity", "sell_quantity", "oi", "oi_day_high", "oi_day_low")
BOOK = [
    ("bid", "<f8", (LEVELS,)),
    ("ask", "<f8", (LEVELS,)),
    ("bid_quantity", "<u4", (LEVELS,)),
    ("ask_quantity", "<u4", (LEVELS,)),
    ("bid_orders", "<u2", (LEVELS,)),
    ("ask_orders", "<u2", (LEVELS,)),
]
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
"""One row.

`feed` is the number of the connection that is subscribed to the instrument (NO_FEED: none),
`source` an index of SOURCES (NOBODY: no answer yet), `received` wall seconds. `quote_time` and
`last_trade_time` are the exchange's epoch seconds, prices points, quantities units, NaN unknown.
The book has five levels, best first, with the price NaN or 0 where there is none.
"""


def blank(n: int) -> NDArray[np.void]:
    """Return `n` rows that know nothing.

    >>> int(blank(1)["source"][0]), float(blank(1)["last"][0])
    (0, nan)
    """
    rows = np.zeros(n, dtype=TICK)
    rows["feed"] = NO_FEED
    for name in ("quote_time", "last_trade_time", "bid", "ask", *PRICES, *QUANTITIES):
        rows[name] = np.nan
    return rows


@dataclass(frozen=True, slots=True)
class Feed:
    """One connection of a stream, as its process last described it.

    Times are wall seconds, 0 unknown.

    Attributes:
        state: open, down, refused or waiting.
        since: When it last subscribed.
        last_frame: When its newest frame came, heartbeats included.
        told: When this was written.
        tokens: Instruments that it is subscribed to.
        ticks_per_second: Ticks of the last seconds.
        newest: The exchange's time of the newest tick of a contract, epoch seconds.
        reconnects: How often it connected anew, by reason.
        dropped: Frames or packets that were no ticks.
        pid: Its process.
        reason: Why it is down or refused.
        texts: Messages that are no market data, by type, None for none.
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
        """Tell whether it was open and heard of at most `age` seconds before `now`.

        >>> Feed(state="open", last_frame=100.0).alive(now=103.0, age=5.0)
        True
        """
        return self.state == "open" and now - self.last_frame <= age


def true_until(rows: NDArray[np.void], feeds: Mapping[int, Feed]) -> NDArray[np.float64]:
    """Return the wall time until which each row is known to be the market's present answer.

    A stream sends what changes and otherwise only heartbeats. So a row that came after its
    connection subscribed stays true as long as that connection is heard of. One of a connection
    that is down, or that has not sent the row anew since it came back, was true when it was
    received and no longer.

    Args:
        rows: Rows of TICK, shape (n,).
        feeds: The connections by number.

    Returns:
        Wall seconds, shape (n,), 0 where nobody answered.

    >>> rows = blank(1)
    >>> rows["feed"], rows["source"], rows["received"] = 0, STREAM, 50.0
    >>> true_until(rows, {0: Feed(state="open", since=40.0, last_frame=99.0)}).tolist()
    [99.0]
    """
    until = np.where(rows["source"] == NOBODY, 0.0, rows["received"])
    for number, feed in feeds.items():
        if feed.state == "open":
            is_confirmed = (
                (rows["feed"] == number)
                & (rows["source"] != NOBODY)
                & (rows["received"] >= feed.since)
            )
            until[is_confirmed] = np.maximum(until[is_confirmed], feed.last_frame)
    return until


def stands_until(
    rows: NDArray[np.void],
    fresh: NDArray[np.bool_],
    late: NDArray[np.float64],
    most: float = LATE_SECONDS,
) -> NDArray[np.float64]:
    """Return the exchange's time to which each quote of one index's contracts is known to stand.

    A stream sends what changes: a quote that was the market's when it came stands while it is
    fresh, up to the newest tick of the index's contracts on the same connection. Where all of them
    stop, in a halt or a feed that froze, their quotes grow old together. What was old when it came
    is as old as it says.

    Args:
        rows: Rows of TICK, shape (n,).
        fresh: Which rows are true now.
        late: Seconds between each quote's own time and its receipt, NaN unknown.
        most: Seconds from which on a quote was old when it came.

    Returns:
        Epoch seconds, shape (n,), NaN unknown.

    >>> rows = blank(1)
    >>> stands_until(rows, np.array([True]), np.array([0.5]))
    array([nan])
    """
    until: NDArray[np.float64] = rows["quote_time"].copy()
    is_current = fresh & (rows["source"] != NOBODY) & (late <= most)
    for number in np.unique(rows["feed"][is_current]).tolist():
        own = is_current & (rows["feed"] == number)
        ticked = own & (rows["source"] == STREAM)
        if number != NO_FEED and ticked.any():
            until[own] = np.maximum(until[own], until[ticked].max())
    return until


def of_day(time: float, at: datetime) -> bool:
    """Tell whether an exchange's time lies on the trading day of an instant.

    Args:
        time: Epoch seconds. One that is not known (NaN) is believed.
        at: The instant.

    >>> of_day(0.0, datetime(2026, 11, 20, 4, 0, tzinfo=UTC))
    False
    """
    return not isfinite(time) or day_of(datetime.fromtimestamp(time, UTC)) == day_of(at)
