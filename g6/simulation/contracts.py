"""The contracts of a root on a day: strikes that follow the closes, Kite's symbols and tokens, a side missing now and then."""

from __future__ import annotations

from datetime import date

import numpy as np
from numpy.typing import NDArray

from g6.domain.market.instrument import SIDES, Contracts, Future
from g6.simulation.expiries import ExpirySeries
from g6.simulation.noise import uniform
from g6.simulation.roots import ROOTS, Root

OPTION_TICK = 0.05
SEGMENTS = {"NSE": 1, "NFO": 2, "BSE": 4, "BFO": 5, "INDICES": 9}
"""Kite's segment numbers: an instrument's token is `exchange token * 256 + segment`."""
LATTICE = 2048
"""Strikes are numbered in steps from zero; every root's fit."""

_FAR_DAYS = 100
_SINGLE_SIDED = 0.012
_WEEKS = 512
_PLACES = 1 << 15
_MONTH_CODES = "123456789OND"


def strikes(
    root: Root, series: ExpirySeries, day: date, low: float, high: float
) -> NDArray[np.float64]:
    """Return the strikes of a series listed on `day`, ascending, `(n,)`.

    `low`, `high`: the range of the index's closes since the series was introduced, the last one included; every strike listed
    once stays, since the range only widens and the widths only grow as the expiry comes nearer.
    """
    far = (series.expiry - day).days > _FAR_DAYS
    grids = [_coarse(root, 20), _coarse(root, 10)] if series.quarterly and root.quarterlies else []
    if far:
        return grids[0] if series.month >= 12 else np.union1d(*grids)
    step = root.step * (2 if series.month >= root.coarse_from else 1)
    width = _width(root, series, day)
    grids.append(_grid(low * (1 - width), high * (1 + width), step))
    if root.outer:
        wide = (2 if root.coarse_from < 9 else 10) * root.step
        grids.append(_grid(root.level * (1 - root.outer), root.level * (1 + root.outer), wide))
    return np.unique(np.concatenate(grids))


def _coarse(root: Root, steps: int) -> NDArray[np.float64]:
    wide = steps * root.step
    return np.asarray(round(root.level / wide) * wide + wide * np.arange(-6.0, 7.0))


def _width(root: Root, series: ExpirySeries, day: date) -> float:
    weekly, *months = root.widths
    left = (series.expiry - day).days
    if series.month < 0:
        return weekly if left <= 14 else weekly * (0.7 if left > 21 else 0.78)
    return months[0] if left <= 35 else months[1] if left <= 63 else months[2]


def _grid(low: float, high: float, step: float) -> NDArray[np.float64]:
    return np.asarray(np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step)


def places(root: Root, strike: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return each strike's place on the root's lattice, `(n,)`: the address of what stays with a strike day after day."""
    return np.asarray(np.minimum(np.rint(strike / root.step), LATTICE - 1).astype(np.int64))


def lattice(root: Root, strike: NDArray[np.float64], *address: object) -> NDArray[np.float64]:
    """Return uniform numbers `(2, n)` that belong to (side, strike) and `address`, whatever else is listed."""
    return uniform(2 * LATTICE, root.name, *address).reshape(LATTICE, 2).T[:, places(root, strike)]


def contracts(
    root: Root, seed: int, listed: dict[ExpirySeries, NDArray[np.float64]], day: date
) -> Contracts:
    """Return the options of a root as listed on `day`: `listed` gives the strikes of each series, nearest first."""
    strike = np.concatenate(list(listed.values()))
    count = [len(each) for each in listed.values()]
    expiry = np.repeat(np.array([series.expiry for series in listed], dtype="datetime64[D]"), count)
    symbol, token = (
        np.full((2, len(strike)), "", dtype=object),
        np.zeros((2, len(strike)), dtype=np.int64),
    )
    start = 0
    for series, each in listed.items():
        stem, first = _stem(root, series), _token(root, series.expiry)
        kept = _sides(root, seed, series, each)
        for side, word in enumerate(SIDES):
            names = np.array([f"{stem}{k:g}{word}" for k in each.tolist()], dtype=object)
            numbers = first + ((np.rint(each / root.step).astype(np.int64) * 2 + side) << 8)
            symbol[side, start : start + len(each)] = np.where(kept[side], names, "")
            token[side, start : start + len(each)] = np.where(kept[side], numbers, 0)
        start += len(each)
    lots = np.repeat(
        np.array([root.lot(series.expiry, day) for series in listed], dtype=np.int64), count
    )
    return Contracts(
        root.name, expiry, strike, lots, np.full(len(strike), OPTION_TICK), symbol, token
    )


def futures(root: Root, listed: tuple[ExpirySeries, ...], day: date) -> tuple[Future, ...]:
    """Return the futures of the three serial months as listed on `day`."""
    return tuple(
        Future(
            f"{root.name}{series.expiry:%y%b}FUT".upper(),
            _token(root, series.expiry),
            series.expiry,
            root.lot(series.expiry, day),
            root.future_tick,
        )
        for series in listed
        if 0 <= series.month < 3
    )


def _stem(root: Root, series: ExpirySeries) -> str:
    if series.monthly:
        return f"{root.name}{series.expiry:%y%b}".upper()
    return f"{root.name}{series.expiry:%y}{_MONTH_CODES[series.expiry.month - 1]}{series.expiry:%d}"


def _token(root: Root, expiry: date) -> int:
    """Return the token of the expiry's future, its place 0: a block for each week, in it one for each root; reused after years."""
    before = [each for each in ROOTS.values() if each.derivatives == root.derivatives]
    base = sum(int(3 * each.level / each.step) for each in before[: before.index(root)])
    number = (expiry.toordinal() // 7 % _WEEKS) * _PLACES + base
    return number * 256 + SEGMENTS[root.derivatives]


def _sides(
    root: Root, seed: int, series: ExpirySeries, strike: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Return which sides are listed, `(2, n)`: far from the money one side is missing now and then."""
    draw = lattice(root, strike, seed, "single", series.expiry)
    kept = draw > _SINGLE_SIDED
    kept[:, np.abs(strike / root.level - 1) < 0.06] = True
    kept[1, ~kept[0]] = True
    return kept
