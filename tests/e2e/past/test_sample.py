"""A sample's files are those of real runs over the same days, once these are compacted, to the byte."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.running import World

DAYS = ("2026-11-16", "2026-11-17")
OPTIONS = ("--interval", "3600", "--indices", "NIFTY,SENSEX")
STORED = ("chain", "overview", "instruments", "csv")


def contents(directory: Path) -> dict[str, bytes]:
    """Return the bytes of every stored row's file by its path."""
    files = {}
    for kind in STORED:
        for path in sorted((directory / kind).rglob("*")):
            if path.is_file() and not path.name.startswith("."):
                files[str(path.relative_to(directory))] = path.read_bytes()
    return files


@pytest.mark.timeout(400)
def test_a_sample_is_what_the_pipeline_stores_to_the_byte(tmp_path: Path) -> None:
    world = World(tmp_path)
    sampled = tmp_path / "sampled"
    try:
        for day in DAYS:
            # An hour takes four seconds: a late cycle would not be what the sample has.
            # The grid's hours of a session from 09:15 to 15:40 are those from 09:30 on.
            ran = world.g6(
                "run", *OPTIONS, "--cycles", "7", "--speed", "900", "--start", f"{day}T04:00:00Z",
            )  # fmt: skip
            assert ran.returncode == 0, ran.stderr
        assert world.g6("data", "compact").returncode == 0
        # Two processes: the second day's begins with the open interest that the first one ends with.
        made = world.run(
            "g6",
            [
                "sample", *OPTIONS, "--days", "2", "--processes", "4", "--to", DAYS[1],
                "--data-dir", sampled,
            ],
        )  # fmt: skip
        assert made.returncode == 0, made.stderr
    finally:
        world.end()
    run, sample = contents(world.data), contents(sampled)
    assert sorted(sample) == sorted(run)
    assert len([path for path in run if path.endswith("day.parquet")]) == 6
    assert [path for path, content in sample.items() if content != run[path]] == []
