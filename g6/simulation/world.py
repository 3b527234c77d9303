"""The simulated world, piece by piece, and each piece made once.

What the cache holds hastens an answer and never changes it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from threading import RLock
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from g6.domain.market.calendar import Calendar
from g6.domain.market.instrument import Listing
from g6.simulation.business import BusinessClock
from g6.simulation.contracts import OPTION_TICK, futures, listed_strikes, option_contracts
from g6.simulation.expiries import ExpirySeries, listed_series
from g6.simulation.faults import MarketFaults
from g6.simulation.past_sessions import MarketHistory
from g6.simulation.paths import IndexPath, MarketDay, index_day, market_day
from g6.simulation.roots import Root
from g6.simulation.smile import Curve, CurveInputs, curve
from g6.simulation.trading.interest import CloseRange, InterestBounds, closing_interest, ever_traded
from g6.simulation.trading.series_day import SeriesDay
from g6.simulation.trading.trades import Tape, tape

Numbers = NDArray[np.float64]
T = TypeVar("T")
PieceKey = tuple[object, ...] | str
"""What a piece is of. The last word of a tuple is its day."""

# With these six indices of three expiries each stay below 32 MB, day after day (a test holds it).
_CAPACITY = {"tape": 14, "curve": 15, "index": 12, "market": 4, "listing": 6, "interest": 32}
"""How many pieces of a kind there are before one of another day goes.

