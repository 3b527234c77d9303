"""Tables of snapshots: one row per option and instant become arrays, and each row that cannot be read is named.

Columns are those of `layout`. Quantities are units; `volume_contracts`, `oi_contracts` and `oi_change_contracts` stand in for
them and count contracts, and so do columns of which the layout says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from g6.adapters.replay.malformed import Malformed
from g6.adapters.replay.market_snapshot import Rows, root_of
from g6.adapters.replay.tables.plausible import doubtful_rows
from g6.adapters.replay.tables.table_layout import CLOCKS, FORMS, NUMBERS, TableLayout
from g6.domain.quotes import cells

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class OptionRows:
    """Rows of a table, `(m,)` each: `at` epoch microseconds, `side` 0 CE, 1 PE, the rest as in `snapshot.Rows`; `spot` points.

    `row`: where each stands in its file, from 1, a header not counted.
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
        """Return the rows that a mask or positions choose."""
        figures = {name: figure[rows] for name, figure in self.figures.items()}
        at, index, expiry, strike = (
            self.at[rows],
            self.index[rows],
            self.expiry[rows],
            self.strike[rows],
        )
        return OptionRows(
            at,
            index,
            expiry,
            strike,
            self.side[rows],
            self.spot[rows],
            figures,
            self.in_contracts,
            self.row[rows],
        )

    def rows(self) -> Rows:
        """Return the rows as one snapshot's."""
        return Rows(self.expiry, self.strike, self.side, self.figures, self.in_contracts)


@dataclass(slots=True)
class Losses:
    """What a table loses on the way: the reason by row, first reason first, and rows of names that are no index."""

    reasons: dict[int, str] = field(default_factory=dict)
    others: Counter[str] = field(default_factory=Counter)
    other_rows: set[int] = field(default_factory=set)


def check_columns(names: list[str]) -> None:
    """See that the columns of a table suffice. Errors: Malformed, naming what is missing."""
    TableLayout().columns_of(names)


def parse_table(
    table: pa.Table,
    before: int = 0,
    layout: TableLayout | None = None,
    losses: Losses | None = None,
    rows: NDArray[np.int64] | None = None,
) -> OptionRows:
    """Return the options of a table, or of a batch of one with `before` rows ahead of it.

    `rows` numbers the rows of a batch that has gaps; else they count from 1. With `losses` a row that cannot be read is left out
    and told there. Errors: Malformed, with the first such row, where no `losses` are given; Malformed for missing columns.
    """
    layout = layout or TableLayout()
    columns = layout.columns_of(table.column_names)
    number = np.arange(before + 1, before + table.num_rows + 1) if rows is None else rows
    batch = _Batch(table, number, columns, layout, losses or Losses())
    options = batch.options()
    if losses is None and (batch.losses.reasons or batch.losses.others):
        raise _first(batch.losses)
    return options


