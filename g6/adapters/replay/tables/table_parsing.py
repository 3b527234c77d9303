"""The rows of a table, one per option and instant, become arrays.

Each row that cannot be read is named. The columns are those of the layout. Quantities count units,
but `volume_contracts`, `oi_contracts`, `oi_change_contracts` and the columns that the layout names
count contracts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from g6.adapters.replay.malformed import Malformed
from g6.adapters.replay.market_snapshot import Rows, root_of
from g6.adapters.replay.tables.plausible import doubtful_rows
from g6.adapters.replay.tables.table_layout import CLOCKS, FORMS, NUMBERS, TableLayout
from g6.domain.market.calendar import IST
from g6.domain.quotes import cells

Array = NDArray[np.float64]

_BLANKS: Mapping[object, object] = {object: "", "datetime64[D]": date(1970, 1, 1)}
"""The value of a cell that cannot be parsed, by the kind of its column. Of numbers it is 0."""


@dataclass(frozen=True, slots=True)
class OptionRows:
    """Rows of a table. Every array is `(m,)`.

    `at` is in epoch microseconds, `side` 0 for CE and 1 for PE, `spot` in points. `row` is the
    place in the file, from 1, without the header. The rest is as in `market_snapshot.Rows`.
    """

    at: NDArray[np.int64]
    index: NDArray[np.object_]
    expiry: NDArray[np.datetime64]
    strike: Array
    side: NDArray[np.intp]
    spot: Array
    figures: Mapping[str, Array]
    in_contracts: frozenset[str]
    row: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.at)

    def take(self, rows: NDArray[Any]) -> OptionRows:
        """Return the rows that a mask or positions select."""
        return OptionRows(
            at=self.at[rows],
            index=self.index[rows],
            expiry=self.expiry[rows],
            strike=self.strike[rows],
            side=self.side[rows],
            spot=self.spot[rows],
            figures={name: figure[rows] for name, figure in self.figures.items()},
            in_contracts=self.in_contracts,
            row=self.row[rows],
        )

    @classmethod
    def join(cls, parts: Sequence[OptionRows]) -> OptionRows:
        """Return the rows of several batches as one. A figure that a file lacks is NaN there."""
        figures = sorted({name for part in parts for name in part.figures})

        def column(part: OptionRows, name: str) -> Array:
            return part.figures.get(name, np.full(len(part), np.nan))

        columns = {
            name: np.concatenate([getattr(part, name) for part in parts])
            for name in ("at", "index", "expiry", "strike", "side", "spot", "row")
        }
        by_name = {name: np.concatenate([column(part, name) for part in parts]) for name in figures}
        in_contracts = frozenset().union(*(part.in_contracts for part in parts))
        return cls(**columns, figures=by_name, in_contracts=in_contracts)

    def rows(self) -> Rows:
        """Return the rows as one snapshot's."""
        return Rows(self.expiry, self.strike, self.side, self.figures, self.in_contracts)


@dataclass(slots=True)
class Losses:
    """The rows that cannot be used.

    `reasons` has the first reason by row. `others` counts rows by names that are no index.
    """

    reasons: dict[int, str] = field(default_factory=dict)
    others: Counter[str] = field(default_factory=Counter)
    other_rows: set[int] = field(default_factory=set)


def parse_table(
    table: pa.Table,
    before: int = 0,
    layout: TableLayout | None = None,
    losses: Losses | None = None,
    rows: NDArray[np.int64] | None = None,
) -> OptionRows:
    """Return the options of a table, or of a batch that follows `before` rows of it.

    `rows` numbers the rows of a batch with gaps. Else they count from 1. With `losses` an
    unreadable row is left out and added there.

    Raises:
        Malformed: A column is missing, or without `losses` a row cannot be read.
    """
    layout = layout or TableLayout()
    columns = layout.columns_of(table.column_names)
    number = np.arange(before + 1, before + table.num_rows + 1) if rows is None else rows
    batch = _Batch(table, number, columns, layout, losses or Losses())
    options = batch.options()
    if losses is None and (batch.losses.reasons or batch.losses.others):
        raise _first_loss(batch.losses)
    return options


def _first_loss(losses: Losses) -> Malformed:
    reasons = dict(losses.reasons)
    if losses.other_rows and (not reasons or min(losses.other_rows) < min(reasons)):
        name = next(iter(losses.others))
        try:
            root_of(name)
        except Malformed as error:
            return Malformed(min(losses.other_rows), error.reason)
    row = min(reasons)
    return Malformed(row, reasons[row])


