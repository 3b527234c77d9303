"""The store's size: in the panel from the first cycle on, looked at every quarter hour."""

from __future__ import annotations

from dataclasses import replace

from tests.worlds.pipeline import FIRST, SECOND, World, after

from .test_folding import Shelf


def test_the_panel_says_how_large_the_store_is_and_keeps_saying_it(world: World) -> None:
    shelf = Shelf()
    world.runtime = replace(world.runtime, history=shelf)
    for cycle in (FIRST, SECOND):
        world.cycle(cycle)
        told = (world.panels.get("storage") or {})["data"]
        assert told["kinds"] == {
            "chain": {"files": 3, "bytes": 300},
            "csv": {"files": 2, "bytes": 50},
        }
        assert told["total"] == {"files": 5, "bytes": 350}
    assert shelf.done == [("sizes",)]
    assert [set(report["kinds"]) for report in world.reports("storage.sizes")] == [{"chain", "csv"}]


def test_it_is_looked_at_again_after_a_quarter_hour(world: World) -> None:
    shelf = Shelf()
    world.runtime = replace(world.runtime, history=shelf)
    for cycle in (FIRST, after(FIRST, 900)):
        world.cycle(cycle)
    assert shelf.done == [("sizes",)] * 2


def test_without_files_there_is_no_size(world: World) -> None:
    world.cycle(FIRST)
    assert (world.panels.get("storage") or {})["data"] == {}