def _first(losses: Losses) -> Malformed:
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
    """A batch of rows while it is read; `number` the rows' places in the file, `losses` the reasons by them."""

    table: pa.Table
    number: NDArray[np.int64]
    columns: Mapping[str, str]
    layout: TableLayout
    losses: Losses

    def options(self) -> OptionRows:
        """Return the rows that could be read."""
        numbers, in_contracts = self._figures()
        strike = self._numbers("strike")
        self._lose(~(strike > 0), lambda n: "strike is missing or not positive")  # noqa: ARG005 - no value helps
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
            self.losses.reasons.pop(row, None)  # what it holds is nobody's concern
        if not (self.losses.reasons or self.losses.other_rows):
            return every
        lost = self.losses.reasons.keys() | self.losses.other_rows
        return every.take(~np.isin(self.number, np.fromiter(lost, np.int64, len(lost))))

    def _figures(self) -> tuple[dict[str, Array], frozenset[str]]:
        """Figures by name, and which of them count contracts."""
        chosen = {
            figure: next((name for name in names if name in self.columns), "")
            for figure, names in NUMBERS.items()
        }
        numbers = {figure: self._numbers(name) for figure, name in chosen.items() if name}
        for name in ("volume", "oi"):
            numbers.setdefault(name, np.full(len(self.number), np.nan))
        units = self.layout.units
        in_contracts: set[str] = set()
        for figure, name in chosen.items():
            by_name = "contracts" if name.endswith("_contracts") else "units"
            if units.get(figure, by_name) == "contracts":
                in_contracts.add(figure)
        for name in ("last", "bid", "ask", "exchange_iv"):
            if name in numbers:
                numbers[name] = np.where(numbers[name] > 0, numbers[name], np.nan)
        if "exchange_iv" in numbers:
            numbers["exchange_iv"] /= 100.0
        if "oi_change" in numbers:
            if ("oi_change" in in_contracts) != ("oi" in in_contracts):
                raise Malformed(
                    None,
                    "counts open interest in contracts and its change in units, or the other way round",
                )
            numbers["oi_prev"] = numbers["oi"] - numbers.pop("oi_change")
            in_contracts = in_contracts - {"oi_change"} | (
                {"oi_prev"} if "oi" in in_contracts else set()
            )
        return numbers, frozenset(in_contracts)

    def _column(self, ours: str) -> pa.Array:
        column = self.table.column(self.columns[ours]).combine_chunks()
        if pa.types.is_nested(column.type):
            raise Malformed(
                None,
                f"{ours} is a column of {column.type}, of which no cell is a number, a text or a time",
            )
        return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column

    def _lose(self, mask: NDArray[np.bool_], reason: Callable[[int], str]) -> None:
        for n in np.flatnonzero(mask).tolist():
            self.losses.reasons.setdefault(int(self.number[n]), reason(n))

    def _numbers(self, ours: str) -> Array:
        """A column as float64, missing values NaN."""
        column = self._column(ours)
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            text = pc.utf8_trim_whitespace(column)
            column = pc.if_else(
                pc.is_in(pc.utf8_lower(text), pa.array(sorted(cells.NONE_WORDS), text.type)),
                None,
                text,
            )
        try:
            values = np.array(
                column.cast(pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64
            )
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            values = self._numbers_by_cell(ours, column)
        if ours == "spot":
            values[np.isinf(values)] = np.nan
        self._lose(np.isinf(values), lambda n: f"{ours} is infinite")  # noqa: ARG005 - no value helps
        return values * self.layout.scale[ours] if ours in self.layout.scale else values

    def _numbers_by_cell(self, ours: str, column: pa.Array) -> Array:
        """A column that is no plain one of numbers, each distinct text read once."""
        distinct = column.dictionary_encode()
        code = distinct.indices.to_numpy(zero_copy_only=False)
        values = np.full(len(distinct.dictionary) + 1, np.nan)  # the last for cells without a code
        code = np.where(np.isnan(code), len(distinct.dictionary), code).astype(np.intp)
        for n, value in enumerate(distinct.dictionary.to_pylist()):
            try:
                values[n] = cells.number(str(value))
            except ValueError:
                if ours == "spot":
                    continue  # a text such as closed is no print, as 0 is; the option stays
                self._lose(
                    code == n,
                    lambda _, value=value: (  # type: ignore[misc]
                        f"{ours} {value!r} is not a number (read are {cells.NUMBER_FORMS})"
                    ),
                )
        by_row: Array = values[code]
        return by_row

    def _instants(self) -> pa.Array | None:
        """The instants of a table that has them in two columns, as one of text."""
        if "timestamp" in self.columns:
            return None
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
        lost = self.losses

        def read(value: Any) -> str:
            try:
                return root_of(str(value))
            except Malformed:
                return f"?{value}"

        names: NDArray[np.object_] = self._values("symbol", read, object)
        strange = np.array([str(name).startswith("?") for name in names.tolist()], dtype=np.bool_)
        if strange.any():
            lost.others.update(str(name)[1:] for name in names[strange].tolist())
            lost.other_rows.update(self.number[strange].tolist())
        return names

    def _values(
        self, ours: str, read: Callable[[Any], Any], kind: Any, column: pa.Array | None = None
    ) -> NDArray[Any]:
        """A column of few distinct values, each read once; rows whose value cannot be read are lost, and hold the first other."""
        column = self._column(ours) if column is None else column
        if pa.types.is_timestamp(column.type):
            column = column.cast(pa.timestamp("us", column.type.tz), safe=False)
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            text = pc.utf8_trim_whitespace(column)
            column = pc.if_else(pc.equal(text, ""), None, text)
        if column.null_count:
            self._lose(
                column.is_null().to_numpy(zero_copy_only=False),
                lambda n: f"{ours} is missing",  # noqa: ARG005
            )
        distinct = column.dictionary_encode()
        code = np.nan_to_num(distinct.indices.to_numpy(zero_copy_only=False)).astype(np.intp)
        values = np.empty(max(len(distinct.dictionary), 1), dtype=object)
        values[:] = "" if kind is object else 0 if kind != "datetime64[D]" else date(1970, 1, 1)
        for n, cell in enumerate(distinct.dictionary):
            value: Any = "beyond the year 9999"
            try:
                value = cell.as_py()
                values[n] = read(value)
            except cells.UndecidedOrder as error:
                raise UndecidedColumn(ours, str(error)) from error
            except (ValueError, OverflowError) as error:
                reason = _unreadable(ours, value, error)
                self._lose(
                    (code == n) & ~column.is_null().to_numpy(zero_copy_only=False),
                    lambda _, reason=reason: reason,  # type: ignore[misc]
                )
        read_values: NDArray[Any] = values.astype(kind)[code]
        return read_values


class UndecidedColumn(Exception):
    """A column of dates whose day and month may be either way round; the whole column has to be looked at."""

    def __init__(self, column: str, text: str) -> None:
        super().__init__(f"{column} {text!r}")
        self.column, self.text = column, text


def _unreadable(ours: str, value: Any, error: Exception) -> str:
    more = f": {error}" if "time of day" in str(error) else ""
    if ours in FORMS:
        return f"{ours} {value!r} cannot be read{more}; read are {FORMS[ours]}, or say --format {ours}=…, such as %d/%m/%Y"
    return f"{ours} {value!r} cannot be read; read are CE, PE, CALL, PUT, C, P, or say --option-type {value}=CE"


def _reader(layout: TableLayout, column: str) -> Callable[[Any], Any]:
    form, order = layout.form(column)
    if column == "expiry":
        return lambda value: cells.day(value, form, order)  # type: ignore[arg-type]
    return lambda value: _micros(cells.instant(value, form, order))  # type: ignore[arg-type]


def _micros(at: datetime) -> int:
    return round(at.timestamp() * 1e6)
