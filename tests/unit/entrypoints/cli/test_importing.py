"""`g6 import csv`: two older layouts, with a report."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from scipy.stats import norm

import g6 as package
from g6.adapters.parquet_store import ParquetStore
from g6.domain.cycle import Unit
from g6.domain.frame import Frame

from .conftest import Run

SPOT, EXPIRY, DAY = 24000.0, "2026-11-24", "2026-11-18"
FIRST = "timestamp,index,expiry_tag,expiry,offset,index_price,atm,strike,ce,pe,tp,avg_ce,avg_pe,ce_vol,pe_vol,ce_oi,pe_oi,ce_iv"
SECOND = (
    "timestamp,index_price,strike,call_last_price,put_last_price,call_avgerage_price,put_average_price,"
    "call_volume,put_volume,call_oi,put_oi"
)


def premiums(strike: float) -> tuple[float, float]:
    width = 0.12 * math.sqrt(6 / 365)
    d = math.log(SPOT / strike) / width + width / 2
    call = SPOT * norm.cdf(d) - strike * norm.cdf(d - width)
    return max(0.05, round(call * 20) / 20), max(0.05, round((call - SPOT + strike) * 20) / 20)


def first_layout(base: Path) -> Path:
    for offset in range(-3, 4):
        strike = SPOT + 100 * offset
        call, put = premiums(strike)
        rows = [
            f"{DAY}T11:0{minute}:00,NIFTY,this_week,{EXPIRY},{offset},{SPOT},{SPOT},{strike},{call},{put},{call + put},"
            f"{call},{put},{65000 + 65 * minute},65000,130000,195000,0.9"
            for minute in range(2)
        ]
        path = base / "NIFTY" / "this_week" / f"{offset:+d}" / f"{DAY}.csv"
        path.parent.mkdir(parents=True)
        path.write_text("\n".join([FIRST, *rows]) + "\n")
    return base


def second_layout(base: Path) -> Path:
    for offset in range(-3, 4):
        strike = SPOT + 100 * offset
        call, put = premiums(strike)
        rows = [
            f"{DAY} 11:0{minute}:00,{SPOT},{strike},{call},{put},{call},{put},{65000 + 65 * minute},65,130,195"
            for minute in range(2)
        ]
        path = base / "options" / "NIFTY" / EXPIRY / str(offset) / f"{DAY}.csv"
        path.parent.mkdir(parents=True)
        path.write_text("\n".join([SECOND, *rows]) + "\n")
    overview = base / "overview" / "NIFTY" / EXPIRY / "0" / f"{DAY}.csv"
    overview.parent.mkdir(parents=True)
    overview.write_text("timestamp,pcr\n")
    return base


@pytest.mark.parametrize("layout", [first_layout, second_layout])
def test_both_layouts_become_chains_whose_analysis_is_made_anew(g6: Run, tmp_path: Path, layout: object) -> None:
    base = layout(tmp_path / "old")  # type: ignore[operator]
    answer = g6("import", "csv", str(base), "--json", "--data-dir", str(tmp_path / "rows"))
    report = json.loads(answer.out)
    assert (answer.code, report["cycles"], report["options"], report["troubles"]) == (0, 2, 28, [])
    chain = package.load("NIFTY", DAY, data_dir=tmp_path / "rows")
    assert len(chain) == 14
    assert set(chain["strike"]) == {SPOT + 100 * offset for offset in range(-3, 4)}
    atm = chain[chain["strike"] == SPOT]
    assert atm["ce_iv"].between(0.11, 0.13).all()
    assert (atm["ce_average_price"] == atm["ce_last"]).all()
    assert package.load("NIFTY", DAY, "overview", data_dir=tmp_path / "rows")["status"].tolist() == ["OK", "OK"]


def test_an_import_goes_on_where_it_was_stopped(g6: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base, rows, write = first_layout(tmp_path / "old"), tmp_path / "rows", ParquetStore.write_chain

    def stopped(self: ParquetStore, unit: Unit, frame: Frame) -> object:
        if any(rows.rglob("overview/*/*.parquet")):
            raise KeyboardInterrupt
        return write(self, unit, frame)

    monkeypatch.setattr(ParquetStore, "write_chain", stopped)
    assert g6("import", "csv", str(base), "--data-dir", str(rows)).code == 130
    monkeypatch.setattr(ParquetStore, "write_chain", write)
    assert "1 cycles stored, 1 were there already" in g6("import", "csv", str(base), "--data-dir", str(rows)).out


def test_a_second_run_changes_nothing(g6: Run, tmp_path: Path) -> None:
    base, rows = first_layout(tmp_path / "old"), tmp_path / "rows"
    g6("import", "csv", str(base), "--data-dir", str(rows))
    before = {path: path.read_bytes() for path in rows.rglob("*.parquet")}
    answer = g6("import", "csv", str(base), "--data-dir", str(rows))
    assert "0 cycles stored, 2 were there already" in answer.out
    assert {path: path.read_bytes() for path in rows.rglob("*.parquet")} == before


def test_what_cannot_be_read_is_reported_with_file_row_and_reason(g6: Run, tmp_path: Path) -> None:
    base = first_layout(tmp_path / "old")
    torn = base / "NIFTY" / "this_week" / "+1" / f"{DAY}.csv"
    torn.write_text(torn.read_text()[:-40])
    nowhere = base / "NIFTY" / "next_week" / "0" / f"{DAY}.csv"
    nowhere.parent.mkdir(parents=True)
    nowhere.write_text(SECOND + "\n")
    (base / "notes.csv").write_text("a,b\n")
    answer = g6("import", "csv", str(base), "--json", "--data-dir", str(tmp_path / "rows"))
    troubles = [(Path(each["file"]).name, each["row"], each["reason"]) for each in json.loads(answer.out)["troubles"]]
    assert ("notes.csv", None, "its path is of neither layout: INDEX/EXPIRY/OFFSET/DATE.csv") in troubles
    assert (f"{DAY}.csv", None, "no column says which date 'next_week' was") in troubles
    assert any(row == 3 and "cells" in reason for _, row, reason in troubles)
    assert len(troubles) == 3


def test_a_directory_without_csv_is_said(g6: Run, tmp_path: Path) -> None:
    answer = g6("import", "csv", str(tmp_path))
    assert (answer.code, "holds no CSV file" in answer.err) == (3, True)


def test_a_directory_of_which_nothing_can_be_read_fails(g6: Run, tmp_path: Path) -> None:
    (tmp_path / "notes.csv").write_text("a,b\n")
    answer = g6("import", "csv", str(tmp_path))
    assert (answer.code, "not read:" in answer.out) == (1, True)
