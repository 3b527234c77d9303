"""Many small files become few: parts into quarter-hour segments during the day, everything into one file after it.

The new file is written and read back before the old ones go, under a lock that listings share, so that a reader never finds a
row in neither. A part that somebody rewrote meanwhile stays: it is newer than what was folded.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from g6.adapters.parquet.columns import encode
from g6.adapters.parquet.days import DayFile, FoldLevel, files, segment_path
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
from g6.domain.schema.layout import DAY_FILE
from g6.errors import BadInput, StoreBusy
from g6.files import directory_lock, refusals, replace, shown
from g6.ports.history import FoldReport

_HEADERS = (b"g6.header", b"g6.headers", b"g6.indices")


def fold(directory: Path, schema: pa.Schema, before: datetime) -> FoldReport:
    """Fold the parts of a day before `before` into the segments of their quarter hours. Errors: StoreBusy."""
    total = FoldReport()
    with refusals(directory), directory_lock(directory.parent):
        found = files(directory)
        parts = [file for file in found if file.level is FoldLevel.PART and file.first < before]
        for quarter, group in groupby(parts, key=lambda file: quarter_hour_of(file.first)):
            segment = [
                file for file in found if file.level is FoldLevel.SEGMENT and file.first == quarter
            ]
            try:
                total += _into(segment_path(directory, quarter), [*segment, *group], schema)
            except (
                BadInput
            ) as error:  # a damaged segment keeps its own quarter hour apart, and no other
                total += FoldReport(damaged=1, left=(error.path,))
    return total


def compact(directory: Path, schema: pa.Schema) -> FoldReport:
    """Fold a day that is over into one file. Errors: StoreBusy (also when the new file does not read back as written), BadInput."""
    with refusals(directory), directory_lock(directory.parent):
        found = files(directory)
        loose = [file for file in found if file.level is not FoldLevel.DAY]
        return _into(directory / DAY_FILE, found, schema, by_instant) if loose else FoldReport()


def _into(
    target: Path,
    sources: Sequence[DayFile],
    schema: pa.Schema,
    order: Callable[[pa.Table], pa.Table] = lambda table: table,
) -> FoldReport:
    seen = {file.path: _signature(file.path) for file in sources}
    told, damaged = _told(sources)
    schema = widened(told, schema)
    try:
        merged, unread = readable(
            [file for file in sources if file.path in told], schema, schema.names
        )
        damaged |= unread
    except BadInput as error:
        damaged |= dict.fromkeys(told, error)
    if target in damaged:
        raise damaged[target]
    left = tuple(shown(path) for path in damaged)
    sources = [file for file in sources if file.path not in damaged]
    if not sources:
        return FoldReport(damaged=len(damaged), left=left)
    table = order(merged.unify_dictionaries().combine_chunks())
    table = table.replace_schema_metadata(_metadata(sources, told))
    content = encode(table, small=target.name == DAY_FILE)
    _verify(target, content, table)
    replace(target, content)
    gone = _drop(
        target, {path: signature for path, signature in seen.items() if path not in damaged}
    )
    return FoldReport(1, gone, table.num_rows, len(content), len(damaged), left)


def _signature(path: Path) -> tuple[int, int, int]:
    facts = path.stat()
    return facts.st_ino, facts.st_mtime_ns, facts.st_size


@dataclass(frozen=True, slots=True)
class _FileSummary:
    """What a file says of its rows: headers by cycle, and by name the versions, models, rates and configurations."""

    headers: Mapping[str, Any]
    facts: Mapping[str, set[str]]


def _told(sources: Iterable[DayFile]) -> tuple[dict[Path, _FileSummary], dict[Path, BadInput]]:
    """Return what each file says of its rows, and of files that cannot be read why not."""
    told: dict[Path, _FileSummary] = {}
    damaged: dict[Path, BadInput] = {}
    for file in sources:
        try:
            with whole(file.path):
                held = metadata_of(file.path)
                by_cycle = headers(file.path)
                if b"g6.header" in held:
                    by_cycle = {isoformat_z(file.first): json.loads(held[b"g6.header"])} | by_cycle
                facts = {
                    name.decode(): set(filter(None, value.decode().split(",")))
                    for name, value in held.items()
                    if name.startswith(b"g6.") and name not in _HEADERS
                }
                told[file.path] = _FileSummary(by_cycle, facts)
        except BadInput as error:
            damaged[file.path] = error
    return told, damaged


def _metadata(sources: Iterable[DayFile], told: Mapping[Path, _FileSummary]) -> dict[str, str]:
    """Return the headers of all units, and the versions, models, rates and configurations there are, each once."""
    by_cycle: dict[str, Any] = {}
    facts: dict[str, set[str]] = {}
    for file in sorted(sources, key=lambda file: file.level, reverse=True):
        for name, words in told[file.path].facts.items():
            facts.setdefault(name, set()).update(words)
        by_cycle |= told[file.path].headers
    packed = {"g6.headers": pack_headers(by_cycle)} if by_cycle else {}
    return {name: ",".join(sorted(values)) for name, values in facts.items() if values} | packed


def _verify(target: Path, content: bytes, table: pa.Table) -> None:
    """Refuse to let the old files go for a new one that does not say the same, row for row."""
    back = pq.read_table(io.BytesIO(content), page_checksum_verification=True)
    if back.num_rows != table.num_rows or any(
        not _same(back.column(name), table.column(name)) for name in table.column_names
    ):
        raise StoreBusy(
            f"{target} does not read back as it was written; nothing was removed, see that memory and disk are healthy"
        )


def _same(one: pa.ChunkedArray, other: pa.ChunkedArray) -> bool:
    plain = pa.string() if pa.types.is_dictionary(one.type) else one.type
    return bool(one.cast(plain).equals(other.cast(plain)))


def _drop(target: Path, seen: dict[Path, tuple[int, int, int]]) -> int:
    gone = 0
    with directory_lock(target.parent):
        for path, signature in seen.items():
            if path != target and _signature(path) == signature:
                path.unlink()
                gone += 1
    return gone
