"""Stored events: each once and in order, and those of before stay out of Python's memory."""

from __future__ import annotations

import tracemalloc
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
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


def test_a_long_day_is_added_to_group_by_group_and_stays_in_order(tmp_path: Path) -> None:
    for first in range(0, 2500, 500):
        keep(tmp_path, *(event(number) for number in range(first, first + 500)))
    metadata = pq.read_metadata(tmp_path / DAY_FILE)
    groups = [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)]
    assert groups == [1000, 1000, 500]
    table = pq.read_table(tmp_path / DAY_FILE)
    assert table["event_id"].to_pylist() == [f"{number}-0" for number in range(2500)]
    assert table.schema.equals(EVENT_SCHEMA)
    # Of an earlier bus: it lies among those that are there.
    keep(tmp_path, event(1250, "again"), event(-5))
    table = pq.read_table(tmp_path / DAY_FILE)
    assert table["event_id"].to_pylist() == ["-5-0", *(f"{number}-0" for number in range(2500))]
    assert not any("again" in payload for payload in table["payload"].to_pylist())


def test_adding_to_a_long_day_does_not_take_all_of_its_memory(tmp_path: Path) -> None:
    """A day of 22,500 cycles took 1.4 GB of the process that kept its last events."""
    for first in range(0, 6000, 1000):
        words = {number: f"{number} " * 2000 for number in range(first, first + 1000)}
        keep(tmp_path, *(event(number, text) for number, text in words.items()))
    stored_bytes = sum(map(len, pq.read_table(tmp_path / DAY_FILE)["payload"].to_pylist()))
    pool = pa.proxy_memory_pool(pa.default_memory_pool())
    before = pa.default_memory_pool()
    pa.set_memory_pool(pool)
    try:
        keep(tmp_path, event(6000))
    finally:
        pa.set_memory_pool(before)
    assert pool.max_memory() < stored_bytes
    assert pq.read_metadata(tmp_path / DAY_FILE).num_rows == 6001
