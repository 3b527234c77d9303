"""A store in memory keeps what it was given, once."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np

from g6.adapters.memory.store import MemoryStore
from g6.domain.cycles.cycle import Unit
from g6.domain.schema.frame import Frame

CYCLE = "2026-11-20T04:05:00Z"
NIFTY = Unit(CYCLE, "NIFTY")


def chain(oi: float) -> Frame:
    plain = {
        "expiry": np.array(["2026-11-24"], "datetime64[D]"),
        "strike": np.array([26000.0]),
        "ce_bid": np.array([1.0]),
    }
    return Frame({"oi": oi}, plain | {"ce_oi": np.array([oi]), "pe_oi": np.array([oi / 2])})


def test_a_chain_written_twice_is_there_once() -> None:
    store = MemoryStore()
    store.write_chain(NIFTY, chain(1.0))
    assert store.write_chain(NIFTY, chain(2.0)).rows == {"memory": 1}
    back = store.read_chain(NIFTY)
    assert back is not None
    assert back.columns["ce_oi"].tolist() == [2.0]
    assert store.read_chain(Unit(CYCLE, "SENSEX")) is None


def test_overview_rows_of_other_indices_stay() -> None:
    store = MemoryStore()
    store.write_overview(
        CYCLE, [{"underlying": "NIFTY", "spot": 1.0}, {"underlying": "SENSEX", "spot": 2.0}]
    )
    store.write_overview(CYCLE, [{"underlying": "NIFTY", "spot": 3.0}])
    assert [row["spot"] for row in store.read_overview(CYCLE)] == [3.0, 2.0]


def test_cycles_with_overview_rows_are_found_by_instant() -> None:
    store = MemoryStore()
    for cycle in (CYCLE, "2026-11-20T04:05:00.500000Z", "2026-11-20T04:06:00Z"):
        store.write_overview(cycle, [{"underlying": "NIFTY"}])
    first = datetime(2026, 11, 20, 4, 5, tzinfo=UTC)
    assert store.overview_cycles(first, first) == {CYCLE: frozenset({"NIFTY"})}
    assert len(store.overview_cycles(first, first.replace(minute=6))) == 3
    assert store.last_overview() == first.replace(minute=6)
    assert MemoryStore().last_overview() is None


def test_the_last_open_interest_is_of_an_earlier_session() -> None:
    store = MemoryStore()
    for cycle, oi in (
        ("2026-11-18T10:10:00Z", 1.0),
        ("2026-11-19T10:10:00Z", 2.0),
        ("2026-11-19T04:00:00Z", 3.0),
        (CYCLE, 4.0),
    ):
        store.write_chain(Unit(cycle, "NIFTY"), chain(oi))
    held = store.last_oi("NIFTY", date(2026, 11, 20))
    assert held is not None
    assert held.columns["ce_oi"].tolist() == [2.0]
    assert list(held.columns) == ["expiry", "strike", "ce_oi", "pe_oi"]
    assert store.last_oi("NIFTY", date(2026, 11, 18)) is None
    assert store.last_oi("SENSEX", date(2026, 11, 20)) is None