@dataclass(slots=True)
class _Batch:
    """A batch of rows while it is parsed. `number` has their places in the file."""

    table: pa.Table
    number: NDArray[np.int64]
    columns: Mapping[str, str]
    layout: TableLayout
    losses: Losses

    def options(self) -> OptionRows:
        """Return the rows that could be read."""
        numbers, in_contracts = self._figures()
        strike = self._numbers("strike")
        self._lose(~(strike > 0), "strike is missing or not positive")
        at = self._values(
            "timestamp", _reader(self.layout, "timestamp"), np.int64, self._instants()
        )
        index = self._index()
        expiry = self._values("expiry", _reader(self.layout, "expiry"), "datetime64[D]")
        words = self.layout.side_words()
        side = self._values("option_type", lambda value: cells.side(str(value), words), np.intp)
        spot = numbers.pop("spot", np.full(len(self.number), np.nan))
        every = OptionRows(
            at, index, expiry, strike, side, spot, numbers, in_contracts, self.number
        )
        for n, reason in doubtful_rows(index, at, expiry, strike):
            self.losses.reasons.setdefault(int(self.number[n]), reason)
        for row in self.losses.other_rows:
            self.losses.reasons.pop(row, None)  # other faults of a foreign row do not matter
        if not (self.losses.reasons or self.losses.other_rows):
            return every
        lost = self.losses.reasons.keys() | self.losses.other_rows
        return every.take(~np.isin(self.number, np.fromiter(lost, np.int64, len(lost))))

    def _figures(self) -> tuple[dict[str, Array], frozenset[str]]:
        """Return figures by name, and the names of those that count contracts."""
        columns = {}
        for figure, names in NUMBERS.items():
            columns[figure] = next((name for name in names if name in self.columns), "")
        numbers = {figure: self._numbers(name) for figure, name in columns.items() if name}
        for name in ("volume", "oi"):
            numbers.setdefault(name, np.full(len(self.number), np.nan))
        for name in ("last", "bid", "ask", "exchange_iv", "open", "high", "low", "close"):
            if name in numbers:
                numbers[name] = np.where(numbers[name] > 0, numbers[name], np.nan)
        if "exchange_iv" in numbers:
            numbers["exchange_iv"] /= 100.0
        in_contracts = self._in_contracts(columns)
        if "oi_change" in numbers:
            if ("oi_change" in in_contracts) != ("oi" in in_contracts):
                mixed = "counts open interest in contracts and its change in units"
                raise Malformed(None, f"{mixed}, or the other way round")
            numbers["oi_prev"] = numbers["oi"] - numbers.pop("oi_change")
            in_contracts.discard("oi_change")
            if "oi" in in_contracts:
                in_contracts.add("oi_prev")
        return numbers, frozenset(in_contracts)

    def _in_contracts(self, columns: Mapping[str, str]) -> set[str]:
        """Return the figures that count contracts, by the layout or by their columns' names."""
        figures = set()
        for figure, name in columns.items():
            by_name = "contracts" if name.endswith("_contracts") else "units"
            if self.layout.units.get(figure, by_name) == "contracts":
                figures.add(figure)
        return figures

    def _column(self, ours: str) -> pa.Array:
        column = self.table.column(self.columns[ours]).combine_chunks()
        # A list or a struct where a figure was due ended replays and imports with a traceback.
        if pa.types.is_nested(column.type):
            reason = f"{ours} is a column of {column.type}"
            raise Malformed(None, f"{reason}, of which no cell is a number, a text or a time")
        return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column

    def _lose(self, mask: NDArray[np.bool_], reason: str) -> None:
        for number in self.number[mask].tolist():
            self.losses.reasons.setdefault(number, reason)

    def _numbers(self, ours: str) -> Array:
        """Return a column as float64, NaN for missing values."""
        column = self._column(ours)
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            text = pc.utf8_trim_whitespace(column)
            none_words = pa.array(sorted(cells.NONE_WORDS), text.type)
            column = pc.if_else(pc.is_in(pc.utf8_lower(text), none_words), None, text)
        try:
            numbers = column.cast(pa.float64()).to_numpy(zero_copy_only=False)
            values = np.array(numbers, dtype=np.float64)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            values = self._numbers_by_cell(ours, column)
        if ours == "spot":
            values[np.isinf(values)] = np.nan
        self._lose(np.isinf(values), f"{ours} is infinite")
        return values * self.layout.scale[ours] if ours in self.layout.scale else values

    def _numbers_by_cell(self, ours: str, column: pa.Array) -> Array:
        """Return a column of texts as numbers. Each distinct text is parsed once."""
        distinct = column.dictionary_encode()
        code = distinct.indices.to_numpy(zero_copy_only=False)
        # The last place is for cells without a code, which are missing.
        values = np.full(len(distinct.dictionary) + 1, np.nan)
        code = np.where(np.isnan(code), len(distinct.dictionary), code).astype(np.intp)
        for n, value in enumerate(distinct.dictionary.to_pylist()):
            try:
                values[n] = cells.number(str(value))
            except ValueError:
                if ours == "spot":
                    continue  # a text such as closed is no print, as 0 is none
                forms = f"read are {cells.NUMBER_FORMS}"
                self._lose(code == n, f"{ours} {value!r} is not a number ({forms})")
        by_row: Array = values[code]
        return by_row

    def _instants(self) -> pa.Array | None:
        """Return instants that stand in two columns, or in none, as one column of text.

        None for one column.
        """
        if "timestamp" in self.columns:
            return None
        if not all(name in self.columns for name in CLOCKS):
            return pa.repeat(self.layout.at, len(self.number))
        parts = []
        for name in CLOCKS:
            column = self._column(name)
            if pa.types.is_timestamp(column.type) and name == "date":
                column = column.cast(pa.date32(), safe=False)
            parts.append(column.cast(pa.string()))
        return pc.binary_join_element_wise(*parts, " ")

    def _index(self) -> NDArray[np.object_]:
        if "symbol" not in self.columns:
            return np.full(len(self.number), self.layout.index, dtype=object)
        losses = self.losses

        def root_or_mark(value: object) -> str:
            try:
                return root_of(str(value))
            except Malformed:
                return f"?{value}"

        names: NDArray[np.object_] = self._values("symbol", root_or_mark, object)
        strange = np.array([str(name).startswith("?") for name in names.tolist()], dtype=np.bool_)
        if strange.any():
            losses.others.update(str(name)[1:] for name in names[strange].tolist())
            losses.other_rows.update(self.number[strange].tolist())
        return names

    def _values(
        self,
        ours: str,
        parse: Callable[[Any], object],
        kind: Any,
        column: pa.Array | None = None,
    ) -> NDArray[Any]:
        """Return a column of few distinct values. Each distinct value is parsed once.

        A row whose value cannot be parsed is lost, and holds zero, "" or the first day of 1970.
        """
        column = self._column(ours) if column is None else column
        if pa.types.is_timestamp(column.type):
            column = column.cast(pa.timestamp("us", column.type.tz), safe=False)
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            text = pc.utf8_trim_whitespace(column)
            column = pc.if_else(pc.equal(text, ""), None, text)
        if column.null_count:
            self._lose(column.is_null().to_numpy(zero_copy_only=False), f"{ours} is missing")
        distinct = column.dictionary_encode()
        code = np.nan_to_num(distinct.indices.to_numpy(zero_copy_only=False)).astype(np.intp)
        values = np.empty(max(len(distinct.dictionary), 1), dtype=object)
        values[:] = _BLANKS.get(kind, 0)
        for n, cell in enumerate(distinct.dictionary):
            # A timestamp beyond the year 9999 overflows in as_py, and had ended a whole import.
            value: object = "beyond the year 9999"
            try:
                value = cell.as_py()
                values[n] = parse(value)
            except cells.UndecidedOrder as error:
                raise UndecidedColumn(ours, str(error)) from error
            except (ValueError, OverflowError) as error:
                has_value = ~column.is_null().to_numpy(zero_copy_only=False)
                self._lose((code == n) & has_value, _unreadable(ours, value, error))
        by_row: NDArray[Any] = values.astype(kind)[code]
        return by_row


class UndecidedColumn(Exception):
    """The dates of a column have day and month in an order that only the whole column shows."""

    def __init__(self, column: str, text: str) -> None:
        super().__init__(f"{column} {text!r}")
        self.column = column
        self.text = text


def _unreadable(ours: str, value: object, error: Exception) -> str:
    """Return why a value cannot be read, and the flag that helps."""
    cause = f": {error}" if "time of day" in str(error) else ""
    if ours in FORMS:
        fix = f"say --format {ours}=…, such as %d/%m/%Y"
        return f"{ours} {value!r} cannot be read{cause}; read are {FORMS[ours]}, or {fix}"
    fix = f"say --option-type {value}=CE"
    return f"{ours} {value!r} cannot be read; read are CE, PE, CALL, PUT, C, P, or {fix}"


def _reader(layout: TableLayout, column: str) -> Callable[[Any], Any]:
    form, order = layout.form(column)
    if column == "expiry":
        return lambda value: cells.day(value, form, order)  # type: ignore[arg-type]
    zone = ZoneInfo(layout.zone) if layout.zone else IST
    return lambda value: _micros(cells.instant(value, form, order, zone))  # type: ignore[arg-type]


def _micros(at: datetime) -> int:
    return round(at.timestamp() * 1e6)
