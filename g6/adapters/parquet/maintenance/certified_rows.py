"""What the certificate of a day says of the rows of its files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq

from g6.adapters.parquet import days
from g6.adapters.parquet.cold_notes import stored_source
from g6.adapters.parquet.columns import CHAIN_SCHEMA
from g6.adapters.parquet.days import DayFile, FoldLevel
from g6.adapters.parquet.maintenance.parquet_history import ParquetHistory
from g6.adapters.parquet.reading import metadata_of, read, whole
from g6.ports.history import OVERVIEW

__all__ = ["config_ids", "has_rows", "is_loose", "row_count", "source_counts"]

_SOURCES = ("ce_source", "pe_source")


def row_count(path: Path) -> int:
    """Return how many rows a file has, by its footer.

    Raises:
        BadInput: It is no whole Parquet file.
    """
    with whole(path):
        return int(pq.read_metadata(stored_source(path)).num_rows)


def is_loose(directory: Path, day: date) -> bool:
    """Tell whether an index or the overview of a day is in more than one file, or in a part."""
    return any(file.level is not FoldLevel.DAY for file in _files(directory, day))


def has_rows(directory: Path, day: date) -> bool:
    """Tell whether chains or overview rows of a day are stored."""
    return any(True for _ in _files(directory, day))


def _files(directory: Path, day: date) -> Iterator[DayFile]:
    history = ParquetHistory(directory)
    for name in history.names():
        yield from days.files(days.directory_of(history.root(name), day))


def source_counts(directory: Path, day: date) -> Mapping[str, Mapping[str, int]]:
    """Return by index how many quotes of options came from each source.

    Raises:
        BadInput: A file is damaged.
    """
    counts: dict[str, dict[str, int]] = {}
    for name, path in _chains(directory, day).items():
        table = read(path, CHAIN_SCHEMA, [*_SOURCES])
        by_source: Counter[str] = Counter()
        for column in table.columns:
            for entry in pc.value_counts(column.combine_chunks()).to_pylist():
                by_source[entry["values"] or ""] += entry["counts"]
        counts[name] = {source: by_source[source] for source in sorted(by_source) if source}
    return counts


def config_ids(directory: Path, day: date) -> tuple[str, ...]:
    """Return the ids of the configurations that wrote the chains of a day.

    Raises:
        BadInput: A file is damaged.
    """
    ids: set[str] = set()
    for path in _chains(directory, day).values():
        ids |= set(metadata_of(path).get(b"g6.config_id", b"").decode().split(","))
    return tuple(sorted(filter(None, ids)))


def _chains(directory: Path, day: date) -> dict[str, Path]:
    """Return the chains of a day by index, of those that are one file."""
    history = ParquetHistory(directory)
    paths = {
        name: days.day_path(days.directory_of(history.root(name), day))
        for name in history.names()
        if name != OVERVIEW
    }
    return {name: path for name, path in paths.items() if path.is_file()}
