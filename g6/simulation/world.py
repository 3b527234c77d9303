"""The simulated world, piece by piece and each piece once: what is kept here hastens an answer and never changes it."""

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
from g6.simulation import contracts, expiries, interest
from g6.simulation.business import BusinessClock
from g6.simulation.contracts import OPTION_TICK
from g6.simulation.expiries import ExpirySeries
from g6.simulation.faults import MarketFaults
from g6.simulation.interest import InterestBounds
from g6.simulation.past_sessions import MarketHistory
from g6.simulation.paths import IndexPath, MarketDay, index_day, market_day
from g6.simulation.roots import Root
from g6.simulation.series_day import SeriesDay
from g6.simulation.smile import Curve, CurveInputs, curve
from g6.simulation.trades import Tape, tape

Numbers = NDArray[np.float64]
T = TypeVar("T")
Key = tuple[Any, ...] | str
"""What a piece is of; the last word of a tuple is its day."""

_KEPT = {"tape": 14, "curve": 15, "index": 12, "market": 4, "listing": 6, "held": 32}
"""Pieces of other days go first: how many there are before one does. One day may have four times as many."""


@dataclass
class PieceCache:
    """Pieces by kind and key; the ones not asked for longest are made again when needed."""

    kept: dict[str, OrderedDict[Key, Any]] = field(default_factory=dict)
    lock: RLock = field(default_factory=RLock)

    def get(self, kind: str, key: Key, make: Callable[[], T]) -> T:
        """Return the piece, made by `make` if it is not there."""
        with self.lock:
            shelf = self.kept.setdefault(kind, OrderedDict())
            if key not in shelf:
                _tidy(shelf, key, _KEPT.get(kind, 512) - 1)
                shelf[key] = make()
            shelf.move_to_end(key)
            piece: T = shelf[key]
            return piece


def _tidy(shelf: OrderedDict[Key, Any], key: Key, most: int) -> None:
    """Make room for `key`: let go of what was not asked for longest, pieces of another day than that it ends with before others.

    Room is made before the piece is: the allocator then puts it where an old one was, and memory does not grow with the days.
    """
    others = [each for each in shelf if each[-1] != key[-1]]
    for each in others[: max(0, len(shelf) - most)]:
        del shelf[each]
    while len(shelf) > 4 * most:
        shelf.popitem(last=False)


