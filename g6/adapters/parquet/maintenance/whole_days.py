"""Days that are written whole: the files that collecting and compacting them would leave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa

from g6.adapters.parquet import days
from g6.adapters.parquet.columns import (
    CHAIN_SCHEMA,
    OVERVIEW_SCHEMA,
    chain_metadata,
    column_array,
    encode,
    overview_rows,
    overview_rows_table,
)
from g6.adapters.parquet.days import FoldLevel
from g6.adapters.parquet.maintenance.folding import FileSummary, facts_of, merged_metadata
from g6.adapters.parquet.reading import metadata_of, read
from g6.domain.schema import layout
from g6.domain.schema.frame import Frame
from g6.domain.schema.json_types import Document
from g6.domain.schema.layout import DAY_FILE, Kind
from g6.domain.schema.overview_row import OverviewRow
from g6.domain.schema.rows import SCHEMA_VERSION
from g6.files import directory_lock, refusals, replace


@dataclass(frozen=True, slots=True)
class DayState:
    """What a data directory has of one index's day.

    Attributes:
        has_chain: Whether its chains are there.
        is_whole: Whether they are one file, and so are the overviews of the day.
        config_ids: The configurations that its chains were made under, separated by commas.
        cycles: How many overview rows the index has.
    """

    has_chain: bool = False
    is_whole: bool = True
    config_ids: str = ""
    cycles: int = 0


def day_state(directory: Path, index: str, day: date) -> DayState:
    """Return what a data directory has of an index's day.

    Raises:
        BadInput: A file of the day is damaged.
    """
    chain = directory / layout.day_folder(Kind.CHAIN, day, index)
    overview = directory / layout.day_folder(Kind.OVERVIEW, day)
    chains = days.files(chain)
    overviews = days.files(overview)
    is_whole = all(file.level is FoldLevel.DAY for file in (*chains, *overviews))
    config_ids = ""
    cycles = 0
    if chains:
        config_ids = metadata_of(chains[0].path).get(b"g6.config_id", b"").decode()
    if overviews and is_whole:
        names = read(overviews[0].path, OVERVIEW_SCHEMA, ["underlying"]).column("underlying")
        cycles = names.to_pylist().count(index)
    return DayState(bool(chains), is_whole, config_ids, cycles)


def write_chain_day(directory: Path, index: str, day: date, units: Mapping[str, Frame]) -> int:
    """Write the chains of one index's day as one file, and return how many rows it has.

    Args:
        directory: The data directory.
        index: The underlying.
        day: The session day.
        units: The chain of each cycle, by the cycle's name.

    Raises:
        StoreBusy: A disk refuses the file.
    """
    frames = [units[cycle] for cycle in sorted(units)]
    # A column of the whole day is encoded once: of 386 cycles one by one it takes 90 × 386 calls
    # of Arrow, and the words of their dictionaries must be brought together afterwards.
    arrays = []
    for field in CHAIN_SCHEMA:
        values = np.concatenate([frame.columns[field.name] for frame in frames])
        arrays.append(column_array(values, field))
    summaries = []
    for cycle in sorted(units):
        metadata = chain_metadata(units[cycle])
        summaries.append(FileSummary({cycle: units[cycle].header}, facts_of(metadata)))
    table = pa.table(arrays, schema=CHAIN_SCHEMA)
    content = encode(table.replace_schema_metadata(merged_metadata(summaries)), small=True)
    path = directory / layout.day_folder(Kind.CHAIN, day, index) / DAY_FILE
    with refusals(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with directory_lock(path.parent):
            replace(path, content)
    return int(table.num_rows)


def put_overview_day(directory: Path, day: date, rows: Sequence[OverviewRow]) -> None:
    """Put overview rows into the one file of their day. Rows of other indices stay.

    Raises:
        BadInput: The file is damaged. It stays as it is.
        StoreBusy: A disk refuses the file.
    """
    path = directory / layout.day_folder(Kind.OVERVIEW, day) / DAY_FILE
    with refusals(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with directory_lock(path.parent):
            by_key: dict[tuple[str, str], Document] = {}
            # A damaged file is no empty one: its other indices' rows were lost once.
            with suppress(FileNotFoundError):
                there = days.day_path(path.parent)
                for stored in overview_rows(read(there, OVERVIEW_SCHEMA)):
                    by_key[_key(stored)] = stored
            for row in rows:
                by_key[_key(row)] = row
            table = overview_rows_table([by_key[key] for key in sorted(by_key)])
            marked = table.replace_schema_metadata({"g6.version": str(SCHEMA_VERSION)})
            replace(path, encode(marked, small=True))


def _key(row: Document) -> tuple[str, str]:
    return str(row["timestamp"]), str(row["underlying"])
