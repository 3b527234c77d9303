"""What `g6.load` and `g6.sql` return has the type of their engine, as mypy sees it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """\
import g6

reveal_type(g6.load("NIFTY", "latest", engine="polars"))
reveal_type(g6.load("NIFTY", slice("2026-11-16", None), "overview", engine="duckdb", tz="UTC"))
reveal_type(g6.sql("select 1", "polars"))
reveal_type(g6.days("NIFTY"))
reveal_type(next(g6.listen("NIFTY", engine="polars")).chain)
g6.load("NIFTY", engine="panda")
g6.load("NIFTY", colums=["strike"])
"""
REVEALED = ("DataFrame", "DuckDBPyRelation", "DataFrame", "list[datetime.date]", "DataFrame")


@pytest.mark.timeout(300)
def test_the_type_follows_the_engine_and_a_misspelt_word_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "research.py"
    path.write_text(PROGRAM)
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--ignore-missing-imports", str(path)],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    said = checked.stdout.splitlines()
    revealed = [line.split('"')[1] for line in said if "Revealed" in line]
    assert len(revealed) == len(REVEALED), checked.stdout
    for kind, word in zip(revealed, REVEALED, strict=True):
        assert kind.endswith(word), checked.stdout
    errors = [line.partition(":")[2].partition(":")[0] for line in said if ": error: " in line]
    assert sorted(set(errors)) == ["8", "9"], checked.stdout


def test_completion_offers_the_face_of_the_package_alone() -> None:
    import g6

    names = {name for name in dir(g6) if not name.startswith("__")}
    assert names == set(g6.__all__) - {"__version__"}
