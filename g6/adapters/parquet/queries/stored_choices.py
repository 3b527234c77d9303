"""Which expiries and strikes are stored, for who asks for one that is not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from g6.adapters.parquet.arrays import array_of
from g6.errors import NothingToDo

__all__ = ["StoredChoices"]

_NAMED = 6


@dataclass(slots=True)
class StoredChoices:
    """The expiries and strikes of the rows that a question goes through.

    Attributes:
        expiries: The expiries that are asked for, all when empty.
        strikes: The lowest and the highest strike that are asked for.
        expiry_column: The column that expiries are chosen by, empty where rows have none.
    """

    expiries: Sequence[date]
    strikes: tuple[float, float] | None
    expiry_column: str
    _days: set[date] = field(default_factory=set)
    _strikes: set[float] = field(default_factory=set)

    def add(self, table: pa.Table) -> None:
        """Remember what a day's rows have, before any is left out."""
        if self.expiries and self.expiry_column:
            days = pc.unique(table.column(self.expiry_column)).drop_null().to_pylist()
            self._days.update(days)
            chosen = array_of(self.expiries, pa.date32())
            table = table.filter(pc.is_in(table.column(self.expiry_column), chosen))
        if self.strikes and "strike" in table.column_names:
            self._strikes.update(pc.unique(table.column("strike")).drop_null().to_pylist())

    def check(self, what: str) -> None:
        """Refuse a question for an expiry or a strike that no row has.

        Args:
            what: The rows, as a sentence names them.

        Raises:
            NothingToDo: It names those that there are.
        """
        lacking = [day for day in self.expiries if day not in self._days]
        if lacking and self._days:
            days = ", ".join(map(str, sorted(self._days)))
            raise NothingToDo(
                f"no expiry {', '.join(map(str, lacking))} in the {what}", f"there are {days}"
            )
        if self.strikes and self._strikes:
            low, high = self.strikes
            if not any(low <= strike <= high for strike in self._strikes):
                raise NothingToDo(
                    f"no strike {_written(low, high)} in the {what}", self._near(low, high)
                )

    def _near(self, low: float, high: float) -> str:
        """Return the strikes around those that are asked for."""
        middle = (low + high) / 2
        near = sorted(sorted(self._strikes, key=lambda strike: abs(strike - middle))[:_NAMED])
        listed = ", ".join(f"{strike:g}" for strike in near)
        ladder = sorted(self._strikes)
        return f"the nearest are {listed}, of {ladder[0]:g} to {ladder[-1]:g}"


def _written(low: float, high: float) -> str:
    return f"{low:g}" if low == high else f"from {low:g} to {high:g}"
