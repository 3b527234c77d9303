"""Folding many small files into few.

Parts become quarter-hour segments during the day, and everything becomes one file after it. The
new file is written and read back before the old ones are removed, under a lock that listings
share, so that a reader never finds a row in neither. A part that somebody rewrote meanwhile stays:
it is newer than what was folded.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from g6.adapters.parquet.arrays import plain_type
from g6.adapters.parquet.columns import encode
from g6.adapters.parquet.days import DayFile, FoldLevel, files, of_level, segment_path
from g6.adapters.parquet.reading import (
    by_instant,
    headers,
    metadata_of,
    pack_headers,
    readable,
    whole,
    widened,
)
from g6.domain.cycles.cycle import isoformat_z, quarter_hour_of
from g6.domain.schema.json_reading import part
from g6.domain.schema.json_types import Document
from g6.domain.schema.layout import DAY_FILE
from g6.errors import BadInput, StoreBusy
from g6.files import directory_lock, refusals, replace, shown
from g6.ports.history import FoldReport

_HEADERS = ("g6.header", "g6.headers", "g6.indices", "g6.revised_from")


def fold(directory: Path, schema: pa.Schema, before: datetime) -> FoldReport:
    """Fold the parts of a day before `before` into the segments of their quarter hours.

    Raises:
        StoreBusy: A disk refuses a file.
    """
    total = FoldReport()
    with refusals(directory), directory_lock(directory.parent):
        stored = files(directory)
        segments = {file.first: file for file in of_level(stored, FoldLevel.SEGMENT)}
        parts = [file for file in of_level(stored, FoldLevel.PART) if file.first < before]
        for quarter, group in groupby(parts, key=lambda file: quarter_hour_of(file.first)):
            segment = [segments[quarter]] if quarter in segments else []
            # A damaged segment keeps its own quarter hour apart, and no other.
            try:
                total += _into(segment_path(directory, quarter), [*segment, *group], schema)
            except BadInput as error:
                total += FoldReport(damaged=1, left=(error.path,))
    return total


def compact(directory: Path, schema: pa.Schema) -> FoldReport:
    """Fold a day that is over into one file.

    Raises:
        StoreBusy: A disk refuses the file, or it does not read back as it was written.
        BadInput: The day's file is damaged.
    """
    with refusals(directory), directory_lock(directory.parent):
        stored = files(directory)
        if all(file.level is FoldLevel.DAY for file in stored):
            return FoldReport()
        return _into(directory / DAY_FILE, stored, schema, by_instant)


def _into(
    target: Path,
    sources: Sequence[DayFile],
    schema: pa.Schema,
    order: Callable[[pa.Table], pa.Table] = lambda table: table,
) -> FoldReport:
    # Signatures come first: a part that somebody rewrites from here on stays.
    signatures = {file.path: _signature(file.path) for file in sources}
    summaries, damaged = _summaries(sources)
    # A compaction by an older version once dropped a newer version's columns.
    schema = widened(summaries, schema)
    summarised = [file for file in sources if file.path in summaries]
    try:
        merged, unread = readable(summarised, schema, schema.names)
        damaged |= unread
    except BadInput as error:
        damaged |= dict.fromkeys(summaries, error)
    if target in damaged:
        raise damaged[target]
    names = tuple(map(shown, damaged))
    sources = [file for file in sources if file.path not in damaged]
    if not sources:
        return FoldReport(damaged=len(damaged), left=names)
    table = order(merged.unify_dictionaries().combine_chunks())
    descending = sorted(sources, key=lambda file: file.level, reverse=True)
    table = table.replace_schema_metadata(
        merged_metadata(summaries[file.path] for file in descending)
    )
    content = encode(table, small=target.name == DAY_FILE)
    _verify(target, content, table)
    replace(target, content)
    folded = {path: mark for path, mark in signatures.items() if path not in damaged}
    removed = _remove(target, folded)
    return FoldReport(1, removed, table.num_rows, len(content), len(damaged), names)


def _signature(path: Path) -> tuple[int, int, int]:
    facts = path.stat()
    return facts.st_ino, facts.st_mtime_ns, facts.st_size


@dataclass(frozen=True, slots=True)
class FileSummary:
    """The metadata of a file, or of what would be one.

    Attributes:
        headers: The headers of its units by cycle.
        facts: Versions, models, rates and configurations by name.
    """

    headers: Document
    facts: Mapping[str, set[str]]


def _summaries(
    sources: Iterable[DayFile],
) -> tuple[dict[Path, FileSummary], dict[Path, BadInput]]:
    """Return the summary of each file, and of files that cannot be read why not."""
    summaries: dict[Path, FileSummary] = {}
    damaged: dict[Path, BadInput] = {}
    for file in sources:
        try:
            with whole(file.path):
                summaries[file.path] = _summary(file)
        except BadInput as error:
            damaged[file.path] = error
    return summaries, damaged


def _summary(file: DayFile) -> FileSummary:
    metadata = metadata_of(file.path)
    by_cycle = headers(file.path)
    if b"g6.header" in metadata:
        by_cycle = {isoformat_z(file.first): json.loads(metadata[b"g6.header"]), **by_cycle}
    texts = {
        name.decode(): value.decode() for name, value in metadata.items() if name[:3] == b"g6."
    }
    return FileSummary(by_cycle, facts_of(texts))


def merged_metadata(summaries: Iterable[FileSummary]) -> dict[str, str]:
    """Return the headers of all units, and each version, model, rate and configuration once.

    Of two summaries with a header of the same cycle the later one counts.
    """
    by_cycle: dict[str, object] = {}
    facts: dict[str, set[str]] = {}
    for summary in summaries:
        for name, words in summary.facts.items():
            facts.setdefault(name, set()).update(words)
        by_cycle |= summary.headers
    merged = {name: ",".join(sorted(values)) for name, values in facts.items() if values}
    if by_cycle:
        merged["g6.headers"] = pack_headers(by_cycle)
    if collections := revised_collections(by_cycle):
        merged["g6.revised_from"] = collections
    return merged


def revised_collections(headers_by_cycle: Document) -> str:
    """Return the configurations of the collection of units that were computed again.

    They are separated by commas. Who reads only `g6.config_id` of a file knows by them that another
    configuration has collected what it holds.
    """
    names: set[str] = set()
    for cycle in headers_by_cycle:
        stamp = part(part(headers_by_cycle, cycle), "stamp")
        names.add(str(stamp.get("revised_from", "")))
    return ",".join(sorted(filter(None, names)))


def facts_of(metadata: Mapping[str, str]) -> dict[str, set[str]]:
    """Return versions, models, rates and configurations by name, as metadata lists them."""
    facts = {}
    for name, value in metadata.items():
        if name.startswith("g6.") and name not in _HEADERS:
            facts[name] = set(filter(None, value.split(",")))
    return facts


def _verify(target: Path, content: bytes, table: pa.Table) -> None:
    """Refuse a new file that does not read back the same, row for row."""
    # A byte that flipped on its way was once folded into a day that looked whole.
    # `read_table` imports pyarrow's datasets for it: 5 MB of each process that folds.
    back = pq.ParquetFile(io.BytesIO(content), page_checksum_verification=True).read()
    is_whole = back.num_rows == table.num_rows
    for name in table.column_names:
        is_whole = is_whole and _is_same(back.column(name), table.column(name))
    if not is_whole:
        raise StoreBusy(
            f"{target} does not read back as it was written; nothing was removed, see that "
            "memory and disk are healthy"
        )


def _is_same(one: pa.ChunkedArray, other: pa.ChunkedArray) -> bool:
    plain = plain_type(one.type)
    return bool(one.cast(plain).equals(other.cast(plain)))


def _remove(target: Path, folded: Mapping[Path, tuple[int, int, int]]) -> int:
    """Remove the files that were folded into `target`, but none that was rewritten meanwhile."""
    removed = 0
    with directory_lock(target.parent):
        for path, signature in folded.items():
            if path != target and _signature(path) == signature:
                path.unlink()
                removed += 1
    return removed
