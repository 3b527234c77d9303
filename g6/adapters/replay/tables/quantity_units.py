"""A table's quantities count units or contracts, and G6 never guesses which without asking.

Exchanges trade whole lots, so that every figure in units is a multiple of its contract's lot.
Counts of contracts are multiples of it by chance alone, one in 65 for NIFTY, or they are round, and
then too small for units.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from math import gcd
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from g6.adapters.replay.tables.plausible import INDIA_MICROS
from g6.adapters.replay.tables.table_layout import TableLayout
from g6.adapters.replay.tables.table_parsing import OptionRows
from g6.domain.market.lots import lot_of
from g6.errors import BadInput, UnknownLot

Array = NDArray[np.float64]

FEWEST_MULTIPLES = 0.5
"""The share of multiples of the lot, below which figures do not count units."""
# Lots of the largest open interest of a table, below which it is too small to be in units. In the
# recorded chain of 19 Aug 2026 NIFTY's largest is 247,917 lots. A round lot (10, 20, 25, 50)
# divides many counts of contracts, so that only their size shows them. Counts of contracts named
# `oi` had been stored 65 times too small.
SMALL: Mapping[str, int] = MappingProxyType(
    {
        "NIFTY": 100,
        "BANKNIFTY": 200,
        "SENSEX": 500,
        "FINNIFTY": 50,
        "MIDCPNIFTY": 50,
        "NIFTYNXT50": 5,
        "BANKEX": 5,
    }
)


@dataclass(slots=True)
class _FigureTally:
    """Counts over the figures of one root and name.

    `count` have a known lot, of which `multiples` are multiples of it. `unknown` have none, and
    `divisor` is the greatest common one of theirs. `example` is no multiple of `lot`.
    """

    count: int = 0
    multiples: int = 0
    unknown: int = 0
    divisor: int = 0
    largest_lots: float = 0.0
    example: float = 0.0
    lot: int = 0


class UnitTally:
    """Counts, batch by batch, whether figures that nobody declared can be units."""

    def __init__(self, layout: TableLayout) -> None:
        self._declared = frozenset(layout.units)
        self._tallies: dict[tuple[str, str], _FigureTally] = {}

    def add(self, options: OptionRows) -> None:
        """Count the figures of a batch."""
        declared = self._declared | options.in_contracts
        undeclared = [
            name for name in ("oi", "volume") if name in options.figures and name not in declared
        ]
        if not undeclared:
            return
        lots = lots_of(options)
        for name in undeclared:
            figure = options.figures[name]
            for root in np.unique(options.index.astype(np.str_)).tolist():
                rows = (options.index == root) & np.isfinite(figure) & (figure > 0)
                if rows.any():
                    tally = self._tallies.setdefault((root, name), _FigureTally())
                    self._count(tally, figure[rows], lots[rows])

    @staticmethod
    def _count(tally: _FigureTally, figure: Array, lot: NDArray[np.int64]) -> None:
        covered = lot > 0
        whole = covered & (np.mod(figure, np.maximum(lot, 1)) == 0)
        tally.count += int(covered.sum())
        tally.multiples += int(whole.sum())
        tally.unknown += int((~covered).sum())
        if not covered.all():
            counts = np.unique(figure[~covered])
            integers = [int(value) for value in counts.tolist() if value.is_integer()]
            tally.divisor = gcd(tally.divisor, *integers) if len(integers) == len(counts) else 1
        if covered.any():
            largest = float(np.max(figure[covered] / lot[covered]))
            tally.largest_lots = max(tally.largest_lots, largest)
        odd = np.flatnonzero(covered & ~whole)
        if len(odd) and not tally.example:
            tally.example = float(figure[odd[0]])
            tally.lot = int(lot[odd[0]])

    def check(self, path: Path) -> None:
        """Refuse figures that cannot be units and were not declared.

        Raises:
            BadInput: They are such figures.
        """
        for (root, name), tally in self._tallies.items():
            if reason := self._doubt(root, name, tally):
                question = f"{reason}: does {name} count units or contracts?"
                one_each = "--unit volume=units,oi=contracts where they differ"
                fix = f"--unit contracts, or --unit units ({one_each})"
                raise BadInput(path, None, question, fix)

    def _doubt(self, root: str, name: str, tally: _FigureTally) -> str:
        """Return why the figures are no units, "" where they may be."""
        if tally.count and tally.multiples < FEWEST_MULTIPLES * tally.count:
            odd = f"{tally.example:.10g} for one is no multiple of {tally.lot}"
            share = f"{tally.multiples} of {tally.count} figures of {name}"
            return f"{share} are multiples of the lot of {root} ({odd})"
        if not tally.count and tally.divisor == 1:
            unknown = f"no lot of {root} is known for these contracts"
            return f"{unknown}, and the figures of {name} have no common one"
        tells_size = name == "oi" or (root, "oi") not in self._tallies
        if tells_size and tally.count and tally.largest_lots < SMALL.get(root, 0):
            largest = f"the largest {name} of {root} is {tally.largest_lots:g} lots"
            return f"{largest}, which is small for {root}"
        return ""


def lots_of(options: OptionRows) -> NDArray[np.int64]:
    """Return the lot of each row's contract on the row's day, 0 where it is not known."""
    day = (options.at + INDIA_MICROS) // 86_400_000_000
    expiry = options.expiry.astype(np.int64)
    roots, code = np.unique(options.index.astype(np.str_), return_inverse=True)
    combinations, place = np.unique(
        np.stack([code.astype(np.int64), expiry, day]), axis=1, return_inverse=True
    )
    lots = [_lot(str(roots[root]), int(ends), int(on)) for root, ends, on in combinations.T]
    return np.array(lots, dtype=np.int64)[np.ravel(place)]


@lru_cache(maxsize=4096)
def _lot(root: str, expiry: int, on: int) -> int:
    first = date(1970, 1, 1).toordinal()
    try:
        return lot_of(root, date.fromordinal(first + expiry), date.fromordinal(first + on))
    except UnknownLot:
        return 0
