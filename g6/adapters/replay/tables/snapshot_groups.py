"""The rows of all files of a table, compared with the rest of their snapshots."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
from numpy.typing import NDArray

from g6.adapters.replay.tables.plausible import (
    INDIA_MICROS,
    believable_spot,
    dear_price_reason,
    dear_prices,
    far_strike_reason,
    far_strikes,
)
from g6.adapters.replay.tables.windows import widths_of
from g6.domain.market.calendar import IST
from g6.domain.market.instrument import SIDES

Array = NDArray[np.float64]

DISPUTED = 0.005
"""The share of their median by which the spots of one instant differ when none is believed.

The first spot of an instant won before, and was 200 points off.
"""
_STRIKE_SCALE = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Spots:
    """The index by instant of one root: the median of its rows, and their spread in points."""

    at: NDArray[np.int64]
    median: Array
    spread: Array

    def disagreeing(self) -> int:
        """Return the number of instants whose rows differ."""
        return int(np.count_nonzero(self.spread > 0))

    def disputed(self) -> NDArray[np.bool_]:
        """Return the instants whose rows differ too much to be believed, as a mask."""
        return self.spread > DISPUTED * self.median


class SnapshotGroups:
    """The rows of all files, grouped by snapshot: one root at one instant."""

    def __init__(
        self,
        code: NDArray[np.intp],
        at: NDArray[np.int64],
        key: NDArray[np.int64],
        spot: Array,
        last: Array,
    ) -> None:
        self.code = code
        self.at = at
        self.key = key
        self._last = last
        order = np.lexsort((at, code))
        begins = np.ones(len(at), dtype=np.bool_)
        begins[1:] = (np.diff(code[order]) != 0) | (np.diff(at[order]) != 0)
        self._group = np.empty(len(at), dtype=np.intp)
        self._group[order] = np.cumsum(begins) - 1
        self._first = order[begins]
        self._middle = _medians(self._group, self.strike)
        self._spot = np.where(believable_spot(spot, self._middle[self._group]), spot, np.nan)
        self._median = _medians(self._group, self._spot)

    @property
    def strike(self) -> Array:
        """The strike of each row."""
        return (self.key // 2 % _STRIKE_SCALE) / 100.0

    @property
    def day(self) -> NDArray[np.int64]:
        """The expiry of each row, days since 1970."""
        return self.key // 2 // _STRIKE_SCALE

    def duplicates(self, implausible: Collection[int] = ()) -> dict[int, int]:
        """Return the place of the row that counts, by that of each later row of its option.

        Args:
            implausible: Places of rows that cannot be true: of these none counts.
        """
        believed = np.ones(len(self.at), dtype=np.bool_)
        believed[np.fromiter(implausible, np.intp, len(implausible))] = False
        places = np.flatnonzero(believed)
        order = places[np.lexsort((self.key[places], self._group[places]))]
        same = (np.diff(self._group[order]) == 0) & (np.diff(self.key[order]) == 0)
        first = np.arange(len(order))
        first[1:][same] = 0
        first = np.maximum.accumulate(first)
        later = np.flatnonzero(same) + 1
        return dict(zip(order[later].tolist(), order[first[later]].tolist(), strict=True))

    def option(self, place: int) -> tuple[str, str]:
        """Return the contract of a row, and its instant in India, in words."""
        # A property over all rows would be computed for each of them.
        contract, side = divmod(int(self.key[place]), 2)
        day, strike = divmod(contract, _STRIKE_SCALE)
        expiry = np.datetime64(day, "D")
        at = datetime.fromtimestamp(int(self.at[place]) / 1e6, IST)
        return f"{expiry} {strike / 100:g} {SIDES[side]}", f"{at:%Y-%m-%d %H:%M:%S} IST"

    def implausible(self) -> dict[int, str]:
        """Return place and reason of each row of another scale than the rest of its snapshot."""
        level = np.where(np.isfinite(self._median), self._median, self._middle)[self._group]
        strike = self.strike
        reasons: dict[int, str] = {}
        for place in np.flatnonzero(far_strikes(strike, level)).tolist():
            reasons[place] = far_strike_reason(strike[place], level[place])
        days = self.day - (self.at + INDIA_MICROS) // 86_400_000_000
        dear = dear_prices(self._last, self.key % 2, strike, level, days)
        for place in np.flatnonzero(dear).tolist():
            reason = dear_price_reason(self._last[place], strike[place], level[place])
            reasons.setdefault(place, reason)
        return reasons

    def has_rows(self, root: int) -> bool:
        """Return whether any row is of a root."""
        return bool((self.code == root).any())

    def select(self, keep: NDArray[np.bool_]) -> SnapshotGroups:
        """Return the table of the rows that `keep` selects."""
        if keep.all():
            return self
        return SnapshotGroups(
            self.code[keep], self.at[keep], self.key[keep], self._spot[keep], self._last[keep]
        )

    def expiries(self, root: int) -> frozenset[date]:
        """Return the distinct expiries of a root."""
        return frozenset(np.unique(self.day[self.code == root]).astype("datetime64[D]").tolist())

    def spots(self, root: int) -> Spots:
        """Return the index by instant."""
        low = np.full(len(self._first), np.inf)
        high = np.full(len(self._first), -np.inf)
        is_print = np.isfinite(self._spot)
        np.minimum.at(low, self._group[is_print], self._spot[is_print])
        np.maximum.at(high, self._group[is_print], self._spot[is_print])
        of_root = self.code[self._first] == root
        has_print = np.isfinite(low)
        spread = np.where(has_print, high - np.where(has_print, low, 0.0), 0.0)
        return Spots(self.at[self._first][of_root], self._median[of_root], spread[of_root])

    def widths(self, root: int, declared: int | None) -> Mapping[date, int]:
        """Return how many strikes each window that moves with the money holds, by expiry."""
        rows = self.code == root
        spot = self._median[self._group[rows]]
        return widths_of(self.at[rows], self.day[rows], self.strike[rows], spot, declared)


def _medians(group: NDArray[np.intp], values: Array) -> Array:
    """Return the median of the finite values of each group, NaN where it has none."""
    count = np.bincount(group, minlength=int(group.max()) + 1 if len(group) else 0)
    finite = np.bincount(group[np.isfinite(values)], minlength=len(count))
    ordered = values[np.lexsort((values, group))]  # NaN comes last in its group
    first = np.concatenate(([0], np.cumsum(count)[:-1]))
    last = len(ordered) - 1
    low = ordered[np.minimum(first + np.maximum((finite - 1) // 2, 0), last)]
    high = ordered[np.minimum(first + finite // 2, last)]
    return np.where(finite > 0, 0.5 * (low + high), np.nan)
