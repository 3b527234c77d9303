"""One series' trades on one day, minute by minute: who trades when, how much and at what price."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from g6.domain.market.instrument import SIDES
from g6.simulation.interest import ROUGH, SETTLED, path
from g6.simulation.noise import lasting, normal, words
from g6.simulation.running import NEVER, QUARTER, RunningTotals, running
from g6.simulation.series_day import Numbers, SeriesDay, Whole

SHARES = (
    (0.999, 0.96, 0.67, 0.42, 0.28),
    (0.90, 0.58, 0.45, 0.27, 0.07),
    (0.46, 0.28, 0.19, 0.10, 0.04),
    (0.06, 0.03, 0.02, 0.01, 0.005),
)
"""Share of options that trade in a quiet minute, by liquidity rank and by strikes from the money up to 3, 10, 20, 40 and more."""
BANDS = (3, 10, 20, 40)
TURNOVER = (3.5, 1.8, 0.9, 0.2)
"""A day's volume over open interest, by rank."""

_EXPONENTIAL = -np.log1p(-(np.arange(256) + 0.5) / 256)
_MOST_TRADES = 60
_SEVERAL = 4
_PEAK = 6.0
_FARTHEST = np.iinfo(np.uint16).max

Lots = NDArray[np.int32]


@dataclass(frozen=True)
class Tape:
    """A series' day, `(minutes, 2n)` each, calls before puts.

    `lots` traded in the minute; `phase` of its trades, a byte; `price` of its last trade in ticks, 0 without one, `above` and
    `below` how far the minute's high and low lie from it; `interest` in lots after the minute.
    """

    day: SeriesDay
    lots: Lots
    phase: NDArray[np.uint8]
    price: Lots
    above: NDArray[np.uint16]
    below: NDArray[np.uint16]
    interest: Lots

    @cached_property
    def running(self) -> RunningTotals:
        """The day's totals by quarter hours."""
        return running(
            self.lots, self.price, self._extremes(slice(None), slice(None)), self.interest
        )

    def totals(self, minute: int, columns: Whole) -> tuple[Whole, Numbers, Whole, Whole]:
        """Return volume in lots, lots × ticks, high and low in ticks of all trades before `minute`, `(m,)` each."""
        quarter, so_far = minute // QUARTER, self.running
        rest = slice(quarter * QUARTER, minute)
        lots, price = self.lots[rest, columns], self.price[rest, columns]
        high, low = self._extremes(rest, columns)
        return (
            so_far.volume[quarter, columns] + lots.sum(axis=0, dtype=np.int64),
            so_far.value[quarter, columns] + np.einsum("ij,ij->j", lots, price, dtype=np.float64),
            np.maximum(so_far.high[quarter, columns], high.max(axis=0, initial=0)).astype(np.int64),
            np.minimum(so_far.low[quarter, columns], low.min(axis=0, initial=NEVER)).astype(
                np.int64
            ),
        )

    def latest(self, minute: int, columns: Whole) -> Whole:
        """Return the last minute before `minute` with a trade, `(m,)`, -1 without one."""
        quarter = minute // QUARTER
        rest = np.arange(quarter * QUARTER, minute, dtype=np.int16)[:, None]
        recent = np.where(
            self.lots[quarter * QUARTER : minute, columns] > 0, rest, np.int16(-1)
        ).max(axis=0, initial=-1)
        return np.asarray(np.maximum(self.running.latest[quarter, columns], recent), dtype=np.int64)

    def _extremes(self, minutes: slice, columns: Whole | slice) -> tuple[Lots, Lots]:
        price = self.price[minutes, columns]
        low = np.where(price > 0, price - self.below[minutes, columns], NEVER).astype(np.int32)
        return price + self.above[minutes, columns], low

    @cached_property
    def first(self) -> Whole:
        """The day's first traded price of each option in ticks, `(2n,)`, 0 where it does not trade."""
        begun = self.lots > 0
        minute, column = begun.argmax(axis=0), np.arange(self.lots.shape[1])
        trade = Minute(self.lots[minute, column], self.phase[minute, column])
        number = np.zeros(len(column), dtype=np.int64)
        price = self.day.deal(column, minute * 60 + trade.second(number), trade.bought(number))
        return np.where(begun.any(axis=0), price, 0)


