"""Whether a table's quantities count units or contracts: never guessed silently.

Exchanges trade whole lots, so that every figure in units is a multiple of its contract's lot. Counts of contracts are multiples
of it by chance alone, one in 65 for NIFTY; or they are round, and then too small for units.
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
"""The part of the figures that are multiples of the lot, below which they are no units."""
# Lots of the largest open interest of a table, below which it is too small to be in units. In the recorded chain of 19 Aug 2026
# NIFTY's largest is 247,917 lots. A round lot (10, 20, 25, 50) divides many counts of contracts, so that this is what shows them.
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
class _Figures:
    """What the figures of one root and name show: how many, how many are multiples of the lot, the largest, an example."""

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
        self._seen: dict[tuple[str, str], _Figures] = {}

    def add(self, options: OptionRows) -> None:
        """Look at the figures of a batch."""
        undeclared = [
            name for name in ("oi", "volume")
            if name in options.figures and name not in options.in_contracts and name not in self._declared
        ]  # fmt: skip
        if not undeclared:
            return
        lots = lots_of(options)
        for name in undeclared:
            figure = options.figures[name]
            for root in np.unique(options.index.astype(np.str_)).tolist():
                mine = (options.index == root) & np.isfinite(figure) & (figure > 0)
                if mine.any():
                    self._tell(
                        self._seen.setdefault((root, name), _Figures()), figure[mine], lots[mine]
                    )

    @staticmethod
    def _tell(seen: _Figures, figure: Array, lot: NDArray[np.int64]) -> None:
        covered = lot > 0
        whole = covered & (np.mod(figure, np.maximum(lot, 1)) == 0)
        seen.count += int(covered.sum())
        seen.multiples += int(whole.sum())
        seen.unknown += int((~covered).sum())
        if not covered.all():
            counts = np.unique(figure[~covered])
            integers = [int(value) for value in counts.tolist() if value.is_integer()]
            seen.divisor = gcd(seen.divisor, *integers) if len(integers) == len(counts) else 1
        if covered.any():
            seen.largest_lots = max(
                seen.largest_lots, float(np.max(figure[covered] / lot[covered]))
            )
        odd = np.flatnonzero(covered & ~whole)
        if len(odd) and not seen.example:
            seen.example, seen.lot = float(figure[odd[0]]), int(lot[odd[0]])

    def check(self, path: Path) -> None:
        """See that what was not declared can be units. Errors: BadInput, that asks for `--unit`."""
        for (root, name), seen in self._seen.items():
            if reason := self._doubt(root, name, seen):
                raise BadInput(
                    path,
                    None,
                    f"{reason}: does {name} count units or contracts?",
                    "--unit contracts, or --unit units (--unit volume=units,oi=contracts where they differ)",
                )

    def _doubt(self, root: str, name: str, seen: _Figures) -> str:
        if seen.count and seen.multiples < FEWEST_MULTIPLES * seen.count:
            odd = f"{seen.example:.10g} for one is no multiple of {seen.lot}"
            return f"{seen.multiples} of {seen.count} figures of {name} are multiples of the lot of {root} ({odd})"
        if not seen.count and seen.divisor == 1:
            return f"no lot of {root} is known for these contracts, and the figures of {name} have no common one"
        small = name == "oi" or (root, "oi") not in self._seen
        if small and seen.count and seen.largest_lots < SMALL.get(root, 0):
            return f"the largest {name} of {root} is {seen.largest_lots:g} lots, which is small for {root}"
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
