"""Many small files become few: parts into quarter-hour segments during the day, everything into one file after it.

The new file is written and read back before the old ones go, under a lock that listings share, so that a reader never finds a
row in neither. A part that somebody rewrote meanwhile stays: it is newer than what was folded.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from g6.adapters.parquet_store.columns import encode
from g6.adapters.parquet_store.days import DAY_FILE, DayFile, Level, files, quarter_of, segment_path
from g6.adapters.parquet_store.reading import by_instant, headers, merge, pack_headers
from g6.domain.cycle import isoformat_z
from g6.errors import BadInput, StoreBusy
from g6.files import directory_lock, refusals, replace
from g6.ports.history import Folded


def fold(directory: Path, schema: pa.Schema, before: datetime) -> Folded:
    """Fold the parts of a day before `before` into the segments of their quarter hours. Errors: StoreBusy, BadInput."""
    total = Folded()
    with refusals(directory), directory_lock(directory.parent):
        found = files(directory)
        parts = [file for file in found if file.level is Level.PART and file.first < before]
        for quarter, group in groupby(parts, key=lambda file: quarter_of(file.first)):
            segment = [file for file in found if file.level is Level.SEGMENT and file.first == quarter]
            total += _into(segment_path(directory, quarter), [*segment, *group], schema)
    return total


def compact(directory: Path, schema: pa.Schema) -> Folded:
    """Fold a day that is over into one file. Errors: StoreBusy (also when the new file does not read back as written), BadInput."""
    with refusals(directory), directory_lock(directory.parent):
        found = files(directory)
        loose = [file for file in found if file.level is not Level.DAY]
        return _into(directory / DAY_FILE, found, schema, by_instant) if loose else Folded()


def _into(
    target: Path, sources: Sequence[DayFile], schema: pa.Schema, order: Callable[[pa.Table], pa.Table] = lambda table: table
) -> Folded:
    seen = {file.path: _signature(file.path) for file in sources}
    merged, damaged = _merged(target, sources, schema)
    sources = [file for file in sources if file.path not in damaged]
    if not sources:
        return Folded(damaged=len(damaged))
    table = order(merged.unify_dictionaries().combine_chunks()).replace_schema_metadata(_metadata(sources))
    content = encode(table, small=target.name == DAY_FILE)
    _verify(target, content, table)
    replace(target, content)
    gone = _drop(target, {path: signature for path, signature in seen.items() if path not in damaged})
    return Folded(1, gone, table.num_rows, len(content), len(damaged))


def _merged(target: Path, sources: Sequence[DayFile], schema: pa.Schema) -> tuple[pa.Table, set[Path]]:
    """Return the rows of all files that can be read, and the others, which stay where they are. Errors: BadInput (the target)."""
    damaged: set[Path] = set()
    while True:
        try:
            return merge([file for file in sources if file.path not in damaged], schema, schema.names), damaged
        except BadInput as error:
            path = Path(error.path)
            if path == target or path in damaged:
                raise
            damaged.add(path)


def _signature(path: Path) -> tuple[int, int, int]:
    facts = path.stat()
    return facts.st_ino, facts.st_mtime_ns, facts.st_size


def _metadata(sources: Iterable[DayFile]) -> dict[str, str]:
    """Return the headers of all units, and the versions, models, rates and configurations there are, each once."""
    by_cycle: dict[str, Any] = {}
    facts: dict[str, set[str]] = {}
    for file in sorted(sources, key=lambda file: file.level, reverse=True):
        held = pq.read_metadata(file.path).metadata or {}
        for name in (b"g6.version", b"g6.model", b"g6.rate", b"g6.config_id"):
            facts.setdefault(name.decode(), set()).update(filter(None, held.get(name, b"").decode().split(",")))
        if b"g6.header" in held:
            by_cycle[isoformat_z(file.first)] = json.loads(held[b"g6.header"])
        by_cycle |= headers(file.path)
    packed = {"g6.headers": pack_headers(by_cycle)} if by_cycle else {}
    return {name: ",".join(sorted(values)) for name, values in facts.items() if values} | packed


def _verify(target: Path, content: bytes, table: pa.Table) -> None:
    """Refuse to let the old files go for a new one that does not say the same, row for row."""
    back = pq.read_table(io.BytesIO(content), page_checksum_verification=True)
    if back.num_rows != table.num_rows or any(not _same(back.column(name), table.column(name)) for name in table.column_names):
        raise StoreBusy(f"{target} does not read back as it was written; nothing was removed, see that memory and disk are healthy")


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