@dataclass(frozen=True, slots=True)
class Minute:
    """The trades of options within one minute each: `lots` in all, evenly spaced from a `phase` of their own; both `(m,)`."""

    lots: Lots
    phase: NDArray[np.uint8]

    @property
    def count(self) -> Whole:
        """How many trades there are."""
        return np.minimum(np.sqrt(self.lots).astype(np.int64), _MOST_TRADES)

    def second(self, number: Whole) -> Whole:
        """Return the second of the minute of trade `number`, 0 the first."""
        return np.asarray(
            (60 * (number + (self.phase + 0.5) / 256) / np.maximum(self.count, 1)).astype(np.int64)
        )

    def done(self, second: int) -> Whole:
        """Return how many trades have happened by the end of `second` of the minute."""
        count = self.count
        return np.clip(
            np.ceil((second + 1) * count / 60 - (self.phase + 0.5) / 256), 0, count
        ).astype(np.int64)

    def bought(self, number: Whole) -> NDArray[np.bool_]:
        """Tell which trades `number` a buyer began."""
        return np.asarray((self.phase >> (number & 7).astype(np.uint8)) & 1 == 1)

    @property
    def several(self) -> NDArray[np.bool_]:
        """Whether there are so many that the minute's extremes are those of the path."""
        return self.lots >= _SEVERAL


def tape(day: SeriesDay, halted: NDArray[np.bool_]) -> Tape:
    """Return the day's tape; nothing trades in the minutes of `halted` `(minutes,)`."""
    lots, phase = _volumes(day)
    lots[halted] = 0
    minute, column = np.nonzero(lots)
    trade = Minute(lots[minute, column], phase[minute, column])
    number = trade.count - 1
    price = np.zeros_like(lots)
    price[minute, column] = day.deal(
        column, minute * 60 + trade.second(number), trade.bought(number)
    )
    above, below = _extremes(day, lots, price)
    marks = np.arange(len(lots), dtype=np.int16)[:, None]
    last = np.maximum.accumulate(np.where(lots > 0, marks, np.int16(-1)), axis=0)
    return Tape(
        day,
        lots,
        phase,
        price,
        above,
        below,
        path(day.series, day.market, day.held, _ways(day), last),
    )


def _ways(day: SeriesDay) -> tuple[Numbers, Numbers]:
    """Return how open interest sways within the day, option by option and side by side: see `interest.path`."""
    address = (day.seed, "sway", day.root.name, day.series.expiry, day.market.session.day)
    sides = [lasting(day.market.minutes, ROUGH[0], *address, side) for side in SIDES]
    return day.draw("swing", day.market.session.day), np.stack(sides)


def _volumes(day: SeriesDay) -> tuple[Lots, NDArray[np.uint8]]:
    """Return lots by minute and the phases of their trades."""
    minutes = day.market.minutes
    pace = np.diff(day.market.passed[::60][: minutes + 1])
    relative = np.minimum(pace / np.median(pace[pace > 0]), _PEAK)
    raw = words(
        minutes * len(day.strike),
        day.seed,
        "trades",
        day.root.name,
        day.series.expiry,
        day.market.session.day,
    )
    draw = raw.astype("<u8").view("<u4").reshape(minutes, 2 * len(day.strike))
    chance = -np.expm1(np.outer(relative, np.log1p(-_chances(day))))
    traded = (draw & 0xFFFF) < (chance * 65_536).astype(np.uint32)
    phase = (draw >> 24).astype(np.uint8)
    _force(traded, day, phase)
    size = (
        np.outer(pace * _bursts(day, pace), _turnover(day))
        / np.maximum(chance, 0.02)
        * _EXPONENTIAL[(draw >> 16) & 0xFF]
    )
    return np.where(traded, np.maximum(np.ceil(size), 1), 0).astype(np.int32), phase


