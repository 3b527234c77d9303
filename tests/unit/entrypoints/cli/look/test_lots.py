"""`g6 lots`, and the size of a contract where people look at contracts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.unit.adapters.test_exchange_files import OLDER, older, row, write
from tests.unit.entrypoints.cli.conftest import Stored


def test_every_row_of_the_table_is_shown_with_its_source(g6: Any) -> None:
    told = json.loads(g6("lots", "--json").out)
    assert all(row["source"] and row["units"] for row in told)
    shown = g6("lots").out
    assert "NSE/FAOP/47854 of 31 Mar 2021" in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_a_file_that_agrees_verifies_the_table(g6: Any, tmp_path: Path) -> None:
    day = write(
        tmp_path / "f.csv",
        row("NIFTY", "2025-01-02", "75"),
        row("BANKNIFTY", "2025-03-27", "30"),
        row("INFY", "x", "1"),
    )
    old = write(
        tmp_path / "o.csv",
        older("NIFTY", "22-Jul-2021", "150"),
        older("NIFTY", "22-Jul-2021", "225"),
        header=OLDER,
    )
    answer = g6("lots", str(day), str(old), "--json")
    assert answer.code == 0
    assert [(row["root"], row["units"], row["verdict"]) for row in json.loads(answer.out)] == [
        ("BANKNIFTY", 30, "agrees"),
        ("NIFTY", 75, "agrees"),
        ("NIFTY", 75, "agrees"),
    ]


def test_a_file_that_differs_is_told_by_contract_and_ends_with_one(g6: Any, tmp_path: Path) -> None:
    lines = [
        row("NIFTY", "2025-01-02", "65"),
        row("NIFTY", "2025-01-30", "25"),
        row("NIFTY", "2025-01-30", "x"),
    ]
    answer = g6("lots", str(write(tmp_path / "f.csv", *lines)))
    assert answer.code == 1
    assert "2025-01-02     1 contracts  file 65  table 75  differs" in answer.out
    assert "2025-01-30     1 contracts  file 25  table 25  agrees" in answer.out
    assert "f.csv: 1 row left out: line 4: NewBrdLotQty 'x' is not a whole number" in answer.out


def test_a_contract_that_the_table_lacks_is_shown_with_the_files_lot(
    g6: Any, tmp_path: Path
) -> None:
    answer = g6(
        "lots", str(write(tmp_path / "f.csv", row("NIFTY", "2027-01-26", "75", day="2026-11-27")))
    )
    assert answer.code == 0
    assert "file 75  table -  not in the table: the lot of NIFTY expiring 2027-01-26" in answer.out


def test_lot_notional_and_freeze_quantity_stand_beside_a_contract(g6: Any, tmp_path: Path) -> None:
    (tmp_path / "freeze").mkdir()
    (tmp_path / "freeze" / "2026-10-05.csv").write_text("SYMBOL,VOL_FRZ_QTY\nNIFTY,3510\n")
    given = (
        "--as-of",
        "2026-11-20T05:00:00Z",
        "--data-dir",
        str(tmp_path),
        "--set",
        f"demo_dir={tmp_path}",
    )
    told = json.loads(g6("instrument", "NIFTY26DEC24000CE", *given, "--json").out)[0]
    assert (told["lot_size"], told["freeze_quantity"], told["freeze_from"]) == (
        65,
        3510,
        "2026-10-05",
    )
    assert 10e5 < told["notional"] < 25e5
    page = g6("instrument", "NIFTY26DEC24000CE", *given).out
    assert "lakh a lot, at the index" in page
    assert "3,510 units = 54 lots (file of 2026-10-05)" in page
    whole = g6("instrument", "NIFTY", *given).out
    assert "lot 65 units = ₹" in whole
    assert "freeze 3,510" in whole


def test_a_chain_says_in_what_it_counts_and_what_a_lot_is_worth(g6: Any, stored: Stored) -> None:
    shown = g6("chain", "FINNIFTY", "--data-dir", str(stored.directory)).out
    assert "lot 60 units = ₹" in shown
    assert "lakh: 100,000" in shown
