"""One series' trades on one day, minute by minute: who trades when, how much and at what price."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from g6.domain.market.instrument import SIDES
from g6.simulation.noise import normal, smooth_normal, words
from g6.simulation.trading.interest import ROUGH, SETTLED, Sway, interest_path
from g6.simulation.trading.minute_trades import SEVERAL, MinuteTrades, TapeMinute
from g6.simulation.trading.running import NEVER, QUARTER, RunningTotals, running
from g6.simulation.trading.series_day import Numbers, SeriesDay, Whole

# The first three rows are the real sample's three expiries. Last prices go stale by that alone.
SHARES = (
    (0.999, 0.96, 0.67, 0.42, 0.28),
    (0.90, 0.58, 0.45, 0.27, 0.07),
    (0.46, 0.28, 0.19, 0.10, 0.04),
    (0.06, 0.03, 0.02, 0.01, 0.005),
)
"""Share of options that trade in a quiet minute, by liquidity rank and by band.

Bands count strikes from the money: up to 3, 10, 20, 40 and more.
"""
BANDS = (3, 10, 20, 40)
TURNOVER = (3.5, 1.8, 0.9, 0.2)
"""A day's volume over open interest, by rank."""

_EXPONENTIAL = -np.log1p(-(np.arange(256) + 0.5) / 256)
_PEAK = 6.0
_FARTHEST = np.iinfo(np.uint16).max

Int32 = NDArray[np.int32]
Ticks16 = NDArray[np.uint16]
T = TypeVar("T", np.int32, np.uint8, np.uint16)


@dataclass(frozen=True, slots=True)
class TapeQuarter:
    """The minutes of one quarter hour of a tape, with a place for each option in each of them.

    Attributes:
        first: Its first minute.
        lots: Lots traded, shape (minutes, 2n), 0 without a trade.
        price: Price of the last trade in ticks, 0 without one.
        high: Highest price in ticks, 0 without a trade.
        low: Lowest price in ticks, NEVER without a trade.
        interest: Open interest in lots before the first minute and after each, shape
            (minutes + 1, 2n).
    """

    first: int
    lots: Int32
    price: Int32
    high: Int32
    low: Int32
    interest: Int32


