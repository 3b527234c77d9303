"""The stored days, as maintenance finds them."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from g6.adapters.parquet import ParquetHistory, ParquetStore
from g6.domain.cycles.cycle import Unit, parse_z
from g6.domain.schema.frame import Frame
from g6.ports.history import LooseDay

CYCLES = ("2026-11-19T04:05:00Z", "2026-11-20T04:05:00Z", "2026-11-20T04:20:00Z")
FIRST, SECOND = date(2026, 11, 19), date(2026, 11, 20)


@pytest.fixture
def history(tmp_path: Path, chain_of: Callable[..., Frame]) -> ParquetHistory:
    store = ParquetStore(tmp_path)
    for cycle in CYCLES:
        store.write_chain(Unit(cycle, "NIFTY"), chain_of(cycle))
        store.write_overview(cycle, [{"timestamp": cycle, "underlying": "NIFTY", "status": "OK"}])
    return ParquetHistory(tmp_path)


def test_a_directory_without_rows_has_nothing_loose(tmp_path: Path) -> None:
    assert ParquetHistory(tmp_path).loose_days() == []


def test_days_in_parts_are_loose_oldest_first(history: ParquetHistory) -> None:
    assert history.loose_days() == [
        LooseDay("NIFTY", FIRST, 1, parse_z(CYCLES[0])),
        LooseDay("overview", FIRST, 1, parse_z(CYCLES[0])),
        LooseDay("NIFTY", SECOND, 2, parse_z(CYCLES[1])),
        LooseDay("overview", SECOND, 2, parse_z(CYCLES[1])),
    ]


def test_a_compacted_day_is_not_loose_any_more(history: ParquetHistory) -> None:
    history.compact("NIFTY", FIRST)
    history.compact("overview", FIRST)
    assert {loose.day for loose in history.loose_days()} == {SECOND}


def test_segments_are_loose_but_have_no_part(history: ParquetHistory) -> None:
    assert history.fold("overview", SECOND, parse_z("2026-11-20T04:30:00Z")).written == 2
    assert [
        loose.oldest_part
        for loose in history.loose_days()
        if loose.name == "overview" and loose.day == SECOND
    ] == [None]
