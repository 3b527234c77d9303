"""One reading of all files of a table: where each row is, what in it contradicts the rest, and what the whole shows.

Nothing of a row is kept but what is needed to find it again and to hold it against its snapshot; the rows themselves are read
stretch by stretch later.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from g6.adapters.replay.market_snapshot import contract_key
from g6.adapters.replay.tables.plausible import (
    INDIA_MICROS,
    believable_spot,
    dear_prices,
    far_strikes,
    told_price,
    told_strike,
)
from g6.adapters.replay.tables.quantity_units import UnitTally, lots_of
from g6.adapters.replay.tables.table_layout import TableLayout
from g6.adapters.replay.tables.table_parsing import OptionRows, UndecidedColumn
from g6.adapters.replay.tables.table_reading import FileLosses, options_of, texts_of
from g6.adapters.replay.tables.windows import widths_of
from g6.domain.market.instrument import SIDES
from g6.domain.quotes.cells import order_of
from g6.domain.schema.counting import MAX_OPEN_INTEREST
from g6.errors import BadInput

Array = NDArray[np.float64]

DISPUTED = 0.005
"""Rows of one instant whose spots lie farther apart than this part of their median say nothing that can be believed."""
LARGEST_LOT = 1_000
"""Units; no index contract had so many."""
_STRIKE_SCALE = 1_000_000_000


@dataclass(frozen=True, slots=True)
class LostRow:
    """A row (None for a whole file) that is not read, and why; `bad` where somebody should mend it."""

    path: Path
    row: int | None
    reason: str
    bad: bool = True


@dataclass(frozen=True, slots=True)
class Spots:
    """The index by instant of one root: the median of its rows, and how far they lie apart."""

    at: NDArray[np.int64]
    median: Array
    spread: Array

    def disagreeing(self) -> int:
        """Return at how many instants the rows do not say the same."""
        return int(np.count_nonzero(self.spread > 0))

    def disputed(self) -> NDArray[np.bool_]:
        """Tell at which instants the rows lie too far apart to be believed."""
        return self.spread > DISPUTED * self.median


@dataclass(slots=True)
class Scan:
    """What a reading of all files found: index, instant and file of each row that is read."""

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
    """Rows as they are read, batch by batch: `key` is expiry, strike and side in one number."""

    index: list[NDArray[np.object_]] = field(default_factory=list)
    at: list[NDArray[np.int64]] = field(default_factory=list)
    key: list[NDArray[np.int64]] = field(default_factory=list)
    row: list[NDArray[np.int64]] = field(default_factory=list)
    spot: list[Array] = field(default_factory=list)
    last: list[Array] = field(default_factory=list)
    file: list[NDArray[np.intp]] = field(default_factory=list)

    def add(self, options: OptionRows, number: int) -> None:
        self.index.append(options.index)
        self.at.append(options.at)
        self.key.append(contract_key(options.expiry, options.strike) * 2 + options.side)
        self.row.append(options.row)
        self.spot.append(options.spot)
        self.last.append(options.figures.get("last", np.full(len(options), np.nan)))
        self.file.append(np.full(len(options), number, dtype=np.intp))

    def cut(self, batches: int) -> None:
        """Forget all but the first batches."""
        for part in (self.index, self.at, self.key, self.row, self.spot, self.last, self.file):
            del part[batches:]


def scanned(paths: Sequence[Path], layout: TableLayout, *, lenient: bool) -> Scan:
    """Read every file once. `lenient` leaves out what cannot be read; else it is refused. Errors: BadInput."""
    while True:
        try:
            return _Reading(paths, layout, lenient).scan()
        except UndecidedColumn as undecided:
            layout = layout.with_order(
                undecided.column, _order(paths, layout, undecided, lenient=lenient)
            )


def _order(
    paths: Sequence[Path], layout: TableLayout, undecided: UndecidedColumn, *, lenient: bool
) -> str:
    """The order of day and month that a column of dates shows. Errors: BadInput, when it shows none."""
    texts: set[str] = set()
    for path in paths:
        try:
            texts |= texts_of(path, undecided.column, layout)
        except BadInput:
            if not lenient:
                raise
    fix = f"--format {undecided.column}=dmy where the day comes first, --format {undecided.column}=mdy where the month does"
    try:
        order = order_of(texts)
    except ValueError as error:
        raise BadInput(paths[0], None, f"{undecided.column}: {error}", fix) from error
    if not order:
        reason = f"{undecided.column} {undecided.text!r} may be day and month either way round, and no row of the table tells which"
        raise BadInput(paths[0], None, reason, fix)
    return order


class _Reading:
    """One reading of all files."""

    def __init__(self, paths: Sequence[Path], layout: TableLayout, lenient: bool) -> None:
        self._paths, self._layout, self._lenient = paths, layout, lenient
        self._columns = _RowColumns()
        self._tally = UnitTally(layout)
        self._counts: dict[str, bool] = {}
        self._lost_rows: list[LostRow] = []
        self._odd_rows: list[LostRow] = []
        self._others: dict[str, int] = {}

    def scan(self) -> Scan:
        for number, path in enumerate(self._paths):
            try:
                self._read(number, path)
            except BadInput as error:
                if not self._lenient:
                    raise
                self._lost_rows.append(LostRow(path, None, error.reason))
        if not self._columns.at:
            first = (
                self._lost_rows[0]
                if self._lost_rows
                else LostRow(self._paths[0], None, "holds no row")
            )
            raise BadInput(first.path, first.row, first.reason)
        self._tally.check(self._paths[0])
        return self._whole()

    def _read(self, number: int, path: Path) -> None:
        losses = FileLosses() if self._lenient else None
        before, odd_before = len(self._columns.at), len(self._odd_rows)
        try:
            for options in options_of(path, self._layout, losses):
                if len(options):
                    self._check_counts(path, options)
                    self._columns.add(options, number)
                    self._tally.add(options)
                    self._odd_rows += [
                        LostRow(path, row, reason) for row, reason in odd_interest(options)
                    ]
        except BadInput:
            self._columns.cut(before)
            del self._odd_rows[odd_before:]
            raise
        if losses is not None:
            self._lost_rows += [
                LostRow(path, row, reason) for row, reason in sorted(losses.reasons.items())
            ]
            for name, count in losses.others.items():
                self._others[name] = self._others.get(name, 0) + count
        if len(self._columns.at) == before and not (losses and (losses.reasons or losses.others)):
            raise BadInput(path, None, "holds no row")

    def _check_counts(self, path: Path, options: OptionRows) -> None:
        """See that a figure counts contracts in all files or in none."""
        for figure in options.figures:
            counted = figure in options.in_contracts
            if self._counts.setdefault(figure, counted) != counted:
                raise BadInput(
                    path,
                    None,
                    f"counts contracts where {self._paths[0].name} counts units, or the other way round",
                )

    def _whole(self) -> Scan:
        found = self._columns
        index = np.concatenate(found.index).astype(np.str_)
        at, key, row = (np.concatenate(part) for part in (found.at, found.key, found.row))
        spot, last, file = (
            np.concatenate(found.spot),
            np.concatenate(found.last),
            np.concatenate(found.file),
        )
        self._columns = _RowColumns()
        roots, code = np.unique(index, return_inverse=True)
        table = _Table(code, at, key, spot, last)
        keep = self._kept(table, file, row)
        dropped = {
            number: row[(file == number) & ~keep] for number in np.unique(file[~keep]).tolist()
        }
        kept = table.kept(keep)
        return Scan(
            layout=self._layout,
            index=index[keep],
            at=at[keep],
            file=file[keep],
            expiries={
                str(name): kept.expiries(n)
                for n, name in enumerate(roots.tolist())
                if (kept.code == n).any()
            },
            spots={str(name): kept.spots(n) for n, name in enumerate(roots.tolist())},
            widths={
                str(name): kept.widths(n, self._layout.window)
                for n, name in enumerate(roots.tolist())
            },
            dropped=dropped,
            lost_rows=self._lost_rows,
            odd_rows=self._odd_rows,
            others=self._others,
        )

    def _kept(
        self, table: _Table, file: NDArray[np.integer[Any]], row: NDArray[np.integer[Any]]
    ) -> NDArray[np.bool_]:
        """Tell which rows stand beside the rest, and name those that do not. Errors: BadInput."""
        twice = table.doubles()
        reasons = {**twice, **table.implausible()}
        if reasons and not self._lenient:
            first = min(reasons)
            raise BadInput(self._paths[int(file[first])], int(row[first]), reasons[first])
        for place in sorted(reasons):
            path = self._paths[int(file[place])]
            lost = LostRow(path, int(row[place]), reasons[place], place not in twice)
            self._lost_rows.append(lost)
        keep = np.ones(len(table.at), dtype=np.bool_)
        keep[np.fromiter(reasons, np.intp, len(reasons))] = False
        if not keep.any():
            first_lost = self._lost_rows[0]
            raise BadInput(first_lost.path, first_lost.row, first_lost.reason)
        return keep


def odd_interest(options: OptionRows) -> Iterator[tuple[int, str]]:
    """Yield place and reason of each row whose open interest cannot be: it stays as it came, flagged and in no sum."""
    oi = options.figures["oi"]
    if not np.any((oi < 0) | (oi >= MAX_OPEN_INTEREST / LARGEST_LOT)):
        return
    if "oi" in options.in_contracts:
        oi = oi * np.maximum(lots_of(options), 1)
    for n in np.flatnonzero((oi < 0) | (oi >= MAX_OPEN_INTEREST)).tolist():
        yield (
            int(options.row[n]),
            f"open interest of {oi[n]:g} units cannot be: it is flagged bad_oi and in no sum",
        )


class _Table:
    """The rows of all files side by side, by snapshot: one root at one instant."""

    def __init__(
        self,
        code: NDArray[np.intp],
        at: NDArray[np.int64],
        key: NDArray[np.int64],
        spot: Array,
        last: Array,
    ) -> None:
        self.code, self.at, self.key, self._last = code, at, key, last
        order = np.lexsort((at, code))
        begins = np.ones(len(at), dtype=np.bool_)
        begins[1:] = (np.diff(code[order]) != 0) | (np.diff(at[order]) != 0)
        self._group = np.empty(len(at), dtype=np.intp)
        self._group[order] = np.cumsum(begins) - 1
        self._first = order[begins]
        self._middle = _medians(self._group, self.strike)
        self._spot = np.where(believable_spot(spot, self._middle[self._group]), spot, np.nan)
        self._median = _medians(self._group, self._spot)

    @property
    def strike(self) -> Array:
        """The strike of each row."""
        return (self.key // 2 % _STRIKE_SCALE) / 100.0

    @property
    def day(self) -> NDArray[np.int64]:
        """The expiry of each row, days since 1970."""
        return self.key // 2 // _STRIKE_SCALE

    def doubles(self) -> dict[int, str]:
        """Return the rows whose option is there already at that instant, in an earlier row."""
        order = np.lexsort((self.key, self._group))
        same = (np.diff(self._group[order]) == 0) & (np.diff(self.key[order]) == 0)
        places = order[1:][same].tolist()
        return {
            place: f"this {SIDES[int(self.key[place] % 2)]} is there already at {_moment(int(self.at[place]))}"
            for place in places
        }

    def implausible(self) -> dict[int, str]:
        """Return the rows whose strike or price is of another scale than the rest of their snapshot."""
        level = np.where(np.isfinite(self._median), self._median, self._middle)[self._group]
        strike = self.strike
        reasons = {
            place: told_strike(strike[place], level[place])
            for place in np.flatnonzero(far_strikes(strike, level)).tolist()
        }
        days = self.day - (self.at + INDIA_MICROS) // 86_400_000_000
        for place in np.flatnonzero(
            dear_prices(self._last, self.key % 2, strike, level, days)
        ).tolist():
            reasons.setdefault(place, told_price(self._last[place], strike[place], level[place]))
        return reasons

    def kept(self, keep: NDArray[np.bool_]) -> _Table:
        """Return the table of some of its rows."""
        if keep.all():
            return self
        return _Table(
            self.code[keep], self.at[keep], self.key[keep], self._spot[keep], self._last[keep]
        )

    def expiries(self, root: int) -> frozenset[date]:
        """Return the distinct expiries of a root."""
        return frozenset(np.unique(self.day[self.code == root]).astype("datetime64[D]").tolist())

    def spots(self, root: int) -> Spots:
        """Return the index by instant."""
        low, high = np.full(len(self._first), np.inf), np.full(len(self._first), -np.inf)
        seen = np.isfinite(self._spot)
        np.minimum.at(low, self._group[seen], self._spot[seen])
        np.maximum.at(high, self._group[seen], self._spot[seen])
        mine = self.code[self._first] == root
        spread = np.where(np.isfinite(low), high - np.where(np.isfinite(low), low, 0.0), 0.0)
        return Spots(self.at[self._first][mine], self._median[mine], spread[mine])

    def widths(self, root: int, declared: int | None) -> Mapping[date, int]:
        """Return how many strikes the window of each expiry holds, of those whose window moves with the money."""
        mine = self.code == root
        group = self._group[mine]
        return widths_of(
            self.at[mine], self.day[mine], self.strike[mine], self._median[group], declared
        )


def _medians(group: NDArray[np.intp], values: Array) -> Array:
    """The median of the finite values of each group, NaN where it has none."""
    count = np.bincount(group, minlength=int(group.max()) + 1 if len(group) else 0)
    finite = np.bincount(group[np.isfinite(values)], minlength=len(count))
    ordered = values[np.lexsort((values, group))]  # NaN comes last in its group
    first = np.concatenate(([0], np.cumsum(count)[:-1]))
    last = len(ordered) - 1
    low, high = (
        ordered[np.minimum(first + np.maximum(place, 0), last)]
        for place in ((finite - 1) // 2, finite // 2)
    )
    return np.where(finite > 0, 0.5 * (low + high), np.nan)


def _moment(micros: int) -> str:
    return str(datetime.fromtimestamp(micros / 1e6, UTC))
