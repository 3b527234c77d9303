"""Stored units as plain rows, read with pyarrow alone.

`g6 verify` holds stored figures against a second implementation. Its rows come from here and not
from `reading` and `stored_units`, so that a fault of theirs shows as a difference too.
"""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NamedTuple

import pyarrow.compute as pc
import pyarrow.parquet as pq

from g6.domain.schema.json_reading import numbers, part, whole
from g6.domain.schema.json_types import Document
from g6.studies.checks.second_rows import BeyondStrikes, StoredRow, StoredUnit

__all__ = ["UnitPlace", "read_unit", "stored_units"]


class UnitPlace(NamedTuple):
    """Where a stored unit is: its index, its session day and its instant."""

    underlying: str
    day: date
    instant: datetime


def stored_units(directory: Path) -> list[UnitPlace]:
    """Return the place of every stored chain, ascending by instant and index."""
    places: set[UnitPlace] = set()
    for path in sorted((directory / "chain").glob("underlying=*/date=*/[!.]*.parquet")):
        index = path.parent.parent.name.removeprefix("underlying=")
        day = date.fromisoformat(path.parent.name.removeprefix("date="))
        column = pq.read_table(path, columns=["timestamp"], partitioning=None).column("timestamp")
        for instant in pc.unique(column).to_pylist():
            places.add(UnitPlace(index, day, instant.astimezone(UTC)))
    return sorted(places, key=lambda place: (place.instant, place.underlying))


def read_unit(directory: Path, place: UnitPlace) -> StoredUnit:
    """Return one stored unit."""
    index, day, instant = place
    chain = directory / "chain" / f"underlying={index}" / f"date={day}"
    rows, header = next(_rows_at(chain, instant), ([], {}))
    overview = None
    for overviews, _ in _rows_at(directory / "overview" / f"date={day}", instant):
        for row in overviews:
            if overview is None and row.text("underlying") == index:
                overview = row
    return StoredUnit(index, instant, rows, overview, _beyond(header))


def _beyond(header: Document) -> dict[str, BeyondStrikes]:
    """Return by ISO expiry what a header holds of listed strikes that are no rows."""
    beyond: dict[str, BeyondStrikes] = {}
    of_expiries = part(part(header, "stamp"), "beyond")
    for expiry in of_expiries:
        entry = part(of_expiries, expiry)
        strikes = [strike for strike in numbers(entry, "strike") if strike is not None]
        calls = numbers(entry, "ce_oi")
        puts = numbers(entry, "pe_oi")
        counts = whole(entry, "listed"), whole(entry, "unasked")
        beyond[expiry] = BeyondStrikes(strikes, calls, puts, *counts)
    return beyond


def _rows_at(directory: Path, instant: datetime) -> Iterator[tuple[list[StoredRow], Document]]:
    """Yield the rows of an instant and the header of its chain, file by file, the best one first.

    They stand in a part of their own, else in a segment, else in the file of the whole day.
    """
    files = [path for path in directory.glob("*.parquet") if not path.name.startswith(".")]
    for path in sorted(files, key=_narrowest_first):
        if _is_part_of_another(path, instant):
            continue
        table = pq.read_table(path, partitioning=None, filters=pc.field("timestamp") == instant)
        if table.num_rows:
            yield [*map(StoredRow, table.to_pylist())], _header(path, instant)


def _narrowest_first(path: Path) -> tuple[bool, bool, str]:
    return path.name == "day.parquet", "-" in path.name, path.name


def _is_part_of_another(path: Path, instant: datetime) -> bool:
    is_part = re.match(r"\d", path.name) is not None and "-" not in path.name
    return is_part and not path.name.startswith(f"{instant:%H%M%S}")


def _header(path: Path, instant: datetime) -> Document:
    metadata = pq.read_metadata(path).metadata or {}
    if b"g6.headers" not in metadata:
        header: Document = json.loads(metadata.get(b"g6.header", b"{}"))
        return header
    headers = json.loads(zlib.decompress(base64.b64decode(metadata[b"g6.headers"])))
    for cycle, header in headers.items():
        if datetime.fromisoformat(cycle) == instant:
            return header
    return {}
