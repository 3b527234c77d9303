"""One series' trades on one day, minute by minute: who trades when, how much, at what price, and what open interest makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from g6.adapters.market.books import busyness, half_spread, ticks
from g6.adapters.market.contracts import lattice
from g6.adapters.market.expiries import Series
from g6.adapters.market.noise import words
from g6.adapters.market.paths import MarketDay
from g6.adapters.market.roots import Root
from g6.adapters.market.smile import Curve

SHARES = (
    (0.999, 0.96, 0.67, 0.42, 0.28),
    (0.90, 0.58, 0.45, 0.27, 0.07),
    (0.46, 0.28, 0.19, 0.10, 0.04),
    (0.06, 0.03, 0.02, 0.01, 0.005),
)
"""Share of options that trade in a quiet minute, by liquidity rank and by strikes from the money up to 3, 10, 20, 40 and more."""
TURNOVER = (3.5, 1.8, 0.9, 0.2)
"""A day's volume over open interest, by rank."""
SETTLED = 3
"""Minutes before the close from which open interest does not change any more, so that the last one published is the day's."""

_BANDS = (3, 10, 20, 40)
_EXPONENTIAL = -np.log1p(-(np.arange(256) + 0.5) / 256)
_MOST_TRADES = 60
_SWING = 0.03

Numbers = NDArray[np.float64]
Lots = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Held:
    """Open interest of a series at both ends of a day, `(2, n)` lots, and who has ever traded by its end."""

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    awake: NDArray[np.bool_]


@dataclass(frozen=True)
class Tape:
    """A series' day. Arrays are `(minutes, 2n)`, all calls before all puts: `lots` traded in the minute, `phase` of its trades (a
    byte), `price`, `high` and `low` in ticks, `last` the latest minute with a trade up to and including this one (-1 none),
    `interest` in lots after the minute. `first` `(2n,)` is the day's first price in ticks, 0 where nothing trades.
    """

    root: Root
    seed: int
    series: Series
    market: MarketDay
    curve: Curve
    strike: Numbers
    held: Held
    lots: Lots
    phase: NDArray[np.uint8]
    price: Lots
    high: Lots
    low: Lots
    last: NDArray[np.int16]
    interest: Lots

    @cached_property
    def own(self) -> Numbers:
        """A number in (0, 1) of each option's own, `(2, n)`: where its book's width, size and publication times begin."""
        return lattice(self.root, self.strike, self.seed, "book", self.series.expiry)

    @cached_property
    def first(self) -> Lots:
        """The day's first traded price of each option in ticks, 0 where it does not trade."""
        begun = self.lots > 0
        minute, column = begun.argmax(axis=0), np.arange(self.lots.shape[1])
        lots, phase = self.lots[minute, column], self.phase[minute, column]
        second = minute * 60 + trade_second(np.zeros_like(lots), lots, phase)
        return np.where(begun.any(axis=0), deal(self.root, self.series.rank, self.curve, self.market, self.strike, column, second,
                                                phase, np.zeros_like(lots)), 0)  # fmt: skip


def trades_in(lots: Lots) -> Lots:
    """Return how many trades make up a minute's lots."""
    return np.minimum(np.sqrt(lots).astype(np.int32), _MOST_TRADES)


