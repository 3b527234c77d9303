"""`g6 import csv`: two older layouts, with a report."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import pytest
from scipy.stats import norm

import g6 as package
from g6.adapters.parquet import ParquetStore
from g6.domain.cycles.cycle import Unit
from g6.domain.schema.frame import Frame
from tests.unit.entrypoints.cli.conftest import Answer, Run

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
def test_both_layouts_become_chains_whose_analysis_is_made_anew(
    g6: Run, tmp_path: Path, layout: object
) -> None:
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
    assert package.load("NIFTY", DAY, "overview", data_dir=tmp_path / "rows")[
        "status"
    ].tolist() == ["OK", "OK"]


def test_an_import_goes_on_where_it_was_stopped(
    g6: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base, rows, write = first_layout(tmp_path / "old"), tmp_path / "rows", ParquetStore.write_chain

    def stopped(self: ParquetStore, unit: Unit, frame: Frame) -> object:
        if any(rows.rglob("overview/*/*.parquet")):
            raise KeyboardInterrupt
        return write(self, unit, frame)

    monkeypatch.setattr(ParquetStore, "write_chain", stopped)
    assert g6("import", "csv", str(base), "--data-dir", str(rows)).code == 130
    monkeypatch.setattr(ParquetStore, "write_chain", write)
    assert (
        "1 cycle stored, 1 was there already"
        in g6("import", "csv", str(base), "--data-dir", str(rows)).out
    )


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
    nowhere = base / "NIFTY" / "someday" / "0" / f"{DAY}.csv"
    nowhere.parent.mkdir(parents=True)
    nowhere.write_text(SECOND + "\n")
    (base / "notes.csv").write_text("a,b\n")
    answer = g6("import", "csv", str(base), "--json", "--data-dir", str(tmp_path / "rows"))
    troubles = [
        (Path(each["file"]).name, each["row"], each["reason"])
        for each in json.loads(answer.out)["troubles"]
    ]
    assert (
        "notes.csv",
        None,
        "its path is of neither layout: INDEX/EXPIRY/OFFSET/DATE.csv",
    ) in troubles
    assert any(
        row is None and "no column of expiries" in reason and "'someday' is no bucket" in reason
        for _, row, reason in troubles
    )
    assert any(row == 3 and "cells" in reason for _, row, reason in troubles)
    assert len(troubles) == 3


HEADER = "timestamp,index,expiry_date,offset,index_price,atm,strike,ce,pe,ce_vol,pe_vol,ce_oi,pe_oi,avg_ce,avg_pe"


def older(
    base: Path,
    *lines: str,
    header: str = HEADER,
    folder: str = "this_week",
    day: str = "2026-09-11",
) -> Path:
    """One file of the first layout, of those lines."""
    path = base / "NIFTY" / folder / "ATM" / f"{day}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([header, *lines]) + "\n", "utf-8")
    return base


def line(minute: int, **cells: str) -> str:
    """A row of 11 September 2026 with some of its cells changed."""
    plain = dict(zip(HEADER.split(","), (
        f"2026-09-11 15:2{minute}:00,NIFTY,2026-09-15,ATM,23398.1,23400,23400,127.6,107.6,65000,65000,130000,130000,127.6,107.6"
    ).split(","), strict=True))  # fmt: skip
    return ",".join(f'"{cell}"' if "," in cell else cell for cell in (plain | cells).values())


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"ce": "-"}, "CE ltp is '-', and the same row says that it traded"),
        ({"pe_oi": "many"}, "PE oi 'many' is not a number"),
        ({"strike": "0"}, "strike '0' is missing or not positive"),
        ({"strike": "2340000"}, "is no strike of an index; if it is in paise"),
        ({"expiry_date": "soon"}, "expiry 'soon' is no date"),
        ({"expiry_date": "2026-09-08"}, "is before the row's own day"),
        ({"expiry_date": "2226-09-08"}, "is 200 years after its instant"),
        ({"timestamp": "2026-09-12 15:21:00"}, "is not of 2026-09-11"),
        ({"timestamp": "later"}, "timestamp 'later' is no instant"),
        ({"index_price": "up"}, "spot 'up' is not a number"),
        ({"ce_vol": "1,2,3"}, "CE volume '1,2,3' is not a number"),
    ],
)
def test_one_bad_cell_costs_its_row_which_is_named(
    g6: Run, tmp_path: Path, cells: dict[str, str], reason: str
) -> None:
    base = older(tmp_path / "old", line(0), line(1, **cells), line(2))
    answer = g6("import", "csv", str(base), "--json", "--data-dir", str(tmp_path / "rows"))
    report = json.loads(answer.out)
    assert (answer.code, report["cycles"]) == (1, 2)
    assert {(Path(each["file"]).parts[-2:], each["row"]) for each in report["troubles"]} == {
        (("ATM", "2026-09-11.csv"), 3)
    }
    assert reason in report["troubles"][0]["reason"]


def test_what_people_write_for_numbers_and_for_nothing_is_read(g6: Run, tmp_path: Path) -> None:
    base = older(
        tmp_path / "old", line(0, index_price="23,398.10", ce_oi="1,30,000", pe_vol="-", pe_oi="NA", avg_pe="-"), "", "   ",
        ",,,,,,,,,,,,,,",
        line(1), header="\ufeff" + HEADER,
    )  # fmt: skip
    answer = g6("import", "csv", str(base), "--json", "--data-dir", str(tmp_path / "rows"))
    report = json.loads(answer.out)
    assert (answer.code, report["cycles"], report["options"], report["troubles"]) == (0, 2, 4, [])
    chain = package.load("NIFTY", "2026-09-11", data_dir=tmp_path / "rows")
    assert (chain["spot"].iloc[0], chain["ce_oi"].iloc[0]) == (23398.1, 130_000)
    assert chain[["pe_volume", "pe_oi"]].iloc[0].isna().all()


def imported_without_expiry(g6: Run, directory: Path, folder: str, day: str) -> Answer:
    """Import a line of a day in a folder of a bucket, from a file without a column of expiries."""
    header, row = (
        ",".join(cell for n, cell in enumerate(text.split(",")) if n != 2)
        for text in (HEADER, line(0))
    )
    row = row.replace("2026-09-11", day)
    base = older(directory / "old", row, header=header, folder=folder, day=day)
    return g6("import", "csv", str(base), "--json", "--data-dir", str(directory / "rows"))


@pytest.mark.parametrize(
    ("folder", "day", "expiry"),
    [
        ("this_week", "2026-09-11", "2026-09-15"),
        ("2026-09-15", "2026-09-11", "2026-09-15"),
        ("next_week", "2026-09-11", "2026-09-22"),
        ("monthly", "2026-09-11", "2026-09-29"),
        ("next_month", "2026-09-11", "2026-10-27"),
        ("this_week", "2025-08-29", "2025-09-02"),
        ("this_week", "2025-10-17", "2025-10-20"),
    ],
)
def test_the_folder_and_the_date_tell_an_expiry_that_no_column_has(
    g6: Run, tmp_path: Path, folder: str, day: str, expiry: str
) -> None:
    answer = imported_without_expiry(g6, tmp_path, folder, day)
    assert (answer.code, json.loads(answer.out)["cycles"]) == (0, 1)
    assert [
        str(value)[:10]
        for value in package.load("NIFTY", day, data_dir=tmp_path / "rows")["expiry"]
    ] == [expiry]


@pytest.mark.parametrize(
    ("folder", "day", "reason"),
    [
        ("this_week", "2021-09-10", "the calendar does not cover 2021"),
        ("nth:3", "2026-09-11", "counts what was listed"),
        ("front", "2026-09-11", "'front' is no bucket"),
    ],
)
def test_an_expiry_that_the_folder_does_not_tell_is_refused(
    g6: Run, tmp_path: Path, folder: str, day: str, reason: str
) -> None:
    answer = imported_without_expiry(g6, tmp_path, folder, day)
    (trouble,) = json.loads(answer.out)["troubles"]
    assert answer.code == 1
    assert "its folder does not tell the date" in trouble["reason"]
    assert reason in trouble["reason"]


@pytest.mark.parametrize(
    ("name", "options", "code"), [("import-bom", 4, 0), ("import-one-bad-cell", 16, 1)]
)
def test_the_inputs_that_failed_are_read(
    g6: Run, tmp_path: Path, shared: Path, name: str, options: int, code: int
) -> None:
    base = shared / "data/field" / name
    if not base.is_dir():
        pytest.skip(f"needs ../shared/data/field/{name}")
    answer = g6("import", "csv", str(base), "--json", "--data-dir", str(tmp_path / "rows"))
    report = json.loads(answer.out)
    assert (answer.code, report["options"]) == (code, options)
    assert [(Path(each["file"]).parts[-2:], each["row"]) for each in report["troubles"]] == [
        (("ATM", "2026-09-11.csv"), 3)
    ] * code


def test_a_directory_without_csv_is_said(g6: Run, tmp_path: Path) -> None:
    answer = g6("import", "csv", str(tmp_path))
    assert (answer.code, "holds no CSV file" in answer.err) == (3, True)


def test_a_directory_of_which_nothing_can_be_read_fails(g6: Run, tmp_path: Path) -> None:
    (tmp_path / "notes.csv").write_text("a,b\n")
    answer = g6("import", "csv", str(tmp_path))
    assert (answer.code, "not read:" in answer.out) == (1, True)


def test_a_row_of_another_index_and_impossible_open_interest_are_named(
    g6: Run, tmp_path: Path
) -> None:
    base = first_layout(tmp_path / "old")
    path = base / "NIFTY" / "this_week" / "+1" / f"{DAY}.csv"
    lines = path.read_text().splitlines()
    lines[1] = lines[1].replace(",NIFTY,", ",BANKNIFTY,")
    lines[2] = lines[2].replace(",130000,", ",-130000,")
    path.write_text("\n".join(lines))
    answer = g6("import", "csv", str(base), "--json", "--data-dir", str(tmp_path / "rows"))
    report = json.loads(answer.out)
    assert (answer.code, report["options"], [trouble["row"] for trouble in report["troubles"]]) == (
        1,
        26,
        [2, 3],
    )
    assert "index 'BANKNIFTY' is not NIFTY" in report["troubles"][0]["reason"]
    assert "-130000 units cannot be" in report["troubles"][1]["reason"]
    assert [trouble["is_read"] for trouble in report["troubles"]] == [False, True]
    again = g6("import", "csv", str(base), "--data-dir", str(tmp_path / "again"))
    assert re.search(r"^not read: .*BANKNIFTY", again.out, re.MULTILINE)
    assert re.search(r"^read and flagged: .*-130000 units", again.out, re.MULTILINE)


@pytest.mark.parametrize(
    "name", ["nifty", "NIFTY 50", "NIFTY50", "NIFTY26NOV24000CE", "", "24010.5"]
)
def test_an_index_may_be_named_in_many_ways(g6: Run, tmp_path: Path, name: str) -> None:
    base = first_layout(tmp_path / "old")
    path = base / "NIFTY" / "this_week" / "+1" / f"{DAY}.csv"
    path.write_text(path.read_text().replace(",NIFTY,", f",{name},"))
    answer = g6("import", "csv", str(base), "--json", "--data-dir", str(tmp_path / "rows"))
    assert (answer.code, json.loads(answer.out)["options"]) == (0, 28)


def test_rows_that_contradict_are_counted_and_the_first_counts(g6: Run, tmp_path: Path) -> None:
    base, rows = first_layout(tmp_path / "old"), tmp_path / "rows"
    path = base / "NIFTY" / "this_week" / "+1" / f"{DAY}.csv"
    lines = path.read_text().splitlines()
    call, put = premiums(SPOT + 100)
    changed = lines[1].replace(f",{call},{put},", f",{call + 5},{put},", 1)
    path.write_text("\n".join([*lines, lines[2], changed]) + "\n")
    answer = g6("import", "csv", str(base), "--data-dir", str(rows))
    assert answer.code == 0
    assert "1 row contradicts an earlier one, which counts; such as" in answer.out
    assert f"line 5: {EXPIRY} 24100 CE at 2026-11-18T05:30:00Z contradicts" in answer.out
    assert f"ltp {call + 5} here and {call} there" in answer.out
    chain = package.load("NIFTY", DAY, data_dir=rows)
    assert set(chain[chain["strike"] == SPOT + 100]["ce_last"]) == {call}


def test_a_file_that_names_a_column_twice_costs_itself(g6: Run, tmp_path: Path) -> None:
    base = first_layout(tmp_path / "old")
    path = base / "NIFTY" / "this_week" / "+1" / f"{DAY}.csv"
    path.write_text(path.read_text().replace("ce_iv", "CE", 1))
    answer = g6("import", "csv", str(base), "--json", "--data-dir", str(tmp_path / "rows"))
    (trouble,) = json.loads(answer.out)["troubles"]
    assert (answer.code, trouble["row"]) == (1, 1)
    assert trouble["reason"] == "has several columns 'CE', and which one counts is not known"
