"""Historical candles, with the broker's limits on how much may be asked at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

import numpy as np

from g6.domain.market.calendar import IST, Session, day_of
from g6.errors import UncoveredYear
from g6.kite_server.market.instrument_ref import InstrumentRef
from g6.kite_server.market.market_source import cash_market
from g6.kite_server.market.minute_bars import Bars
from g6.kite_server.refusal import wrong
from g6.kite_server.server_state import ServerState

INTERVALS: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        "minute": (1, 60), "2minute": (2, 60), "3minute": (3, 100), "5minute": (5, 100), "10minute": (10, 100),
        "15minute": (15, 200), "30minute": (30, 200), "60minute": (60, 400), "day": (24 * 60, 2000),
    }
)  # fmt: skip
"""Minutes of a candle, and the most days in one request."""

Candle = list[Any]


@dataclass(frozen=True, slots=True)
class CandleRequest:
    """What is asked for: minutes of a candle, first and last instant, both included."""

    minutes: int
    first: datetime
    last: datetime

    @classmethod
    def read(cls, interval: str, first: str, last: str) -> CandleRequest:
        """Return what the request's words mean; times are India's. Errors: Refusal."""
        if interval not in INTERVALS:
            raise wrong("invalid interval")
        minutes, most = INTERVALS[interval]
        try:
            begin, end = (
                datetime.fromisoformat(text).replace(tzinfo=IST) for text in (first, last)
            )
        except ValueError as error:
            raise wrong("invalid from or to date") from error
        if len(last) == 10:
            end += timedelta(days=1, seconds=-1)
        if end < begin:
            raise wrong("invalid from or to date")
        if end - begin > timedelta(days=most):
            raise wrong(f"interval exceeds max limit: {most} days")
        return cls(minutes, begin, end)


def candles(desk: ServerState, place: InstrumentRef, wanted: CandleRequest) -> list[Candle]:
    """Return candles of seven columns, oldest first; a minute is told when it is over."""
    exchange = cash_market(desk.source, place.root)
    now = desk.clock.market()
    last = min(wanted.last, now)
    try:
        sessions = desk.board.calendar.sessions_between(
            exchange, day_of(wanted.first), day_of(last)
        )
    except UncoveredYear as error:
        raise wrong("invalid from or to date") from error
    listed = desk.catalogue().listings.get(place.root)
    found: list[Candle] = []
    for session in sessions:
        bars = desk.source.minutes(place, listed, session.day)
        bars = bars[bars["start"] + 60 <= now.timestamp()]
        found += _grouped(bars, session, wanted)
    return found


def _grouped(bars: Bars, session: Session, wanted: CandleRequest) -> list[Candle]:
    """Return candles of `wanted.minutes`, counted from the open; one of a day begins at midnight."""
    opened = int(session.open.timestamp())
    group = (bars["start"] - opened) // (60 * wanted.minutes)
    firsts = np.flatnonzero(np.diff(group, prepend=-1))
    found = []
    for begin, end in zip(firsts, np.append(firsts[1:], len(bars))[: len(firsts)], strict=True):
        part = bars[begin:end]
        start = datetime.fromtimestamp(opened + int(group[begin]) * 60 * wanted.minutes, IST)
        if wanted.minutes >= 24 * 60:
            start = datetime.combine(session.day, datetime.min.time(), IST)
        if wanted.first <= start <= wanted.last:
            prices = (part["open"][0], part["high"].max(), part["low"].min(), part["close"][-1])
            told = [f"{start:%Y-%m-%dT%H:%M:%S%z}", *(float(each) for each in prices)]
            found.append([*told, int(part["volume"].sum()), int(part["oi"][-1])])
    return found