def trade_second(number: Lots, lots: Lots, phase: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return the second within its minute of trade `number` (0 the first); trades are evenly spaced from a phase of their own."""
    count = np.maximum(trades_in(lots), 1)
    return np.asarray((60 * (number + (phase + 0.5) / 256) / count).astype(np.int64))


def trades_done(within: int, lots: Lots, phase: NDArray[np.uint8]) -> Lots:
    """Return how many of the minute's trades have happened by the end of second `within` of it."""
    count = trades_in(lots)
    return np.clip(np.ceil((within + 1) * count / 60 - (phase + 0.5) / 256), 0, count).astype(np.int32)


def deal(
    root: Root, rank: int, curve: Curve, market: MarketDay, strike: Numbers, column: NDArray[np.int64], second: NDArray[np.int64],
    phase: NDArray[np.uint8], number: Lots,
) -> Lots:  # fmt: skip
    """Return the prices in ticks of trades: column (calls, then puts), second of the session and number in its minute, `(m,)` each."""
    n = len(strike)
    call, put = curve.dealt(strike[column % n], second)
    value = np.where(column < n, call, put)
    half = half_spread(root, rank, value, busyness(market, second))
    sold, bought = ticks(value - half, value + half)
    return np.where((phase >> (number & 7).astype(np.uint8)) & 1, bought, np.maximum(sold, 1)).astype(np.int32)


def extremes(
    root: Root, rank: int, curve: Curve, market: MarketDay, strike: Numbers, top: NDArray[np.int64], bottom: NDArray[np.int64]
) -> tuple[Lots, Lots]:
    """Return high and low in ticks, calls before puts on the last axis, where the forward was highest in second `top` and lowest in
    `bottom` (`(m, 1)` each, of one minute).
    """
    sides = []
    for second in (top, bottom):
        busy = busyness(market, second)
        both = [(value, half_spread(root, rank, value, busy)) for value in curve.dealt(strike, second)]
        sides.append([ticks(value - half, value + half) for value, half in both])
    (call_top, put_top), (call_bottom, put_bottom) = sides
    high = np.concatenate([call_top[1], put_bottom[1]], axis=-1)
    low = np.concatenate([call_bottom[0], put_top[0]], axis=-1)
    return high, np.maximum(low, 1)


def tape(
    root: Root, seed: int, series: Series, market: MarketDay, curve: Curve, strike: Numbers, held: Held, halted: NDArray[np.bool_]
) -> Tape:
    """Return the day's tape; nothing trades in the minutes of `halted` `(minutes,)`."""
    lots, phase = _volumes(root, seed, series, market, curve, strike, held)
    lots[halted] = 0
    minute, column = np.nonzero(lots)
    traded, marks = lots[minute, column], phase[minute, column]
    number = trades_in(traded) - 1
    second = minute * 60 + trade_second(number, traded, marks)
    price = np.zeros_like(lots)
    price[minute, column] = deal(root, series.rank, curve, market, strike, column, second, marks, number)
    high, low = _extremes_by_minute(root, series, market, curve, strike, lots, price)
    last = np.maximum.accumulate(np.where(lots > 0, np.arange(len(lots), dtype=np.int16)[:, None], np.int16(-1)), axis=0)
    interest = _interest(root, seed, series, market, strike, held, last)
    return Tape(root, seed, series, market, curve, strike, held, lots, phase, price, high, low, last, interest)


def _volumes(
    root: Root, seed: int, series: Series, market: MarketDay, curve: Curve, strike: Numbers, held: Held
) -> tuple[Lots, NDArray[np.uint8]]:
    """Return lots by minute and the phases of their trades."""
    day, n = market.session.day, len(strike)
    pace = np.diff(market.passed[::60][: market.minutes + 1])
    relative = np.minimum(pace / np.median(pace[pace > 0]), 6.0)
    chance = _chances(root, seed, series, curve, strike, held)
    raw = words(market.minutes * n, seed, "trades", root.name, series.expiry, day).astype("<u8").view("<u4")
    raw = raw.reshape(market.minutes, 2 * n)
    within = -np.expm1(np.outer(relative, np.log1p(-chance)))
    traded = (raw & 0xFFFF) < (within * 65536).astype(np.uint32)
    phase = (raw >> 24).astype(np.uint8)
    _force(traded, held, phase)
    wanted = _turnover(root, series, curve, strike, held)
    size = np.outer(pace, wanted) / np.maximum(within, 0.02) * _EXPONENTIAL[(raw >> 16) & 0xFF]
    return np.where(traded, np.maximum(np.ceil(size), 1), 0).astype(np.int32), phase


def _chances(root: Root, seed: int, series: Series, curve: Curve, strike: Numbers, held: Held) -> Numbers:
    """Return each option's chance to trade in a quiet minute, `(2n,)`."""
    offset = np.arange(len(strike)) - int(np.abs(strike - curve.forward[0]).argmin())
    share = np.array(SHARES[series.rank])[np.searchsorted(_BANDS, np.abs(offset))]
    out = np.stack([offset, -offset]) > 0
    tilt = np.where(np.abs(offset) > 10, np.where(out, 1.3, 0.7), 1.0)
    own = 0.8 + 0.4 * lattice(root, strike, seed, "activity", series.expiry)
    chance = np.minimum(share * np.where(share > 0.9, 1.0, tilt * own), 0.9995)
    return (chance * held.awake).reshape(-1)


def _turnover(root: Root, series: Series, curve: Curve, strike: Numbers, held: Held) -> Numbers:
    """Return each option's volume expected for the day in lots, `(2n,)`: most at the money, the sum a multiple of open interest."""
    away = (strike - curve.forward[0]) / (curve.forward[0] * max(float(curve.total[0]), 0.004))
    x = np.stack([away, -away])
    lively = np.where(x > 0, 0.12 + 1.5 * np.exp(-np.abs(x) / 1.2), 0.05 + 1.6 * np.exp(-np.abs(x) / 0.7))
    open_interest = (held.start + held.end) / 2
    wanted = lively * (open_interest + 1)
    total = float(wanted.sum())
    scale = TURNOVER[min(series.rank, 3)] * float(open_interest.sum()) / total if total else 0.0
    return np.asarray((wanted * scale).reshape(-1))


def _force(traded: NDArray[np.bool_], held: Held, phase: NDArray[np.uint8]) -> None:
    """Let every option whose open interest changes trade at least once before it is settled for the day."""
    due = (held.start != held.end).reshape(-1) & ~traded[:-SETTLED].any(axis=0)
    column = np.flatnonzero(due)
    traded[(phase[0, column].astype(np.int64) * 7919 + column * 104_729) % (len(traded) - SETTLED), column] = True


def _extremes_by_minute(
    root: Root, series: Series, market: MarketDay, curve: Curve, strike: Numbers, lots: Lots, price: Lots
) -> tuple[Lots, Lots]:
    """Return high and low of each minute in ticks; a minute of one trade has its price, one without a trade 0 and a large number."""
    n, minutes = len(strike), market.minutes
    high, low = price.copy(), np.where(price > 0, price, np.iinfo(np.int32).max).astype(np.int32)
    several = lots >= 4
    rows = np.flatnonzero((several[:, :n] | several[:, n:]).any(axis=0))
    if not len(rows):
        return high, low
    forward = curve.forward[: minutes * 60].reshape(minutes, 60)
    start = np.arange(minutes) * 60
    top, bottom = start + forward.argmax(axis=1), start + forward.argmin(axis=1)
    found = extremes(root, series.rank, curve, market, strike[rows], top[:, None], bottom[:, None])
    columns = np.concatenate([rows, rows + n])
    busy = several[:, columns]
    high[:, columns] = np.where(busy, found[0], high[:, columns])
    low[:, columns] = np.where(busy, found[1], low[:, columns])
    return high, low


def _interest(
    root: Root, seed: int, series: Series, market: MarketDay, strike: Numbers, held: Held, last: NDArray[np.int16]
) -> Lots:
    """Return open interest after each minute: from the day's start to its end, more in the morning, swinging about the way; it
    changes with a trade only, and on expiry day it is built first and unwound after 14:30.
    """
    start, end = held.start.reshape(-1).astype(np.float64), held.end.reshape(-1).astype(np.float64)
    settled = market.minutes - SETTLED
    way = np.minimum(np.arange(1, market.minutes + 1) / settled, 1.0)
    phase = 2 * np.pi * lattice(root, strike, seed, "swing", series.expiry, market.session.day).reshape(-1)
    angle = 4 * np.pi * way
    swing = _SWING * np.minimum(start, end)
    level = np.outer(np.sin(angle) * (1 - way), swing * np.cos(phase)) + np.outer(
        (np.cos(angle) - 1) * (1 - way), swing * np.sin(phase)
    )
    if market.session.day == series.expiry:
        unwinding = max(0.0, market.fix / 60 - 60)
        gone = np.clip((np.arange(1, market.minutes + 1) - unwinding) / (settled - unwinding), 0, 1)
        built = 1 - np.exp(-np.arange(1, market.minutes + 1) / 70)
        level += start + np.outer(built * (1 - gone), 0.25 * start) + np.outer(gone, end - start)
    else:
        level += start + np.outer((1 - (1 - way) ** 1.6), end - start)
    level[way >= 1] = end
    settled_last = last[settled - 1]
    final = np.where(settled_last >= 0, settled_last, market.minutes)
    level = np.where(np.arange(market.minutes)[:, None] >= final, end, level)
    seen = np.take_along_axis(np.rint(np.maximum(level, 0)).astype(np.int32), np.maximum(last, 0).astype(np.int64), axis=0)
    return np.where(last >= 0, seen, start.astype(np.int32)).astype(np.int32)
