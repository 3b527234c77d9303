"""Which expiries and strikes are stored, for who asks for one that is not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Self

import pyarrow as pa
import pyarrow.compute as pc

from g6.adapters.parquet.arrays import array_of
from g6.adapters.parquet.columns import TYPES
from g6.domain.market.expiry import BIT
from g6.domain.schema.layout import Kind
from g6.errors import NothingToDo, UserError
from g6.studies.selection import EXPIRY_WORDS

__all__ = ["ALL_EXPIRIES", "ExpiryChoice", "StoredChoices"]

_NAMED = 6
_MASK = "bucket_mask"


@dataclass(frozen=True, slots=True)
class ExpiryChoice:
    """The expiries that rows are chosen by: days, and words for what an expiry is at each cycle.

    Attributes:
        days: The expiries' days.
        buckets: Names of buckets, such as this_week.
    """

    days: tuple[date, ...] = ()
    buckets: tuple[str, ...] = ()

    @classmethod
    def of(cls, expiry: str | date | Sequence[str | date] | None, kind: str) -> Self:
        """Read days and words, none where nothing is chosen.

        Raises:
            UserError: One of them is neither, or rows of that kind know no buckets.
        """
        if expiry is None:
            return cls()
        days: list[date] = []
        buckets: list[str] = []
        for value in (expiry,) if isinstance(expiry, str | date) else expiry:
            bucket = _bucket(value)
            if bucket:
                buckets.append(bucket)
            else:
                days.append(_day(value))
        if buckets and kind != Kind.CHAIN:
            raise UserError(
                f"rows of kind {kind} do not say which expiry is {buckets[0]}",
                "name the expiry's day, or ask for kind='chain'",
            )
        return cls(tuple(days), tuple(buckets))

    def __bool__(self) -> bool:
        """Tell whether anything is chosen."""
        return bool(self.days or self.buckets)

    @property
    def mask(self) -> int:
        """Return the bits of the buckets."""
        return sum(BIT[name] for name in set(self.buckets))

    def condition(self, column: str) -> pc.Expression:
        """Return the condition that rows of these expiries fulfil.

        Args:
            column: Holds the expiry of a row.
        """
        is_of_day = pc.field(column).isin(array_of(self.days, pa.date32()))
        if not self.buckets:
            return is_of_day
        bits = pc.bit_wise_and(pc.field(_MASK), pa.scalar(self.mask, TYPES["flags"]))
        return is_of_day | (bits != pa.scalar(0, TYPES["flags"]))


ALL_EXPIRIES = ExpiryChoice()
"""The choice of who names no expiry."""


def _bucket(value: str | date) -> str:
    """Return the bucket that a word names, empty where it names none."""
    if not isinstance(value, str):
        return ""
    word = value.strip().lower().replace(" ", "_")
    bucket = EXPIRY_WORDS.get(word, word)
    return bucket if bucket in BIT else ""


def _day(value: str | date) -> date:
    if isinstance(value, datetime):
        return value.date()
    try:
        return value if isinstance(value, date) else date.fromisoformat(value)
    except ValueError as error:
        raise UserError(
            f"{value!r} is no expiry", f"write it as 2026-11-20, or as one of {', '.join(BIT)}"
        ) from error


@dataclass(slots=True)
class StoredChoices:
    """The expiries and strikes of the rows that a question goes through.

    Attributes:
        expiries: The expiries that are asked for, all when none is.
        strikes: The lowest and the highest strike that are asked for.
        expiry_column: The column that expiries are chosen by, empty where rows have none.
    """

    expiries: ExpiryChoice
    strikes: tuple[float, float] | None
    expiry_column: str
    _days: set[date] = field(default_factory=set)
    _mask: int = 0
    _strikes: set[float] = field(default_factory=set)

    def add(self, table: pa.Table) -> None:
        """Remember what a day's rows have, before any is left out."""
        if self.expiries and self.expiry_column:
            days = pc.unique(table.column(self.expiry_column)).drop_null().to_pylist()
            self._days.update(days)
            if self.expiries.buckets:
                for mask in pc.unique(table.column(_MASK)).drop_null().to_pylist():
                    self._mask |= mask
            table = table.filter(self.expiries.condition(self.expiry_column))
        if self.strikes and "strike" in table.column_names:
            self._strikes.update(pc.unique(table.column("strike")).drop_null().to_pylist())

    def check(self, what: str) -> None:
        """Refuse a question for an expiry or a strike that no row has.

        Args:
            what: The rows, as a sentence names them.

        Raises:
            NothingToDo: It names those that there are.
        """
        lacking: list[object] = [day for day in self.expiries.days if day not in self._days]
        lacking += [name for name in self.expiries.buckets if not BIT[name] & self._mask]
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
