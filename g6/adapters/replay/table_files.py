"""A source over files of snapshot tables: read through once when opened, then stretch by stretch as instants are asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from g6.adapters.replay.left_out import LeftOut
from g6.adapters.replay.snapshot import Malformed, Snapshot, contract_key, snapshot
from g6.adapters.replay.table import COLUMNS, Options, check_columns, parse_table
from g6.domain.instrument import SIDES
from g6.errors import BadInput

STRETCH_ROWS = 200_000
"""Rows of one index held in memory at a time, some 15 MB."""
BATCH_ROWS = 65_536
_CSV_ROW = re.compile(r"Row #(\d+)")  # of the file, its header included


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Successive instants (epoch microseconds, both ends included) of an index, and the files they are in."""

    first: int
    last: int
    files: tuple[Path, ...]


class TableFiles:
    """Source over one or more files. Errors when opened: BadInput with file and row."""

    remembers = False
    left_out: Sequence[LeftOut] = ()

    def __init__(self, paths: Sequence[Path], stretch_rows: int = STRETCH_ROWS) -> None:
        index, at, file, expiries = _scan(paths)
        self._expiries = expiries
        self._stretches = {name: _stretches(at[index == name], file[index == name], paths, stretch_rows) for name in expiries}
        self._instants = {name: tuple(map(_instant, np.unique(at[index == name]).tolist())) for name in sorted(expiries)}
        self._held: dict[str, tuple[_Stretch, Options]] = {}

    def instants(self) -> Mapping[str, tuple[datetime, ...]]:
        """Return the instants of each index."""
        return self._instants

    def expiries(self) -> Mapping[str, frozenset[date]]:
        """Return the distinct expiries of each index."""
        return self._expiries

    def read(self, index: str, at: datetime) -> Snapshot:
        """Return the rows of one instant as a snapshot. Errors: BadInput, for a file that changed since it was opened."""
        micros = round(at.timestamp() * 1e6)
        stretch = next(each for each in self._stretches[index] if each.first <= micros <= each.last)
        if index not in self._held or self._held[index][0] != stretch:
            self._held[index] = stretch, _load(index, stretch)
        options = self._held[index][1]
        first, end = np.searchsorted(options.at, [micros, micros + 1])
        mine = options.take(np.arange(first, end))
        known = mine.spot[np.isfinite(mine.spot)]
        return snapshot(index, at, float(known[0]) if len(known) else float("nan"), mine.rows())


def _scan(
    paths: Sequence[Path],
) -> tuple[NDArray[np.object_], NDArray[np.int64], NDArray[np.intp], dict[str, frozenset[date]]]:
    """Read every file; return index, instant and file of each row, and the expiries of each index."""
    names: list[NDArray[np.object_]] = []
    instants: list[NDArray[np.int64]] = []
    keys: list[NDArray[np.int64]] = []
    places: list[tuple[int, int]] = []
    expiries: dict[str, set[date]] = {}
    counted: frozenset[str] | None = None
    for number, path in enumerate(paths):
        before = len(places)
        for options in _parsed(path):
            if counted not in (None, options.in_contracts):
                raise BadInput(path, None, f"counts contracts where {paths[0].name} counts units, or the other way round")
            counted = options.in_contracts
            names.append(options.index)
            instants.append(options.at)
            keys.append(contract_key(options.expiry, options.strike) * 2 + options.side)
            places.append((number, len(options)))
            for name in set(options.index.tolist()):
                days = np.unique(options.expiry[options.index == name]).astype("datetime64[D]").tolist()
                expiries.setdefault(name, set()).update(days)
        if len(places) == before:
            raise BadInput(path, None, "holds no row")
    index, at, key = np.concatenate(names), np.concatenate(instants), np.concatenate(keys)
    file = np.repeat([number for number, _ in places], [count for _, count in places]).astype(np.intp)
    _check_single(index, at, key, file, paths)
    return index, at, file, {name: frozenset(days) for name, days in expiries.items()}


