"""One panel store, three adapters: the newest cycle wins."""

from pathlib import Path
from typing import Any

import pytest
import redis

from g6.adapters.memory.panels import MemoryPanels
from g6.adapters.panel_files import PanelFiles
from g6.adapters.redis.panels import RedisPanels
from g6.domain.documents.panels import envelope
from g6.ports import PanelStore

CYCLE, LATER, BETWEEN = (
    "2026-11-20T04:05:00Z",
    "2026-11-20T04:06:00Z",
    "2026-11-20T04:05:00.500000Z",
)


@pytest.fixture(params=["memory", "redis", "files"])
def panels(request: pytest.FixtureRequest, namespace: str, tmp_path: Path) -> PanelStore:
    if request.param == "memory":
        return MemoryPanels()
    if request.param == "files":
        return PanelFiles(tmp_path / "panels")
    client: redis.Redis = request.getfixturevalue("redis_client")
    return RedisPanels(client, namespace)


def document(name: str, cycle: str, value: Any = 1) -> dict[str, Any]:
    return envelope(name, {"value": value}, cycle, cycle)


def value(panels: PanelStore, name: str) -> Any:
    found = panels.get(name)
    return found and found["data"]["value"]


def test_a_panel_that_was_never_put_is_none(panels: PanelStore) -> None:
    assert panels.get("summary") is None
    assert list(panels.names()) == []


def test_a_panel_is_read_back_as_it_was_put(panels: PanelStore) -> None:
    put = document("summary", CYCLE, [1, 2.5, "₹", None, {"a": True}])
    assert panels.put({"summary": put}) == ("summary",)
    assert panels.get("summary") == put


def test_the_names_are_those_of_every_panel_put(panels: PanelStore) -> None:
    panels.put(
        {"summary": document("summary", CYCLE), "index_NIFTY": document("index_NIFTY", CYCLE)}
    )
    panels.put({"alerts": document("alerts", LATER)})
    assert sorted(panels.names()) == ["alerts", "index_NIFTY", "summary"]


def test_every_panel_is_read_at_once(panels: PanelStore) -> None:
    assert panels.all() == {}
    put = {name: document(name, CYCLE) for name in ("summary", "alerts")}
    panels.put(put)
    assert panels.all() == put


def test_a_panel_yields_to_a_newer_cycle(panels: PanelStore) -> None:
    for cycle, number in ((CYCLE, 1), (LATER, 2)):
        panels.put({"summary": document("summary", cycle, number)})
    assert value(panels, "summary") == 2


def test_a_panel_never_yields_to_an_older_cycle(panels: PanelStore) -> None:
    panels.put({"summary": document("summary", LATER, 2)})
    assert panels.put({"summary": document("summary", CYCLE, 1)}) == ()
    assert value(panels, "summary") == 2


def test_a_panel_yields_to_its_own_cycle_run_again(panels: PanelStore) -> None:
    for number in (1, 2):
        assert panels.put({"summary": document("summary", CYCLE, number)}) == ("summary",)
    assert value(panels, "summary") == 2


def test_an_older_cycle_is_taken_for_the_panels_that_nobody_put_since(panels: PanelStore) -> None:
    panels.put({"summary": document("summary", LATER, 2)})
    older = {name: document(name, CYCLE, 1) for name in ("summary", "index_NIFTY")}
    assert panels.put(older) == ("index_NIFTY",)
    assert (value(panels, "summary"), value(panels, "index_NIFTY")) == (2, 1)


def test_panels_that_are_put_together_are_each_of_their_own_cycle(panels: PanelStore) -> None:
    """Newer panels, put while an older cycle was stored, counted as that old and stepped back."""
    newest = {"summary": document("summary", LATER, 2), "alerts": document("alerts", CYCLE, 2)}
    panels.put(newest)
    later = {name: document(name, BETWEEN, 1) for name in ("summary", "alerts")}
    assert panels.put(later) == ("alerts",)
    assert (value(panels, "summary"), value(panels, "alerts")) == (2, 1)


def test_half_a_second_later_is_later(panels: PanelStore) -> None:
    panels.put({"summary": document("summary", BETWEEN, 2)})
    assert panels.put({"summary": document("summary", CYCLE, 1)}) == ()
    assert panels.put({"summary": document("summary", LATER, 3)}) == ("summary",)