One day may have `_ONE_DAY` times as many: all expiries of seven indices have 70 tapes.
"""
_ONE_DAY = 8
_SMALL_PIECES = 512


@dataclass
class PieceCache:
    """Pieces by kind and key. Those that were not used for longest are made again when needed."""

    pieces: dict[str, OrderedDict[PieceKey, Any]] = field(default_factory=dict)
    lock: RLock = field(default_factory=RLock)

    def get(self, kind: str, key: PieceKey, make: Callable[[], T]) -> T:
        """Return the piece, made by `make` if it is not there."""
        with self.lock:
            of_kind = self.pieces.setdefault(kind, OrderedDict())
            if key not in of_kind:
                # Room is made before the piece is: the allocator then puts it where an old one was,
                # and memory does not grow with the days.
                _make_room(of_kind, key, _CAPACITY.get(kind, _SMALL_PIECES) - 1)
                of_kind[key] = make()
            of_kind.move_to_end(key)
            piece: T = of_kind[key]
            return piece


def _make_room(pieces: OrderedDict[PieceKey, Any], key: PieceKey, most: int) -> None:
    """Make room for `key`: pieces of other days go first, then those not used for longest."""
    other_days = [other for other in pieces if other[-1] != key[-1]]
    for other in other_days[: max(0, len(pieces) - most)]:
        del pieces[other]
    while len(pieces) > _ONE_DAY * most:
        pieces.popitem(last=False)


@dataclass(frozen=True)
class World:
    """Everything that seed and calendar decide. Days are those of sessions."""

    calendar: Calendar
    seed: int
    faults: MarketFaults
    skew: float
    event: datetime | None
    cache: PieceCache = field(default_factory=PieceCache)

    def clock(self, exchange: str) -> BusinessClock:
        """Return the business clock of an exchange."""
        return self.cache.get(
            "clock", exchange, lambda: BusinessClock(self.calendar, exchange, self.event)
        )

    def history(self, exchange: str) -> MarketHistory:
        """Return the day-by-day history of an exchange."""
        return self.cache.get(
            "history", exchange, lambda: MarketHistory(self.seed, self.clock(exchange))
        )

    def closes(self, root: Root) -> Numbers:
        """Return the index at each session's close, oldest first."""
        return self.cache.get("closes", root.name, lambda: self._closes(root))

    def _closes(self, root: Root) -> Numbers:
        _, closes = self.history(root.exchange).levels(root)
        return np.asarray(root.level * np.exp(closes))

    def market(self, exchange: str, day: date) -> MarketDay:
        """Return a day of the market."""
        history = self.history(exchange)
        return self.cache.get(
            "market", (exchange, day), lambda: market_day(history, history.clock, day)
        )

    def index(self, root: Root, day: date) -> IndexPath:
        """Return a day of an index."""
        history = self.history(root.exchange)
        market = self.market(root.exchange, day)
        return self.cache.get(
            "index", (root.name, day), lambda: index_day(history, root, market, self.skew)
        )

    def before(self, root: Root, day: date) -> date | None:
        """Return the day of the session before, None for the first there is."""
        history = self.history(root.exchange)
        position = history.position[day]
        return history.sessions[position - 1].day if position else None

    def series(self, root: Root, day: date) -> dict[date, ExpirySeries]:
        """Return what is listed on a day, by expiry."""
        return self.cache.get("series", (root.name, day), lambda: self._series(root, day))

    def _series(self, root: Root, day: date) -> dict[date, ExpirySeries]:
        return {series.expiry: series for series in listed_series(root, self.calendar, day)}

    def close_range(self, root: Root, series: ExpirySeries, day: date) -> CloseRange:
        """Return the range of closes since the series was introduced, that of `day` included."""
        history = self.history(root.exchange)
        last = history.position[day]
        first = last
        while first > 0 and history.sessions[first - 1].day >= series.introduced:
            first -= 1
        closes = self.closes(root)[first : last + 1]
        return CloseRange(day, float(closes.min()), float(closes.max()), float(closes[-1]))

    def strikes(self, root: Root, series: ExpirySeries, day: date) -> Numbers:
        """Return the strikes of a series listed on the morning of `day`."""
        return self.cache.get(
            "strikes", (root.name, series.expiry, day), lambda: self._strikes(root, series, day)
        )

    def _strikes(self, root: Root, series: ExpirySeries, day: date) -> Numbers:
        # The dump is made in the morning: strikes follow the closes up to the day before, and none
        # is added within the day.
        closes = self.close_range(root, series, self.before(root, day) or day)
        return listed_strikes(root, series, day, closes.low, closes.high)

    def listing(self, root: Root, day: date) -> Listing:
        """Return what is listed on `day`."""
        return self.cache.get("listing", (root.name, day), lambda: self._listing(root, day))

    def _listing(self, root: Root, day: date) -> Listing:
        listed = tuple(self.series(root, day).values())
        strikes_of = {series: self.strikes(root, series, day) for series in listed}
        options = option_contracts(root, self.seed, strikes_of, day)
        return Listing(root.name, day, options, futures(root, listed, day))

    def curve(self, root: Root, expiry: date, day: date) -> Curve:
        """Return the prices of an expiry alive on `day`."""
        return self.cache.get(
            "curve", (root.name, expiry, day), lambda: self._curve(root, expiry, day)
        )

    def _curve(self, root: Root, expiry: date, day: date) -> Curve:
        """Return a curve without keeping it.

        One of which a single value is needed would push out one of the day at hand.
        """
        clock = self.clock(root.exchange)
        market = self.market(root.exchange, day)
        return curve(CurveInputs(self.seed, clock, market, self.index(root, day)), root, expiry)

    def index_close(self, root: Root, day: date) -> float:
        """Return the close of the index."""
        return self.cache.get(
            "index_close", (root.name, day), lambda: self.index(root, day).auction
        )

    def future_close(self, root: Root, expiry: date, day: date) -> float:
        """Return the close of a future."""
        return self.cache.get(
            "future_close",
            (root.name, expiry, day),
            lambda: float(self._curve(root, expiry, day).forward[-1]),
        )

    def tape(self, root: Root, series: ExpirySeries, day: date) -> Tape:
        """Return a series' day."""
        return self.cache.get(
            "tape", (root.name, series.expiry, day), lambda: self._tape(root, series, day)
        )

    def _tape(self, root: Root, series: ExpirySeries, day: date) -> Tape:
        market = self.market(root.exchange, day)
        series_day = SeriesDay(
            root,
            self.seed,
            series,
            market,
            self.curve(root, series.expiry, day),
            self.strikes(root, series, day),
            self.interest(root, series, day),
        )
        return tape(series_day, self._halted(market))

    def _halted(self, market: MarketDay) -> NDArray[np.bool_]:
        """Return the minutes of a session in which a fault halts the market, shape (minutes,)."""
        halted = np.zeros(market.minutes, dtype=np.bool_)
        if not self.faults.halt:
            return halted
        zone = market.session.open.tzinfo
        for minute in range(market.minutes):
            begin = datetime.fromtimestamp(market.opened + 60 * minute, tz=zone)
            halted[minute] = any(span.holds(begin) for span in self.faults.halt)
        return halted

    def interest(self, root: Root, series: ExpirySeries, day: date) -> InterestBounds:
        """Return open interest at both ends of `day` by the strikes listed on it.

        It is 0 at the start of a strike that is new.
        """
        return self.cache.get(
            "interest", (root.name, series.expiry, day), lambda: self._interest(root, series, day)
        )

    def _interest(self, root: Root, series: ExpirySeries, day: date) -> InterestBounds:
        strike = self.strikes(root, series, day)
        closes = self.close_range(root, series, day)
        end = closing_interest(root, self.seed, series, strike, closes)
        start = np.zeros_like(end)
        before = self.before(root, day)
        if before is None:
            start = end.copy()
        elif (earlier := self.series(root, before).get(series.expiry)) is not None:
            old_strikes = self.strikes(root, earlier, before)
            old_closes = self.close_range(root, earlier, before)
            row = np.searchsorted(strike, old_strikes)
            start[:, row] = closing_interest(root, self.seed, earlier, old_strikes, old_closes)
        has_traded = ever_traded(root, self.seed, series, strike, closes)
        return InterestBounds(start, end, has_traded)

    def previous_closes(self, root: Root, series: ExpirySeries, day: date) -> Numbers:
        """Return the values of a series' options at the close of the session before.

        They are on tick, shape (2, n).
        """
        return self.cache.get(
            "previous",
            (root.name, series.expiry, day),
            lambda: self._previous_closes(root, series, day),
        )

    def _previous_closes(self, root: Root, series: ExpirySeries, day: date) -> Numbers:
        strike = self.strikes(root, series, day)
        before = self.before(root, day)
        # The first day of all has no day before: its own open stands in for the close.
        close = 0 if before is None else self.market(root.exchange, before).seconds
        prices = self._curve(root, series.expiry, before or day)
        value = np.stack(prices.values(strike, np.array([close])))
        on_tick = np.round(np.round(value / OPTION_TICK) * OPTION_TICK, 2)
        return np.maximum(on_tick, OPTION_TICK)
