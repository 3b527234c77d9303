"""`g6.sql`: DuckDB over the stored days."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import g6
from g6.adapters.parquet import ParquetHistory, ParquetStore
from g6.domain.cycles.cycle import Unit, parse_z
from g6.domain.reports import GapOpened
from g6.domain.schema.frame import Frame
from g6.errors import DamagedFile, UserError
from g6.ports import Event
from g6.ports.history import BusPosition

CYCLES = ["2026-11-18T04:05:00Z", "2026-11-20T04:05:00Z", "2026-11-20T04:20:00Z"]
COUNT = "select underlying, count(*) as n from chain where date = '2026-11-20' group by all order by all"


@pytest.fixture
def history(tmp_path: Path, chain_of: Callable[..., Frame]) -> Path:
    store = ParquetStore(tmp_path)
    for seed, cycle in enumerate(CYCLES):
        for index in ("NIFTY", "SENSEX"):
            store.write_chain(Unit(cycle, index), chain_of(cycle, index, seed=seed))
        store.write_overview(
            cycle, [{"timestamp": cycle, "underlying": "NIFTY", "spot": 1.5, "status": "OK"}]
        )
    return tmp_path


def counts(history: Path) -> list[tuple[str, int]]:
    table = g6.sql(COUNT, "arrow", data_dir=history)
    return list(
        zip(table.column("underlying").to_pylist(), table.column("n").to_pylist(), strict=True)
    )


def test_rows_are_asked_for_in_the_words_of_the_columns(history: Path) -> None:
    assert counts(history) == [("NIFTY", 20), ("SENSEX", 20)]
    assert g6.sql("select avg(spot) s from overview", data_dir=history)["s"].tolist() == [1.5]


@pytest.mark.parametrize(
    ("engine", "kind"), [("pandas", pd.DataFrame), ("polars", pl.DataFrame), ("arrow", pa.Table)]
)
def test_the_answer_comes_as_the_engine_has_it(history: Path, engine: str, kind: type) -> None:
    assert isinstance(g6.sql("select 1 as one", engine, data_dir=history), kind)  # type: ignore[arg-type]


def test_duckdb_relations_can_be_asked_further(history: Path) -> None:
    assert g6.sql("select strike from chain", "duckdb", data_dir=history).count("*").fetchall() == [
        (60,)
    ]
    loaded = g6.load("NIFTY", "2026-11-20", engine="duckdb", data_dir=history)
    assert loaded.filter("strike = 26000").count("*").fetchall() == [(4,)]


def test_each_row_is_there_once_however_its_day_is_folded(
    history: Path, chain_of: Callable[..., Frame]
) -> None:
    folds, day = ParquetHistory(history), date(2026, 11, 20)
    folds.fold("NIFTY", day, parse_z("2026-11-20T04:15:00Z"))
    assert counts(history) == [("NIFTY", 20), ("SENSEX", 20)]
    folds.compact("NIFTY", day)
    ParquetStore(history).write_chain(Unit(CYCLES[1], "NIFTY"), chain_of(CYCLES[1], seed=9))
    assert counts(history) == [("NIFTY", 20), ("SENSEX", 20)]


def test_events_are_a_table_too(history: Path) -> None:
    told = Event("1-0", "2026-11-20T04:05:01Z", GapOpened("NIFTY", CYCLES[1], "MISSING"), "NIFTY")
    ParquetHistory(history).keep_events([told], BusPosition("1-0", 1))
    assert g6.sql(
        "select type, underlying, date::varchar d from events", "arrow", data_dir=history
    ).to_pylist() == [{"type": "gap.opened", "underlying": "NIFTY", "d": "2026-11-20"}]


def test_a_wrong_query_is_told_what_duckdb_says(history: Path) -> None:
    with pytest.raises(UserError, match="ce_ivv") as caught:
        g6.sql("select ce_ivv from chain", data_dir=history)
    assert "describe chain" in caught.value.fix


def test_an_empty_directory_has_empty_tables(tmp_path: Path) -> None:
    for query in ("from chain", "from overview", "from events", "from instruments"):
        assert g6.sql(query, "arrow", data_dir=tmp_path).num_rows == 0


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def flipped(path: Path) -> None:
    """Change a byte in the pages: the footer stays whole."""
    content = bytearray(path.read_bytes())
    content[4:400] = bytes(255 - byte for byte in content[4:400])
    path.write_bytes(content)


@pytest.mark.parametrize(
    "damage", [cut, flipped, lambda path: path.write_bytes(b"")], ids=["cut", "flipped", "emptied"]
)
@pytest.mark.parametrize("engine", ["arrow", "pandas"])
def test_a_damaged_file_costs_its_rows_and_is_named(
    history: Path, damage: Callable[[Path], None], engine: str
) -> None:
    damage(history / "chain/underlying=NIFTY/date=2026-11-20/040500Z.parquet")
    with pytest.warns(DamagedFile, match=r"left out: .*040500Z\.parquet"):
        left = g6.sql("select * from chain", engine, data_dir=history)  # type: ignore[arg-type]
    assert len(left) == 50


def test_a_day_of_several_levels_of_which_nothing_can_be_read_costs_its_rows(
    history: Path, chain_of: Callable[..., Frame]
) -> None:
    ParquetHistory(history).compact("NIFTY", date(2026, 11, 20))
    ParquetStore(history).write_chain(Unit(CYCLES[1], "NIFTY"), chain_of(CYCLES[1], seed=9))
    for path in (history / "chain/underlying=NIFTY/date=2026-11-20").glob("*.parquet"):
        path.write_bytes(b"PAR1")
    with pytest.warns(DamagedFile, match="left out"):
        assert counts(history) == [("SENSEX", 20)]


def test_a_damaged_overview_leaves_the_chain_to_be_asked(history: Path) -> None:
    for path in (history / "overview").rglob("*.parquet"):
        path.write_bytes(path.read_bytes()[:-5])
    with pytest.warns(DamagedFile, match="overview"):
        assert counts(history) == [("NIFTY", 20), ("SENSEX", 20)]
