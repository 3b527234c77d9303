"""Tables of snapshots: read exactly, or refused with file and row before anything else happens."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from g6.adapters.replay import Recording
from g6.adapters.replay.snapshot import Malformed
from g6.adapters.replay.table import parse_table
from g6.adapters.replay.table_files import TableFiles
from g6.errors import BadInput

Rows = list[dict[str, Any]]
Write = Callable[..., Path]
Change = Callable[..., Rows]


@pytest.mark.parametrize("name", ["day.parquet", "day.csv"])
def test_a_table_is_the_same_in_both_formats(rows: Rows, table_file: Write, instants: tuple[datetime, ...], name: str) -> None:
    recording = Recording.open(table_file(rows, name))
    seen = recording.snapshot("NIFTY", instants[0])
    assert seen is not None
    assert recording.cycles() == instants
    assert recording.indices() == ("NIFTY",)
    assert seen.contracts.strike[:5].tolist() == [23_900, 24_000, 24_100, 24_200, 24_300]
    assert seen.values["last"][0, 0] == rows[0]["ltp"]
    assert seen.spot.spot == 24_052.4


def test_contracts_become_units_by_that_days_lot(rows: Rows, table_file: Write, instants: tuple[datetime, ...]) -> None:
    seen = Recording.open(table_file(rows)).snapshot("NIFTY", instants[0])
    assert seen is not None
    assert set(seen.contracts.lot_size.tolist()) == {65}
    assert seen.values["oi"][0, 0] == rows[0]["oi_contracts"] * 65
    assert seen.values["volume"][0, 0] == 100 * 65


def test_units_are_taken_as_they_are(rows: Rows, table_file: Write, instants: tuple[datetime, ...]) -> None:
    units = [{name.removesuffix("_contracts"): value for name, value in row.items()} | {"bid": 1.0, "ask": None} for row in rows]
    seen = Recording.open(table_file(units)).snapshot("NIFTY", instants[0])
    assert seen is not None
    assert seen.values["oi"][0, 0] == rows[0]["oi_contracts"]
    assert seen.values["bid"][0, 0] == 1.0
    assert np.isnan(seen.values["ask"][0, 0])


def test_the_change_in_open_interest_gives_yesterdays(rows: Rows) -> None:
    table = pa.Table.from_pylist([row | {"oi_change_contracts": 10.0} for row in rows])
    options = parse_table(table)
    assert options.figures["oi_prev"].tolist() == [row["oi_contracts"] - 10 for row in rows]
    assert "oi_prev" in options.in_contracts


def test_a_time_without_zone_is_of_india(rows: Rows, table_file: Write, instants: tuple[datetime, ...]) -> None:
    naive = [row | {"timestamp": row["timestamp"].removesuffix("+05:30")} for row in rows]
    assert Recording.open(table_file(naive)).cycles() == instants


def test_typed_times_and_dates_are_read(rows: Rows, table_file: Write, instants: tuple[datetime, ...]) -> None:
    typed = [
        row | {"timestamp": datetime.fromisoformat(row["timestamp"]), "expiry": datetime.fromisoformat(row["expiry"]).date()}
        for row in rows
    ]
    assert Recording.open(table_file(typed)).cycles() == instants


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"strike": 0.0}, "strike"),
        ({"option_type": "XX"}, "option_type"),
        ({"timestamp": "yesterday"}, "timestamp"),
        ({"expiry": None}, "expiry is missing"),
        ({"symbol": "ACME"}, "no index"),
        ({"ltp": float("inf")}, "infinite"),
    ],
)
def test_a_bad_value_is_refused_with_its_row(rows: Rows, changed: Change, values: dict[str, Any], reason: str) -> None:
    with pytest.raises(Malformed, match=reason) as caught:
        parse_table(pa.Table.from_pylist(changed(rows, 7, values)), before=100)
    assert caught.value.row == 107


def test_a_bad_number_in_a_csv_is_refused_with_its_row(rows: Rows, changed: Change, table_file: Write) -> None:
    texts = [{name: str(value) for name, value in row.items()} for row in rows]
    path = table_file(changed(texts, 12, {"ltp": "1x2"}), "day.csv")
    with pytest.raises(BadInput, match="ltp '1x2' is not a number") as caught:
        Recording.open(path)
    assert (caught.value.path, caught.value.row) == (str(path), 12)


def test_a_torn_csv_line_is_refused_with_its_row(rows: Rows, table_file: Write) -> None:
    path = table_file(rows[:5], "day.csv")
    path.write_text(path.read_text("utf-8") + '"2026-08-19T11:27:00+05:30","NIF', "utf-8")
    with pytest.raises(BadInput, match="columns") as caught:
        Recording.open(path)
    assert caught.value.row == 6


def test_a_torn_parquet_file_is_refused(rows: Rows, table_file: Write) -> None:
    path = table_file(rows)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(BadInput, match="cannot be read"):
        Recording.open(path)


def test_a_missing_column_is_named(rows: Rows, table_file: Write) -> None:
    path = table_file([{name: value for name, value in row.items() if name != "oi_contracts"} for row in rows])
    with pytest.raises(BadInput, match="no column oi or oi_contracts"):
        Recording.open(path)


def test_an_option_that_is_there_twice_is_refused_with_its_row(rows: Rows, table_file: Write) -> None:
    with pytest.raises(BadInput, match="there already") as caught:
        Recording.open(table_file([*rows, rows[3]]))
    assert caught.value.row == len(rows) + 1


def test_an_empty_table_is_refused(rows: Rows, table_file: Write) -> None:
    path = table_file(rows[:1], "day.csv")
    path.write_text(path.read_text("utf-8").splitlines()[0] + "\n", "utf-8")
    with pytest.raises(BadInput, match="no row"):
        Recording.open(path)


def test_files_of_contracts_and_of_units_do_not_mix(rows: Rows, table_file: Write, tmp_path: Path) -> None:
    table_file(rows[:30], "a.parquet")
    table_file([{name.removesuffix("_contracts"): value for name, value in row.items()} for row in rows[30:]], "b.parquet")
    with pytest.raises(BadInput, match="counts"):
        Recording.open(tmp_path)


def test_short_stretches_and_several_files_read_as_one(rows: Rows, table_file: Write, instants: tuple[datetime, ...]) -> None:
    whole = TableFiles([table_file(rows)])
    parts = TableFiles([table_file(rows[40:], "a.parquet"), table_file(rows[:40], "b.csv")], stretch_rows=1)
    for at in reversed(instants):
        one, other = whole.read("NIFTY", at), parts.read("NIFTY", at)
        assert one.contracts.symbol.tolist() == other.contracts.symbol.tolist()
        for name, values in one.values.items():
            np.testing.assert_array_equal(values, other.values[name])
