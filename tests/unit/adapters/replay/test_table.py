"""Tables of snapshots: read exactly, without the rows that cannot be read, each named with its reason."""

from __future__ import annotations

import gzip
import tomllib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from g6.adapters.replay import Recording, totals
from g6.adapters.replay.malformed import Malformed
from g6.adapters.replay.tables.table_files import TableFiles
from g6.adapters.replay.tables.table_layout import TableLayout, parse_layout
from g6.adapters.replay.tables.table_parsing import parse_table
from g6.errors import BadConfig, BadInput

Rows = list[dict[str, Any]]
Write = Callable[..., Path]
Change = Callable[..., Rows]


@pytest.mark.parametrize("name", ["day.parquet", "day.csv"])
def test_a_table_is_the_same_in_both_formats(
    rows: Rows, table_file: Write, instants: tuple[datetime, ...], name: str
) -> None:
    recording = Recording.open(table_file(rows, name))
    seen = recording.snapshot("NIFTY", instants[0])
    assert seen is not None
    assert recording.cycles() == instants
    assert recording.indices() == ("NIFTY",)
    assert seen.contracts.strike[:5].tolist() == [23_900, 24_000, 24_100, 24_200, 24_300]
    assert seen.values["last"][0, 0] == rows[0]["ltp"]
    assert seen.spot.spot == 24_052.4


def test_contracts_become_units_by_that_days_lot(
    rows: Rows, table_file: Write, instants: tuple[datetime, ...]
) -> None:
    seen = Recording.open(table_file(rows)).snapshot("NIFTY", instants[0])
    assert seen is not None
    assert set(seen.contracts.lot_size.tolist()) == {65}
    assert seen.values["oi"][0, 0] == rows[0]["oi_contracts"] * 65
    assert seen.values["volume"][0, 0] == 100 * 65


def test_units_are_taken_as_they_are(
    rows: Rows, table_file: Write, instants: tuple[datetime, ...]
) -> None:
    units = [
        {name.removesuffix("_contracts"): value for name, value in row.items()}
        | {"bid": 1.0, "ask": None}
        for row in rows
    ]
    layout = TableLayout(units={"volume": "units", "oi": "units"})
    seen = Recording.open(table_file(units), layout=layout).snapshot("NIFTY", instants[0])
    assert seen is not None
    assert seen.values["oi"][0, 0] == rows[0]["oi_contracts"]
    assert seen.values["bid"][0, 0] == 1.0
    assert np.isnan(seen.values["ask"][0, 0])


def test_the_change_in_open_interest_gives_yesterdays(rows: Rows) -> None:
    table = pa.Table.from_pylist([row | {"oi_change_contracts": 10.0} for row in rows])
    options = parse_table(table)
    assert options.figures["oi_prev"].tolist() == [row["oi_contracts"] - 10 for row in rows]
    assert "oi_prev" in options.in_contracts


def test_a_time_without_zone_is_of_india(
    rows: Rows, table_file: Write, instants: tuple[datetime, ...]
) -> None:
    naive = [row | {"timestamp": row["timestamp"].removesuffix("+05:30")} for row in rows]
    assert Recording.open(table_file(naive)).cycles() == instants


