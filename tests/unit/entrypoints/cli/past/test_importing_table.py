"""`g6 import table`: somebody's table becomes rows of the store, by a layout that is shown first and kept beside them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from pathlib import Path

import pytest

import g6 as package
from tests.unit.entrypoints.cli.conftest import Answer, Run

HEADER = (
    "Date Time",
    "Underlying",
    "Exp",
    "Strike Price",
    "Right",
    "Spot",
    "Close",
    "Vol",
    "Open Interest",
)
LAYOUT = (
    "--columns", "timestamp=Date Time,symbol=Underlying,expiry=Exp", "--columns", "ltp=Close,oi=Open Interest",
    "--format", "timestamp=dmy", "--unit", "contracts",
)  # fmt: skip
PRICES = {23_350: (155.5, 85.5), 23_400: (127.6, 107.6), 23_450: (103.05, 133.05)}


def cells(minute: int, strike: int, side: str) -> dict[str, str]:
    """One option of 11 September 2026, as somebody else writes it."""
    price = PRICES[strike][side == "Put"]
    return dict(zip(HEADER, (
        f"11/09/2026 03:2{minute}:00 PM", "Nifty 50", "15-Sep-2026", str(strike), side, '"23,398.10"', str(price),
        str(1_000 + minute), '"2,000"',
    ), strict=True))  # fmt: skip


def table(
    path: Path,
    *,
    changes: Mapping[int, Mapping[str, str]] | None = None,
    more: tuple[str, ...] = (),
) -> Path:
    """Write a table of two minutes with some rows changed (by their number, from 1) and lines added."""
    rows = [
        cells(minute, strike, side)
        for minute in range(2)
        for strike in PRICES
        for side in ("Call", "Put")
    ]
    lines = [
        ",".join((row | (changes or {}).get(number, {})).values())
        for number, row in enumerate(rows, 1)
    ]
    data = "\n".join([",".join(HEADER), *lines, *more]).encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def test_a_table_is_read_by_its_layout_which_is_shown_and_kept(g6: Run, tmp_path: Path) -> None:
    path, rows = table(tmp_path / "old.csv.gz"), tmp_path / "rows"
    answer = g6("import", "table", str(path), *LAYOUT, "--yes", "--data-dir", str(rows))
    assert answer.code == 0, answer.err
    assert 'oi = "Open Interest"' in answer.out
    assert answer.out.count("instant 2026-09-11 15:20:00 IST  index NIFTY  expiry 2026-09-15") == 3
    chain = package.load("NIFTY", "2026-09-11", data_dir=rows)
    assert (len(chain), set(chain["ce_oi"]), set(chain["ce_volume"])) == (
        6,
        {130_000.0},
        {65_000.0, 65_065.0},
    )
    assert set(chain["ce_source"]) == {"import"}
    assert chain["ce_last"].tolist()[:3] == [155.5, 127.6, 103.05]
    assert chain["ce_iv"].between(0.1, 0.2).all()
    (kept,) = (rows / "layouts").iterdir()
    again = g6(
        "import",
        "table",
        str(path),
        "--layout",
        str(kept),
        "--yes",
        "--json",
        "--data-dir",
        str(tmp_path / "other"),
    )
    report = json.loads(again.out)
    assert (again.code, report["cycles"], report["troubles"]) == (0, 2, [])
    assert Path(report["layout_file"]).read_text() == kept.read_text()


def test_nothing_is_stored_before_somebody_has_looked(g6: Run, tmp_path: Path) -> None:
    answer = g6(
        "import",
        "table",
        str(table(tmp_path / "old.csv")),
        *LAYOUT,
        "--data-dir",
        str(tmp_path / "rows"),
    )
    assert (answer.code, "--yes" in answer.err, "strike 23350" in answer.out) == (2, True, True)
    assert not list((tmp_path / "rows").rglob("*.parquet"))


def test_a_second_import_changes_nothing(g6: Run, tmp_path: Path) -> None:
    arguments = (
        "import",
        "table",
        str(table(tmp_path / "old.csv")),
        *LAYOUT,
        "--yes",
        "--data-dir",
        str(tmp_path / "rows"),
    )
    g6(*arguments)
    before = {path: path.read_bytes() for path in (tmp_path / "rows").rglob("*.parquet")}
    assert "2 were there already" in g6(*arguments).out
    assert {path: path.read_bytes() for path in (tmp_path / "rows").rglob("*.parquet")} == before


def imported(g6: Run, path: Path) -> Answer:
    """Import a table whose layout is said, into rows beside it."""
    rows = str(path.parent / "rows")
    return g6("import", "table", str(path), *LAYOUT, "--yes", "--json", "--data-dir", rows)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"Close": "1x"}, "ltp '1x' is not a number (read are 1023.45, 1,023.45"),
        ({"Strike Price": "2340000"}, "if it is in paise, say --scale strike=0.01"),
        ({"Close": "12760"}, "is no price of strike"),
        ({"Exp": "10-Sep-2026"}, "is before its instant"),
        ({"Exp": "soon"}, "expiry 'soon' cannot be read; read are 2026-08-25"),
        ({"Date Time": "11/09/2026"}, "has no time of day"),
        ({"Date Time": "31/09/2026 10:00"}, "timestamp '31/09/2026 10:00' cannot be read"),
        ({"Right": "XX"}, "read are CE, PE, CALL, PUT, C, P"),
    ],
)
def test_a_bad_row_costs_itself_and_is_named_by_its_line(
    g6: Run, tmp_path: Path, change: Mapping[str, str], reason: str
) -> None:
    path = table(tmp_path / "old.csv", changes={4: change})
    answer = imported(g6, path)
    report = json.loads(answer.out)
    assert (answer.code, report["cycles"]) == (1, 2)
    assert sum(day["options"] for day in report["days"]) == 11
    assert [(Path(each["file"]).name, each["line"]) for each in report["troubles"]] == [
        ("old.csv", 5)
    ]
    assert reason in report["troubles"][0]["reason"]


def test_doubles_and_other_underlyings_are_told_and_are_no_fault(g6: Run, tmp_path: Path) -> None:
    stock = cells(0, 23_400, "Call") | {"Underlying": "RELIANCE", "Strike Price": "60"}
    bank = cells(0, 23_400, "Call") | {"Underlying": "BANKNIFTY", "Exp": "29-Sep-2026"}
    twice = cells(1, 23_450, "Put")
    lines = tuple(",".join(row.values()) for row in (stock, bank, twice))
    path = table(tmp_path / "old.csv", more=("", *lines))
    answer = g6(
        "import", "table", str(path), *LAYOUT, "--indices", "NIFTY", "--yes", "--json", "--data-dir", str(tmp_path / "rows")
    )  # fmt: skip
    report = json.loads(answer.out)
    assert (answer.code, report["troubles"]) == (0, [])
    assert (report["doubles"], report["others"], report["not_asked"]) == (
        1,
        {"RELIANCE": 1},
        ["BANKNIFTY"],
    )
    assert {day["index"] for day in report["days"]} == {"NIFTY"}


def test_rows_that_disagree_on_the_index_are_counted_and_flagged(g6: Run, tmp_path: Path) -> None:
    path = table(tmp_path / "old.csv", changes={2: {"Spot": "23198.1"}, 8: {"Spot": "23397.1"}})
    answer = imported(g6, path)
    report = json.loads(answer.out)
    assert (answer.code, report["spots_disagree"], report["spots_disputed"]) == (0, 2, 1)
    overview = package.load("NIFTY", "2026-09-11", "overview", data_dir=tmp_path / "rows")
    assert overview["spot"].tolist() == [23_398.1, 23_398.1]
    assert overview["spot_source"].tolist() == ["disputed", "live"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (LAYOUT[:6], "does oi count units or contracts?"),
        (LAYOUT[:4] + LAYOUT[6:], "no row of the table tells which"),
        ((*LAYOUT, "--columns", "ltp=Last"), "has no column Last; there are Date Time"),
        ((*LAYOUT, "--columns", "price=Close"), "has no 'price'"),
        ((*LAYOUT, "--columns", "ltp"), "is no NAME=VALUE"),
        ((*LAYOUT, "--unit", "lots"), "is 'lots'"),
        ((*LAYOUT, "--scale", "ltp=x"), "is not a number"),
        ((*LAYOUT, "--index", "ACME"), "no index"),
        ((*LAYOUT, "--indices", "SENSEX"), "holds NIFTY, and of these none is asked for"),
    ],
)
def test_what_cannot_be_known_is_asked_for(
    g6: Run, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    answer = g6(
        "import",
        "table",
        str(table(tmp_path / "old.csv")),
        *arguments,
        "--yes",
        "--data-dir",
        str(tmp_path / "rows"),
    )
    assert answer.code == 2
    assert said in answer.err
    assert "fix:" in answer.err or "say --columns ltp=NAME" in answer.err
    assert not list((tmp_path / "rows").rglob("*.parquet"))


def test_a_file_that_is_no_table_is_named_with_the_forms_that_are_read(
    g6: Run, tmp_path: Path
) -> None:
    (tmp_path / "old.xls").write_bytes(b"PK")
    answer = g6("import", "table", str(tmp_path / "old.xls"), "--yes")
    assert (answer.code, ".csv.gz" in answer.err) == (2, True)
    assert g6("import", "table", str(tmp_path / "gone.csv"), "--yes").code == 2


def test_open_interest_that_cannot_be_is_named_with_its_line(g6: Run, tmp_path: Path) -> None:
    path = table(tmp_path / "old.csv", changes={2: {"Open Interest": "-7"}})
    answer = imported(g6, path)
    report = json.loads(answer.out)
    assert (answer.code, report["cycles"], [trouble["line"] for trouble in report["troubles"]]) == (
        1,
        2,
        [3],
    )
    assert "-455 units cannot be" in report["troubles"][0]["reason"]
    assert report["troubles"][0]["is_read"]
    assert len(package.load("NIFTY", "2026-09-11", data_dir=tmp_path / "rows")) == 6
