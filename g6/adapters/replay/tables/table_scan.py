"""A scan reads all files of a table once, to locate its rows and to compare each with the others.

Of a row it keeps what is needed to find it again and to compare it with its snapshot. The rows
themselves are read part by part later.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from g6.adapters.replay.tables.contradictions import RowPlace, differences, fingerprints
from g6.adapters.replay.tables.quantity_units import UnitTally, lots_of
from g6.adapters.replay.tables.snapshot_groups import SnapshotGroups, Spots
from g6.adapters.replay.tables.table_layout import TableLayout
from g6.adapters.replay.tables.table_parsing import OptionRows, UndecidedColumn
from g6.adapters.replay.tables.table_reading import (
    FileLosses,
    file_shape,
    options_of,
    texts_of,
)
from g6.adapters.replay.unread import UnreadKind
from g6.domain.market.instrument import contract_keys
from g6.domain.quotes.cells import order_of
from g6.domain.schema.counting import MAX_OPEN_INTEREST
from g6.errors import BadInput

Array = NDArray[np.float64]

LARGEST_LOT = 1_000
"""Units. No contract of an index had so many."""
DAILY_ROWS = 1_000_000
"""Rows of end-of-day files that stay in memory, some 130 MB: a year of five indices.

A year of one index was unpacked and read twice without it.
"""


@dataclass(frozen=True, slots=True)
class LostRow:
    """A row (None for a whole file) that is not read, or read and flagged."""

    path: Path
    row: int | None
    reason: str
    kind: UnreadKind = "damaged"

    @property
    def bad(self) -> bool:
        """Whether somebody should mend it. An earlier row stands for any other one."""
        return self.kind == "damaged"


@dataclass(slots=True)
class TableScan:
    """The result of a scan: index, instant and file of each row that is used."""

    layout: TableLayout
    index: NDArray[np.str_]
    at: NDArray[np.int64]
    file: NDArray[np.intp]
    expiries: Mapping[str, frozenset[date]]
    spots: Mapping[str, Spots]
    widths: Mapping[str, Mapping[date, int]]
    dropped: Mapping[int, NDArray[np.int64]]
    lost_rows: list[LostRow]
    odd_rows: list[LostRow]
    others: dict[str, int]


@dataclass(slots=True)
class _RowColumns:
    """The rows of a scan, one array a batch.

    `key` is expiry, strike and side in one integer, `figures` a number for all of them.
    """

    index: list[NDArray[np.object_]] = field(default_factory=list)
    at: list[NDArray[np.int64]] = field(default_factory=list)
    key: list[NDArray[np.int64]] = field(default_factory=list)
    row: list[NDArray[np.int64]] = field(default_factory=list)
    spot: list[Array] = field(default_factory=list)
    last: list[Array] = field(default_factory=list)
    figures: list[NDArray[np.uint64]] = field(default_factory=list)
    file: list[NDArray[np.intp]] = field(default_factory=list)

    def add(self, options: OptionRows, number: int) -> None:
        """Append a batch of file `number`."""
        self.index.append(options.index)
        self.at.append(options.at)
        self.key.append(contract_keys(options.expiry, options.strike) * 2 + options.side)
        self.row.append(options.row)
        self.spot.append(options.spot)
        self.last.append(options.figures.get("last", np.full(len(options), np.nan)))
        self.figures.append(fingerprints(options.figures, len(options)))
        self.file.append(np.full(len(options), number, dtype=np.intp))

    def cut(self, batches: int) -> None:
        """Drop all but the first `batches`."""
        for column in fields(self):
            del getattr(self, column.name)[batches:]


@dataclass(frozen=True, slots=True)
class _Places:
    """File, row and figures of each row of a scan, in their order."""

    file: NDArray[np.intp]
    row: NDArray[np.int64]
    figures: NDArray[np.uint64]


def scan_files(
    paths: Sequence[Path], layout: TableLayout, daily: dict[int, OptionRows] | None = None
) -> TableScan:
    """Read every file once, without the rows and files that cannot be read.

    Args:
        paths: The files.
        layout: How they are read.
        daily: Receives the rows of files with one instant a day, by their numbers, up to
            `DAILY_ROWS` of them.

    Raises:
        BadInput: No row can be used.
    """
    while True:
        try:
            return _Scanner(paths, layout, {} if daily is None else daily).scan()
        except UndecidedColumn as undecided:
            order = _date_order(paths, layout, undecided)
            layout = layout.with_order(undecided.column, order)


def _date_order(paths: Sequence[Path], layout: TableLayout, undecided: UndecidedColumn) -> str:
    """Return dmy or mdy, as the dates of a column show.

    Raises:
        BadInput: They show neither.
    """
    texts: set[str] = set()
    for path in paths:
        with suppress(BadInput):
            texts |= texts_of(path, undecided.column, layout)
    flag = f"--format {undecided.column}"
    fix = f"{flag}=dmy where the day comes first, {flag}=mdy where the month does"
    try:
        order = order_of(texts)
    except ValueError as error:
        raise BadInput(paths[0], None, f"{undecided.column}: {error}", fix) from error
    if not order:
        ambiguous = f"{undecided.column} {undecided.text!r} may be day and month either way round"
        reason = f"{ambiguous}, and no row of the table tells which"
        raise BadInput(paths[0], None, reason, fix)
    return order


class _Scanner:
    """Reads all files once."""

    def __init__(
        self, paths: Sequence[Path], layout: TableLayout, daily: dict[int, OptionRows]
    ) -> None:
        self._paths = paths
        self._daily = daily
        self._daily.clear()
        self._daily_rows = 0
        self._layout = layout
        self._columns = _RowColumns()
        self._tally = UnitTally(layout)
        self._counts: dict[str, bool] = {}
        self._lost_rows: list[LostRow] = []
        self._odd_rows: dict[tuple[int, int], LostRow] = {}
        self._others: dict[str, int] = {}
        self._has_contradiction = False

    def scan(self) -> TableScan:
        """Return what the files hold.

        Raises:
            BadInput: No row can be used.
        """
        for number, path in enumerate(self._paths):
            try:
                self._read(number, path)
            except BadInput as error:
                self._lost_rows.append(LostRow(path, None, error.reason))
        if not self._columns.at:
            empty = LostRow(self._paths[0], None, "holds no row")
            first = next(iter(self._lost_rows), empty)
            raise BadInput(first.path, first.row, first.reason)
        self._tally.check(self._paths[0])
        return self._result()

    def _read(self, number: int, path: Path) -> None:
        losses = FileLosses()
        batches_before = len(self._columns.at)
        odd_rows: dict[tuple[int, int], LostRow] = {}
        parts: list[OptionRows] = []
        try:
            for options in options_of(path, self._layout, losses):
                if len(options):
                    self._check_counts(path, options)
                    self._columns.add(options, number)
                    self._tally.add(options)
                    parts.append(options)
                    for row, side, reason in impossible_interest(options):
                        odd = LostRow(path, row, reason, "flagged")
                        odd_rows[number, option_place(row, side)] = odd
        except BadInput:
            self._columns.cut(batches_before)
            raise
        self._odd_rows |= odd_rows
        self._remember(number, path, parts)
        for row, reason in sorted(losses.reasons.items()):
            self._lost_rows.append(LostRow(path, row, reason))
        for name, count in losses.others.items():
            self._others[name] = self._others.get(name, 0) + count
        has_losses = bool(losses.reasons or losses.others)
        if len(self._columns.at) == batches_before and not has_losses:
            raise BadInput(path, None, "holds no row")

    def _remember(self, number: int, path: Path, parts: list[OptionRows]) -> None:
        """Keep the rows of a file that has one instant a day: most of it was other contracts."""
        if not parts or not file_shape(path, self._layout).is_daily:
            return
        rows = OptionRows.join(parts)
        if self._daily_rows + len(rows) <= DAILY_ROWS:
            self._daily[number] = rows
            self._daily_rows += len(rows)

    def _check_counts(self, path: Path, options: OptionRows) -> None:
        """Refuse a figure that counts contracts in one file and units in another."""
        for figure in options.figures:
            in_contracts = figure in options.in_contracts
            if self._counts.setdefault(figure, in_contracts) != in_contracts:
                first = self._paths[0].name
                reason = f"counts contracts where {first} counts units, or the other way round"
                raise BadInput(path, None, reason)

    def _result(self) -> TableScan:
        columns = self._columns
        self._columns = _RowColumns()
        index = np.concatenate(columns.index).astype(np.str_)
        at = np.concatenate(columns.at)
        places = _Places(
            np.concatenate(columns.file),
            np.concatenate(columns.row),
            np.concatenate(columns.figures),
        )
        roots, code = np.unique(index, return_inverse=True)
        table = SnapshotGroups(
            code,
            at,
            np.concatenate(columns.key),
            np.concatenate(columns.spot),
            np.concatenate(columns.last),
        )
        del columns  # two million rows take 120 MB, which the groups below need again
        keep = self._consistent_rows(table, places)
        file = places.file
        dropped = {}
        for number in np.unique(file[~keep]).tolist():
            lost = (file == number) & ~keep
            dropped[number] = option_places(places.row[lost], table.key[lost] % 2)
        table = table.select(keep)
        names = {str(name): n for n, name in enumerate(roots.tolist())}
        return TableScan(
            layout=self._layout,
            index=index[keep],
            at=at[keep],
            file=file[keep],
            expiries={name: table.expiries(n) for name, n in names.items() if table.has_rows(n)},
            spots={name: table.spots(n) for name, n in names.items()},
            widths={name: table.widths(n, self._layout.window) for name, n in names.items()},
            dropped=dropped,
            lost_rows=self._lost_rows,
            odd_rows=self._used_odd_rows(dropped),
            others=self._others,
        )

    def _used_odd_rows(self, dropped: Mapping[int, NDArray[np.int64]]) -> list[LostRow]:
        """Return the odd rows that are used. One that is dropped is told of as that alone.

        The copy of a row with an impossible open interest was a second trouble, and a double too.
        """
        places = {number: set(lost.tolist()) for number, lost in dropped.items()}
        return [
            odd
            for (number, place), odd in self._odd_rows.items()
            if place not in places.get(number, ())
        ]

    def _consistent_rows(self, table: SnapshotGroups, places: _Places) -> NDArray[np.bool_]:
        """Return the rows that agree with their snapshots and record the others."""
        # A replay refused the whole table for one such row, where an import left the row out.
        implausible = table.implausible()
        # Of two rows of an option the first that can be true counts.
        doubles = table.duplicates(implausible)
        for place in sorted({*implausible, *doubles}):
            path = self._paths[int(places.file[place])]
            row = int(places.row[place])
            if place in implausible:
                self._lost_rows.append(LostRow(path, row, implausible[place]))
            else:
                self._lost_rows.append(self._double(table, places, place, doubles[place]))
        keep = np.ones(len(table.at), dtype=np.bool_)
        keep[np.fromiter((*implausible, *doubles), np.intp)] = False
        if not keep.any():
            first_lost = self._lost_rows[0]
            raise BadInput(first_lost.path, first_lost.row, first_lost.reason)
        return keep

    def _double(self, table: SnapshotGroups, places: _Places, place: int, earlier: int) -> LostRow:
        """Return a row whose option is in an earlier row of its instant."""
        option, at = table.option(place)
        here, there = (self._place(table, places, n) for n in (place, earlier))
        if places.figures[place] == places.figures[earlier]:
            reason = f"{option} is there already at {at}"
            return LostRow(here.path, here.row, reason, "copy")
        of_file = "" if here.path == there.path else f" of {there.path.name}"
        reason = f"{option} at {at} contradicts an earlier row{of_file}, which counts"
        if not self._has_contradiction:
            # One example is enough: to show each of them, files are read again.
            self._has_contradiction = True
            reason = f"{reason}: {differences(there, here, self._layout)}"
        return LostRow(here.path, here.row, reason, "contradiction")

    def _place(self, table: SnapshotGroups, places: _Places, place: int) -> RowPlace:
        path = self._paths[int(places.file[place])]
        return RowPlace(path, int(places.row[place]), int(table.key[place] % 2))


def option_places(row: NDArray[np.int64], side: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
    """Return one number for row and side: calls and puts side by side share a row."""
    return row * 2 + side


def option_place(row: int, side: int) -> int:
    """Return the number of one row and side.

    >>> option_place(4, 1)
    9
    """
    return row * 2 + side


def impossible_interest(options: OptionRows) -> Iterator[tuple[int, int, str]]:
    """Yield row, side and reason of each open interest that cannot be.

    It stays, flagged, in no sum.
    """
    oi = options.figures["oi"]
    if not np.any((oi < 0) | (oi >= MAX_OPEN_INTEREST / LARGEST_LOT)):
        return
    if "oi" in options.in_contracts:
        oi = oi * np.maximum(lots_of(options), 1)
    for n in np.flatnonzero((oi < 0) | (oi >= MAX_OPEN_INTEREST)).tolist():
        figure = f"open interest of {oi[n]:g} units"
        reason = f"{figure} cannot be: it is flagged bad_oi and in no sum"
        yield int(options.row[n]), int(options.side[n]), reason