def test_typed_times_and_dates_are_read(
    rows: Rows, table_file: Write, instants: tuple[datetime, ...]
) -> None:
    typed = [
        row
        | {
            "timestamp": datetime.fromisoformat(row["timestamp"]),
            "expiry": datetime.fromisoformat(row["expiry"]).date(),
        }
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
def test_a_bad_value_is_refused_with_its_row(
    rows: Rows, changed: Change, values: dict[str, Any], reason: str
) -> None:
    with pytest.raises(Malformed, match=reason) as caught:
        parse_table(pa.Table.from_pylist(changed(rows, 7, values)), before=100)
    assert caught.value.row == 107


def test_a_bad_number_in_a_csv_is_refused_with_its_row_by_strict(
    rows: Rows, changed: Change, table_file: Write
) -> None:
    texts = [{name: str(value) for name, value in row.items()} for row in rows]
    path = table_file(changed(texts, 12, {"ltp": "1x2"}), "day.csv")
    with pytest.raises(BadInput, match="ltp '1x2' is not a number") as caught:
        Recording.open(path, strict=True)
    assert (caught.value.path, caught.value.row) == (str(path), 12)


def test_a_torn_csv_line_is_left_out_with_its_row(rows: Rows, table_file: Write) -> None:
    path = table_file(rows[:5], "day.csv")
    path.write_text(path.read_text("utf-8") + '"2026-08-19T11:27:00+05:30","NIF', "utf-8")
    assert [(part.row, part.kind) for part in Recording.open(path).left_out] == [(6, "damaged")]
    with pytest.raises(BadInput, match="columns") as caught:
        Recording.open(path, strict=True)
    assert caught.value.row == 6


def test_a_torn_parquet_file_is_refused(rows: Rows, table_file: Write) -> None:
    path = table_file(rows)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(BadInput, match="cannot be read"):
        Recording.open(path)


def test_a_missing_column_is_named(rows: Rows, table_file: Write) -> None:
    path = table_file(
        [{name: value for name, value in row.items() if name != "oi_contracts"} for row in rows]
    )
    with pytest.raises(BadInput, match="no column oi or oi_contracts"):
        Recording.open(path)


def test_an_option_that_is_there_twice_counts_once(
    rows: Rows, table_file: Write, instants: tuple[datetime, ...]
) -> None:
    whole = Recording.open(table_file(rows)).snapshot("NIFTY", instants[0])
    path = table_file([*rows, rows[3]], "double.parquet")
    doubled = Recording.open(path)
    assert [(part.row, part.kind) for part in doubled.left_out] == [(len(rows) + 1, "copy")]
    seen = doubled.snapshot("NIFTY", instants[0])
    assert whole is not None
    assert seen is not None
    np.testing.assert_array_equal(seen.values["last"], whole.values["last"])
    with pytest.raises(BadInput, match="there already") as caught:
        Recording.open(path, strict=True)
    assert caught.value.row == len(rows) + 1


def test_an_empty_table_is_refused(rows: Rows, table_file: Write) -> None:
    path = table_file(rows[:1], "day.csv")
    path.write_text(path.read_text("utf-8").splitlines()[0] + "\n", "utf-8")
    with pytest.raises(BadInput, match="no row"):
        Recording.open(path)


def test_files_of_contracts_and_of_units_do_not_mix(
    rows: Rows, table_file: Write, tmp_path: Path
) -> None:
    table_file(rows[:30], "a.parquet")
    table_file(
        [
            {name.removesuffix("_contracts"): value for name, value in row.items()}
            for row in rows[30:]
        ],
        "b.parquet",
    )
    (mixed,) = Recording.open(tmp_path).left_out
    assert (mixed.path.name, mixed.row, mixed.kind) == ("b.parquet", None, "damaged")
    with pytest.raises(BadInput, match="counts"):
        Recording.open(tmp_path, strict=True)


def test_short_stretches_and_several_files_read_as_one(
    rows: Rows, table_file: Write, instants: tuple[datetime, ...]
) -> None:
    whole = TableFiles([table_file(rows)])
    parts = TableFiles(
        [table_file(rows[40:], "a.parquet"), table_file(rows[:40], "b.csv")], stretch_rows=1
    )
    for at in reversed(instants):
        one, other = whole.read("NIFTY", at), parts.read("NIFTY", at)
        assert one.contracts.symbol.tolist() == other.contracts.symbol.tolist()
        for name, values in one.values.items():
            np.testing.assert_array_equal(values, other.values[name])


def test_epoch_milliseconds_are_the_instant_they_count(
    table_file: Write, near: Callable[..., Rows]
) -> None:
    rows = [row | {"timestamp": 1_789_120_200_000 + 60_000 * n} for n in range(2) for row in near()]
    assert [at.isoformat() for at in Recording.open(table_file(rows, "t.csv")).cycles()] == [
        "2026-09-11T09:50:00+00:00",
        "2026-09-11T09:51:00+00:00",
    ]


@pytest.mark.parametrize("name", ["t.csv", "t.parquet"])
@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"timestamp": "1789-09-11T15:20:00"}, "NIFTY is listed since 2001-06-04"),
        (
            {"timestamp": "1789120200000000000000"},
            "timestamp .* cannot be read; read are .*epoch seconds",
        ),
        ({"timestamp": "2126-09-11T15:20:00"}, "timestamp reads as 2126-09-11"),
        ({"timestamp": "2026-09-11"}, "has no time of day"),
        (
            {"symbol": "FINNIFTY", "timestamp": "2020-12-01T15:20:00"},
            "FINNIFTY is listed since 2021-01-11",
        ),
        ({"expiry": "2026-09-10"}, "expiry reads as 2026-09-10 and is before its instant"),
        ({"expiry": "2226-09-15"}, "is 200 years after its instant"),
        ({"expiry": "1970-01-01"}, "is before its instant"),
        (
            {"strike": 2_340_000.0},
            "is no strike of an index; if it is in paise, say --scale strike=0.01",
        ),
        ({"strike": 234.0}, "strike 234 is far from the index at 23398.1"),
        ({"strike": 300_000.0}, "far from the index"),
        ({"ltp": 12_760.0}, "ltp 12760 is no price of strike .* say --scale ltp=0.01"),
        ({"ltp": 1e9}, "is no price of strike"),
    ],
)
def test_what_cannot_be_beside_the_rest_of_its_snapshot_is_refused_with_its_row(
    table_file: Write,
    near: Callable[..., Rows],
    changed: Change,
    name: str,
    values: dict[str, Any],
    reason: str,
) -> None:
    text = [row | {"timestamp": str(row["timestamp"])} for row in near()]
    path = table_file(changed(text, 3, values), name)
    with pytest.raises(BadInput, match=reason) as caught:
        Recording.open(path, strict=True)
    assert caught.value.row == 3
    assert [(part.row, part.kind) for part in Recording.open(path).left_out] == [(3, "damaged")]