@dataclass(frozen=True)
class World:
    """Everything that seed and calendar decide. Days are those of sessions."""

    calendar: Calendar
    seed: int
    faults: MarketFaults
    skew: float
    event: datetime | None
    shelf: PieceCache = field(default_factory=PieceCache)

    def clock(self, exchange: str) -> BusinessClock:
        """Return the business clock of an exchange."""
        return self.shelf.get(
            "clock", exchange, lambda: BusinessClock(self.calendar, exchange, self.event)
        )

    def history(self, exchange: str) -> MarketHistory:
        """Return the day-by-day history of an exchange."""
        return self.shelf.get(
            "history", exchange, lambda: MarketHistory(self.seed, self.clock(exchange))
        )

    def closes(self, root: Root) -> Numbers:
        """Return the index at each session's close, oldest first."""
        return self.shelf.get(
            "closes",
            root.name,
            lambda: root.level * np.exp(self.history(root.exchange).levels(root)[1]),
        )

    def market(self, exchange: str, day: date) -> MarketDay:
        """Return a day of the market."""
        history = self.history(exchange)
        return self.shelf.get(
            "market", (exchange, day), lambda: market_day(history, history.clock, day)
        )

    def index(self, root: Root, day: date) -> IndexPath:
        """Return a day of an index."""
        market = self.market(root.exchange, day)
        return self.shelf.get(
            "index",
            (root.name, day),
            lambda: index_day(self.history(root.exchange), root, market, self.skew),
        )

    def before(self, root: Root, day: date) -> date | None:
        """Return the day of the session before, None for the first there is."""
        history = self.history(root.exchange)
        position = history.position[day]
        return history.sessions[position - 1].day if position else None

    def series(self, root: Root, day: date) -> dict[date, ExpirySeries]:
        """Return what is listed on a day, by expiry."""
        return self.shelf.get("series", (root.name, day), lambda: self._series(root, day))

    def _series(self, root: Root, day: date) -> dict[date, ExpirySeries]:
        return {each.expiry: each for each in expiries.listed(root, self.calendar, day)}

    def known(self, root: Root, series: ExpirySeries, day: date) -> interest.InterestDay:
        """Return the range of closes since the series was introduced, up to and including `day`."""
        history = self.history(root.exchange)
        last = history.position[day]
        first = last
        while first > 0 and history.sessions[first - 1].day >= series.introduced:
            first -= 1
        span = self.closes(root)[first : last + 1]
        return interest.InterestDay(day, float(span.min()), float(span.max()), float(span[-1]))

    def strikes(self, root: Root, series: ExpirySeries, day: date) -> Numbers:
        """Return the strikes of a series listed on the morning of `day`."""
        return self.shelf.get(
            "strikes", (root.name, series.expiry, day), lambda: self._strikes(root, series, day)
        )

    def _strikes(self, root: Root, series: ExpirySeries, day: date) -> Numbers:
        seen = self.known(root, series, self.before(root, day) or day)
        return contracts.strikes(root, series, day, seen.low, seen.high)

    def listing(self, root: Root, day: date) -> Listing:
        """Return what is listed on `day`."""
        return self.shelf.get("listing", (root.name, day), lambda: self._listing(root, day))

    def _listing(self, root: Root, day: date) -> Listing:
        listed = {
            series: self.strikes(root, series, day) for series in self.series(root, day).values()
        }
        options = contracts.contracts(root, self.seed, listed, day)
        return Listing(root.name, day, options, contracts.futures(root, tuple(listed), day))

    def curve(self, root: Root, expiry: date, day: date) -> Curve:
        """Return the prices of an expiry alive on `day`."""
        return self.shelf.get(
            "curve", (root.name, expiry, day), lambda: self._curve(root, expiry, day)
        )

    def _curve(self, root: Root, expiry: date, day: date) -> Curve:
        """Return a curve of which one value is wanted: kept, it would push out one of the day at hand."""
        inputs = CurveInputs(
            self.seed,
            self.clock(root.exchange),
            self.market(root.exchange, day),
            self.index(root, day),
        )
        return curve(inputs, root, expiry)

    def index_close(self, root: Root, day: date) -> float:
        """Return what the index closed at."""
        return self.shelf.get(
            "index_close", (root.name, day), lambda: self.index(root, day).auction
        )

    def future_close(self, root: Root, expiry: date, day: date) -> float:
        """Return what a future closed at."""
        return self.shelf.get(
            "future_close",
            (root.name, expiry, day),
            lambda: float(self._curve(root, expiry, day).forward[-1]),
        )

    def tape(self, root: Root, series: ExpirySeries, day: date) -> Tape:
        """Return a series' day."""
        return self.shelf.get(
            "tape", (root.name, series.expiry, day), lambda: self._tape(root, series, day)
        )

    def _tape(self, root: Root, series: ExpirySeries, day: date) -> Tape:
        market, strike = self.market(root.exchange, day), self.strikes(root, series, day)
        held, at = self.held(root, series, day), self.curve(root, series.expiry, day)
        return tape(
            SeriesDay(root, self.seed, series, market, at, strike, held), self._halted(market)
        )

    def _halted(self, market: MarketDay) -> NDArray[np.bool_]:
        halted = np.zeros(market.minutes, dtype=np.bool_)
        for minute in range(market.minutes if self.faults.halt else 0):
            begin = datetime.fromtimestamp(
                market.opened + 60 * minute, tz=market.session.open.tzinfo
            )
            halted[minute] = any(span.holds(begin) for span in self.faults.halt)
        return halted

    def held(self, root: Root, series: ExpirySeries, day: date) -> InterestBounds:
        """Return open interest at both ends of `day` by the strikes listed on it; 0 at the start of a strike that is new."""
        return self.shelf.get(
            "held", (root.name, series.expiry, day), lambda: self._held(root, series, day)
        )

    def _held(self, root: Root, series: ExpirySeries, day: date) -> InterestBounds:
        strike = self.strikes(root, series, day)
        end, awake = self._closing(root, series, day)
        start = np.zeros_like(end)
        before = self.before(root, day)
        earlier = None if before is None else self.series(root, before).get(series.expiry)
        if before is None:
            start = end.copy()
        elif earlier is not None:
            listed = self.strikes(root, earlier, before)
            row = np.searchsorted(strike, listed)
            start[:, row] = self._closing(root, earlier, before)[0]
        return InterestBounds(start, end, awake)

    def _closing(
        self, root: Root, series: ExpirySeries, day: date
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        strike, seen = self.strikes(root, series, day), self.known(root, series, day)
        return (
            interest.closing(root, self.seed, series, strike, seen),
            interest.awake(root, self.seed, series, strike, seen),
        )

    def previous_closes(self, root: Root, series: ExpirySeries, day: date) -> Numbers:
        """Return what options of a series were worth at the close of the session before, `(2, n)`, on tick."""
        return self.shelf.get(
            "previous",
            (root.name, series.expiry, day),
            lambda: self._previous_closes(root, series, day),
        )

    def _previous_closes(self, root: Root, series: ExpirySeries, day: date) -> Numbers:
        strike, before = self.strikes(root, series, day), self.before(root, day)
        second = np.array([0 if before is None else self.market(root.exchange, before).seconds])
        value = np.stack(self._curve(root, series.expiry, before or day).values(strike, second))
        return np.maximum(np.round(np.round(value / OPTION_TICK) * OPTION_TICK, 2), OPTION_TICK)
