"""Tables that say two things of one option: which row counts, and what is told of the other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import g6 as package
from tests.unit.adapters.replay import invented_tables as invented
from tests.unit.entrypoints.cli.conftest import Run
from tests.unit.entrypoints.cli.past.test_importing_table import (
    HEADER,
    LAYOUT,
    cells,
    imported,
    table,
)

CALL = "2026-09-15 23400 CE"


def line(minute: int, strike: int, side: str, **changes: str) -> str:
    names = {name.replace(" ", "_"): name for name in HEADER}
    row = cells(minute, strike, side) | {names[key]: value for key, value in changes.items()}
    return ",".join(row.values())


def last_of(rows: Path, strike: float) -> list[float]:
    chain = package.load("NIFTY", "2026-09-11", data_dir=rows)
    prices: list[float] = chain[chain["strike"] == strike]["ce_last"].tolist()
    return prices


def test_a_row_that_contradicts_an_earlier_one_is_told_and_the_first_counts(
    g6: Run, tmp_path: Path
) -> None:
    more = (
        line(0, 23_400, "Call", Close="130.5", Open_Interest="7"),
        line(0, 23_450, "Put", Close="131"),
        line(1, 23_450, "Put"),
    )
    path = table(tmp_path / "old.csv", more=more)
    dry = g6("import", "table", str(path), *LAYOUT, "--dry-run")
    assert dry.code == 0, dry.err
    assert "2 rows contradict an earlier one, which counts; such as" in dry.out
    assert f"old.csv, line 14: {CALL} at 2026-09-11 15:20:00 IST contradicts" in dry.out
    assert "ltp 130.5 here and 127.6 there, oi 7 here and 2000 there" in dry.out
    assert "1 row was there twice and counts once" in dry.out
    report = json.loads(imported(g6, path).out)
    assert (report["contradictions"], report["doubles"]) == (2, 1)
    assert (report["contradiction"]["line"], report["troubles"]) == (14, [])
    assert last_of(tmp_path / "rows", 23_400.0) == [127.6, 127.6]


def test_a_file_that_contradicts_another_is_told_with_both_names(g6: Run, tmp_path: Path) -> None:
    first = table(tmp_path / "a.csv")
    second = table(tmp_path / "b.csv", changes={3: {"Close": "126.05"}})
    rows = str(tmp_path / "rows")
    paths = (str(second), str(first))
    answer = g6("import", "table", *paths, *LAYOUT, "--yes", "--data-dir", rows)
    assert f"a.csv, line 4: {CALL} at" in answer.out
    assert "contradicts an earlier row of b.csv" in answer.out
    assert "1 row contradicts an earlier one" in answer.out
    assert "11 rows were there twice" in answer.out
    assert last_of(tmp_path / "rows", 23_400.0) == [126.05, 127.6]


def test_a_table_that_contradicts_what_is_stored_is_told_and_the_stored_rows_stay(
    g6: Run, tmp_path: Path
) -> None:
    imported(g6, table(tmp_path / "old.csv"))
    again = json.loads(imported(g6, table(tmp_path / "old.csv")).out)["days"][0]
    assert (again["stored_already"], again["stored_otherwise"]) == (2, 0)
    other = table(tmp_path / "old.csv", changes={9: {"Close": "130"}})
    arguments = (*LAYOUT, "--yes", "--data-dir", str(tmp_path / "rows"))
    answer = g6("import", "table", str(other), *arguments)
    assert "2 were there already and stay, 1 of them with other options or figures" in answer.out
    assert f"2026-09-11T09:51:00Z: ltp of {CALL}: 127.6 stored, 130 here" in answer.out
    assert last_of(tmp_path / "rows", 23_400.0) == [127.6, 127.6]
    alone = tmp_path / "alone.csv"
    alone.write_text(
        "\n".join([",".join(HEADER), line(0, 23_450, "Call", Strike_Price="23500", Close="80")])
    )
    answer = g6("import", "table", str(alone), *arguments)
    assert "ltp of 2026-09-15 23500 CE: none stored, 80 here" in answer.out


def test_of_an_option_that_cannot_be_true_and_one_that_can_the_second_counts(
    g6: Run, tmp_path: Path
) -> None:
    more = (line(0, 23_400, "Call"),)
    path = table(tmp_path / "old.csv", changes={3: {"Close": "12760"}}, more=more)
    report = json.loads(imported(g6, path).out)
    assert [trouble["line"] for trouble in report["troubles"]] == [4]
    assert (report["doubles"], report["contradictions"]) == (0, 0)
    assert last_of(tmp_path / "rows", 23_400.0) == [127.6, 127.6]


@pytest.mark.parametrize(
    ("here", "there", "counts"),
    [("-5", "-5", (1, 1, 0)), ("-5", "-7", (1, 0, 1)), ("5", "-5", (0, 0, 1))],
)
def test_a_row_that_counts_not_is_no_second_trouble_for_its_impossible_interest(
    g6: Run, tmp_path: Path, here: str, there: str, counts: tuple[int, int, int]
) -> None:
    more = (line(0, 23_400, "Call", Open_Interest=there),)
    path = table(tmp_path / "old.csv", changes={3: {"Open Interest": here}}, more=more)
    report = json.loads(imported(g6, path).out)
    found = (len(report["troubles"]), report["doubles"], report["contradictions"])
    assert found == counts


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ({8: "Close"}, "has 2 columns 'Close' for ltp"),
        ({8: "close"}, "has columns 'Close' and 'close' for ltp"),
        ({7: "Strike_Price"}, "has columns 'Strike Price' and 'Strike_Price' for strike"),
    ],
)
def test_a_column_that_a_header_names_twice_is_not_guessed(
    g6: Run, tmp_path: Path, names: dict[int, str], said: str
) -> None:
    path = table(tmp_path / "old.csv")
    header = [names.get(place, name) for place, name in enumerate(HEADER)]
    path.write_text("\n".join([",".join(header), *path.read_text().splitlines()[1:]]))
    arguments = ("--format", "timestamp=dmy", "--unit", "contracts", "--yes")
    answer = g6("import", "table", str(path), *arguments, "--data-dir", str(tmp_path / "rows"))
    assert answer.code == 2
    assert said in answer.err
    assert "which one counts is not known" in answer.err
    assert not (tmp_path / "rows").exists()


def test_a_column_that_is_not_read_may_stand_there_twice(g6: Run, tmp_path: Path) -> None:
    path = table(tmp_path / "old.csv")
    head, *lines = path.read_text().splitlines()
    path.write_text("\n".join([f"{head},remark,remark", *(f"{text},a,b" for text in lines)]))
    answer = g6("import", "table", str(path), *LAYOUT, "--dry-run")
    assert (answer.code, "columns without a place: remark, remark" in answer.out) == (0, True)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("CE_ltp", "has 2 columns 'CE_ltp' for ltp of CE"),
        ("ltp_CE", "has columns 'CE_ltp' and 'ltp_CE' for ltp of CE"),
    ],
)
def test_a_side_that_has_a_figure_twice_is_not_guessed(
    g6: Run, tmp_path: Path, name: str, said: str
) -> None:
    path = tmp_path / "sides.csv"
    path.write_text(
        f"datetime,underlying,expiry,strike,spot,CE_ltp,PE_ltp,{name}\n"
        "25-Nov-2024 11:00:00,NIFTY,28-Nov-2024,24300,24315.95,120,100,121\n"
    )
    answer = g6("import", "table", str(path), "--dry-run")
    assert (answer.code, said in answer.err) == (2, True)


def test_an_end_of_day_file_with_a_column_twice_is_not_guessed(g6: Run, tmp_path: Path) -> None:
    path = invented.bhavcopy(tmp_path)
    path.write_text(path.read_text().replace("TIMESTAMP,", "TIMESTAMP,CLOSE", 1))
    answer = g6("import", "table", str(path), "--dry-run")
    assert (answer.code, "has 2 columns 'CLOSE' for ltp" in answer.err) == (2, True)


def test_a_bar_that_stands_there_twice_is_traded_once(g6: Run, tmp_path: Path) -> None:
    folder = invented.candles(tmp_path)
    path = next(folder.glob("*24300CE*"))
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines, lines[1], lines[2].replace(",250,", ",600,")]))
    rows = tmp_path / "rows"
    answer = g6("import", "table", str(folder), "--yes", "--json", "--data-dir", str(rows))
    report = json.loads(answer.out)
    assert (report["doubles"], report["contradictions"]) == (1, 1)
    assert "volume 850 here and 500 there" in report["contradiction"]["reason"]
    chain = package.load("NIFTY", "2024-11-25", data_dir=rows)
    assert chain[chain["strike"] == 24_300]["ce_volume"].tolist() == [250, 500, 750]


def test_the_exchange_s_file_is_read_as_honestly_where_a_day_is_held_against_it(
    g6: Run, tmp_path: Path
) -> None:
    rows = ("--data-dir", str(tmp_path / "rows"))
    g6("import", "table", str(invented.udiff(tmp_path)), "--yes", *rows)
    (tmp_path / "later").mkdir()
    bad = invented.udiff_row(24_500, "CE", 40.0).replace("24500.00", "x")
    double = invented.udiff_row(24_300, "CE", 120.5)
    answer = g6("compare", "eod", str(invented.udiff(tmp_path / "later", bad, double)), *rows)
    assert answer.code == 1
    assert "rows that contradict an earlier one, which counts 1" in answer.err
    assert "damaged files, rows or figures 1" in answer.err
    assert "6 contracts in both" in answer.out


def test_open_interest_of_two_sources_of_a_day_is_counted_in_one_unit(
    g6: Run, tmp_path: Path
) -> None:
    imported(g6, table(tmp_path / "contracts.csv"))
    later = {
        n: {"Date Time": f"11/09/2026 03:2{6 + (n > 6)}:00 PM", "Open Interest": "130000"}
        for n in range(1, 13)
    }
    later[9]["Open Interest"] = "130065"
    path = table(tmp_path / "units.csv", changes=later)
    rows = ("--data-dir", str(tmp_path / "rows"))
    assert g6("import", "table", str(path), *LAYOUT[:-1], "units", "--yes", *rows).code == 0
    found = json.loads(g6("buildup", "NIFTY", "--against", "open", "--json", *rows).out)
    assert found["calls"]["oi_change"] == [0.0, 65.0, 0.0]
    assert found["puts"]["oi_change"] == [0.0, 0.0, 0.0]


def test_a_damaged_cycle_that_is_stored_does_not_end_an_import(g6: Run, tmp_path: Path) -> None:
    path = table(tmp_path / "old.csv")
    imported(g6, path)
    rows = tmp_path / "rows"
    parts = sorted(rows.glob("chain/underlying=NIFTY/*/*.parquet"))
    parts[0].write_bytes(b"PAR1")
    for lost in (parts[-1], *rows.glob(f"overview/*/{parts[-1].name}")):
        lost.unlink()
    again = json.loads(imported(g6, path).out)["days"][0]
    assert (again["cycles"], again["stored_already"], again["stored_otherwise"]) == (1, 1, 1)
    assert "not a whole Parquet file" in again["example"]
    assert parts[-1].is_file()