@dataclass(frozen=True)
class Tape:
    """A series' day: the minutes in which its options traded, minute by minute.

    Of an option's minutes four in five are without a trade: with a place for each of them the
    tapes of six indices, with their totals, held 28.6 MB, and hold 9.9 so.

    Attributes:
        day: The series on that day.
        place: Minute and column as minute × 2n + column, ascending, shape (m,) as all below. The
            2n columns are calls before puts.
        lots: Lots traded in the minute.
        phase: The phase of its trades, a byte.
        price: Price of its last trade in ticks.
        above: How far the minute's high lies above that, in ticks.
        below: How far the minute's low lies below it, in ticks.
        interest: Open interest after the minute, in lots. It changes with a trade only.
    """

    day: SeriesDay
    place: Int32
    lots: Int32
    phase: NDArray[np.uint8]
    price: Int32
    above: Ticks16
    below: Ticks16
    interest: Int32
    _quarters: list[TapeQuarter] = field(default_factory=list)
    _minutes: list[TapeMinute] = field(default_factory=list)

    @property
    def width(self) -> int:
        """How many options there are."""
        return 2 * len(self.day.strike)

    @cached_property
    def running(self) -> RunningTotals:
        """The day's totals by quarter hours."""
        everything = self._dense(0, self.day.market.minutes)
        extremes = (everything.high, everything.low)
        return running(everything.lots, everything.price, extremes, everything.interest[1:])

    def quarter(self, number: int) -> TapeQuarter:
        """Return a quarter hour of the day. The two that were made last are kept."""
        # Made anew at each answer of six indices they took 28 ms instead of 21. Right after a
        # quarter's begin, open interest is still that of the quarter before.
        first = number * QUARTER
        for quarter in tuple(self._quarters):
            if quarter.first == first:
                return quarter
        quarter = self._dense(first, min(first + QUARTER, self.day.market.minutes))
        self._quarters[:] = [*self._quarters[-1:], quarter]
        return quarter

    def minute(self, number: int) -> TapeMinute:
        """Return a minute of the day. The one that was made last is kept."""
        # With it, and both extremes of a minute in one call, answers of six indices a second apart
        # take 12 ms instead of 18.
        for minute in tuple(self._minutes):
            if minute.number == number:
                return minute
        columns = np.arange(self.width)
        totals = self._totals(number)
        minute = TapeMinute(
            number, *totals, *self._last(number, columns), self.within(number, columns)
        )
        self._minutes[:] = [minute]
        return minute

    def _dense(self, first: int, last: int) -> TapeQuarter:
        price = self.by_minute(self.price, first, last)
        below = self.by_minute(self.below, first, last)
        low = np.where(price > 0, price - below, NEVER).astype(np.int32)
        return TapeQuarter(
            first,
            self.by_minute(self.lots, first, last),
            price,
            price + self.by_minute(self.above, first, last),
            low,
            self.interest_from(first, last),
        )

    def by_minute(self, values: NDArray[T], first: int, last: int) -> NDArray[T]:
        """Return one of the arrays for minutes `first` to `last`, shape (last - first, 2n).

        It is 0 where there is no trade. Minute `last` is not included.
        """
        width = self.width
        begin, end = np.searchsorted(self.place, (first * width, last * width))
        dense = np.zeros((last - first) * width, dtype=values.dtype)
        dense[self.place[begin:end] - first * width] = values[begin:end]
        return dense.reshape(last - first, width)

    def at(self, values: NDArray[T], minute: int | Whole, columns: Whole) -> NDArray[T]:
        """Return one of the arrays for a minute of each option, shape (m,), 0 without a trade."""
        place = minute * self.width + columns
        position = np.searchsorted(self.place, place)
        is_traded = np.searchsorted(self.place, place, side="right") > position
        chosen = np.zeros(place.shape, dtype=values.dtype)
        chosen[is_traded] = values[position[is_traded]]
        return chosen

    def of_option(self, column: int) -> tuple[Whole, Whole]:
        """Return where one option's trades stand in the arrays, and their minutes, shape (k,)."""
        position = np.flatnonzero(self.place % self.width == column)
        return position, self.place[position].astype(np.int64) // self.width

    def within(self, minute: int | Whole, columns: Whole) -> MinuteTrades:
        """Return the trades of options within one minute each, shape (m,)."""
        lots = self.at(self.lots, minute, columns)
        return MinuteTrades(lots, self.at(self.phase, minute, columns))

    def _totals(self, minute: int) -> tuple[Whole, Numbers, Whole, Whole]:
        """Return volume in lots, lots × ticks, high and low in ticks before a minute."""
        number = minute // QUARTER
        before = self.running
        quarter = self.quarter(number)
        rest = slice(minute - quarter.first)
        lots = quarter.lots[rest]
        value = np.einsum("ij,ij->j", lots, quarter.price[rest], dtype=np.float64)
        high = quarter.high[rest].max(axis=0, initial=0)
        low = quarter.low[rest].min(axis=0, initial=NEVER)
        return (
            before.volume[number] + lots.sum(axis=0, dtype=np.int64),
            before.value[number] + value,
            np.maximum(before.high[number], high).astype(np.int64),
            np.minimum(before.low[number], low).astype(np.int64),
        )

    def _last(self, minute: int, columns: Whole) -> tuple[Whole, Whole]:
        """Return price in ticks and second of the last trade before a minute."""
        if not minute:
            zeros = np.zeros(len(columns), dtype=np.int64)
            return zeros, zeros
        latest = np.maximum(self.latest(minute, columns), 0)
        trades = self.within(latest, columns)
        price = self.at(self.price, latest, columns).astype(np.int64)
        return price, latest * 60 + trades.second(trades.count - 1)

    def latest(self, minute: int, columns: Whole) -> Whole:
        """Return the last minute before `minute` with a trade, shape (m,), -1 without one."""
        number = minute // QUARTER
        before = np.asarray(self.running.latest[number, columns], dtype=np.int64)
        first = number * QUARTER
        if minute == first:
            return before
        marks = np.arange(first, minute, dtype=np.int16)[:, None]
        traded = self.quarter(number).lots[: minute - first, columns] > 0
        recent = np.where(traded, marks, np.int16(-1)).max(axis=0, initial=-1)
        return np.asarray(np.maximum(before, recent), dtype=np.int64)

    def interest_from(self, first: int, last: int) -> Int32:
        """Return open interest in lots, shape (last - first + 1, 2n).

        The first row is before minute `first`, the others after each minute before `last`.
        """
        traded = self.by_minute(self.lots, first, last) > 0
        changes = self.by_minute(self.interest, first, last)
        rows = np.vstack([self._interest_before(first), changes])
        marks = np.arange(1, len(rows), dtype=np.int16)[:, None]
        latest = np.zeros(rows.shape, dtype=np.int16)
        np.maximum.accumulate(np.where(traded, marks, np.int16(0)), axis=0, out=latest[1:])
        return np.take_along_axis(rows, latest.astype(np.int64), axis=0)

    def _interest_before(self, minute: int) -> Int32:
        start = self.day.interest.start.reshape(-1).astype(np.int32)
        if not minute:
            return start
        columns = np.arange(self.width)
        latest = self.latest(minute, columns)
        return np.where(latest >= 0, self.at(self.interest, latest, columns), start)

    @cached_property
    def first(self) -> Whole:
        """The day's first traded price of each option in ticks, shape (2n,), 0 without a trade."""
        traded, position = np.unique(self.place % self.width, return_index=True)
        minute = np.zeros(self.width, dtype=np.int64)
        minute[traded] = self.place[position] // self.width
        column = np.arange(self.width)
        trades = self.within(minute, column)
        number = np.zeros(len(column), dtype=np.int64)
        price = self.day.deal(column, minute * 60 + trades.second(number), trades.bought(number))
        return np.where(trades.lots > 0, price, 0)