def _bursts(day: SeriesDay, pace: Numbers) -> Numbers:
    """Return how much busier than usual each minute is, `(minutes,)`: all trade more when the index moves, and in spells."""
    ends = day.market.passed[::60][: day.market.minutes + 1]
    moved = np.abs(np.diff(np.log(day.curve.forward[::60][: day.market.minutes + 1]))) / np.sqrt(
        np.maximum(np.diff(ends), 1e-9)
    )
    spells = normal(
        day.market.minutes + 4, day.seed, "spells", day.root.exchange, day.market.session.day
    )
    lasting = np.convolve(spells, np.array([0.3, 0.6, 1.0, 0.6, 0.3]) / 1.4, mode="valid")
    busy = np.exp(0.35 * lasting) * (0.5 + 0.63 * np.minimum(moved / moved[pace > 0].mean(), 4.0))
    return np.asarray(busy / np.average(busy, weights=pace))


def _chances(day: SeriesDay) -> Numbers:
    """Return each option's chance to trade in a quiet minute, `(2n,)`."""
    offset = np.arange(len(day.strike)) - day.at_the_money(0)
    share = np.array(SHARES[day.series.rank])[np.searchsorted(BANDS, np.abs(offset))]
    out = np.stack([offset, -offset]) > 0
    tilt = np.where(np.abs(offset) > BANDS[1], np.where(out, 1.05, 0.7), 1.0)
    own = 0.8 + 0.4 * day.draw("activity")
    chance = np.minimum(share * np.where(share > 0.9, 1.0, tilt * own), 0.9995)
    return np.asarray((chance * day.held.awake).reshape(-1))


def _turnover(day: SeriesDay) -> Numbers:
    """Return each option's volume expected for the day in lots, `(2n,)`: most at the money, the sum a multiple of open interest."""
    F = float(day.curve.forward[0])
    away = (day.strike - F) / (F * max(float(day.curve.total[0]), 0.004))
    x = np.stack([away, -away])
    lively = np.where(
        x > 0, 0.12 + 1.5 * np.exp(-np.abs(x) / 1.2), 0.05 + 1.6 * np.exp(-np.abs(x) / 0.7)
    )
    open_interest = (day.held.start + day.held.end) / 2
    wanted = lively * (open_interest + 1)
    scale = TURNOVER[day.series.rank] * float(open_interest.sum()) / float(wanted.sum())
    return np.asarray((wanted * scale).reshape(-1))


def _force(traded: NDArray[np.bool_], day: SeriesDay, phase: NDArray[np.uint8]) -> None:
    """Let every option whose open interest changes trade at least once before it is settled for the day."""
    due = (day.held.start != day.held.end).reshape(-1) & ~traded[:-SETTLED].any(axis=0)
    column = np.flatnonzero(due)
    minute = (phase[0, column].astype(np.int64) * 7919 + column * 104_729) % (len(traded) - SETTLED)
    traded[minute, column] = True


def _extremes(
    day: SeriesDay, lots: Lots, price: Lots
) -> tuple[NDArray[np.uint16], NDArray[np.uint16]]:
    """Return how far each minute's high lies above its last price and its low below it, in ticks, 0 in one of few trades."""
    n, minutes = len(day.strike), day.market.minutes
    above, below = np.zeros(lots.shape, dtype=np.uint16), np.zeros(lots.shape, dtype=np.uint16)
    several = lots >= _SEVERAL
    rows = np.flatnonzero((several[:, :n] | several[:, n:]).any(axis=0))
    forward = day.curve.forward[: minutes * 60].reshape(minutes, 60)
    start = np.arange(minutes) * 60
    top, bottom = start + forward.argmax(axis=1), start + forward.argmin(axis=1)
    high, low = day.extremes(rows, top[:, None], bottom[:, None])
    columns = np.concatenate([rows, rows + n])
    busy, last = several[:, columns], price[:, columns]
    above[:, columns] = np.where(busy, np.clip(high - last, 0, _FARTHEST), 0)
    below[:, columns] = np.where(busy, np.clip(last - low, 0, _FARTHEST), 0)
    return above, below
