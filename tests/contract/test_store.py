"""One store, four adapters: what is written is there, once."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from g6.adapters.csv import CsvStore
from g6.adapters.memory.store import MemoryStore
from g6.adapters.parquet import ParquetStore
from g6.adapters.wrapping.tee import Tee
from g6.domain.cycles.cycle import Unit, parse_z
from g6.domain.schema.layout import SWEPT_UNTIL
from g6.domain.schema.rows import CHAIN, OVERVIEW
from g6.ports import Store

CYCLE, LATER, BETWEEN = (
    "2026-11-20T04:05:00Z",
    "2026-11-20T04:06:00Z",
    "2026-11-20T04:05:30.250000Z",
)
BUILDERS: dict[str, Callable[[Path], Store]] = {
    "memory": lambda _: MemoryStore(),
    "parquet": ParquetStore,
    "csv": lambda path: CsvStore(path / "csv"),
    "tee": lambda path: Tee(ParquetStore(path), CsvStore(path / "csv")),
}
REMEMBERS_CHAINS = [name for name in BUILDERS if name != "csv"]


@pytest.fixture(params=list(BUILDERS))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return BUILDERS[request.param](tmp_path)


@pytest.fixture(params=REMEMBERS_CHAINS)
def chains(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return BUILDERS[request.param](tmp_path)


def row(index: str, cycle: str = CYCLE, **known: Any) -> dict[str, Any]:
    return (
        {column.name: None for column in OVERVIEW}
        | {"timestamp": cycle, "underlying": index, "status": "OK", "reason": ""}
        | known
    )


def span(store: Store, first: str = CYCLE, last: str = LATER) -> dict[str, set[str]]:
    return {
        cycle: set(indices)
        for cycle, indices in store.overview_cycles(parse_z(first), parse_z(last)).items()
    }


def test_an_empty_store_knows_no_cycle(store: Store) -> None:
    assert span(store) == {}
    assert store.last_overview() is None
    assert store.last_oi("NIFTY", date(2026, 11, 20)) is None
    assert store.read_chain(Unit(CYCLE, "NIFTY")) is None


def test_overview_rows_are_found_by_cycle(store: Store) -> None:
    store.write_overview(CYCLE, [row("NIFTY"), row("SENSEX")])
    store.write_overview(LATER, [row("NIFTY", LATER)])
    assert span(store) == {CYCLE: {"NIFTY", "SENSEX"}, LATER: {"NIFTY"}}


def test_the_range_of_overview_cycles_includes_both_ends_and_nothing_else(store: Store) -> None:
    for cycle in (CYCLE, BETWEEN, LATER):
        store.write_overview(cycle, [row("NIFTY", cycle)])
    assert list(span(store, BETWEEN, BETWEEN)) == [BETWEEN]
    assert list(span(store, CYCLE, BETWEEN)) == [CYCLE, BETWEEN]


def test_the_mark_up_to_which_all_is_stored_comes_back_as_it_was_recorded_last(
    store: Store, tmp_path: Path
) -> None:
    assert store.swept_until() is None
    (tmp_path / "csv").mkdir(exist_ok=True)
    for instant in (LATER, BETWEEN):
        store.record_swept(parse_z(instant))
    assert store.swept_until() == parse_z(BETWEEN)
    store.write_overview(CYCLE, [row("NIFTY")])
    assert span(store) == {CYCLE: {"NIFTY"}}
    assert store.swept_until() == parse_z(BETWEEN)


@pytest.mark.parametrize("content", ["", "yesterday", "2026-11"])
def test_a_mark_that_is_damaged_says_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / SWEPT_UNTIL).write_text(content)
    assert ParquetStore(tmp_path).swept_until() is None
    assert CsvStore(tmp_path).swept_until() is None


def test_a_host_that_stores_nothing_keeps_no_mark(tmp_path: Path) -> None:
    ParquetStore(tmp_path / "elsewhere").record_swept(parse_z(CYCLE))
    assert list(tmp_path.iterdir()) == []


def test_overview_rows_are_read_back_with_what_was_written_last(chains: Store) -> None:
    chains.write_overview(CYCLE, [row("NIFTY"), row("SENSEX", spot=81_234.5)])
    chains.write_overview(CYCLE, [row("NIFTY", status="PARTIAL", reason="config")])
    rows = {each["underlying"]: each for each in chains.read_overview(CYCLE)}
    assert rows == {
        "NIFTY": row("NIFTY", status="PARTIAL", reason="config"),
        "SENSEX": row("SENSEX", spot=81_234.5),
    }
    assert list(chains.read_overview(LATER)) == []


def test_overview_rows_of_other_indices_stay_when_one_is_written_again(store: Store) -> None:
    store.write_overview(CYCLE, [row("NIFTY"), row("SENSEX")])
    store.write_overview(CYCLE, [row("SENSEX", status="PARTIAL")])
    assert span(store) == {CYCLE: {"NIFTY", "SENSEX"}}


def test_the_newest_overview_is_the_last_whatever_the_order_of_writing(store: Store) -> None:
    for cycle in (LATER, CYCLE, "2026-11-19T10:00:00Z"):
        store.write_overview(cycle, [row("NIFTY", cycle)])
    assert store.last_overview() == datetime(2026, 11, 20, 4, 6, tzinfo=UTC)


def test_a_row_that_is_all_missing_but_says_why_is_kept(store: Store) -> None:
    written = store.write_overview(
        CYCLE, [row("NIFTY", status="MISSING", reason="provider, twice")]
    )
    assert set(written.rows.values()) == {1}
    assert span(store) == {CYCLE: {"NIFTY"}}


def test_a_chain_is_read_back_as_it_was_written(chains: Store, chain_of: Any) -> None:
    frame = chain_of(CYCLE)
    chains.write_chain(Unit(CYCLE, "NIFTY"), frame)
    read = chains.read_chain(Unit(CYCLE, "NIFTY"))
    assert read is not None
    assert list(read.columns) == [column.name for column in CHAIN]
    for name, values in frame.columns.items():
        np.testing.assert_array_equal(read.columns[name], values, err_msg=name)


def test_a_chain_is_read_back_with_its_header(chains: Store, chain_of: Any) -> None:
    frame = chain_of(CYCLE)
    chains.write_chain(Unit(CYCLE, "NIFTY"), frame)
    read = chains.read_chain(Unit(CYCLE, "NIFTY"))
    assert read is not None
    assert read.header["stamp"] == frame.header["stamp"]
    assert np.isnan(read.header["spot"]["vix"])


def test_a_unit_written_again_is_replaced(chains: Store, chain_of: Any) -> None:
    for seed in (1, 2):
        chains.write_chain(Unit(CYCLE, "NIFTY"), chain_of(CYCLE, seed=seed))
    read = chains.read_chain(Unit(CYCLE, "NIFTY"))
    assert read is not None
    np.testing.assert_array_equal(read.columns["ce_bid"], chain_of(CYCLE, seed=2).columns["ce_bid"])


def test_units_between_two_seconds_have_a_place_of_their_own(chains: Store, chain_of: Any) -> None:
    for seed, cycle in enumerate((CYCLE, BETWEEN)):
        chains.write_chain(Unit(cycle, "NIFTY"), chain_of(cycle, seed=seed))
    read = chains.read_chain(Unit(BETWEEN, "NIFTY"))
    assert read is not None
    np.testing.assert_array_equal(
        read.columns["pe_ask"], chain_of(BETWEEN, seed=1).columns["pe_ask"]
    )


def test_a_chain_of_another_index_or_instant_is_not_found(chains: Store, chain_of: Any) -> None:
    chains.write_chain(Unit(CYCLE, "NIFTY"), chain_of(CYCLE))
    assert chains.read_chain(Unit(CYCLE, "SENSEX")) is None
    assert chains.read_chain(Unit(LATER, "NIFTY")) is None


def test_an_empty_chain_is_a_chain(chains: Store, chain_of: Any) -> None:
    chains.write_chain(Unit(CYCLE, "NIFTY"), chain_of(CYCLE).take(np.array([], dtype=np.intp)))
    read = chains.read_chain(Unit(CYCLE, "NIFTY"))
    assert read is not None
    assert len(read) == 0


def test_the_last_open_interest_is_of_the_newest_earlier_day(chains: Store, chain_of: Any) -> None:
    cycles = [
        "2026-11-18T09:00:00Z",
        "2026-11-19T04:00:00Z",
        "2026-11-19T10:00:00Z",
        "2026-11-20T04:00:00Z",
    ]
    for seed, cycle in enumerate(cycles):
        chains.write_chain(Unit(cycle, "NIFTY"), chain_of(cycle, seed=seed))
    found = chains.last_oi("NIFTY", date(2026, 11, 20))
    assert found is not None
    wanted = chain_of(cycles[2], seed=2)
    assert list(found.columns) == ["expiry", "strike", "ce_oi", "pe_oi"]
    for name, values in found.columns.items():
        np.testing.assert_array_equal(values, wanted.columns[name])
    assert chains.last_oi("NIFTY", date(2026, 11, 18)) is None


def test_open_interest_from_before_an_instant_does_not_count(chains: Store, chain_of: Any) -> None:
    for seed, cycle in enumerate(("2026-11-17T10:05:00Z", "2026-11-18T06:00:00Z")):
        chains.write_chain(Unit(cycle, "NIFTY"), chain_of(cycle, seed=seed))
    day = date(2026, 11, 20)
    assert chains.last_oi("NIFTY", day, parse_z("2026-11-18T06:00:00Z")) is not None
    assert chains.last_oi("NIFTY", day, parse_z("2026-11-18T06:00:01Z")) is None
    assert chains.last_oi("NIFTY", date(2026, 11, 18), parse_z("2026-11-17T11:00:00Z")) is None