def tape(day: SeriesDay, halted: NDArray[np.bool_]) -> Tape:
    """Return the day's tape. Nothing trades in the minutes of `halted`, shape (minutes,)."""
    lots, phase = _volumes(day)
    lots[halted] = 0
    minute, column = np.nonzero(lots)
    trades = MinuteTrades(lots[minute, column], phase[minute, column])
    number = trades.count - 1
    second = minute * 60 + trades.second(number)
    price = np.zeros_like(lots)
    price[minute, column] = day.deal(column, second, trades.bought(number))
    above, below = _extremes(day, lots, price)
    marks = np.arange(len(lots), dtype=np.int16)[:, None]
    last = np.maximum.accumulate(np.where(lots > 0, marks, np.int16(-1)), axis=0)
    interest = interest_path(day.series, day.market, day.interest, _sway(day), last)
    traded = (minute, column)
    return Tape(
        day,
        (minute * lots.shape[1] + column).astype(np.int32),
        lots[traded],
        phase[traded],
        price[traded],
        above[traded],
        below[traded],
        interest[traded],
    )


def _sway(day: SeriesDay) -> Sway:
    """Return how open interest sways within the day, option by option and side by side."""
    today = day.market.session.day
    address = (day.seed, "sway", day.root.name, day.series.expiry, today)
    sides = [smooth_normal(day.market.minutes, ROUGH[0], *address, side) for side in SIDES]
    return Sway(day.draw("swing", today), np.stack(sides))


def _volumes(day: SeriesDay) -> tuple[Int32, NDArray[np.uint8]]:
    """Return lots by minute and the phases of their trades."""
    minutes = day.market.minutes
    pace = np.diff(day.market.passed[::60][: minutes + 1])
    relative = np.minimum(pace / np.median(pace[pace > 0]), _PEAK)
    today = day.market.session.day
    address = (day.seed, "trades", day.root.name, day.series.expiry, today)
    raw = words(minutes * len(day.strike), *address)
    # One 32-bit half of a word serves an option's minute: 16 bits say whether it trades, 8 how
    # much and 8 when.
    draw = raw.astype("<u8").view("<u4").reshape(minutes, 2 * len(day.strike))
    chance = -np.expm1(np.outer(relative, np.log1p(-_chances(day))))
    traded = (draw & 0xFFFF) < (chance * 65_536).astype(np.uint32)
    phase = (draw >> 24).astype(np.uint8)
    _force(traded, day, phase)
    expected = np.outer(pace * _bursts(day, pace), _turnover(day)) / np.maximum(chance, 0.02)
    size = expected * _EXPONENTIAL[(draw >> 16) & 0xFF]
    return np.where(traded, np.maximum(np.ceil(size), 1), 0).astype(np.int32), phase


