"""The store's size: in the panel from the first cycle on, looked at every quarter hour."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from g6.adapters.parquet import ParquetHistory, ParquetStore
from tests.worlds.pipeline import FIRST, SECOND, World, after


@pytest.fixture
def stored(world: World, tmp_path: Path) -> World:
    """A world whose rows stand in files."""
    world.runtime = replace(
        world.runtime, store=ParquetStore(tmp_path), history=ParquetHistory(tmp_path)
    )
    return world


def panel(world: World) -> Any:
    return (world.panels.get("storage") or {})["data"]


def test_the_panel_says_how_large_the_store_is_and_keeps_saying_it(
    stored: World, tmp_path: Path
) -> None:
    stored.cycle(FIRST)
    measured = panel(stored)
    files = [*tmp_path.glob("chain/*/*/*.parquet")]
    size = {"files": 2, "bytes": sum(file.stat().st_size for file in files)}
    assert measured["kinds"]["chain"] == size
    assert measured["total"]["files"] == sum(kind["files"] for kind in measured["kinds"].values())
    stored.cycle(SECOND)
    assert panel(stored) == measured
    (report,) = stored.reports("storage.sizes")
    assert report["kinds"] == measured["kinds"]


def test_it_is_looked_at_again_after_a_quarter_hour(stored: World) -> None:
    for cycle in (FIRST, after(FIRST, 900)):
        stored.cycle(cycle)
    assert len(stored.reports("storage.sizes")) == 2
    assert panel(stored)["kinds"]["chain"]["files"] == 4


def test_without_files_there_is_no_size(world: World) -> None:
    world.cycle(FIRST)
    assert panel(world) == {}