def test_a_column_in_paise_is_read_by_its_scale(
    table_file: Write, near: Callable[..., Rows]
) -> None:
    paise = [row | {"ltp": row["ltp"] * 100, "strike": row["strike"] * 100} for row in near()]
    layout = TableLayout(scale={"ltp": 0.01, "strike": 0.01})
    seen = _only(Recording.open(table_file(paise), layout=layout))
    assert seen.contracts.strike.tolist() == [23_350, 23_400, 23_450]
    assert seen.values["last"][0].tolist() == pytest.approx([155.5, 127.6, 103.05])


@pytest.mark.parametrize(
    ("ambiguous", "telling", "order"),
    [("03/12/2026", "13/10/2026", "dmy"), ("12/03/2026", "10/13/2026", "mdy")],
)
def test_the_order_of_day_and_month_is_read_off_the_whole_column(
    table_file: Write, near: Callable[..., Rows], ambiguous: str, telling: str, order: str
) -> None:
    rows = [row | {"expiry": text} for text in (ambiguous, telling) for row in near()]
    source = TableFiles([table_file(rows, "t.csv")])
    assert source.layout.formats == {"expiry": order}
    assert {day.isoformat() for day in source.expiries()["NIFTY"]} == {"2026-12-03", "2026-10-13"}


def test_a_column_of_both_orders_is_refused(table_file: Write, near: Callable[..., Rows]) -> None:
    rows = [row | {"expiry": text} for text in ("15/09/2026", "09/22/2026") for row in near()]
    with pytest.raises(BadInput, match="some dates have the day first and others the month"):
        Recording.open(table_file(rows, "t.csv"))


def test_an_order_that_no_row_tells_is_asked_for(
    table_file: Write, near: Callable[..., Rows]
) -> None:
    path = table_file([row | {"expiry": "10/12/2026"} for row in near()], "t.csv")
    with pytest.raises(BadInput, match="no row of the table tells which") as caught:
        Recording.open(path)
    assert "--format expiry=dmy" in caught.value.fix
    source = TableFiles([path], TableLayout(formats={"expiry": "mdy"}))
    assert {day.isoformat() for day in source.expiries()["NIFTY"]} == {"2026-10-12"}


