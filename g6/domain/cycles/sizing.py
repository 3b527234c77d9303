"""How much a day will take on the disk, before it is collected.

Measured on whole days of the simulated market: FINNIFTY, NIFTY and BANKNIFTY, window and chain,
60 s and 5 s. Later columns made the files of a day larger (NIFTY's whole chains: 15.1 MB where
12.7 were estimated), and the figures of a compacted day were fitted again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from g6.domain.cycles.plan import IndexPlan
from g6.domain.market.expiry import Resolution
from g6.domain.market.instrument import Contracts

PART = 30_000
"""Bytes of a unit's part without options: footer and header."""
PART_OPTION = 90
"""Bytes of each option in a part."""
PART_BEYOND = 26
"""Bytes in the header of a window's part for each strike beyond it: 324 strikes took 8,000."""
DAY = 140_000
"""Bytes of a compacted day without rows: its footer, and the headers of 386 cycles in it."""
DAY_SERIES = 200
"""Bytes of each contract's first row in a compacted day."""
NEAR_ROW = 58
"""Bytes of each later row near the money."""
FAR_ROW = 51
"""Bytes of each later row farther away."""
NEAR_STRIKES = 21
FINER = 0.08
"""Rows of shorter intervals are more alike: bytes a row fall with this power of the interval."""
CSV_LINE = 170
CSV_LINE_GREEKS = 295
CSV_HEADER = 255
PARTS_SHARE = 1.8
"""How many times larger than compacted a running day is in its segments, measured."""
OVERVIEW_DAY = 14_000
OVERVIEW_ROW = 250
OVERVIEW_LINE = 560


@dataclass(frozen=True, slots=True)
class Sizing:
    """Bytes that cycles of one or more indices take, and the options of one cycle.

    Attributes:
        parts: Bytes of the units' parts.
        compacted: Bytes of the same as compacted days.
        csv: Bytes of the CSV files.
    """

    options: int = 0
    parts: int = 0
    compacted: int = 0
    csv: int = 0

    def __add__(self, other: Sizing) -> Sizing:
        """Return both together."""
        return Sizing(
            self.options + other.options,
            self.parts + other.parts,
            self.compacted + other.compacted,
            self.csv + other.csv,
        )


def strikes(contracts: Contracts, resolved: Resolution) -> dict[str, int]:
    """Return how many strikes are listed in the expiry of each bucket.

    >>> from datetime import date
    >>> from g6.simulation.example_unit import CONTRACTS
    >>> resolved = Resolution((), {"this_week": date(2026, 8, 25)}, 1)
    >>> strikes(CONTRACTS, resolved)
    {'this_week': 41}
    """
    return {
        name: int(np.count_nonzero(contracts.expiry == np.datetime64(day, "D")))
        for name, day in resolved.buckets.items()
    }


def of_index(
    plan: IndexPlan,
    contracts: Contracts,
    resolved: Resolution,
    *,
    whole: bool,
    cycles: int,
    interval: int,
    greeks: bool,
) -> Sizing:
    """Return what cycles of one index take in one day.

    The strikes by which `collection.reach` widens a window are not known ahead and not counted.

    Args:
        whole: Whether every listed strike is collected, else the window.
        cycles: How many cycles the day has.
        interval: Seconds between them.
        greeks: Whether CSV files have columns of Greeks.

    >>> from datetime import date
    >>> from g6.simulation.example_unit import CONTRACTS
    >>> from g6.domain.market.instrument import INDICES
    >>> resolved = Resolution((), {"this_week": date(2026, 8, 25)}, 1)
    >>> plan = IndexPlan(INDICES["NIFTY"], ("this_week",))
    >>> day = {"whole": True, "cycles": 386, "interval": 60, "greeks": True}
    >>> of_index(plan, CONTRACTS, resolved, **day).options
    82
    """
    width = plan.strikes_itm + plan.strikes_otm + 1
    listed = strikes(contracts, resolved)
    distinct = {resolved.buckets[name]: count for name, count in listed.items()}
    collected = [count if whole else min(count, width) for count in distinct.values()]
    options = 2 * sum(collected)
    beyond = sum(distinct.values()) - sum(collected)
    near = 2 * sum(min(count, NEAR_STRIKES) for count in collected)
    lines = sum(min(count, width) for count in listed.values())
    line = CSV_LINE_GREEKS if greeks else CSV_LINE
    return Sizing(
        options,
        cycles * (PART + PART_OPTION * options + PART_BEYOND * beyond),
        _compacted(options, near, cycles, interval),
        lines * (CSV_HEADER + cycles * line),
    )


def of_wish(indices: int, options: int, expiries: int, *, cycles: int, interval: int) -> Sizing:
    """Return what a day of indices takes that are all alike, whole chains with Greeks.

    Args:
        indices: How many there are.
        options: Options of each.
        expiries: Expiries of each.
        cycles: How many cycles the day has.
        interval: Seconds between them.

    >>> of_wish(6, 414, 4, cycles=386, interval=60).options
    2484
    """
    strikes_of_expiry = options // (2 * expiries)
    near = 2 * expiries * min(strikes_of_expiry, NEAR_STRIKES)
    lines = expiries * min(strikes_of_expiry, NEAR_STRIKES)
    one = Sizing(
        options,
        cycles * (PART + PART_OPTION * options),
        _compacted(options, near, cycles, interval),
        lines * (CSV_HEADER + cycles * CSV_LINE_GREEKS),
    )
    return sum([one] * indices, of_overviews(indices, cycles))


def _compacted(options: int, near: int, cycles: int, interval: int) -> int:
    """Return the bytes of a compacted day of one index, `near` of its options near the money."""
    rows: float = (near * NEAR_ROW + (options - near) * FAR_ROW) * cycles * (interval / 60) ** FINER
    return round(DAY + DAY_SERIES * options + rows)


def of_overviews(indices: int, cycles: int) -> Sizing:
    """Return what the overviews of `cycles` cycles take.

    >>> of_overviews(indices=6, cycles=386).csv
    1300320
    """
    rows = indices * cycles
    return Sizing(
        compacted=OVERVIEW_DAY + OVERVIEW_ROW * rows, csv=OVERVIEW_LINE * (rows + indices)
    )
