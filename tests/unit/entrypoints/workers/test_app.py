"""A worker's processes: what all of them need stands before the fork."""

from __future__ import annotations

import subprocess
import sys

FORK = """
import sys
from g6.config import load
from g6.entrypoints.workers.app import create_app

app = create_app(load(), "redis://127.0.0.1:1/0")
app.prepare(["persist"])
before = set(sys.modules)
app.warm_up()
print(*sorted(set(sys.modules) - before))
"""


def test_a_pool_process_imports_nothing_that_its_worker_could_have_imported_for_all() -> None:
    done = subprocess.run([sys.executable, "-c", FORK], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
