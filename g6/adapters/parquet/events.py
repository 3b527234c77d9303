"""Events of the bus as rows: one file per session day, `events/date=2026-11-20/day.parquet`, each event once."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from g6.adapters.parquet import days
from g6.adapters.parquet.columns import EVENT_SCHEMA, encode
from g6.adapters.parquet.reading import read, widened
from g6.domain.cycles.cycle import parse_z
from g6.domain.market.instrument import INDICES
from g6.domain.schema.layout import DAY_FILE
from g6.errors import BadInput
from g6.files import directory_lock, refusals, replace
from g6.ports import Event
from g6.ports.history import BusPosition

POSITION = ".position.json"
"""Where reading goes on; written after the rows, so that a crash between keeps an event twice in vain and never not at all."""


def kept(root: Path) -> BusPosition:
    """Return how far events are kept. Errors: BadInput."""
    path = root / POSITION
    try:
        return BusPosition(**json.loads(path.read_text("utf-8")))
    except FileNotFoundError:
        return BusPosition()
    except (ValueError, TypeError) as error:
        raise BadInput(
            path,
            None,
            "is no position in the events",
            f"rm {path}; events that are there are not kept twice",
        ) from error


def keep(root: Path, events: Sequence[Event], upto: BusPosition) -> None:
    """Add events to the files of their days. Errors: StoreBusy, BadInput (a damaged file)."""
    by_day: dict[date, list[dict[str, Any]]] = {}
    for event in events:
        row = _row(event)
        by_day.setdefault(days.session_date(row["timestamp"]), []).append(row)
    with refusals(root):
        root.mkdir(parents=True, exist_ok=True)
        with directory_lock(root):
            for day, rows in sorted(by_day.items()):
                _add(days.directory_of(root, day) / DAY_FILE, rows)
            replace(root / POSITION, json.dumps(asdict(upto)).encode())


def _add(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    schema = widened([path], EVENT_SCHEMA)
    held = read(path, schema).to_pylist() if path.exists() else []
    once = {row["event_id"]: row for row in [*rows, *held]}
    ordered = sorted(once.values(), key=lambda row: (row["observed_at"], row["event_id"]))
    columns = [pa.array([row.get(field.name) for row in ordered], field.type) for field in schema]
    replace(
        path,
        encode(
            pa.table(columns, schema=schema).replace_schema_metadata({"g6.version": "1"}),
            small=True,
        ),
    )


def _row(event: Event) -> dict[str, Any]:
    seen = datetime.fromisoformat(event.ts).astimezone(UTC)
    payload = event.document
    index = next((name for name in (payload.get("index"), event.key) if name in INDICES), None)
    cycle = payload.get("cycle")
    return {
        "timestamp": parse_z(cycle) if isinstance(cycle, str) and cycle else seen, "observed_at": seen, "event_id": event.id,
        "type": str(event.type), "key": event.key, "underlying": index,
        "payload": json.dumps(payload, sort_keys=True, separators=(",", ":")),
    }  # fmt: skip
