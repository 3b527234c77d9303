"""`g6 sql`: stored rows as a table, CSV, JSON or a file, and what is said of a query that has no answer."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from rich.console import Console

from g6.adapters.parquet.queries.sql import answer_table
from g6.rendering.parts import print_parts
from g6.rendering.tables.arrow_table import table_parts
from tests.unit.entrypoints.cli.conftest import Run, Stored

COUNT = (
    "select underlying, count(*) n, min(timestamp) first, sum(ce_oi) oi, min(expiry) expiry "
    "from chain group by all"
)


@pytest.fixture
def place(stored: Stored) -> tuple[str, str]:
    return "--data-dir", str(stored.directory)


def test_a_table_has_indias_time_and_groups_of_thousands(g6: Run, place: tuple[str, str]) -> None:
    answer = g6("sql", COUNT, *place)
    assert answer.code == 0
    heading, rule, line = answer.out.splitlines()
    assert heading.split() == ["underlying", "n", "first", "oi", "expiry"]
    assert set(rule) == {"─"}
    assert "18 Nov 11:00" in line
    assert "," in line.split()[-2]


def test_csv_and_json_have_the_same_values_in_utc(g6: Run, place: tuple[str, str]) -> None:
    (row,) = json.loads(g6("sql", COUNT, "--json", *place).out)
    (line,) = csv.DictReader(io.StringIO(g6("sql", COUNT, "--csv", *place).out))
    assert row["first"] == line["first"] == "2026-11-18T05:30:00Z"
    assert isinstance(row["oi"], int)
    assert {name: str(value) for name, value in row.items()} == dict(line)


def test_rows_that_are_not_shown_are_counted(g6: Run, place: tuple[str, str]) -> None:
    query = "select strike from chain"
    total = len(json.loads(g6("sql", query, "--json", *place).out))
    answer = g6("sql", query, "--rows", "2", *place)
    assert f"{total - 2} more rows" in answer.out
    assert len(g6("sql", query, "--rows", "0", *place).out.splitlines()) == total + 2


def test_a_file_takes_the_answer(g6: Run, place: tuple[str, str], tmp_path: Path) -> None:
    out = tmp_path / "answer.parquet"
    assert g6("sql", COUNT, "--out", str(out), *place).code == 0
    table = pq.read_table(out)
    assert table.column("first").type.tz == "UTC"
    assert table.schema.metadata[b"g6.query"].decode() == COUNT


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("select nothing from chain",), 2, "describe chain"),
        (("select 1 where false",), 3, "no row answers"),
        (("select 1", "--csv", "--json"), 2, "exclude each other"),
        (("",), 2, "begin it with select"),
    ],
)
def test_what_has_no_answer_is_told_why(
    g6: Run, place: tuple[str, str], arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    answer = g6("sql", *arguments, *place)
    assert (answer.code, sentence in answer.err) == (code, True)


def test_a_directory_that_is_not_there_is_named(g6: Run) -> None:
    answer = g6("sql", "select 1", "--data-dir", "nowhere")
    assert answer.code == 3
    assert "nowhere is not there" in answer.err


def test_no_number_is_cut_and_a_column_without_room_is_named(
    stored: Stored, capsys: pytest.CaptureFixture[str]
) -> None:
    table = answer_table("select * from chain limit 2", stored.directory, "Asia/Kolkata")
    console = Console(width=100)
    print_parts(console, table_parts(table, 40, 100))
    heading, rule, *rest = capsys.readouterr().out.splitlines()
    assert "…" not in "".join(rest[:2])
    assert len(rule) <= 100
    names = heading.split()
    assert names == table.column_names[: len(names)]
    assert f"no room for it: {table.column_names[len(names)]}, " in rest[2]
    assert "--csv and --json" in rest[2]


def test_a_pipe_takes_all_columns(g6: Run, place: tuple[str, str]) -> None:
    heading, *_ = g6("sql", "select * from chain limit 1", *place).out.splitlines()
    assert heading.split()[-1] == "date"


def test_a_rounded_fraction_is_said(g6: Run, place: tuple[str, str]) -> None:
    assert "fractions are rounded" in g6("sql", "select 1 / 3 as third", *place).out
    assert "rounded" not in g6("sql", "select 0.25::double as quarter, 12 as n", *place).out
