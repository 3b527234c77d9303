"""A worker's processes: what all of them need stands before the fork, and nothing else does."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

FORK = """
import json
import sys

import pyarrow as pa

from g6.config import load
from g6.entrypoints.workers.app import create_app

app = create_app(load(), "redis://127.0.0.1:1/0")
app.prepare(["persist"])
before = set(sys.modules)
app.warm_up()
told = {"later": sorted(set(sys.modules) - before), "persist": sorted(before)}
told["rows"] = len(pa.table({"strike": [100.0, 110.0]}).to_pandas())
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def worker() -> dict[str, Any]:
    done = subprocess.run([sys.executable, "-c", FORK], capture_output=True, text=True, check=True)
    imports: dict[str, Any] = json.loads(done.stdout)
    return imports


def test_a_pool_process_imports_nothing_that_its_worker_could_have_imported_for_all(
    worker: dict[str, Any],
) -> None:
    assert worker["later"] == []


def test_a_worker_does_without_pandas_and_whoever_asks_for_a_frame_of_it_has_one(
    worker: dict[str, Any],
) -> None:
    assert not {"pandas", "rfc3987_syntax"} & set(worker["persist"])
    assert "jsonschema" in worker["persist"]
    assert worker["rows"] == 2
