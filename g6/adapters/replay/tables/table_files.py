"""A source over files of snapshot tables: read through once when opened, then stretch by stretch as instants are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from g6.adapters.replay.malformed import Malformed
from g6.adapters.replay.market_snapshot import Snapshot, snapshot
from g6.adapters.replay.tables.table_layout import TableLayout
from g6.adapters.replay.tables.table_parsing import OptionRows
from g6.adapters.replay.tables.table_reading import FileLosses, column_names, options_of
from g6.adapters.replay.tables.table_scan import LostRow, Scan, Spots, scanned
from g6.adapters.replay.unread import LeftOut
from g6.errors import BadInput

STRETCH_ROWS = 200_000
"""Rows of one index held in memory at a time, some 15 MB."""


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Successive instants (epoch microseconds, both ends included) of an index, and the places of the files they are in."""

    first: int
    last: int
    files: tuple[int, ...]


class TableFiles:
    """Source over one or more files.

    With `lenient` a row or file that cannot be read is left out and told in `lost_rows`; else it is refused.
    Rows carry the word `source`; without one, it says what a person said that quantities count.
    Errors when opened: BadInput with file and row.
    """

    remembers = False
    left_out: Sequence[LeftOut]

    def __init__(
        self,
        paths: Sequence[Path],
        layout: TableLayout | None = None,
        *,
        stretch_rows: int = STRETCH_ROWS,
        lenient: bool = False,
        source: str = "",
    ) -> None:
        self._paths, self._lenient = list(paths), lenient
        scan = scanned(self._paths, layout or TableLayout(), lenient=lenient)
        self.layout = scan.layout
        self.left_out = tuple(
            LeftOut(odd.path, odd.row, odd.reason, "damaged") for odd in scan.odd_rows
        )
        self.lost_rows: Sequence[LostRow] = scan.lost_rows
        self.odd_rows: Sequence[LostRow] = scan.odd_rows
        self.others: Mapping[str, int] = scan.others
        self.spots: Mapping[str, Spots] = scan.spots
        self._widths = scan.widths
        self._source = source or _source_word(scan.layout)
        self._dropped = scan.dropped
        self._lost = {left.path for left in scan.lost_rows if left.row is None}
        self._expiries = scan.expiries
        self._stretches = {
            name: tuple(_Stretch(*parts) for parts in _stretches(scan, name, stretch_rows))
            for name in scan.expiries
        }
        self._instants = {
            name: tuple(map(_instant, np.unique(scan.at[scan.index == name]).tolist()))
            for name in sorted(scan.expiries)
        }
        self._held: dict[str, tuple[_Stretch, OptionRows]] = {}

    def instants(self) -> Mapping[str, tuple[datetime, ...]]:
        """Return the instants of each index."""
        return self._instants

    def expiries(self) -> Mapping[str, frozenset[date]]:
        """Return the distinct expiries of each index."""
        return self._expiries

    def resolved(self) -> TableLayout:
        """Return the layout with every column named, by the first file that could be read."""
        first = next(path for path in self._paths if path not in self._lost)
        return self.layout.resolved(column_names(first))

    def widths(self, index: str) -> Mapping[date, int]:
        """Return how many strikes the window of each expiry holds, of those whose window moves with the money."""
        return self._widths.get(index, {})

    def options(self, index: str, at: datetime) -> OptionRows:
        """Return the rows of one instant. Errors: BadInput, for a file that changed since it was opened."""
        micros = round(at.timestamp() * 1e6)
        stretch = next(part for part in self._stretches[index] if part.first <= micros <= part.last)
        if index not in self._held or self._held[index][0] != stretch:
            self._held[index] = stretch, self._load(index, stretch)
        options = self._held[index][1]
        first, end = np.searchsorted(options.at, [micros, micros + 1])
        return options.take(np.arange(first, end))

    def read(self, index: str, at: datetime) -> Snapshot:
        """Return the rows of one instant as a snapshot. Errors: BadInput, for a file that changed since it was opened."""
        options = self.options(index, at)
        spots = self.spots[index]
        place = int(np.searchsorted(spots.at, round(at.timestamp() * 1e6)))
        source = "disputed" if spots.disputed()[place] else "live"
        try:
            seen = snapshot(
                index, at, float(spots.median[place]), options.rows(), spot_source=source
            )
        except Malformed as error:
            raise BadInput(self._paths[0], None, error.reason) from error
        return replace(seen, source=self._source)

    def _load(self, index: str, stretch: _Stretch) -> OptionRows:
        parts = []
        for number in stretch.files:
            dropped = self._dropped.get(number)
            for options in options_of(
                self._paths[number], self.layout, FileLosses() if self._lenient else None
            ):
                mine = (
                    (options.index == index)
                    & (options.at >= stretch.first)
                    & (options.at <= stretch.last)
                )
                if dropped is not None:
                    mine &= ~np.isin(options.row, dropped)
                if mine.any():
                    parts.append(options.take(mine))
        whole = _joined(parts)
        return whole.take(np.argsort(whole.at, kind="stable"))


def _joined(parts: Sequence[OptionRows]) -> OptionRows:
    """Rows of several batches as one; a figure that some files lack is NaN there."""
    figures = sorted({name for part in parts for name in part.figures})

    def column(part: OptionRows, name: str) -> NDArray[np.float64]:
        return part.figures.get(name, np.full(len(part), np.nan))

    joined = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("at", "index", "expiry", "strike", "side", "spot", "row")
    }
    by_name = {name: np.concatenate([column(part, name) for part in parts]) for name in figures}
    in_contracts = frozenset().union(*(part.in_contracts for part in parts))
    return OptionRows(**joined, figures=by_name, in_contracts=in_contracts)


def _source_word(layout: TableLayout) -> str:
    """The word that rows carry: what a person said that quantities count, where a person said it."""
    said = {layout.units[name] for name in ("volume", "oi") if name in layout.units}
    if not said:
        return "replay"
    return "replay_contracts" if "contracts" in said else "replay_units"


def _instant(micros: int) -> datetime:
    return datetime.fromtimestamp(micros / 1e6, UTC)


def _stretches(scan: Scan, root: str, most: int) -> Iterator[tuple[int, int, tuple[int, ...]]]:
    """Yield first and last instant and the files of each stretch of a root's rows, at most `most` rows where instants allow."""
    mine = scan.index == root
    at, file = scan.at[mine], scan.file[mine]
    instants, counts = np.unique(at, return_counts=True)
    group = (np.cumsum(counts) - 1) // most
    for number in np.unique(group):
        first, last = int(instants[group == number][0]), int(instants[group == number][-1])
        yield first, last, tuple(np.unique(file[(at >= first) & (at <= last)]).tolist())
