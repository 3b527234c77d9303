"""What a check looks at: a stored cycle beside the one before, or a day beside the one before."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from g6.domain.market.calendar import Calendar
from g6.domain.market.instrument import contract_keys
from g6.domain.quotes.quality_days import DayStatistics
from g6.domain.schema.chain import Chain
from g6.domain.schema.frame import Frame
from g6.domain.schema.words import Flag, Severity

__all__ = [
    "CycleCheck",
    "CycleRows",
    "DayCheck",
    "DayRows",
    "RowCounts",
    "is_failure",
    "share_outside",
    "strike_keys",
]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
RowCounts = tuple[int, int]
"""Rows that were looked at, and those that are wrong. No row: there was nothing to judge."""

NEAR_STRIKES = 5
"""Listed strikes from ATM within which options trade all day."""
SHORTEST_YEARS = 2 / 24 / 365
"""Expiries with less than two hours to their fix are priced too coarsely to be judged."""


@dataclass(frozen=True)
class CycleRows:
    """One stored cycle of an index.

    Attributes:
        day: The session day.
        chain: The cycle's chain.
        observed_at: Epoch seconds of each row `(n,)`.
        forward_spread: Points, of each row `(n,)`.
        spot_source: How the index is known, as the rows say it.
        before: The chain of the cycle before on that day, None of the first.
        overview: Figures of the cycle's overview row, empty where it has none.
    """

    day: date
    chain: Chain
    observed_at: Array
    forward_spread: Array
    spot_source: str
    before: Chain | None = None
    overview: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(
        cls, day: date, frame: Frame, before: Chain | None, overview: Mapping[str, float]
    ) -> CycleRows:
        """Return the cycle of a stored chain that has rows."""
        return cls(
            day=day,
            chain=Chain.of_rows(frame),
            observed_at=frame.columns["observed_at"].astype(np.float64, copy=False),
            forward_spread=frame.columns["forward_spread"].astype(np.float64, copy=False),
            spot_source=str(frame.columns["spot_source"][0]),
            before=before,
            overview=overview,
        )

    @cached_property
    def flags(self) -> NDArray[np.int64]:
        """Quality bits of the options that are listed `(2, n)`, 0 of others."""
        flags: NDArray[np.int64] = np.where(
            self.chain.is_listed, self.chain.sides["quality"].astype(np.int64), 0
        )
        return flags

    @cached_property
    def is_timely(self) -> Mask:
        """Which strikes have some hours to their fix `(n,)`."""
        return np.asarray(self.chain.years > SHORTEST_YEARS)

    @cached_property
    def is_near(self) -> Mask:
        """Which listed options are near the money and have some hours to go `(2, n)`."""
        rows = (np.abs(self.chain.offset) <= NEAR_STRIKES) & self.is_timely
        return np.asarray(self.chain.is_listed & rows)

    @cached_property
    def is_live(self) -> Mask:
        """Which options were observed while the cycle ran, not brought in later `(2, n)`."""
        return ~np.isin(self.chain.sides["source"].astype(str), ("backfill", "import"))

    @cached_property
    def matched(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Places of the strikes of this cycle and of the one before that both have."""
        if self.before is None:
            none = np.zeros(0, dtype=np.intp)
            return none, none
        _, now, then = np.intersect1d(
            strike_keys(self.chain), strike_keys(self.before), return_indices=True
        )
        return now, then

    def side_pair(self, name: str) -> tuple[Array, Array]:
        """Return a quantity of the matched strikes `(2, k)`, now and in the cycle before."""
        now, then = self.matched
        before = self.chain if self.before is None else self.before
        return self.chain.sides[name][:, now], before.sides[name][:, then]

    def flagged(self, flag: Flag) -> Mask:
        """Return which options carry a flag `(2, n)`."""
        return np.asarray(self.flags & flag.value != 0)


def strike_keys(chain: Chain) -> NDArray[np.int64]:
    """Return a number for each row of a chain, which grows with expiry and strike."""
    days = np.array([expiry.day for expiry in chain.expiries], dtype="datetime64[D]")
    return contract_keys(chain.per_row(days), chain.strike)


@dataclass(frozen=True, slots=True)
class DayRows:
    """One stored day of an index.

    Attributes:
        index: The underlying's name.
        day: The session day.
        calendar: Sessions and holidays.
        instants: Epoch seconds of the overview rows, ascending.
        is_ok: Which of them are OK.
        spots: The index at each chain, NaN where it is not live.
        prev_close: The previous session's close, as the source gives it.
        statistics: What the day is summed up as.
        before: The statistics of the checked day before, None without one.
        agreement: Shares that agree with the exchange's end-of-day file, empty without one.
    """

    index: str
    day: date
    calendar: Calendar
    instants: Array
    is_ok: Mask
    spots: Array
    prev_close: float
    statistics: DayStatistics
    before: DayStatistics | None = None
    agreement: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CycleCheck:
    """A check of each cycle.

    Attributes:
        name: Its name in every answer.
        sentence: What is wrong where it fails.
        condition: When it fails, in words.
        severity: How urgent that is.
        rule: Counts the rows that are looked at and those that are wrong.
        allowed: The share of the rows that may be wrong.
    """

    name: str
    sentence: str
    condition: str
    severity: Severity
    rule: Callable[[CycleRows], RowCounts]
    allowed: float = 0.0


@dataclass(frozen=True, slots=True)
class DayCheck:
    """A check of a whole day, with the fields of `CycleCheck`."""

    name: str
    sentence: str
    condition: str
    severity: Severity
    rule: Callable[[DayRows], RowCounts]
    allowed: float = 0.0


def is_failure(check: CycleCheck | DayCheck, counts: RowCounts) -> bool:
    """Tell whether more rows are wrong than a check allows."""
    rows, wrong = counts
    return wrong > check.allowed * rows


def share_outside(ratios: Sequence[float], most: float) -> RowCounts:
    """Count the ratios that are known, and those that lie beyond `most` or below its inverse.

    >>> share_outside([1.0, float("nan"), 6.0], 5.0)
    (2, 1)
    """
    finite = [ratio for ratio in ratios if np.isfinite(ratio)]
    return len(finite), sum(not 1 / most <= ratio <= most for ratio in finite)