@pytest.mark.parametrize(
    ("quantity", "unit"),
    [
        ({"volume": 1_000.0, "oi": 2_000.0}, 65),
        ({"volume": 65_000.0, "oi": 2_000.0}, 65),
        ({"volume": 65.0, "oi": 1_300.0}, 65),
    ],
)
def test_contracts_that_are_named_as_units_are_asked_about(
    table_file: Write, near: Callable[..., Rows], quantity: dict[str, float], unit: int
) -> None:
    path = table_file([row | quantity for row in near()])
    with pytest.raises(BadInput, match="units or contracts") as caught:
        Recording.open(path)
    assert "--unit contracts" in caught.value.fix
    contracts = _only(
        Recording.open(path, layout=TableLayout(units={"volume": "contracts", "oi": "contracts"}))
    )
    assert contracts.values["oi"][0].tolist() == [quantity["oi"] * unit] * 3
    units = _only(
        Recording.open(path, layout=TableLayout(units={"volume": "units", "oi": "units"}))
    )
    assert units.values["oi"][0].tolist() == [quantity["oi"]] * 3


@pytest.mark.parametrize(
    ("day", "expiry", "oi"),
    [
        ("2021-07-20T11:00:00", "2021-07-22", 75_000.0),
        ("2021-07-20T11:00:00", "2021-07-29", 50_000.0),
        ("2024-05-06T11:00:00", "2024-05-09", 25_000.0),
    ],
)
def test_units_are_known_by_the_lot_of_their_contract_and_day(
    table_file: Write, near: Callable[..., Rows], day: str, expiry: str, oi: float
) -> None:
    quantities = {"timestamp": day, "expiry": expiry, "oi": oi, "volume": oi}
    rows = [row | quantities for row in near()]
    assert _only(Recording.open(table_file(rows))).values["oi"][0].tolist() == [oi] * 3


def test_rows_that_disagree_on_the_index_give_their_median(
    table_file: Write, near: Callable[..., Rows]
) -> None:
    rows = near()
    rows[0]["spot"] = 23_198.1
    source = TableFiles([table_file(rows)])
    (at,) = source.instants()["NIFTY"]
    spot = source.read("NIFTY", at).spot
    assert (spot.spot, spot.spot_source) == (23_398.1, "disputed")
    assert source.spots["NIFTY"].disagreeing() == 1
    rows[0]["spot"] = 23_397.0
    near_by = TableFiles([table_file(rows)])
    assert near_by.read("NIFTY", at).spot.spot_source == "live"
    assert near_by.spots["NIFTY"].disagreeing() == 1


@pytest.mark.parametrize("print_", [0.0, -1.0, 1.0, 2_339_810.0])
def test_a_row_without_a_print_does_not_dispute_the_index(
    table_file: Write, near: Callable[..., Rows], print_: float
) -> None:
    rows = near()
    rows[0]["spot"] = print_
    seen = _only(Recording.open(table_file(rows)))
    assert (seen.spot.spot, seen.spot.spot_source) == (23_398.1, "live")


def _only(recording: Recording) -> Any:
    (at,) = recording.cycles()
    return recording.snapshot("NIFTY", at)


