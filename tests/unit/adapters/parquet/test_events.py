"""Stored events: each once and in order, and those of before stay out of Python's memory."""

from __future__ import annotations

import tracemalloc
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq

from g6.adapters.parquet import events
from g6.adapters.parquet.columns import EVENT_SCHEMA
from g6.domain.reports import Event, parse_report
from g6.ports.history import BusPosition

BEGIN = datetime(2026, 11, 18, 5, 30, tzinfo=UTC)
DAY_FILE = "date=2026-11-18/day.parquet"


def event(number: int, words: str = "provider") -> Event:
    at = BEGIN + timedelta(seconds=number)
    told = {"index": "NIFTY", "cycle": "2026-11-18T05:30:00Z", "reason": words}
    return Event(f"{number}-0", at.isoformat(), parse_report("gap.opened", told))


def keep(root: Path, *batch: Event) -> None:
    events.keep(root, batch, BusPosition(batch[-1].id, len(batch)))


def test_events_that_come_again_are_kept_as_they_were_and_in_order(tmp_path: Path) -> None:
    keep(tmp_path, event(3), event(10), event(1))
    keep(tmp_path, event(2), event(3, "again"), event(11))
    table = pq.read_table(tmp_path / DAY_FILE)
    assert table["event_id"].to_pylist() == ["1-0", "2-0", "3-0", "10-0", "11-0"]
    assert not any("again" in payload for payload in table["payload"].to_pylist())
    # A dictionary would bring along the words of the event that was left out.
    dictionaries = [str(chunk.dictionary.to_pylist()) for chunk in table["payload"].chunks]
    assert not any("again" in words for words in dictionaries)
    assert table.schema.equals(EVENT_SCHEMA)


def test_stored_events_do_not_become_objects_of_python(tmp_path: Path) -> None:
    keep(tmp_path, *(event(number, f"{number} " * 1000) for number in range(1000)))
    stored_bytes = 1000 * 3000
    tracemalloc.start()
    try:
        keep(tmp_path, event(1000))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # The file itself is read as bytes of Python, compressed.
    assert most < stored_bytes / 2
    assert pq.read_metadata(tmp_path / DAY_FILE).num_rows == 1001
