"""`g6.load`: the past as a table."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import g6
from g6.adapters.parquet import ParquetStore
from g6.adapters.parquet.queries import engines
from g6.domain.cycles.cycle import Unit
from g6.domain.market.instrument import Contracts, Listing
from g6.domain.schema.frame import Frame
from g6.domain.schema.layout import KIND_OF_ROWS
from g6.domain.schema.rows import CHAIN, OVERVIEW
from g6.errors import NothingToDo, Unavailable, UserError
from g6.errors.extras import optional

CYCLES = ["2026-11-18T04:05:00Z", "2026-11-20T04:05:00Z", "2026-11-20T04:06:00Z"]
DAY = "2026-11-20"


@pytest.fixture
def history(tmp_path: Path, chain_of: Callable[..., Frame]) -> Path:
    """NIFTY and SENSEX on two days, three cycles."""
    store = ParquetStore(tmp_path)
    for seed, cycle in enumerate(CYCLES):
        for index in ("NIFTY", "SENSEX"):
            store.write_chain(Unit(cycle, index), chain_of(cycle, index, seed=seed))
        seen = cycle.replace(":00Z", ":00.250000Z")
        rows = [
            {"timestamp": cycle, "underlying": "NIFTY", "observed_at": seen, "spot": 1.5},
            {"timestamp": cycle, "underlying": "SENSEX"},
        ]
        store.write_overview(cycle, rows)
    contracts = Contracts(
        "NIFTY", np.array(["2026-11-24"], dtype="datetime64[D]"), np.array([26000.0]), np.array([65]), np.array([0.05]),
        np.array([["C"], ["P"]], dtype=object), np.array([[1], [2]]),
    )  # fmt: skip
    store.keep_listing(Listing("NIFTY", date(2026, 11, 20), contracts, ()), "NFO")
    return tmp_path


def load(history: Path, *arguments: Any, **more: Any) -> Any:
    return g6.load(*arguments, **{"engine": "arrow", "data_dir": history} | more)


def test_a_day_of_an_index_has_every_column_in_order(history: Path) -> None:
    table = load(history, "NIFTY", DAY)
    assert table.column_names == [column.name for column in CHAIN]
    assert table.num_rows == 20
    assert set(table.column("underlying").to_pylist()) == {"NIFTY"}


def test_several_indices_and_a_range_of_days_come_together(history: Path) -> None:
    table = load(history, ["NIFTY", "SENSEX"], ("2026-11-18", date(2026, 11, 20)))
    assert table.num_rows == 60
    assert table.column("underlying").to_pylist().count("SENSEX") == 30


def test_columns_are_those_asked_for_in_that_order(history: Path) -> None:
    table = load(
        history,
        "NIFTY",
        DAY,
        columns=["strike", "underlying", "ce_iv"],
        expiry="2026-11-24",
        strike=26000,
    )
    assert table.column_names == ["strike", "underlying", "ce_iv"]
    assert set(table.column("strike").to_pylist()) == {26000.0}
    assert table.num_rows == 2


def test_a_strike_range_includes_both_ends(history: Path) -> None:
    table = load(
        history, "NIFTY", DAY, strike=(26000, 26050), expiry=[date(2026, 11, 24), "2026-12-01"]
    )
    assert set(table.column("strike").to_pylist()) == {26000.0, 26050.0}


@pytest.mark.parametrize(
    ("expiry", "days"),
    [
        ("this_week", {"2026-11-24"}),
        ("monthly", {"2026-11-24"}),
        ("next week", {"2026-12-01"}),
        (["this_month", "2026-12-01"], {"2026-11-24", "2026-12-01"}),
    ],
)
def test_an_expiry_is_named_by_its_bucket(history: Path, expiry: Any, days: set[str]) -> None:
    table = load(history, "NIFTY", DAY, columns=["expiry"], expiry=expiry)
    assert {str(day) for day in table.column("expiry").to_pylist()} == days


def test_a_bucket_that_no_row_fills_is_said(history: Path) -> None:
    with pytest.raises(NothingToDo, match="no expiry next_month in the chain of NIFTY"):
        load(history, "NIFTY", DAY, expiry="next_month")


def test_instants_are_in_the_time_zone_asked_for(history: Path) -> None:
    assert (
        load(history, "NIFTY", DAY).column("timestamp")[0].as_py().isoformat()
        == "2026-11-20T09:35:00+05:30"
    )
    assert load(history, "NIFTY", DAY, tz="UTC").schema.field("timestamp").type == pa.timestamp(
        "us", "UTC"
    )


@pytest.mark.parametrize(("second", "rows"), [("00.249", 0), ("00.250", 10), ("59", 10)])
def test_nothing_that_was_observed_later_is_shown(history: Path, second: str, rows: int) -> None:
    table = load(history, "NIFTY", DAY, as_of=f"2026-11-20T09:35:{second}")
    assert table.num_rows == rows


@pytest.mark.parametrize(("clock", "rows"), [("09:34", 0), ("09:36", 10), ("9:36", 10)])
@pytest.mark.parametrize("marker", ["", "sim"])
def test_a_bare_time_is_of_the_day_asked_for_and_not_of_the_newest(
    history: Path, clock: str, rows: int, marker: str
) -> None:
    if marker:
        (history / KIND_OF_ROWS).write_text(marker, "utf-8")
    # Read as that of the newest day, it left out nothing.
    assert load(history, "NIFTY", "2026-11-18", as_of=clock).num_rows == rows
    assert load(history, "NIFTY", ("2026-11-18", "2026-11-18"), as_of=clock).num_rows == rows


def test_a_bare_time_of_several_days_is_refused_with_its_fix(history: Path) -> None:
    days = "2026-11-18..2026-11-20"
    with pytest.raises(UserError, match="11:02 names no day") as refused:
        load(history, "NIFTY", days, as_of="11:02")
    assert "2026-11-20 11:02" in refused.value.fix
    assert load(history, "NIFTY", days, as_of="2026-11-18 11:02").num_rows == 10


def test_as_of_may_be_an_instant_and_a_row_nobody_observed_counts_from_its_cycle(
    history: Path,
) -> None:
    table = load(
        history,
        ["NIFTY", "SENSEX"],
        DAY,
        "overview",
        as_of=datetime(2026, 11, 20, 4, 6, tzinfo=UTC),
    )
    assert [(row["underlying"], row["timestamp"].minute) for row in table.to_pylist()] == [
        ("NIFTY", 35),
        ("SENSEX", 35),
        ("SENSEX", 36),
    ]


def test_the_long_shape_has_a_row_per_option(history: Path) -> None:
    table = load(history, "NIFTY", DAY, shape="long", columns=["strike", "side", "iv"])
    assert table.num_rows == 40
    wide = load(history, "NIFTY", DAY)
    puts = [row["iv"] for row in table.to_pylist() if row["side"] == "PE"]
    assert puts == wide.column("pe_iv").to_pylist()


def test_overviews_are_loaded_by_index(history: Path) -> None:
    table = load(history, "NIFTY", DAY, "overview")
    assert table.column_names == [column.name for column in OVERVIEW]
    assert table.column("spot").to_pylist() == [1.5, 1.5]


def test_instruments_are_loaded_with_day_and_exchange(history: Path) -> None:
    table = load(history, "NIFTY", DAY, "instruments", columns=["date", "exchange", "symbol"])
    day = date(2026, 11, 20)
    assert table.to_pylist() == [
        {"date": day, "exchange": "NFO", "symbol": symbol} for symbol in "CP"
    ]


def test_pandas_and_polars_get_frames_of_their_own(history: Path) -> None:
    frame = load(history, "NIFTY", DAY, engine="pandas")
    assert isinstance(frame, pd.DataFrame)
    assert str(frame["timestamp"].dtype) == "datetime64[us, Asia/Kolkata]"
    assert frame["ce_iv"].dtype == np.float32
    other = load(history, "NIFTY", DAY, engine="polars")
    assert isinstance(other, pl.DataFrame)
    assert other.shape == frame.shape


def test_a_day_there_is_not_names_the_first_the_last_and_the_nearest(history: Path) -> None:
    with pytest.raises(
        NothingToDo, match="first day there is 2026-11-18, the last 2026-11-20"
    ) as caught:
        load(history, "NIFTY", "2026-11-19")
    assert caught.value.fix.startswith("2026-11-20 is the nearest")
    with pytest.raises(NothingToDo, match=r"2026-11-22 \(a Sunday\)"):
        load(history, "NIFTY", "2026-11-22")


def test_an_index_of_which_nothing_is_stored_is_told_of_which_there_is(history: Path) -> None:
    with pytest.raises(NothingToDo, match="no chain of BANKEX is stored") as caught:
        load(history, "BANKEX", "latest")
    assert caught.value.fix == "there are rows of NIFTY, SENSEX"


def test_a_misspelt_index_is_told_the_nearest(history: Path) -> None:
    with pytest.raises(UserError, match="no index 'NFTY'") as caught:
        load(history, "NFTY", DAY)
    assert caught.value.fix.startswith("did you mean NIFTY?")
    assert load(history, "nifty", DAY).num_rows == 20


@pytest.mark.parametrize("is_there", [True, False])
def test_a_wrong_directory_is_told_where_rows_are(
    history: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_there: bool
) -> None:
    place = tmp_path / "work"
    place.mkdir()
    monkeypatch.chdir(place)
    if is_there:
        (place / "rows").mkdir()
    with pytest.raises(NothingToDo, match="data directory rows") as caught:
        g6.load("NIFTY", DAY, data_dir="rows")
    assert "g6 sample" in caught.value.fix
    (place / "data/demo/chain").mkdir(parents=True)
    with pytest.raises(NothingToDo) as caught:
        g6.load("NIFTY", DAY, data_dir="rows")
    assert 'data_dir="data/demo"' in caught.value.fix


@pytest.mark.parametrize(
    ("day", "rows"),
    [
        ("latest", 20), (-1, 20), ("-2", 10), (("2026-11-16", None), 30), (slice(None, "2026-11-19"), 10),
        ("2026-11-18..latest", 30), ("..2026-11-18", 10), (datetime(2026, 11, 19, 19, tzinfo=UTC), 20),
    ],
)  # fmt: skip
def test_a_day_may_be_counted_back_or_be_a_range(history: Path, day: Any, rows: int) -> None:
    assert load(history, "NIFTY", day).num_rows == rows


def test_today_is_the_day_in_india_and_may_have_no_rows(history: Path) -> None:
    with pytest.raises(NothingToDo, match=str(datetime.now(ZoneInfo("Asia/Kolkata")).date())):
        load(history, "NIFTY", "today")


@pytest.mark.parametrize("day", [-3, "20-11-2026", ("2026-11-20", "2026-11-18"), (1, 2, 3)])
def test_a_day_that_cannot_be_is_told_how_one_is_written(history: Path, day: Any) -> None:
    with pytest.raises((NothingToDo, UserError), match=r"day|range|first"):
        load(history, "NIFTY", day)


def test_what_there_is_can_be_listed(history: Path) -> None:
    assert g6.indices(data_dir=history) == ["NIFTY", "SENSEX"]
    assert g6.days("SENSEX", data_dir=history) == [date(2026, 11, 18), date(2026, 11, 20)]
    assert g6.days(kind="instruments", data_dir=history) == [date(2026, 11, 20)]
    assert g6.expiries("NIFTY", data_dir=history)[0] == date(2026, 11, 24)
    assert load(history, "*", DAY).num_rows == 40


def test_a_price_at_which_nobody_traded_is_missing(
    tmp_path: Path, chain_of: Callable[..., Frame]
) -> None:
    frame = chain_of(CYCLES[1], "NIFTY")
    frame.columns["ce_open"][:3] = 0.0
    frame.columns["pe_last"][1] = 0.0
    ParquetStore(tmp_path).write_chain(Unit(CYCLES[1], "NIFTY"), frame)
    rows = load(tmp_path, "NIFTY", "latest", engine="pandas")
    assert rows["ce_open"].isna().sum() == 3 + np.isnan(frame.columns["ce_open"]).sum()
    assert np.isnan(rows["pe_last"][1])
    query = "select count(*) - count(ce_open) n from chain"
    assert g6.sql(query, "arrow", data_dir=tmp_path)["n"][0].as_py() == rows["ce_open"].isna().sum()


def test_without_an_engine_the_first_that_is_installed_answers(
    history: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(g6.load("NIFTY", DAY, data_dir=history), pd.DataFrame)
    installed = {"polars"}
    monkeypatch.setattr(engines, "is_installed", lambda library: library in installed)
    assert isinstance(g6.load("NIFTY", DAY, data_dir=history), pl.DataFrame)
    installed.clear()
    assert isinstance(g6.load("NIFTY", DAY, data_dir=history), pa.Table)


def test_a_library_that_is_not_installed_is_named_with_its_line() -> None:
    with pytest.raises(Unavailable) as caught, optional():
        raise ModuleNotFoundError("No module named 'polars'", name="polars")
    assert str(caught.value) == (
        "polars is not installed\n"
        "  fix: pip install 'g6[polars]', or in a checkout pip install -e '.[polars]'"
    )
    with pytest.raises(ModuleNotFoundError), optional():
        raise ModuleNotFoundError("No module named 'g6.lost'", name="g6.lost")


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory without a configuration, in an environment without one."""
    for name in list(os.environ):
        if name.startswith("G6_"):
            monkeypatch.delenv(name)
    place = tmp_path / "elsewhere"
    place.mkdir()
    monkeypatch.chdir(place)
    return place