COLUMNS = {
    "timestamp": "Date Time",
    "symbol": "root",
    "expiry": "exp",
    "option_type": "right",
    "ltp": "close",
    "oi": "Open Interest",
}


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("packed", [False, True])
def test_a_table_of_other_names_and_forms_is_read_by_its_layout(
    tmp_path: Path,
    near: Callable[..., Rows],
    separator: str,
    ending: str,
    encoding: str,
    packed: bool,
) -> None:
    names = [COLUMNS.get(name, name) for name in near()[0]]
    lines = []
    for row in near():
        cells = row | {
            "timestamp": "11-Sep-2026 03:20:00 PM", "expiry": "15/09/2026",
            "option_type": {"CE": "call", "PE": "X"}[row["option_type"]],
            "spot": '"23,398.10"', "oi": '"1,30,000"', "bid": "-", "ask": "NA",
        }  # fmt: skip
        lines.append(separator.join(str(cell) for cell in cells.values()))
    data = ending.join([separator.join(names), lines[0], "", *lines[1:], ""]).encode(encoding)
    path = tmp_path / ("t.csv.gz" if packed else "t.csv")
    path.write_bytes(gzip.compress(data) if packed else data)
    seen = _only(
        Recording.open(path, layout=TableLayout(columns=COLUMNS, option_types={"X": "PE"}))
    )
    plain = _only(Recording.open(_written(tmp_path / "plain.parquet", near())))
    for name in ("last", "volume", "oi"):
        np.testing.assert_array_equal(seen.values[name], plain.values[name])
    assert np.isnan(seen.values["bid"]).all()
    assert (seen.observed_at, seen.spot.spot) == (plain.observed_at, 23_398.1)


def _written(path: Path, rows: Rows) -> Path:
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


def test_an_instant_in_two_columns_and_an_index_in_none_are_read(
    tmp_path: Path, near: Callable[..., Rows]
) -> None:
    rows = [{"date": "11/09/2026", "time": "15:20", **row} for row in near()]
    for row in rows:
        del row["timestamp"], row["symbol"], row["spot"]
    rows[0]["date"] = "11/09/2026"
    path = _written(tmp_path / "t.parquet", rows)
    layout = TableLayout(columns={"spot": "none"}, formats={"timestamp": "dmy"}, index="NIFTY")
    seen = _only(Recording.open(path, layout=layout))
    assert datetime.fromtimestamp(seen.observed_at, UTC).isoformat() == "2026-09-11T09:50:00+00:00"
    assert np.isnan(seen.spot.spot)


def test_a_layout_reads_back_as_it_was_written(near: Callable[..., Rows]) -> None:
    layout = TableLayout(
        columns=COLUMNS, formats={"timestamp": "%d/%m/%Y %H:%M", "expiry": "dmy"}, option_types={'"X" Y': "PE"},
        units={"oi": "contracts"}, scale={"ltp": 0.01}, index="NIFTY", window=10,
    )  # fmt: skip
    assert parse_layout(tomllib.loads(layout.toml())) == layout


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"column": {}}, "has no column"),
        ({"columns": {"price": "ltp"}}, "has no 'price'"),
        ({"columns": 1}, "is no section"),
        ({"formats": {"strike": "%d"}}, "has no 'strike'"),
        ({"units": {"oi": "lots"}}, "is 'lots'"),
        ({"option_types": {"X": "XX"}}, "is 'XX'"),
        ({"scale": {"ltp": 0}}, "scale.ltp"),
        ({"scale": {"ltp": "small"}}, "scale.ltp"),
        ({"index": "ACME"}, "no index"),
        ({"window": -1}, "window"),
    ],
)
def test_a_layout_that_says_what_cannot_be_is_refused(document: dict[str, Any], said: str) -> None:
    with pytest.raises(BadConfig, match=said):
        parse_layout(document)


def test_a_table_loses_what_is_bad_alone(tmp_path: Path, near: Callable[..., Rows]) -> None:
    rows = [{name: str(value) for name, value in row.items()} for row in near()]
    lines = [",".join(row.values()) for row in rows]
    lines[1] = lines[1].replace(rows[1]["ltp"], "1x2")
    lines.insert(3, "")
    lines.insert(4, "torn,line")
    lines.append(lines[0])
    lines.append(lines[2].replace("NIFTY", "RELIANCE").replace("23400", "60"))
    path = tmp_path / "t.csv"
    path.write_text("\n".join([",".join(rows[0]), *lines]) + "\n")
    (tmp_path / "u.csv").write_bytes(b"\x00\x01")
    source = TableFiles([path, tmp_path / "u.csv"])
    lost = {(lost.path.name, lost.row): (lost.bad, lost.reason) for lost in source.lost_rows}
    assert [key for key, (bad, _) in lost.items() if bad] == [
        ("t.csv", 2),
        ("t.csv", 5),
        ("u.csv", None),
    ]
    assert "ltp '1x2' is not a number" in lost["t.csv", 2][1]
    assert [key for key, (bad, _) in lost.items() if not bad] == [("t.csv", 9)]
    assert source.others == {"RELIANCE": 1}
    assert totals(source.left_out) == {"damaged": 3, "copy": 1, "no_index": 1}
    (at,) = source.instants()["NIFTY"]
    assert np.isfinite(source.read("NIFTY", at).values["last"]).sum() == 5


