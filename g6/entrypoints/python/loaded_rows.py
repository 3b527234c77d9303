"""The rows of a data frame that `g6.load` returned, as studies read stored rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from g6.adapters.clocks import wall_now
from g6.domain.cycles.cycle import Unit, isoformat_z
from g6.domain.market.calendar import IST
from g6.domain.market.instants import MarketTime
from g6.domain.schema.frame import ColumnValues, Frame
from g6.domain.schema.layout import Kind
from g6.domain.schema.rows import CHAIN, OVERVIEW, Column
from g6.errors import NothingToDo, UserError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["LoadedRows"]

_KINDS: Mapping[Kind, tuple[Column, ...]] = {Kind.CHAIN: CHAIN, Kind.OVERVIEW: OVERVIEW}
_MARKS = {Kind.CHAIN: "strike", Kind.OVERVIEW: "expiry_nearest"}
"""A column by which a frame of each kind is known."""
_NAMED = 4


@dataclass(frozen=True, slots=True)
class LoadedRows:
    """Answers what `StoredReader` is asked, from one data frame.

    Attributes:
        kind: `chain` or `overview`.
        rows: The frame, sorted as it is stored.
        instants: Its cycles as epoch seconds, shape (n,).
    """

    kind: Kind
    rows: pd.DataFrame
    instants: NDArray[np.float64]

    @classmethod
    def of(cls, table: pd.DataFrame) -> LoadedRows:
        """Return the rows of a frame.

        Raises:
            UserError: It is no whole frame of `g6.load`.
        """
        kind = next((kind for kind, mark in _MARKS.items() if mark in table.columns), None)
        if kind is None:
            raise UserError(
                "this frame has no stored chains or overview rows",
                'load them: g6.load("NIFTY", "2026-11-20")',
            )
        lacking = [column.name for column in _KINDS[kind] if column.name not in table.columns]
        if lacking:
            more = f" and {len(lacking) - _NAMED} more" if len(lacking) > _NAMED else ""
            raise UserError(
                f"this frame lacks the columns {', '.join(lacking[:_NAMED])}{more}",
                "load it without columns=, in the wide shape",
            )
        order = ["timestamp", "expiry", "strike"] if kind is Kind.CHAIN else ["timestamp"]
        rows = table.sort_values(order, kind="stable")
        return cls(kind, rows, _instants(rows["timestamp"]))

    @property
    def place(self) -> str:
        """Return what the rows are called in errors."""
        return "this frame"

    def only_index(self) -> str:
        """Return the index of all rows.

        Raises:
            UserError: There are several.
            NothingToDo: There is no row.
        """
        names = sorted(map(str, self.rows["underlying"].unique()))
        if not names:
            raise NothingToDo("this frame has no row", "choose other rows, or load a day")
        if len(names) > 1:
            raise UserError(f"this frame has {', '.join(names)}", 'name one, such as index="NIFTY"')
        return names[0]

    def market_time(self) -> MarketTime:
        """Return what `11:02` or `-5m` count from: the newest instant of the rows."""
        return MarketTime(self._newest, self._newest, wall_now)

    def _newest(self) -> datetime:
        return self.last_cycle() or wall_now()

    def last_cycle(self) -> datetime | None:
        """Return the newest instant."""
        if not len(self.instants):
            return None
        return datetime.fromtimestamp(self.instants.max(), UTC)

    def cycles(self, first: datetime, last: datetime) -> Mapping[str, frozenset[str]]:
        """Return the indices of the rows by cycle."""
        is_inside = (self.instants >= first.timestamp()) & (self.instants <= last.timestamp())
        indices: dict[float, set[str]] = {}
        names = self.rows["underlying"].astype(str).to_numpy()[is_inside]
        for instant, name in zip(self.instants[is_inside].tolist(), names, strict=True):
            indices.setdefault(instant, set()).add(name)
        return {
            isoformat_z(datetime.fromtimestamp(instant, UTC)): frozenset(indices[instant])
            for instant in sorted(indices)
        }

    def chain(self, unit: Unit) -> Frame | None:
        """Return the chain of a unit.

        Raises:
            UserError: The rows are no chains.
        """
        self._check(Kind.CHAIN)
        # The rows are sorted by instant.
        instant = unit.instant.timestamp()
        first = int(np.searchsorted(self.instants, instant, "left"))
        last = int(np.searchsorted(self.instants, instant, "right"))
        rows = self.rows.iloc[first:last]
        rows = rows[rows["underlying"].astype(str) == unit.index]
        if not len(rows):
            return None
        columns = {column.name: _values(rows[column.name], column) for column in CHAIN}
        return Frame({"stamp": {"cycle": unit.cycle}}, columns)

    def chain_columns(self, unit: Unit, names: Sequence[str]) -> Frame | None:  # noqa: ARG002
        """Return the chain of a unit with all of its columns: they are there."""
        return self.chain(unit)

    def chains(self, units: Sequence[Unit]) -> Iterator[Frame | None]:
        """Yield the chain of each unit."""
        yield from map(self.chain, units)

    def overview(
        self, index: str, first: date, until: datetime, columns: Sequence[str], at: datetime | None
    ) -> Frame:
        """Return overview rows of an index up to an instant, oldest first.

        Raises:
            UserError: The rows are of no overview, or there is no such column.
        """
        self._check(Kind.OVERVIEW)
        kinds = {column.name: column for column in OVERVIEW}
        for name in columns:
            if name not in kinds:
                raise UserError(f"there is no column {name!r}", "see docs/reference/columns.md")
        starts = datetime.combine(first, datetime.min.time(), IST).timestamp()
        is_inside = (self.instants >= starts) & (self.instants <= until.timestamp())
        is_inside &= self._is_of(index)
        if at is not None:
            is_inside &= _instants(self.rows["observed_at"]) <= at.timestamp()
        rows = self.rows[is_inside]
        return Frame(
            {}, {name: _values(rows[name], kinds[name]) for name in ("timestamp", *columns)}
        )

    def freeze_quantity(self, root: str, day: date) -> tuple[int, date] | None:  # noqa: ARG002
        """Return nothing: no file of the exchange is kept with a frame."""
        return None

    def _is_of(self, index: str) -> NDArray[np.bool_]:
        return np.asarray(self.rows["underlying"].astype(str).to_numpy() == index)

    def _check(self, kind: Kind) -> None:
        if self.kind is not kind:
            raise UserError(
                f"this picture needs {kind} rows, and the frame has {self.kind} rows",
                f'g6.load(…, kind="{kind}")',
            )


def _instants(column: pd.Series) -> NDArray[np.float64]:
    import pandas as pd

    stamps = pd.to_datetime(column, utc=True)
    seconds = (stamps - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(seconds=1)
    return np.asarray(seconds, dtype=np.float64)


def _days(column: pd.Series) -> ColumnValues:
    return np.asarray(column.to_numpy().astype("datetime64[D]"))


def _texts(column: pd.Series) -> ColumnValues:
    texts = column.astype(object)
    return np.asarray(texts.where(texts.notna(), ""), dtype=object)


def _flags(column: pd.Series) -> ColumnValues:
    return np.asarray(column.fillna(0), dtype=np.int64)


def _numbers(column: pd.Series) -> ColumnValues:
    return np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan))


_READ: Mapping[str, Callable[[pd.Series], ColumnValues]] = {
    "instant": _instants,
    "date": _days,
    "text": _texts,
    "flags": _flags,
    "float": _numbers,
    "iv": _numbers,
    "integer": _numbers,
}


def _values(column: pd.Series, described: Column) -> ColumnValues:
    return _READ[described.kind](column)
