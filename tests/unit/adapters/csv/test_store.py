import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from g6.adapters.csv import CsvStore
from g6.domain.cycles.cycle import Unit
from g6.domain.schema.frame import Frame
from g6.domain.schema.rows import GREEK_COLUMNS, OVERVIEW, csv_header

CYCLE, LATER = "2026-11-20T04:05:00Z", "2026-11-20T04:06:00Z"
ChainOf = Callable[..., Frame]


def contents(base: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(base)): path.read_bytes() for path in base.rglob("*") if path.is_file()
    }


def test_a_unit_has_one_file_per_bucket_and_offset_of_the_window(
    tmp_path: Path, chain_of: ChainOf
) -> None:
    CsvStore(tmp_path).write_chain(Unit(CYCLE, "NIFTY"), chain_of(CYCLE, strikes=9))
    offsets = ("-1", "-2", "0", "+1", "+2")
    wanted = {
        f"NIFTY/{bucket}/{offset}/2026-11-20.csv"
        for bucket in ("this_week", "this_month", "next_week")
        for offset in offsets
    }
    assert set(contents(tmp_path)) == wanted


def test_rows_are_counted_as_lines(tmp_path: Path, chain_of: ChainOf) -> None:
    written = CsvStore(tmp_path).write_chain(Unit(CYCLE, "NIFTY"), chain_of(CYCLE))
    assert written.rows == {"csv": 15}
    assert written.bytes == {"csv": sum(map(len, contents(tmp_path).values()))}


def test_the_same_unit_three_times_leaves_the_same_bytes(tmp_path: Path, chain_of: ChainOf) -> None:
    store, seen = CsvStore(tmp_path), []
    for _ in range(3):
        store.write_chain(Unit(CYCLE, "NIFTY"), chain_of(CYCLE))
        seen.append(contents(tmp_path))
    assert seen[0] == seen[1] == seen[2]


@pytest.mark.parametrize("greeks", [True, False])
def test_greek_columns_are_there_only_when_greeks_are_on(
    tmp_path: Path, chain_of: ChainOf, greeks: bool
) -> None:
    CsvStore(tmp_path).write_chain(Unit(CYCLE, "NIFTY"), chain_of(CYCLE, greeks=greeks))
    with (tmp_path / "NIFTY/this_week/0/2026-11-20.csv").open() as file:
        reader = csv.DictReader(file)
        assert len(list(reader)) == 1
    assert reader.fieldnames == csv_header(greeks)
    assert greeks == bool(GREEK_COLUMNS & set(reader.fieldnames))


def test_the_file_is_dated_by_the_session_in_india(tmp_path: Path, chain_of: ChainOf) -> None:
    evening = "2026-11-20T19:00:00Z"
    CsvStore(tmp_path).write_chain(Unit(evening, "NIFTY"), chain_of(evening))
    assert {Path(name).name for name in contents(tmp_path)} == {"2026-11-21.csv"}


def test_an_overview_has_one_line_per_index_and_cycle(tmp_path: Path) -> None:
    store = CsvStore(tmp_path)
    for cycle, status in ((CYCLE, "OK"), (LATER, "OK"), (CYCLE, "PARTIAL"), (CYCLE, "PARTIAL")):
        store.write_overview(
            cycle,
            [
                {
                    "timestamp": cycle,
                    "underlying": "NIFTY",
                    "status": status,
                    "reason": "provider, twice",
                }
            ],
        )
    with (tmp_path / "overview/NIFTY/2026-11-20.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["timestamp"], row["status"], row["reason"]) for row in rows] == [
        (CYCLE, "PARTIAL", "provider, twice"),
        (LATER, "OK", "provider, twice"),
    ]


def test_the_overview_calls_the_underlying_index(tmp_path: Path) -> None:
    CsvStore(tmp_path).write_overview(CYCLE, [{"timestamp": CYCLE, "underlying": "NIFTY"}])
    header = (tmp_path / "overview/NIFTY/2026-11-20.csv").read_text().splitlines()[0].split(",")
    assert header == [
        "index" if column.name == "underlying" else column.name for column in OVERVIEW
    ]