@pytest.mark.parametrize("contracts", [-5.0, 2e8, 1e12])
def test_open_interest_that_cannot_be_is_named_and_the_rest_is_read(
    rows: Rows, table_file: Write, instants: tuple[datetime, ...], contracts: float
) -> None:
    rows[3]["oi_contracts"] = contracts
    path = table_file(rows)
    recording = Recording.open(path)
    assert [(part.path, part.row, part.kind) for part in recording.left_out] == [
        (path, 4, "flagged")
    ]
    assert f"open interest of {contracts * 65:g} units cannot be" in recording.left_out[0].reason
    seen = recording.snapshot("NIFTY", instants[0])
    assert seen is not None
    assert np.isfinite(seen.values["last"]).all()
    with pytest.raises(BadInput, match="row 4: open interest"):
        Recording.open(path, strict=True)


def test_no_open_interest_of_a_healthy_table_is_told(rows: Rows, table_file: Write) -> None:
    rows[3]["oi_contracts"] = 1e8
    assert Recording.open(table_file(rows)).left_out == ()


@pytest.mark.parametrize("word", ["closed", "inf", "0", "-1", "#N/A"])
def test_a_spot_that_is_no_print_costs_no_option(
    rows: Rows, table_file: Write, instants: tuple[datetime, ...], word: str
) -> None:
    here = [
        row | {"spot": word if row["timestamp"] == rows[0]["timestamp"] else str(row["spot"])}
        for row in rows
    ]
    recording = Recording.open(table_file(here, "day.csv"))
    spots = [
        seen.spot.spot for at in instants if (seen := recording.snapshot("NIFTY", at)) is not None
    ]
    np.testing.assert_array_equal(spots, [np.nan, 24_052.4, 24_052.4])


def test_a_spot_that_cannot_be_read_leaves_the_print_of_the_other_rows(
    rows: Rows, table_file: Write, instants: tuple[datetime, ...]
) -> None:
    here = [
        row | {"spot": "24O52.4" if place == 4 else str(row["spot"])}
        for place, row in enumerate(rows)
    ]
    seen = Recording.open(table_file(here, "day.csv")).snapshot("NIFTY", instants[0])
    assert seen is not None
    assert (seen.spot.spot, seen.spot.spot_source) == (24_052.4, "live")
    assert np.isfinite(seen.values["last"]).all()


@pytest.mark.parametrize(
    ("column", "cell", "reason"),
    [
        ("oi_contracts", pa.scalar([1]), "oi_contracts is a column of list"),
        ("strike", pa.scalar({"a": 1}), "strike is a column of struct"),
        ("symbol", pa.scalar(["NIFTY"]), "symbol is a column of list"),
        (
            "timestamp",
            pa.scalar(2**62, pa.timestamp("us")),
            "timestamp 'beyond the year 9999' cannot be read",
        ),
        (
            "expiry",
            pa.scalar(2**30, pa.int32()).cast(pa.date32()),
            "expiry 'beyond the year 9999' cannot be read",
        ),
    ],
)
def test_a_column_of_no_cells_is_refused_with_its_name(
    rows: Rows, tmp_path: Path, column: str, cell: pa.Scalar, reason: str
) -> None:
    table = pa.Table.from_pylist(rows)
    table = table.set_column(
        table.schema.get_field_index(column), column, pa.repeat(cell, len(rows))
    )
    path = tmp_path / "day.parquet"
    pq.write_table(table, path)
    with pytest.raises(BadInput, match=reason):
        Recording.open(path)
