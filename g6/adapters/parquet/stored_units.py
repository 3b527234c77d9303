"""Which units have a stored chain, and under which configuration each was written.

Names, footers and one column are read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date, datetime
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from g6.adapters.parquet import days
from g6.adapters.parquet.arrays import integers_of
from g6.adapters.parquet.cold_notes import is_cold, stored_source, unanswered
from g6.adapters.parquet.columns import CHAIN_SCHEMA
from g6.adapters.parquet.days import DayFile, FoldLevel
from g6.adapters.parquet.instant_rows import chains_observed_by, newest_first
from g6.adapters.parquet.maintenance.parquet_history import ParquetHistory
from g6.adapters.parquet.maintenance.rewriting import RECOMPUTED
from g6.adapters.parquet.reading import headers, metadata_of, part_header, read
from g6.domain.cycles.cycle import parse_z
from g6.domain.cycles.gaps import REPAIRED, instants_of
from g6.domain.quotes.stamp import collection_of, settings_of
from g6.domain.schema.frame import Frame
from g6.errors import BadInput
from g6.ports.history import OVERVIEW
from g6.ports.readers import StoredChains

_READERS = 4


def indices(directory: Path) -> list[str]:
    """Return the indices that have chains."""
    return [name for name in ParquetHistory(directory).names() if name != OVERVIEW]


def chain_days(directory: Path, index: str) -> list[date]:
    """Return the days that have a directory for chains of `index`, ascending."""
    return days.days(ParquetHistory(directory).root(index))


def overview_days(directory: Path) -> list[date]:
    """Return the days that have a directory for overviews, ascending."""
    return days.days(ParquetHistory(directory).root(OVERVIEW))


def stored_chains(
    directory: Path,
    keys: Sequence[tuple[str, date]],
    at: datetime | None = None,
    *,
    of_collection: bool = False,
) -> dict[tuple[str, date], StoredChains]:
    """Return the stored chains of each (index, day). A damaged folded file holds none.

    Args:
        directory: The data directory.
        keys: The indices and days.
        at: Leave out what was not there at this instant. None leaves out nothing.
        of_collection: Whether each chain has the configuration that collected it, not the one that
            its figures were computed under. They differ after a rerun and a recompute.
    """
    # A task for each of 1,476 files cost a tenth of the reading: each reader takes every fourth.
    shares = [keys[first::_READERS] for first in range(_READERS)]
    chains: dict[tuple[str, date], StoredChains] = {}
    with ThreadPoolExecutor(_READERS) as pool:
        read_share = partial(
            _chains_of_keys, ParquetHistory(directory), at=at, of_collection=of_collection
        )
        for chains_of_share in pool.map(read_share, shares):
            chains.update(chains_of_share)
    return chains


def sources(directory: Path) -> set[str]:
    """Return the sources of the newest collected chain, such as stream, rest or sim.

    It is empty where no chain can be read.
    """
    history = ParquetHistory(directory)
    stored: list[tuple[date, str]] = []
    for index in indices(directory):
        stored += [(day, index) for day in chain_days(directory, index)]
    for day, index in sorted(stored, reverse=True):
        if words := days.steadily(partial(_newest_sources, history.root(index), day)):
            return words
    return set()


def _newest_sources(root: Path, day: date) -> set[str]:
    """Return the sources of the newest file of a day that holds more than a repair."""
    for file in newest_first(root, [day]):
        with suppress(BadInput):
            words = _source_words(file.path)
            if words - {REPAIRED}:
                return words
    return set()


def _source_words(path: Path) -> set[str]:
    """Return the sources that the quotes of a file came from, on either side."""
    table = read(path, CHAIN_SCHEMA, ["ce_source", "pe_source"])
    words: set[str] = set()
    for column in table.columns:
        words.update(filter(None, column.unique().to_pylist()))
    return words


def _chains_of_keys(
    history: ParquetHistory,
    keys: Sequence[tuple[str, date]],
    at: datetime | None,
    *,
    of_collection: bool,
) -> dict[tuple[str, date], StoredChains]:
    """Return the chains of some indices and days, read one after the other."""
    chains: dict[tuple[str, date], StoredChains] = {}
    for index, day in keys:
        folder = days.directory_of(history.root(index), day)
        stored = _chains_of(folder, of_collection=of_collection)
        chains[index, day] = stored if at is None else stored.of(_observed(stored, folder, at))
    return chains


def _observed(stored: StoredChains, folder: Path, at: datetime) -> dict[int, str]:
    """Return by instant the configuration ids of the chains that were there at an instant."""
    observed = set(chains_observed_by(folder, at).tolist())
    return {cycle: name for cycle, name in stored.by_instant().items() if cycle in observed}


def _chains_of(folder: Path, *, of_collection: bool) -> StoredChains:
    return days.steadily(lambda: _chains_in(days.files(folder), of_collection=of_collection))


def _chains_in(files: Sequence[DayFile], *, of_collection: bool) -> StoredChains:
    """Return the chains of these files. A part was written last and beats the folded files."""
    folded = [file for file in files if file.level is not FoldLevel.PART]
    parts = days.of_level(files, FoldLevel.PART)
    if not parts and len(folded) == 1:
        return _folded(folded[0].path, of_collection=of_collection)
    configs: dict[int, str] = {}
    for file in sorted(folded, key=lambda file: file.level, reverse=True):
        configs.update(_folded(file.path, of_collection=of_collection).by_instant())
    configs.update(_configs_of_parts(parts, of_collection=of_collection))
    return StoredChains.of(configs)


def _folded(path: Path, *, of_collection: bool) -> StoredChains:
    """Return the chains of a folded file."""
    # Footer and instants come from one opening: 2.1 s of CPU instead of 4.3 s for a year of six
    # indices.
    try:
        with pq.ParquetFile(stored_source(path)) as file:
            metadata = file.metadata.metadata or {}
            column = file.read(["timestamp"], use_threads=False).column(0)
    except FileNotFoundError:
        raise
    except (pa.ArrowException, KeyError, OSError) as error:
        if is_cold(path):
            raise unanswered(path, error) from error
        return StoredChains.of({})
    instants = integers_of(column.drop_null() if column.null_count else column)
    # Rows lie by instant, many to each: the first of each run is taken before they are sorted.
    begins = np.flatnonzero(instants[1:] != instants[:-1]) + 1
    instants = instants[np.concatenate(([0], begins))] if len(instants) else instants
    if not np.all(instants[1:] > instants[:-1]):
        instants = np.unique(instants)
    ids = _ids(metadata)
    is_revised = of_collection and _is_revised(path, metadata)
    if len(ids) < 2 and not is_revised:
        return StoredChains(instants, np.zeros(len(instants), dtype=np.int64), ("".join(ids),))
    by_cycle: dict[int, str] = {}
    for cycle, header in headers(path).items():
        unit = Frame(header, {})
        name = collection_of(unit) if of_collection else settings_of(unit)
        by_cycle[int(instants_of([parse_z(cycle)])[0])] = name
    return StoredChains.of({at: by_cycle.get(at, "") for at in instants.tolist()})


def _is_revised(path: Path, metadata: Mapping[bytes, bytes]) -> bool:
    """Tell whether a folded file may hold chains that others collected than its metadata names."""
    # The mark alone says it of a day that an earlier version computed again.
    return b"g6.revised_from" in metadata or (path.parent / RECOMPUTED).exists()


def _configs_of_parts(parts: Sequence[DayFile], *, of_collection: bool) -> dict[int, str]:
    """Return the configuration of each part by instant.

    Where both ends of a run agree, what lies between is not opened: 0.9 ms each.
    """
    if not parts:
        return {}
    instants = instants_of(part.first for part in parts).tolist()
    first = _id_of(parts[0], of_collection=of_collection)
    last = _id_of(parts[-1], of_collection=of_collection)
    if first == last:
        return dict.fromkeys(instants, first)
    if len(parts) == 2:
        return {instants[0]: first, instants[1]: last}
    half = len(parts) // 2
    return {
        **_configs_of_parts(parts[:half], of_collection=of_collection),
        **_configs_of_parts(parts[half:], of_collection=of_collection),
    }


def _id_of(file: DayFile, *, of_collection: bool) -> str:
    """Return the configuration of a part, empty where it is damaged or does not say it."""
    try:
        if of_collection:
            return collection_of(Frame(part_header(file.path), {}))
        return "".join(_ids(metadata_of(file.path)))
    except BadInput:
        return ""


def _ids(metadata: Mapping[bytes, bytes]) -> list[str]:
    text = metadata.get(b"g6.config_id", b"").decode(errors="replace")
    return [word for word in text.split(",") if word]