def _bursts(day: SeriesDay, pace: Numbers) -> Numbers:
    """Return how much busier than usual each minute is, shape (minutes,).

    All trade more when the index moves, and in spells.
    """
    minutes = day.market.minutes
    change = np.abs(np.diff(np.log(day.curve.forward[::60][: minutes + 1])))
    moves = change / np.sqrt(np.maximum(pace, 1e-9))
    today = day.market.session.day
    shocks = normal(minutes + 4, day.seed, "spells", day.root.exchange, today)
    spells = np.convolve(shocks, np.array([0.3, 0.6, 1.0, 0.6, 0.3]) / 1.4, mode="valid")
    usual = moves[pace > 0].mean()
    busy = np.exp(0.35 * spells) * (0.5 + 0.63 * np.minimum(moves / usual, 4.0))
    return np.asarray(busy / np.average(busy, weights=pace))


def _chances(day: SeriesDay) -> Numbers:
    """Return each option's chance to trade in a quiet minute, shape (2n,)."""
    offset = np.arange(len(day.strike)) - day.at_the_money(0)
    share = np.array(SHARES[day.series.rank])[np.searchsorted(BANDS, np.abs(offset))]
    out = np.stack([offset, -offset]) > 0
    tilt = np.where(np.abs(offset) > BANDS[1], np.where(out, 1.05, 0.7), 1.0)
    own = 0.8 + 0.4 * day.draw("activity")
    chance = np.minimum(share * np.where(share > 0.9, 1.0, tilt * own), 0.9995)
    return np.asarray((chance * day.interest.has_traded).reshape(-1))


def _turnover(day: SeriesDay) -> Numbers:
    """Return each option's volume expected for the day in lots, shape (2n,).

    Most is at the money, and the sum is a multiple of open interest.
    """
    # A real day turned over three to four times the nearest expiry's open interest.
    F = float(day.curve.forward[0])
    away = (day.strike - F) / (F * max(float(day.curve.total[0]), 0.004))
    x = np.stack([away, -away])
    out_of_the_money = 0.12 + 1.5 * np.exp(-np.abs(x) / 1.2)
    in_the_money = 0.05 + 1.6 * np.exp(-np.abs(x) / 0.7)
    lively = np.where(x > 0, out_of_the_money, in_the_money)
    open_interest = (day.interest.start + day.interest.end) / 2
    weight = lively * (open_interest + 1)
    scale = TURNOVER[day.series.rank] * float(open_interest.sum()) / float(weight.sum())
    return np.asarray((weight * scale).reshape(-1))


def _force(traded: NDArray[np.bool_], day: SeriesDay, phase: NDArray[np.uint8]) -> None:
    """Let every option whose open interest changes trade before it is settled for the day."""
    # Open interest changes in a minute with a trade only. An option without one would carry the
    # day's start into the next morning, whose previous open interest is the day's end.
    changes = (day.interest.start != day.interest.end).reshape(-1)
    column = np.flatnonzero(changes & ~traded[:-SETTLED].any(axis=0))
    spread = phase[0, column].astype(np.int64) * 7919 + column * 104_729
    traded[spread % (len(traded) - SETTLED), column] = True


def _extremes(day: SeriesDay, lots: Int32, price: Int32) -> tuple[Ticks16, Ticks16]:
    """Return how far each minute's high lies above its last price, and its low below it.

    Both are in ticks, and 0 in a minute of few trades.
    """
    n = len(day.strike)
    minutes = day.market.minutes
    above = np.zeros(lots.shape, dtype=np.uint16)
    below = np.zeros(lots.shape, dtype=np.uint16)
    several = lots >= SEVERAL
    rows = np.flatnonzero((several[:, :n] | several[:, n:]).any(axis=0))
    forward = day.curve.forward[: minutes * 60].reshape(minutes, 60)
    start = np.arange(minutes) * 60
    top = start + forward.argmax(axis=1)
    bottom = start + forward.argmin(axis=1)
    high, low = day.extremes(rows, top[:, None], bottom[:, None])
    columns = np.concatenate([rows, rows + n])
    busy = several[:, columns]
    last = price[:, columns]
    above[:, columns] = np.where(busy, np.clip(high - last, 0, _FARTHEST), 0)
    below[:, columns] = np.where(busy, np.clip(last - low, 0, _FARTHEST), 0)
    return above, below
