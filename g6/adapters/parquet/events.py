"""Events of the bus as rows, in one file per session day, each event once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa

from g6.adapters.parquet import days
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


def keep(root: Path, events: Sequence[Event], upto: BusPosition) -> None:
    """Add events to the files of their days.

    Raises:
        StoreBusy: A disk refuses a file.
        BadInput: A file of events is damaged.
    """
    by_day: dict[date, list[Document]] = {}
    for event in events:
        at = _instant(event)
        by_day.setdefault(days.session_date(at), []).append(_row(event, at))
    with refusals(root):
        root.mkdir(parents=True, exist_ok=True)
        with directory_lock(root):
            for day, rows in sorted(by_day.items()):
                _add(days.directory_of(root, day) / DAY_FILE, rows)
            replace(root / POSITION, json.dumps(asdict(upto)).encode())


def _add(path: Path, rows: Sequence[Document]) -> None:
    schema = widened([path], EVENT_SCHEMA)
    stored = read(path, schema).to_pylist() if path.exists() else []
    by_id = {row["event_id"]: row for row in [*rows, *stored]}
    ordered = sorted(by_id.values(), key=lambda row: (row["observed_at"], row["event_id"]))
    columns = []
    for field in schema:
        values = [row.get(field.name) for row in ordered]
        columns.append(pa.array(values, field.type))
    table = pa.table(columns, schema=schema).replace_schema_metadata({"g6.version": "1"})
    replace(path, encode(table, small=True))


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
