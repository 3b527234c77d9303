"""Events of the bus as rows, in one file per session day, each event once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import UTC, date, datetime
from itertools import chain, islice
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from g6.adapters.parquet import days
from g6.adapters.parquet.arrays import plain_schema
from g6.adapters.parquet.columns import EVENT_SCHEMA, packing
from g6.adapters.parquet.reading import conform, read, whole, widened
from g6.domain.cycles.cycle import parse_z
from g6.domain.market.instrument import INDICES
from g6.domain.schema.json_types import Document
from g6.domain.schema.layout import DAY_FILE
from g6.errors import BadInput
from g6.files import directory_lock, refusals, replace
from g6.ports import Event
from g6.ports.history import BusPosition

POSITION = ".position.json"
"""The place to go on reading from.

It is written after the rows. A crash between the two stores an event a second time, which changes
nothing, and loses none.
"""


def position(root: Path) -> BusPosition:
    """Return how far events are stored.

    Raises:
        BadInput: The file of the position is damaged.
    """
    path = root / POSITION
    try:
        return BusPosition(**json.loads(path.read_text("utf-8")))
    except FileNotFoundError:
        return BusPosition()
    except (ValueError, TypeError) as error:
        fix = f"rm {path}; events that are there are not kept twice"
        raise BadInput(path, None, "is no position in the events", fix) from error


_ORDER = [("observed_at", "ascending"), ("event_id", "ascending")]
_GROUP_ROWS = 1_000
"""Rows of a row group: some 10 MB of reports."""
_BATCH = 50
"""Events that are held as objects of Python at a time: the report of a cycle has 8 KB of JSON."""


def keep(root: Path, events: Iterable[Event], upto: BusPosition) -> None:
    """Add events, which are gone through once, to the files of their days.

    Raises:
        StoreBusy: A disk refuses a file.
        BadInput: A file of events is damaged.
    """
    by_day = _tables(events)
    with refusals(root):
        root.mkdir(parents=True, exist_ok=True)
        with directory_lock(root):
            for day, tables in sorted(by_day.items()):
                _add(days.directory_of(root, day) / DAY_FILE, pa.concat_tables(tables))
            replace(root / POSITION, json.dumps(asdict(upto)).encode())


def _tables(events: Iterable[Event]) -> dict[date, list[pa.Table]]:
    """Return the rows of events by day, in tables of one batch each."""
    by_day: dict[date, list[pa.Table]] = {}
    remaining = iter(events)
    while batch := list(islice(remaining, _BATCH)):
        rows: dict[date, list[Document]] = {}
        for event in batch:
            at = _instant(event)
            rows.setdefault(days.session_date(at), []).append(_row(event, at))
        for day, documents in rows.items():
            by_day.setdefault(day, []).append(
                pa.Table.from_pylist(documents, plain_schema(EVENT_SCHEMA))
            )
    return by_day


def _add(path: Path, table: pa.Table) -> None:
    schema = widened([path], EVENT_SCHEMA).with_metadata({"g6.version": "1"})
    plain = plain_schema(schema)
    for field in plain:
        if field.name not in table.column_names:
            table = table.append_column(field, pa.nulls(table.num_rows, field.type))
    table = table.select(plain.names)
    if not path.exists():
        replace(path, _encoded(schema, [table.sort_by(_ORDER)]))
        return
    stored = read(path, schema, ["event_id", "observed_at"])
    is_stored = pc.is_in(table["event_id"], value_set=stored["event_id"].cast(pa.string()))
    table = table.filter(pc.invert(is_stored)).sort_by(_ORDER)
    if not table.num_rows:
        return
    groups = _groups(path, schema)
    # The bus hands them out in order: only a day whose file was put back has newer ones already.
    newest = pc.max(stored["observed_at"]).as_py()  # None of a file without rows
    if newest is not None and table["observed_at"][0].as_py() <= newest:
        whole_day = [group.cast(plain) for group in groups]
        replace(path, _encoded(schema, [pa.concat_tables([*whole_day, table]).sort_by(_ORDER)]))
        return
    replace(path, _encoded(schema, chain(groups, [table])))


def _groups(path: Path, schema: pa.Schema) -> Iterator[pa.Table]:
    """Yield the rows of a file group by group.

    As one table, a day of 22,500 cycles took 1.4 GB of the process that kept its last events. As
    objects of Python, the events of a day stayed in it.
    """
    with whole(path), pq.ParquetFile(path, page_checksum_verification=True) as file:
        for number in range(file.num_row_groups):
            yield conform(file.read_row_group(number, use_threads=False), schema)


def _encoded(schema: pa.Schema, groups: Iterable[pa.Table]) -> bytes:
    """Return rows as one Parquet file. A group that is not full is filled up with what follows."""
    sink = pa.BufferOutputStream()
    options = packing(tuple(schema.names), True)
    plain = plain_schema(schema)
    with pq.ParquetWriter(sink, schema, write_page_checksum=True, **options) as writer:
        rest = plain.empty_table()
        for group in groups:
            rest = pa.concat_tables([rest, group.select(plain.names).cast(plain)])
            while rest.num_rows >= _GROUP_ROWS:
                writer.write_table(_packed(rest.slice(0, _GROUP_ROWS), schema))
                rest = rest.slice(_GROUP_ROWS)
        if rest.num_rows:
            writer.write_table(_packed(rest, schema))
    return bytes(sink.getvalue())


def _packed(table: pa.Table, schema: pa.Schema) -> pa.Table:
    return table.combine_chunks().cast(schema)


def _observed_at(event: Event) -> datetime:
    return datetime.fromisoformat(event.ts).astimezone(UTC)


def _instant(event: Event) -> datetime:
    """Return the instant of the event's cycle, of an event without one when it was published."""
    cycle = event.document.get("cycle")
    return parse_z(cycle) if isinstance(cycle, str) and cycle else _observed_at(event)


def _row(event: Event, at: datetime) -> Document:
    payload = event.document
    names = [name for name in (payload.get("index"), event.key) if name in INDICES]
    return {
        "timestamp": at,
        "observed_at": _observed_at(event),
        "event_id": event.id,
        "type": str(event.type),
        "key": event.key,
        "underlying": names[0] if names else None,
        "payload": json.dumps(payload, sort_keys=True, separators=(",", ":")),
    }
