"""Every layout that people bring, each as a small file: the same options are read of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from g6.adapters.replay.tables.table_files import TableFiles
from g6.adapters.replay.tables.table_layout import parse_layout
from g6.config import calendar
from g6.errors import BadInput
from tests.unit.adapters.replay import invented_tables as tables

INSTANT = datetime(2024, 11, 25, 5, 30, tzinfo=UTC)


def opened(paths: list[Path], **layout: object) -> TableFiles:
    return TableFiles(paths, replace(parse_layout(layout), aliases=True, calendar=calendar()))


def rolling(directory: Path) -> list[Path]:
    """Write bars of strikes that follow the money: a file for each distance, whose strike changes."""
    strikes = sorted(tables.PRICES)
    for place, strike in enumerate(strikes):
        name = f"ATM{place - 1:+d}" if place != 1 else "ATM"
        folder = directory / "NIFTY" / "2024-11-28" / name
        folder.mkdir(parents=True)
        for side, price in zip(("CE", "PE"), tables.PRICES[strike], strict=True):
            lines = ["datetime,open,high,low,close,volume,iv,oi,spot,strike"]
            for minute, moved in ((0, strike), (1, strike + 50)):
                lines.append(
                    f"2024-11-25 11:0{minute}:00,{price},{price},{price},{price},250,12.5,125000,{tables.SPOT},{moved}"
                )
            (folder / f"bars_{side}.csv").write_text("\n".join(lines))
    return sorted(directory.rglob("*.csv"))


def test_strikes_that_follow_the_money_are_those_of_each_row(tmp_path: Path) -> None:
    source = opened(rolling(tmp_path), units={"volume": "units", "oi": "units"})
    first, second = (source.options("NIFTY", at) for at in source.instants()["NIFTY"])
    assert sorted(set(first.strike)) == sorted(tables.PRICES)
    assert sorted(set(second.strike)) == [strike + 50 for strike in sorted(tables.PRICES)]
    assert set(first.expiry) == {np.datetime64("2024-11-28")}
    assert source.lost_rows == []


@pytest.mark.parametrize(
    "instant", ["202411251100", "1732512600", "25-Nov-2024 11:00:00 AM", "25/11/2024 11:00"]
)
def test_instants_are_read_in_the_forms_that_people_write(tmp_path: Path, instant: str) -> None:
    path = tmp_path / "NIFTY_28-Nov-2024.csv"
    lines = ["datetime,strike,right,close,vol"]
    lines += [
        f'{instant},"{strike:,}",{side},{price},-' for strike, side, price in tables.options()
    ]
    path.write_text("\r\n".join(lines))
    source = opened(
        [path], columns={"spot": "none", "oi": "none"}, index="NIFTY", units={"volume": "units"}
    )
    assert source.instants()["NIFTY"] == (INSTANT,)
    options = source.options("NIFTY", INSTANT)
    assert np.isnan(options.figures["volume"]).all()
    assert np.isnan(options.spot).all()
    assert set(options.expiry) == {np.datetime64("2024-11-28")}


def in_a_hive(folder: Path) -> Path:
    """Write a part of a table in folders that name some of its columns."""
    folder.mkdir(parents=True)
    rows = tables.options()
    table = pa.table(
        {
            "timestamp": pa.array([INSTANT] * len(rows)),
            "strike": [float(row[0]) for row in rows],
            "option_type": [row[1] for row in rows],
            "ltp": [row[2] for row in rows],
            "volume": [2500.0] * len(rows),
            "oi": [125000.0] * len(rows),
            "spot": [tables.SPOT] * len(rows),
        }
    )
    pq.write_table(table, folder / "part-0.parquet")
    return folder / "part-0.parquet"


def test_folders_of_a_hive_name_what_the_file_does_not(tmp_path: Path) -> None:
    part = in_a_hive(tmp_path / "underlying=NIFTY" / "expiry_date=2024-11-28" / "date=2024-11-25")
    source = opened([part], units={"volume": "units", "oi": "units"})
    assert source.instants() == {"NIFTY": (INSTANT,)}
    assert set(source.options("NIFTY", INSTANT).expiry) == {np.datetime64("2024-11-28")}


def test_the_day_of_a_hive_is_no_expiry(tmp_path: Path) -> None:
    part = in_a_hive(tmp_path / "underlying=NIFTY" / "trade_date=2024-11-25")
    with pytest.raises(BadInput, match="has no column expiry"):
        opened([part], units={"volume": "units", "oi": "units"})
