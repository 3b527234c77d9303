"""Tables in other shapes than a row per option: each becomes the same rows, and its bad rows are named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.feather as pa_feather
import pytest
from openpyxl import Workbook

from g6.adapters.replay.tables import table_sources
from g6.adapters.replay.tables.table_files import TableFiles
from g6.adapters.replay.tables.table_layout import TableLayout, parse_layout
from g6.adapters.replay.tables.table_parsing import OptionRows
from g6.config import calendar
from g6.domain.market.contract_names import contract_named
from g6.errors import BadInput
from tests.unit.adapters.replay import invented_tables as tables

EXPIRY = np.datetime64("2024-11-28")


def opened(path: Path, **layout: object) -> TableFiles:
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    return TableFiles(files, replace(parse_layout(layout), aliases=True, calendar=calendar()))


def first(source: TableFiles) -> OptionRows:
    return source.options("NIFTY", source.instants()["NIFTY"][0])


def at(hour: int, minute: int, day: date = date(2024, 11, 25)) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("write", "layout", "instant", "interest"),
    [
        (tables.udiff, {}, at(10, 0), 75_000),
        (tables.side_by_side, {}, at(5, 30), 125_000),
        (tables.candles, {}, at(5, 31), 125_000),
        (tables.feed, {}, at(5, 31), 125_000),
        (tables.page, {"at": "2024-11-25 11:00"}, at(5, 30), 25_000),
    ],
)
def test_every_shape_becomes_the_same_options(
    tmp_path: Path,
    write: Callable[[Path], Path],
    layout: dict[str, object],
    instant: datetime,
    interest: int,
) -> None:
    source = opened(write(tmp_path), **layout)
    options = first(source)
    assert source.instants()["NIFTY"][0] == instant
    assert source.lost_rows == []
    expected = sorted((strike, side == "PE", price) for strike, side, price in tables.options())
    rows = zip(options.strike.tolist(), options.side.tolist(), options.figures["last"], strict=True)
    assert sorted(rows) == expected
    assert set(options.expiry) == {EXPIRY}
    assert options.figures["oi"][options.side == 0].tolist() == [interest] * 3


def test_an_end_of_day_file_has_units_the_index_and_yesterday(tmp_path: Path) -> None:
    options = first(opened(tables.udiff(tmp_path)))
    assert set(options.figures["volume"]) == {1_200 * 25}
    assert set(options.spot) == {tables.SPOT}
    assert options.figures["oi_prev"].tolist() == [74_850] * 6
    assert options.figures["close"][0] == 181.0


def test_the_other_exchange_calls_its_indices_otherwise(tmp_path: Path) -> None:
    row = tables.udiff_row(80_000, "CE", 900.0).replace("NIFTY", "BSX").replace("24315.95", "80100")
    source = opened(tables.udiff(tmp_path, row))
    assert source.instants().keys() == {"NIFTY", "SENSEX"}


def test_the_older_end_of_day_file_knows_lots_by_the_rules_and_no_index(tmp_path: Path) -> None:
    source = opened(tables.bhavcopy(tmp_path))
    options = first(source)
    assert source.instants()["NIFTY"] == (at(10, 0, date(2023, 7, 31)),)
    assert set(options.figures["volume"]) == {1_200 * 50}
    assert np.isnan(options.spot).all()


def test_a_bad_row_of_an_end_of_day_file_is_named_and_costs_itself(tmp_path: Path) -> None:
    bad = tables.udiff_row(24_500, "CE", 40.0)
    source = opened(
        tables.udiff(tmp_path, bad.replace(",1200,", ",many,"), bad.replace(",40.0,", ",x,"))
    )
    assert [(lost.row, lost.reason.split(" ")[0]) for lost in source.lost_rows] == [
        (8, "TtlTradgVol"),
        (9, "ltp"),
    ]
    assert len(first(source)) == 6


def test_volume_of_bars_is_summed_over_the_day_and_valid_at_their_end(tmp_path: Path) -> None:
    source = opened(tables.candles(tmp_path))
    instants = source.instants()["NIFTY"]
    assert instants == (at(5, 31), at(5, 32), at(5, 33))
    volumes = [set(source.options("NIFTY", instant).figures["volume"]) for instant in instants]
    assert volumes == [{250.0}, {500.0}, {750.0}]


def test_a_bar_of_a_day_ends_when_trading_did(tmp_path: Path) -> None:
    assert opened(tables.candles(tmp_path, day=True)).instants()["NIFTY"] == (at(10, 0),)


def test_bars_may_be_said_to_be_none(tmp_path: Path) -> None:
    source = opened(tables.candles(tmp_path), bars=False)
    assert source.instants()["NIFTY"][0] == at(5, 30)


def test_a_side_that_is_not_listed_makes_no_row(tmp_path: Path) -> None:
    path = tables.side_by_side(tmp_path)
    lines = path.read_text("utf-8-sig").splitlines()
    lines[1] = lines[1].replace('60.0,"2,50,000",5000', "-,,NA")
    path.write_text("\n".join(lines))
    assert len(first(opened(path))) == 5


def test_the_resolved_layout_reads_the_same_without_guessing(tmp_path: Path) -> None:
    path = tables.side_by_side(tmp_path)
    resolved = opened(path).resolved()
    again = TableFiles([path], replace(resolved, calendar=calendar()))
    assert again.resolved() == resolved
    assert first(again).figures["last"].tolist() == first(opened(path)).figures["last"].tolist()


def test_columns_without_a_place_are_told(tmp_path: Path) -> None:
    path = tables.side_by_side(tmp_path)
    path.write_text(
        path.read_text("utf-8-sig")
        .replace("underlying", "underlying,underlying_name", 1)
        .replace("NIFTY,", "NIFTY,Nifty 50,")
    )
    assert opened(path).unplaced() == ("underlying_name",)


def test_naive_instants_may_be_of_another_zone(tmp_path: Path) -> None:
    source = opened(tables.side_by_side(tmp_path), zone="UTC")
    assert source.instants()["NIFTY"][0] == at(11, 0)


def test_a_month_whose_day_nobody_knows_costs_its_rows(tmp_path: Path) -> None:
    path = tables.feed(tmp_path)
    text = path.read_text().replace("NIFTY28NOV2424200CE", "NIFTY19JAN11000CE")
    path.write_text(text)
    lost = opened(path).lost_rows
    assert [row.row for row in lost] == [1, 2]
    assert "the calendar does not cover 2019" in lost[0].reason


def test_sheets_lines_of_json_and_feather_are_tables(tmp_path: Path) -> None:
    text = tables.side_by_side(tmp_path).read_text("utf-8-sig").splitlines()
    names = text[0].split(",")
    rows = [line.replace('"', "|").split(",") for line in text[1:]]
    cells = [
        [
            "2024-11-25 11:00",
            "NIFTY",
            "2024-11-28",
            row[3],
            tables.SPOT,
            180.0,
            75,
            25,
            60.0,
            75,
            25,
        ]
        for row in rows[:3]
    ]
    book = Workbook()
    for line in (names, *cells):
        book.active.append(line)
    book.save(tmp_path / "t.xlsx")
    table = pa.table({name: [row[n] for row in cells] for n, name in enumerate(names)})
    pa_feather.write_feather(table, tmp_path / "t.feather")
    documents = [str(row).replace("'", '"') for row in table.to_pylist()]
    (tmp_path / "t.jsonl").write_text("\n".join(documents))
    units = {"oi": "units", "volume": "units"}
    read = [
        first(opened(tmp_path / f"t.{kind}", units=units)).figures["oi"].tolist()
        for kind in ("xlsx", "feather", "jsonl")
    ]
    assert read == [[75.0] * 6] * 3


def test_lines_that_an_open_quotation_mark_takes_are_told(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text('a,b\n1,2\n"3,4\n5,6\n7,8\n')
    told = [torn for _, _, torn in table_sources._csv_batches(path, ["a", "b"])]
    assert "takes 2 lines with it" in told[-1][2]


def test_an_archive_of_several_tables_is_refused(tmp_path: Path) -> None:
    import zipfile

    path = tmp_path / "two.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", "x\n")
        archive.writestr("b.csv", "x\n")
    with pytest.raises(BadInput, match="holds 2 CSV files"):
        TableFiles([path], TableLayout())


@pytest.mark.parametrize(
    ("symbol", "expiry", "strike"),
    [
        ("NIFTY2590924800CE", (2025, 9, 9), 24_800.0),
        ("NIFTY25SEP24800CE", (2025, 9, None), 24_800.0),
        ("NIFTY03JUL2522800CE.NFO", (2025, 7, 3), 22_800.0),
        ("NIFTY30JUL259500CE", (2025, 7, 30), 9_500.0),
        ("NIFTY24112824000CE", (2024, 11, 28), 24_000.0),
        ("OPTIDXNIFTY15-09-2026CE24800.00", (2026, 9, 15), 24_800.0),
        ("NIFTYNXT5026NOV70000CE", (2026, 11, None), 70_000.0),
        ("NFO:SENSEX26D0385000CE", (2026, 12, 3), 85_000.0),
    ],
)
def test_a_symbol_names_its_contract(
    symbol: str, expiry: tuple[int, int, int | None], strike: float
) -> None:
    name = contract_named(symbol)
    assert name is not None
    assert ((name.year, name.month, name.day), name.strike, name.side) == (expiry, strike, 0)


@pytest.mark.parametrize(
    "symbol", ["RELIANCE25SEP3000CE", "NIFTY25SEPFUT", "NIFTY", "NIFTY25SEP5CE"]
)
def test_what_is_no_option_of_an_index_names_none(symbol: str) -> None:
    assert contract_named(symbol) is None
