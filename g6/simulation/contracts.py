"""The contracts of a root on a day, with Kite's symbols and tokens.

Their strikes follow the closes of the index, and a side is missing now and then.
"""

from __future__ import annotations

from datetime import date

import numpy as np
from numpy.typing import NDArray

from g6.domain.market.instrument import INVENTED, SIDES, Contracts, Future
from g6.simulation.expiries import ExpirySeries
from g6.simulation.noise import uniform
from g6.simulation.roots import ROOTS, Root

OPTION_TICK = 0.05
SEGMENTS = {"NSE": 1, "NFO": 2, "BSE": 4, "BFO": 5, "INDICES": 9}
"""Kite's segment numbers: an instrument's token is `exchange token * 256 + segment`."""
LATTICE = 2048
"""How many strikes the lattice has: they are numbered in steps from zero, and every root's fit."""

_FAR_DAYS = 100
# A real dump of 18 August 2026 had 28 strikes with one side only among its 39,941 rows.
_SINGLE_SIDED = 0.012
_INVENTED_SEGMENTS = 100
_WEEKS = 512
_TOKENS_A_WEEK = 1 << 15
_MONTH_CODES = "123456789OND"

Numbers = NDArray[np.float64]


def listed_strikes(root: Root, series: ExpirySeries, day: date, low: float, high: float) -> Numbers:
    """Return the strikes of a series listed on `day`, ascending, shape (n,).

    `low` and `high` are the range of the index's closes since the series was introduced, the last
    one included.
    """
    # A strike that was listed once stays listed: the range only widens, and the widths only grow
    # as the expiry comes nearer.
    far = (series.expiry - day).days > _FAR_DAYS
    grids = []
    if series.quarterly and root.quarterlies:
        grids = [_coarse_grid(root, 20), _coarse_grid(root, 10)]
    if far:
        return grids[0] if series.month >= 12 else np.union1d(*grids)
    step = root.step * (2 if series.month >= root.coarse_from else 1)
    width = _width(root, series, day)
    grids.append(_grid(low * (1 - width), high * (1 + width), step))
    if root.outer:
        wide = (2 if root.coarse_from < 9 else 10) * root.step
        grids.append(_grid(root.level * (1 - root.outer), root.level * (1 + root.outer), wide))
    return np.unique(np.concatenate(grids))


def _coarse_grid(root: Root, steps: int) -> Numbers:
    wide = steps * root.step
    return np.asarray(round(root.level / wide) * wide + wide * np.arange(-6.0, 7.0))


def _width(root: Root, series: ExpirySeries, day: date) -> float:
    weekly, *months = root.widths
    days_left = (series.expiry - day).days
    if series.month < 0:
        if days_left <= 14:
            return weekly
        return weekly * (0.7 if days_left > 21 else 0.78)
    if days_left <= 35:
        return months[0]
    return months[1] if days_left <= 63 else months[2]


def _grid(low: float, high: float, step: float) -> Numbers:
    return np.asarray(np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step)


def lattice_rows(root: Root, strike: Numbers) -> NDArray[np.int64]:
    """Return where each strike stands on the root's lattice, shape (n,)."""
    return np.asarray(np.minimum(np.rint(strike / root.step), LATTICE - 1).astype(np.int64))


def draws_by_strike(root: Root, strike: Numbers, *address: object) -> Numbers:
    """Return uniform numbers, shape (2, n), that belong to (side, strike) and `address`."""
    # The whole lattice is drawn, so that a number stays with its strike whatever else is listed.
    draws = uniform(2 * LATTICE, root.name, *address).reshape(LATTICE, 2).T
    return draws[:, lattice_rows(root, strike)]


def option_contracts(
    root: Root, seed: int, strikes_of: dict[ExpirySeries, Numbers], day: date
) -> Contracts:
    """Return the options of a root as listed on `day`.

    `strikes_of` gives the strikes of each series, nearest first.
    """
    strike = np.concatenate(list(strikes_of.values()))
    count = list(map(len, strikes_of.values()))
    dates = np.array([series.expiry for series in strikes_of], dtype="datetime64[D]")
    lots = np.array([root.lot(series.expiry, day) for series in strikes_of], dtype=np.int64)
    symbol = np.full((2, len(strike)), "", dtype=object)
    token = np.zeros((2, len(strike)), dtype=np.int64)
    start = 0
    for series, strikes in strikes_of.items():
        columns = slice(start, start + len(strikes))
        is_listed = _listed_sides(root, seed, series, strikes)
        symbol[:, columns] = np.where(is_listed, _symbols(root, series, strikes), "")
        token[:, columns] = np.where(is_listed, _tokens(root, series, strikes), 0)
        start += len(strikes)
    return Contracts(
        root.name,
        np.repeat(dates, count),
        strike,
        np.repeat(lots, count),
        np.full(len(strike), OPTION_TICK),
        symbol,
        token,
    )


def futures(root: Root, listed: tuple[ExpirySeries, ...], day: date) -> tuple[Future, ...]:
    """Return the futures of the three serial months as listed on `day`."""
    return tuple(_future(root, series, day) for series in listed if 0 <= series.month < 3)


def _future(root: Root, series: ExpirySeries, day: date) -> Future:
    return Future(
        f"{root.name}{series.expiry:%y%b}FUT".upper(),
        _first_token(root, series.expiry),
        series.expiry,
        root.lot(series.expiry, day),
        root.future_tick,
    )


def _symbols(root: Root, series: ExpirySeries, strikes: Numbers) -> NDArray[np.object_]:
    stem = _stem(root, series)
    numbers = [f"{stem}{strike:g}" for strike in strikes.tolist()]
    return np.array([[number + side for number in numbers] for side in SIDES], dtype=object)


def _stem(root: Root, series: ExpirySeries) -> str:
    # A monthly's symbol has no day: its date stands in the dump's column of expiries alone.
    if series.monthly:
        return f"{root.name}{series.expiry:%y%b}".upper()
    return f"{root.name}{series.expiry:%y}{_MONTH_CODES[series.expiry.month - 1]}{series.expiry:%d}"


def _tokens(root: Root, series: ExpirySeries, strikes: Numbers) -> NDArray[np.int64]:
    first = _first_token(root, series.expiry)
    doubled = np.rint(strikes / root.step).astype(np.int64) * 2
    return first + (np.stack([doubled, doubled + 1]) << 8)


def _first_token(root: Root, expiry: date) -> int:
    """Return the token of the expiry's future, the first of its block.

    Every week has a block, and in it every root.
    """
    # Kite reuses the tokens of derivatives after their expiry too. Here 512 weeks lie between.
    week = (expiry.toordinal() // 7 % _WEEKS) * _TOKENS_A_WEEK
    if root.name in INVENTED:
        # A week's block is too small for sixty roots more: each has a segment of its own.
        return week * 256 + _INVENTED_SEGMENTS + INVENTED.index(root.name)
    neighbours = [other for other in ROOTS.values() if other.derivatives == root.derivatives]
    base = 0
    for other in neighbours[: neighbours.index(root)]:
        base += int(3 * other.level / other.step)
    return (week + base) * 256 + SEGMENTS[root.derivatives]


def _listed_sides(
    root: Root, seed: int, series: ExpirySeries, strike: Numbers
) -> NDArray[np.bool_]:
    """Return which sides are listed, shape (2, n).

    Far from the money one side is missing now and then.
    """
    draws = draws_by_strike(root, strike, seed, "single", series.expiry)
    is_listed = draws > _SINGLE_SIDED
    is_listed[:, np.abs(strike / root.level - 1) < 0.06] = True
    is_listed[1, ~is_listed[0]] = True
    return is_listed
