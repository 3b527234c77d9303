"""`g6 export`: the same rows in CSV, Parquet and XLSX, under the names of `g6.load`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import g6 as package
from g6.bootstrap.reading.export_rows import KEYS
from g6.domain.schema.rows import CHAIN, OVERVIEW
from g6.errors import UserError
from g6.rendering import table_files
from tests.unit.entrypoints.cli.conftest import Run, Stored


@pytest.fixture
def place(stored: Stored) -> tuple[str, str]:
    return "--data-dir", str(stored.directory)


def frame_of(path: Path) -> pd.DataFrame:
    readers: dict[str, Callable[[Path], pd.DataFrame]] = {
        ".csv": lambda path: pd.read_csv(path, parse_dates=["timestamp"]),
        ".parquet": pd.read_parquet,
        ".xlsx": pd.read_excel,
        ".ndjson": lambda path: pd.read_json(path, lines=True),
        ".arrow": pd.read_feather,
    }
    return readers[path.suffix](path)


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".xlsx", ".ndjson", ".arrow"])
def test_every_row_has_spot_future_forward_vix_and_its_instant(
    g6: Run, place: tuple[str, str], tmp_path: Path, suffix: str
) -> None:
    if suffix == ".xlsx":
        pytest.importorskip("xlsxwriter")
    out = tmp_path / f"rows{suffix}"
    answer = g6(
        "export", "FINNIFTY", "--out", str(out), "--columns", "ce_last,pe_last", "--json", *place
    )
    assert answer.code == 0, answer.err
    frame = frame_of(out)
    names = [*KEYS["chain"], "ce_last", "pe_last"]
    written = [*names, "certificate"]
    assert list(frame.columns) == written == json.loads(answer.out)["columns"]
    assert frame["certificate"].isna().all()  # the day is in parts
    loaded = package.load("FINNIFTY", engine="pandas", columns=names, tz="UTC", data_dir=place[1])
    assert len(frame) == len(loaded)
    for name in ("spot", "future", "forward", "vix", "strike", "ce_last"):
        assert frame[name].to_numpy() == pytest.approx(loaded[name].to_numpy(), nan_ok=True)


def test_without_columns_all_of_the_schema_are_there(
    g6: Run, place: tuple[str, str], tmp_path: Path
) -> None:
    for kind, columns in (("chain", CHAIN), ("overview", OVERVIEW)):
        out = tmp_path / f"{kind}.parquet"
        g6("export", "*", "--out", str(out), "--kind", kind, *place)
        names = pq.read_schema(out).names
        assert set(names) == {column.name for column in columns} | {"certificate"}
        assert names[: len(KEYS[kind])] == list(KEYS[kind])


def test_instants_are_utc_in_files_and_indias_clock_in_a_sheet(
    g6: Run, place: tuple[str, str], tmp_path: Path
) -> None:
    pytest.importorskip("xlsxwriter")
    for name in ("a.csv", "a.xlsx"):
        g6("export", "FINNIFTY", "--out", str(tmp_path / name), "--day", "2026-11-18", *place)
    assert (tmp_path / "a.csv").read_text().splitlines()[1].startswith('"2026-11-18T05:30:00Z"')
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    first = book["rows"]["A2"].value
    assert f"{first:%Y-%m-%d %H:%M} {first.tzinfo}" == "2026-11-18 11:00 None"
    assert ("times", "India's, without a zone (IST, UTC+05:30)") in list(
        book["about"].iter_rows(values_only=True)
    )


def test_a_format_may_be_said_where_the_name_does_not(
    g6: Run, place: tuple[str, str], tmp_path: Path
) -> None:
    out = tmp_path / "new" / "rows.data"
    answer = g6("export", "FINNIFTY", "--out", str(out), "--format", "arrow", *place)
    assert answer.code == 0, answer.err
    table = pa.ipc.open_file(out).read_all()
    assert table.schema.field("timestamp").type.tz == "UTC"
    assert table.schema.metadata[b"g6.index"] == b"FINNIFTY"


def test_lines_of_json_have_utc_and_null(g6: Run, place: tuple[str, str], tmp_path: Path) -> None:
    out = tmp_path / "rows.ndjson"
    g6("export", "FINNIFTY", "--out", str(out), "--day", "2026-11-18", *place)
    first = json.loads(out.read_text(encoding="utf-8").splitlines()[0])
    assert first["timestamp"] == "2026-11-18T05:30:00Z"
    assert "NaN" not in out.read_text(encoding="utf-8")


def test_no_tick_of_a_price_keeps_a_tail() -> None:
    tailed = [tick * 0.05 for tick in range(1, 20_000)]
    cells = table_files.as_csv(pa.table({"price": tailed})).split()[1:]
    assert [*map(float, cells)] == [round(price, 2) for price in tailed]


def test_prices_have_no_tails_and_what_is_missing_is_empty() -> None:
    table = pa.table({"price": [8.950000000000001, None, 1e-11], "iv": pa.array([0.1, None, 0.2])})
    assert table_files.as_csv(table).splitlines()[1:] == ["8.95,0.1", ",", "1e-11,0.2"]


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("FINNIFTY", "--out", "rows.txt"), 2, ".csv, .parquet, .xlsx, .ndjson, .arrow"),
        (("FINNIFTY", "--out", "rows.csv", "--format", "arow"), 2, "did you mean arrow?"),
        (("FINNIFTY", "--out", "rows.csv", "--expiry", "2026-11-25"), 3, "there are 2026-11-23"),
        (("FINNIFTY", "--out", "rows.csv", "--strike", "12"), 3, "the nearest are"),
        (("FINIFTY", "--out", "rows.csv"), 2, "did you mean FINNIFTY?"),
        (("FINNIFTY", "--out", "rows.csv", "--strike", "many"), 2, "23500..24500"),
        (("FINNIFTY", "--out", "rows.csv", "--day", "2026-11-20"), 3, "2026-11-18 is the nearest"),
    ],
)
def test_what_cannot_be_written_is_told_why_and_leaves_nothing(
    g6: Run, place: tuple[str, str], arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    answer = g6("export", *arguments, *place)
    assert (answer.code, sentence in answer.err) == (code, True), answer.err
    assert not Path("rows.csv").exists()


def test_a_sheet_without_room_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_files, "SHEET_ROWS", 2)
    with pytest.raises(UserError, match="room for 2"):
        table_files.write_table(pa.table({"a": [1, 2, 3]}), tmp_path / "a.xlsx", {})
    assert list(tmp_path.iterdir()) == []


def test_python_exports_in_a_line(stored: Stored, tmp_path: Path) -> None:
    out = package.export(
        "FINNIFTY", tmp_path / "a.csv", columns=["ce_iv"], data_dir=stored.directory
    )
    assert list(pd.read_csv(out).columns) == [*KEYS["chain"], "ce_iv", "certificate"]


def test_a_time_alone_is_of_the_day_that_is_exported(
    g6: Run, place: tuple[str, str], tmp_path: Path
) -> None:
    out = tmp_path / "rows.parquet"
    question = ("export", "FINNIFTY", "--out", str(out), "--day", "2026-11-18")
    assert g6(*question, "--as-of", "10:59", *place).code == 0
    assert pq.read_table(out).num_rows == 0
