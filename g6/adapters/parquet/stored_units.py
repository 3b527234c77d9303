"""Which units have a stored chain, and under which configuration each was written: names, footers and one column are read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from g6.adapters.parquet import days
from g6.adapters.parquet.columns import CHAIN_SCHEMA
from g6.adapters.parquet.days import DayFile, FoldLevel
from g6.adapters.parquet.history import ParquetHistory
from g6.adapters.parquet.reading import headers, read
from g6.domain.cycles.cycle import parse_z
from g6.domain.cycles.gaps import REPAIRED
from g6.errors import BadInput
from g6.ports.history import OVERVIEW

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_READERS = 4
UnitsOfDay = Mapping[datetime, str]
"""The configuration id of each stored unit of one index and day by instant, "" where the file does not say it."""


def indices(directory: Path) -> list[str]:
    """Return the indices that have chains."""
    return [name for name in ParquetHistory(directory).names() if name != OVERVIEW]


def chain_days(directory: Path, index: str) -> list[date]:
    """Return the days that have a directory for chains of `index`, ascending."""
    return days.days(ParquetHistory(directory).root(index))


def overview_days(directory: Path) -> list[date]:
    """Return the days that have a directory for overviews, ascending."""
    return days.days(ParquetHistory(directory).root(OVERVIEW))


def stored_units(
    directory: Path, wanted: Iterable[tuple[str, date]]
) -> dict[tuple[str, date], UnitsOfDay]:
    """Return the stored units of each (index, day). A folded file that cannot be read holds none."""
    history, keys = ParquetHistory(directory), list(wanted)
    folders = [days.directory_of(history.root(index), day) for index, day in keys]
    with ThreadPoolExecutor(_READERS) as pool:
        instants: dict[int, datetime] = {}
        return dict(
            zip(keys, pool.map(partial(_units_of, instants=instants), folders), strict=True)
        )


def sources(directory: Path) -> set[str]:
    """Return where the quotes of the newest collected chain came from: stream, rest, sim, …; empty where there is none."""
    history = ParquetHistory(directory)
    newest = sorted(
        ((day, index) for index in indices(directory) for day in chain_days(directory, index)),
        reverse=True,
    )
    for day, index in newest:
        for file in reversed(days.files(days.directory_of(history.root(index), day))):
            with suppress(BadInput, FileNotFoundError):
                table = read(file.path, CHAIN_SCHEMA, ["ce_source", "pe_source"])
                words = {
                    word for column in table.columns for word in column.unique().to_pylist() if word
                }
                if words - {REPAIRED}:
                    return words
    return set()


def _units_of(folder: Path, instants: dict[int, datetime]) -> UnitsOfDay:
    return days.steadily(lambda: _units_in(days.files(folder), instants))


def _units_in(files: Sequence[DayFile], instants: dict[int, datetime]) -> UnitsOfDay:
    """Return what these files hold; a part was written last and counts before the folded files."""
    units: dict[datetime, str] = {}
    for file in sorted(files, key=lambda file: file.level, reverse=True):
        if file.level is not FoldLevel.PART:
            units.update(_folded(file.path, instants))
    parts = [file for file in files if file.level is FoldLevel.PART]
    return {**units, **_ids_of_parts(parts)}


def _folded(path: Path, instants: dict[int, datetime]) -> UnitsOfDay:
    """Return the units of a folded file, which is opened once: 0.9 ms for 16,400 rows. `instants` are shared by all files."""
    try:
        with pq.ParquetFile(path) as file:
            ids = _ids(file.metadata.metadata)
            micros = (
                file.read(["timestamp"], use_threads=False)
                .column(0)
                .cast(pa.int64())
                .unique()
                .to_pylist()
            )
    except FileNotFoundError:
        raise
    except (pa.ArrowException, KeyError, OSError):
        return {}
    units = [
        instants.get(each) or instants.setdefault(each, _EPOCH + timedelta(microseconds=each))
        for each in micros if each is not None
    ]  # fmt: skip
    if len(ids) < 2:
        return dict.fromkeys(units, "".join(ids))
    by_cycle = {
        parse_z(cycle): header.get("stamp", {}).get("config_id", "")
        for cycle, header in headers(path).items()
    }
    return {at: str(by_cycle.get(at, "")) for at in units}


def _ids_of_parts(parts: Sequence[DayFile]) -> UnitsOfDay:
    """Return the ids of parts in their order. Where both ends of a run agree, what lies between is not opened: 0.9 ms each."""
    if not parts:
        return {}
    first, last = _id_of(parts[0]), _id_of(parts[-1])
    if first == last:
        return {part.first: first for part in parts}
    if len(parts) == 2:
        return {parts[0].first: first, parts[1].first: last}
    half = len(parts) // 2
    return {**_ids_of_parts(parts[:half]), **_ids_of_parts(parts[half:])}


def _id_of(part: DayFile) -> str:
    ids = _config_ids(part.path)
    return ids[0] if ids else ""


def _config_ids(path: Path) -> list[str]:
    try:
        return _ids(pq.read_metadata(path).metadata)
    except FileNotFoundError:
        raise
    except (pa.ArrowException, OSError):
        return []


def _ids(metadata: Mapping[bytes, bytes] | None) -> list[str]:
    text = (metadata or {}).get(b"g6.config_id", b"").decode(errors="replace")
    return [word for word in text.split(",") if word]