def test_nobody_names_a_directory_and_it_is_the_command_lines(
    history: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NothingToDo, match="data directory data/demo is not there"):
        g6.load("NIFTY")
    monkeypatch.setenv("G6_DEMO_DIR", str(history))
    assert len(g6.load("NIFTY", DAY)) == 20
    monkeypatch.delenv("G6_DEMO_DIR")
    monkeypatch.setenv("G6_DATA_DIR", str(history))
    assert len(g6.load("NIFTY", DAY)) == 20
    monkeypatch.delenv("G6_DATA_DIR")
    config = elsewhere / "mine.json"
    config.write_text(json.dumps({"demo_dir": str(history)}))
    monkeypatch.setenv("G6_CONFIG", str(config))
    assert len(g6.load("NIFTY", DAY)) == 20
    assert g6.ask.chain("NIFTY").index == "NIFTY"


@pytest.mark.parametrize(
    ("arguments", "fix"),
    [
        ({"columns": ["ce_ivv"]}, "ce_iv"), ({"kind": "chains"}, "chain"), ({"engine": "panda"}, "pandas"),
        ({"day": "20-11-2026"}, "2026-11-20"), ({"tz": "Asia/Calcuta"}, "Asia/Kolkata"),
        ({"expiry": "some_week"}, "this_week"), ({"expiry": "monthly", "kind": "overview"}, "kind='chain'"),
    ],
)  # fmt: skip
def test_a_wrong_argument_is_told_what_was_meant(
    history: Path, arguments: dict[str, Any], fix: str
) -> None:
    with pytest.raises(UserError) as caught:
        load(history, **{"index": "NIFTY", "day": DAY} | arguments)
    assert fix in caught.value.fix


def test_importing_g6_imports_nothing_heavy() -> None:
    script = "import sys, g6; print(sorted(sys.modules.keys() & {'numpy', 'pyarrow', 'pandas', 'celery', 'pydantic'}))"
    assert (
        subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True
        ).stdout
        == "[]\n"
    )


def test_only_the_version_is_looked_up() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        g6.nothing  # noqa: B018 - asking is the test
