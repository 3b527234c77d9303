"""`g6 recompute` through the queue `manual`, by workers that it starts itself, and by those that run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e.conftest import UNHURRIED, configured
from tests.e2e.running import World


@pytest.mark.timeout(400)
def test_days_are_computed_again_by_workers_and_only_another_rate_changes_a_byte(
    tmp_path: Path,
) -> None:
    world = configured(tmp_path)
    try:
        assert world.g6("run", "--cycles", "2", *UNHURRIED).returncode == 0
        assert world.g6("data", "compact", "--date", "2026-11-18").returncode == 0
        before = days(world)
        again = json.loads(world.g6("recompute", "--from", "2026-11-18", "--json").stdout)
        assert (again["days_of_indices"], again["changed"]) == (2, 0)
        assert days(world) == before
        other = world.g6(
            "recompute",
            "--index",
            "NIFTY",
            "--set",
            "greeks.risk_free_rate=0.06",
            "--json",
        )
        assert json.loads(other.stdout)["changed"] == 1
        assert days(world) != before
        assert not (world.data / ".recompute.json").exists()
        world.is_left_alone()
    finally:
        world.end()


def days(world: World) -> dict[Path, bytes]:
    found = {
        path: path.read_bytes()
        for path in world.data.rglob("day.parquet")
        if "events" not in path.parts
    }
    assert len(found) == 3
    return found
