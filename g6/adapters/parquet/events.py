"""Events of the bus as rows, in one file per session day, each event once."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from g6.adapters.parquet import days
from g6.adapters.parquet.arrays import plain_schema
from g6.adapters.parquet.columns import EVENT_SCHEMA, encode
from g6.adapters.parquet.reading import read, widened
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
    schema = widened([path], EVENT_SCHEMA)
    plain = plain_schema(schema)
    for field in plain:
        if field.name not in table.column_names:
            table = table.append_column(field, pa.nulls(table.num_rows, field.type))
    table = table.select(plain.names)
    if path.exists():
        # As objects of Python, the events of a day stayed in the process that wrote them: 26 MB of
        # 360 cycles of six indices, and more with each quarter of an hour.
        stored = read(path, schema).select(schema.names).cast(plain)
        is_stored = pc.is_in(table["event_id"], value_set=stored["event_id"])
        table = pa.concat_tables([stored, table.filter(pc.invert(is_stored))])
    order = [("observed_at", "ascending"), ("event_id", "ascending")]
    table = table.sort_by(order).combine_chunks().cast(schema)
    replace(path, encode(table.replace_schema_metadata({"g6.version": "1"}), small=True))


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
