"""Historical candles, with Kite's limits on how much may be asked for at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

import numpy as np

from g6.domain.market.calendar import IST, Session, day_of
from g6.errors import UncoveredYear
from g6.kite_server.market.instrument_ref import InstrumentRef
from g6.kite_server.market.market_source import cash_market
from g6.kite_server.market.session_bars import Bars
from g6.kite_server.refusal import wrong
from g6.kite_server.server_state import ServerState

DAY_MINUTES = 24 * 60
# From the server's error texts that users reported in 2024 and 2025; Kite's page does not say.
INTERVALS: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        "minute": (1, 60),
        "2minute": (2, 60),
        "3minute": (3, 100),
        "5minute": (5, 100),
        "10minute": (10, 100),
        "15minute": (15, 200),
        "30minute": (30, 200),
        "60minute": (60, 400),
        "day": (DAY_MINUTES, 2000),
    }
)
"""Minutes of a candle, and the most days in one request."""

CandleFields = list[str | float | int]


@dataclass(frozen=True, slots=True)
class CandleRequest:
    """A request: minutes of a candle, first and last instant, both included."""

    minutes: int
    first: datetime
    last: datetime

    @classmethod
    def read(cls, interval: str, first: str, last: str) -> CandleRequest:
        """Return the request that these words mean.

        Times are India's.

        Raises:
            Refusal: They mean none.
        """
        if interval not in INTERVALS:
            raise wrong("invalid interval")
        minutes, most = INTERVALS[interval]
        try:
            begin = datetime.fromisoformat(first).replace(tzinfo=IST)
            end = datetime.fromisoformat(last).replace(tzinfo=IST)
        except ValueError as error:
            raise wrong("invalid from or to date") from error
        if len(last) == len("2026-11-20"):
            end += timedelta(days=1, seconds=-1)
        if end < begin:
            raise wrong("invalid from or to date")
        if end - begin > timedelta(days=most):
            raise wrong(f"interval exceeds max limit: {most} days")
        return cls(minutes, begin, end)


def candles(server: ServerState, ref: InstrumentRef, request: CandleRequest) -> list[CandleFields]:
    """Return candles of seven columns, oldest first.

    A minute appears when it is over.
    """
    exchange = cash_market(server.source, ref.root)
    now = server.clock.market()
    last = min(request.last, now)
    try:
        sessions = server.board.calendar.sessions_between(
            exchange, day_of(request.first), day_of(last)
        )
    except UncoveredYear as error:
        raise wrong("invalid from or to date") from error
    listing = server.catalogue().listings.get(ref.root)
    rows: list[CandleFields] = []
    for session in sessions:
        bars = server.source.minutes(ref, listing, session.day)
        over = bars[bars["start"] + 60 <= now.timestamp()]
        rows += _candles_of(over, session, request)
    return rows


def _candles_of(bars: Bars, session: Session, request: CandleRequest) -> Iterator[CandleFields]:
    """Yield candles of the requested minutes, counted from the open."""
    opened = int(session.open.timestamp())
    group = (bars["start"] - opened) // (60 * request.minutes)
    firsts = np.flatnonzero(np.diff(group, prepend=-1))
    ends = np.append(firsts[1:], len(bars))[: len(firsts)]
    for begin, end in zip(firsts, ends, strict=True):
        part = bars[begin:end]
        start = datetime.fromtimestamp(opened + int(group[begin]) * 60 * request.minutes, IST)
        # A candle of a day begins at midnight, not at the open.
        if request.minutes >= DAY_MINUTES:
            start = datetime.combine(session.day, datetime.min.time(), IST)
        if request.first <= start <= request.last:
            yield [
                f"{start:%Y-%m-%dT%H:%M:%S%z}",
                float(part["open"][0]),
                float(part["high"].max()),
                float(part["low"].min()),
                float(part["close"][-1]),
                int(part["volume"].sum()),
                int(part["oi"][-1]),
            ]