def _check_single(
    index: NDArray[np.object_], at: NDArray[np.int64], key: NDArray[np.int64], file: NDArray[np.intp], paths: Sequence[Path]
) -> None:
    """See that no option is there twice at one instant."""
    _, code = np.unique(index.astype(np.str_), return_inverse=True)
    order = np.lexsort((key, at, code))
    same = (code[order][1:] == code[order][:-1]) & (at[order][1:] == at[order][:-1]) & (key[order][1:] == key[order][:-1])
    if same.any():
        row = int(order[1:][same].min())
        number = int(file[row])
        side = SIDES[int(key[row] % 2)]
        raise BadInput(
            paths[number], row - int(np.argmax(file == number)) + 1, f"this {side} is there already at {_instant(int(at[row]))}"
        )


def _stretches(at: NDArray[np.int64], file: NDArray[np.intp], paths: Sequence[Path], most: int) -> tuple[_Stretch, ...]:
    instants, counts = np.unique(at, return_counts=True)
    group = (np.cumsum(counts) - 1) // most
    found = []
    for each in np.unique(group):
        first, last = int(instants[group == each][0]), int(instants[group == each][-1])
        files = tuple(paths[n] for n in np.unique(file[(at >= first) & (at <= last)]))
        found.append(_Stretch(first, last, files))
    return tuple(found)


def _load(index: str, stretch: _Stretch) -> Options:
    parts = []
    for path in stretch.files:
        for options in _parsed(path):
            mine = (options.index == index) & (options.at >= stretch.first) & (options.at <= stretch.last)
            if mine.any():
                parts.append(options.take(mine))
    whole = _joined(parts)
    return whole.take(np.argsort(whole.at, kind="stable"))


def _joined(parts: Sequence[Options]) -> Options:
    """Rows of several batches as one; a figure that some files lack is NaN there."""
    figures = sorted({name for part in parts for name in part.figures})

    def column(part: Options, name: str) -> NDArray[np.float64]:
        return part.figures.get(name, np.full(len(part), np.nan))

    joined = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("at", "index", "expiry", "strike", "side", "spot")
    }
    by_name = {name: np.concatenate([column(part, name) for part in parts]) for name in figures}
    return Options(**joined, figures=by_name, in_contracts=parts[0].in_contracts)


def _instant(micros: int) -> datetime:
    return datetime.fromtimestamp(micros / 1e6, UTC)


def _parsed(path: Path) -> Iterator[Options]:
    """Yield a file's options batch by batch. Errors: BadInput."""
    before = 0
    try:
        for table in _batches(path):
            if table.num_rows:
                yield parse_table(table, before)
            before += table.num_rows
    except Malformed as error:
        raise BadInput(path, error.row, error.reason) from error
    except (pa.ArrowInvalid, OSError) as error:
        said = str(error).splitlines()[0]
        torn = _CSV_ROW.search(said)
        raise BadInput(path, int(torn[1]) - 1 if torn else None, f"cannot be read: {said}") from error


def _batches(path: Path) -> Iterator[pa.Table]:
    if path.suffix.lower() == ".csv":
        yield from _csv_batches(path)
        return
    with pq.ParquetFile(path) as file:
        check_columns(file.schema_arrow.names)
        for batch in file.iter_batches(BATCH_ROWS, columns=[name for name in file.schema_arrow.names if name in COLUMNS]):
            yield pa.Table.from_batches([batch])


def _csv_batches(path: Path) -> Iterator[pa.Table]:
    """A CSV's columns as text, so that a bad number is found with its row."""
    with pa_csv.open_csv(
        path,
        read_options=pa_csv.ReadOptions(use_threads=False, block_size=1 << 23),
        convert_options=pa_csv.ConvertOptions(
            column_types=dict.fromkeys(COLUMNS, pa.string()), null_values=["", "nan", "NaN", "null"], strings_can_be_null=True
        ),
    ) as reader:
        check_columns(reader.schema.names)
        for batch in reader:
            yield pa.Table.from_batches([batch])
