"""A snapshot source over tables. It reads the files once at its opening, then part by part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np

from g6.adapters.replay.malformed import Malformed
from g6.adapters.replay.market_snapshot import Snapshot, snapshot
from g6.adapters.replay.tables.snapshot_groups import Spots
from g6.adapters.replay.tables.table_layout import TableLayout
from g6.adapters.replay.tables.table_parsing import OptionRows
from g6.adapters.replay.tables.table_reading import (
    FileLosses,
    column_names,
    file_shape,
    options_of,
)
from g6.adapters.replay.tables.table_scan import (
    LostRow,
    TableScan,
    option_places,
    scan_files,
)
from g6.adapters.replay.unread import LeftOut
from g6.domain.schema.words import SpotSource
from g6.errors import BadInput

STRETCH_ROWS = 200_000
"""Rows of one index held in memory at a time, some 15 MB."""


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Successive instants of an index, epoch microseconds, and the numbers of their files.

    Both ends are included.
    """

    first: int
    last: int
    files: tuple[int, ...]


class TableFiles:
    """A snapshot source over one or more files.

    A row or file that cannot be read is in `lost_rows`, the rest is read. `left_out` has all that
    was not read. Rows carry the word `source`. Without one the word tells what quantities count,
    where a person declared it.
    Errors at the opening: BadInput with file and row, where no row can be used.
    """

    remembers = False
    left_out: Sequence[LeftOut]

    def __init__(
        self,
        paths: Sequence[Path],
        layout: TableLayout | None = None,
        *,
        stretch_rows: int = STRETCH_ROWS,
        source: str = "",
    ) -> None:
        self._paths = list(paths)
        layout = layout or TableLayout()
        if not layout.units:
            # An exchange's own files say what they count, and nobody needs to be asked.
            layout = replace(layout, units=_units_of_files(self._paths, layout))
        self._daily: dict[int, OptionRows] = {}
        scan = scan_files(self._paths, layout, self._daily)
        self.layout = scan.layout
        self.left_out = tuple(_left_out(scan, self._paths[0]))
        self.lost_rows: Sequence[LostRow] = scan.lost_rows
        self.odd_rows: Sequence[LostRow] = scan.odd_rows
        self.others: Mapping[str, int] = scan.others
        self.spots: Mapping[str, Spots] = scan.spots
        self._widths = scan.widths
        self._source = source or _source_word(scan.layout)
        self._dropped = scan.dropped
        self._lost_files = {lost.path for lost in scan.lost_rows if lost.row is None}
        self._expiries = scan.expiries
        self._stretches: dict[str, tuple[_Stretch, ...]] = {}
        self._instants: dict[str, tuple[datetime, ...]] = {}
        for name in sorted(scan.expiries):
            instants = np.unique(scan.at[scan.index == name]).tolist()
            self._instants[name] = tuple(map(_instant, instants))
            self._stretches[name] = tuple(_stretches(scan, name, stretch_rows))
        self._cached: dict[str, tuple[_Stretch, OptionRows]] = {}

    def instants(self) -> Mapping[str, tuple[datetime, ...]]:
        """Return the instants of each index."""
        return self._instants

    def expiries(self) -> Mapping[str, frozenset[date]]:
        """Return the distinct expiries of each index."""
        return self._expiries

    def resolved(self) -> TableLayout:
        """Return the layout with every column named, by the first file that could be read."""
        first = next(path for path in self._paths if path not in self._lost_files)
        return self.layout.resolved(column_names(first, self.layout))

    def unplaced(self) -> tuple[str, ...]:
        """Return the columns of the first readable file that are not used."""
        first = next(path for path in self._paths if path not in self._lost_files)
        names = column_names(first, self.layout)
        placed = set(self.layout.columns_of(names).values())
        return tuple(name for name in names if name not in placed and _is_name(name))

    def widths(self, index: str) -> Mapping[date, int]:
        """Return how many strikes each window that moves with the money holds, by expiry."""
        return self._widths.get(index, {})

    def options(self, index: str, at: datetime) -> OptionRows:
        """Return the rows of one instant.

        Raises:
            BadInput: A file changed meanwhile.
        """
        micros = round(at.timestamp() * 1e6)
        stretch = next(part for part in self._stretches[index] if part.first <= micros <= part.last)
        if index not in self._cached or self._cached[index][0] != stretch:
            self._cached[index] = stretch, self._load(index, stretch)
        options = self._cached[index][1]
        first, end = np.searchsorted(options.at, [micros, micros + 1])
        return options.take(np.arange(first, end))

    def read(self, index: str, at: datetime) -> Snapshot:
        """Return the rows of one instant as a snapshot.

        Raises:
            BadInput: A file changed meanwhile.
        """
        options = self.options(index, at)
        spots = self.spots[index]
        place = int(np.searchsorted(spots.at, round(at.timestamp() * 1e6)))
        source = SpotSource.DISPUTED if spots.disputed()[place] else SpotSource.LIVE
        try:
            spot = float(spots.median[place])
            result = snapshot(index, at, spot, options.rows(), spot_source=source.value)
        except Malformed as error:
            raise BadInput(self._paths[0], None, error.reason) from error
        return replace(result, source=self._source)

    def _load(self, index: str, stretch: _Stretch) -> OptionRows:
        parts = []
        for number in stretch.files:
            dropped = self._dropped.get(number)
            in_memory = self._daily.get(number)
            batches = [in_memory] if in_memory is not None else self._batches(number)
            for options in batches:
                in_stretch = (options.at >= stretch.first) & (options.at <= stretch.last)
                mask = (options.index == index) & in_stretch
                if dropped is not None:
                    mask &= ~np.isin(option_places(options.row, options.side), dropped)
                if mask.any():
                    parts.append(options.take(mask))
        whole = OptionRows.join(parts)
        return whole.take(np.argsort(whole.at, kind="stable"))

    def _batches(self, number: int) -> Iterator[OptionRows]:
        return options_of(self._paths[number], self.layout, FileLosses())


