"""Every instant that a run leaves behind, whatever the file: UTC, ISO-8601 with Z, and rows as many as were counted."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tests.e2e.conftest import UNHURRIED, configured

INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d[^\s\"',|\]})]*")
UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def test_every_instant_that_a_run_leaves_is_utc_with_a_z(tmp_path: Path) -> None:
    world = configured(tmp_path)
    try:
        assert world.g6("run", "--cycles", "2", *UNHURRIED).returncode == 0
        texts = [path for kind in ("*.csv", "*.json") for path in world.data.rglob(kind)]
        found = {
            (path.name, stamp)
            for path in texts
            for stamp in INSTANT.findall(path.read_text("utf-8"))
        }
        tables = [pq.read_table(path, partitioning=None) for path in world.data.rglob("*.parquet")]
        for table in tables:
            kinds = {field.type for field in table.schema if pa.types.is_timestamp(field.type)}
            assert kinds <= {pa.timestamp("us", "UTC")}
        told = [
            json.dumps(json.loads(text))
            for table in tables
            if "payload" in table.column_names
            for text in _texts(table)
        ]
        found |= {("payload", stamp) for text in told for stamp in INSTANT.findall(text)}
        assert len(found) > 20
        assert told
        assert [each for each in found if not UTC.fullmatch(each[1])] == []
    finally:
        world.end()


def _texts(table: pa.Table) -> list[str]:
    return [str(text) for text in table.column("payload").to_pylist()]
