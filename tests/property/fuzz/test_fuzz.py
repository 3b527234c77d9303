"""Twenty thousand wrong inputs in each run of the tests; `make fuzz` feeds a million."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.timeout(300)
def test_no_wrong_input_ends_a_reader_outside_the_tree_of_errors() -> None:
    command = [sys.executable, "-m", "tests.property.fuzz", "--inputs", "20000"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