def _left_out(scan: TableScan, path: Path) -> Iterator[LeftOut]:
    """Yield what a scan did not read. Rows of names that are no index stand under `path`."""
    for lost in scan.lost_rows:
        yield LeftOut(lost.path, lost.row, lost.reason, lost.kind)
    for odd in scan.odd_rows:
        yield LeftOut(odd.path, odd.row, odd.reason, odd.kind)
    for name, count in scan.others.items():
        yield LeftOut(path, None, f"{name!r} is no index", "no_index", count)


def _is_name(name: str) -> bool:
    """Return whether a column has a name: the exchange's page begins and ends with none."""
    return bool(name.strip()) and not name.startswith("blank ")


def _units_of_files(paths: Sequence[Path], layout: TableLayout) -> Mapping[str, str]:
    """Return what quantities count by the shape of the first file that can be read."""
    for path in paths:
        with suppress(BadInput):
            return file_shape(path, layout).units
    return {}


def _source_word(layout: TableLayout) -> str:
    """Return the word that rows carry: it tells what quantities count, where that was declared."""
    declared = {layout.units[name] for name in ("volume", "oi") if name in layout.units}
    if not declared:
        return "replay"
    return "replay_contracts" if "contracts" in declared else "replay_units"


def _instant(micros: int) -> datetime:
    return datetime.fromtimestamp(micros / 1e6, UTC)


def _stretches(scan: TableScan, root: str, most: int) -> Iterator[_Stretch]:
    """Yield the stretches of a root, the oldest first.

    A stretch has at most `most` rows, unless one instant has more.
    """
    of_root = scan.index == root
    at = scan.at[of_root]
    file = scan.file[of_root]
    instants, counts = np.unique(at, return_counts=True)
    group = (np.cumsum(counts) - 1) // most
    for number in np.unique(group):
        first = int(instants[group == number][0])
        last = int(instants[group == number][-1])
        files = np.unique(file[(at >= first) & (at <= last)]).tolist()
        yield _Stretch(first, last, tuple(files))
