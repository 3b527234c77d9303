"""Columns of Arrow as arrays, as pyarrow itself gives them, and without pandas."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from g6.adapters.parquet.arrays import array_of, numbers_of, texts_of
from g6.adapters.parquet.columns import CHAIN_SCHEMA
from g6.adapters.parquet.maintenance.folding import compact
from tests.worlds.stored_cycles import store_two_cycles

COLUMNS = {
    "whole": pa.chunked_array([[1, 2], [3]], pa.int32()),
    "with a missing one": pa.chunked_array([[1, None], [3]], pa.int32()),
    "missing in one chunk": pa.chunked_array([[1, 2], [None, 4]], pa.int64()),
    "floats": pa.chunked_array([[1.5, None, 2.5]], pa.float32()),
    "a slice": pa.chunked_array([[None, 1, 2, None, 4, 5, 6, 7, None, 9, 10]], pa.int64()).slice(2),
    "unsigned": pa.chunked_array([[1, 250]], pa.uint8()),
    "days": pa.chunked_array([[0, None, 20_000]], pa.int32()).cast(pa.date32()),
    "none": pa.chunked_array([], pa.float64()),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_numbers_are_those_that_arrow_gives(name: str) -> None:
    column = COLUMNS[name]
    values = numbers_of(column)
    same = np.asarray(column.to_numpy())
    if name == "days":
        same = same.astype("datetime64[D]")
    np.testing.assert_array_equal(values, same)


def test_words_are_those_that_arrow_gives_and_none_where_one_is_missing() -> None:
    words = pa.chunked_array([["CE", None, "PE"], ["CE"]]).dictionary_encode()
    assert texts_of(words).tolist() == ["CE", None, "PE", "CE"]
    assert texts_of(words.slice(1)).tolist() == [None, "PE", "CE"]


def test_plain_values_become_what_a_list_becomes() -> None:
    for values, kind in (([1, None], pa.int64()), (["a", None], pa.string()), ([], pa.date32())):
        assert array_of(values, kind).equals(pa.array(values, kind))


@pytest.mark.parametrize(
    ("command", "is_compacted"),
    [("chain", False), ("chain", True), ("interest", False), ("buildup", True)],
)
def test_a_command_that_shows_stored_rows_does_without_pandas(
    tmp_path: Path, command: str, is_compacted: bool
) -> None:
    store_two_cycles(tmp_path)
    days = [*tmp_path.glob("chain/*/date=*")]
    for day in days if is_compacted else []:
        compact(day, CHAIN_SCHEMA)
    assert days
    program = (
        "import sys; from g6.entrypoints.cli import main; "
        "code = main(sys.argv[1:]); sys.exit(9 if 'pandas' in sys.modules else code)"
    )
    arguments = [command, "FINNIFTY", "--data-dir", str(tmp_path), "--json"]
    ended = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True,
        check=False,
        text=True,
        timeout=120,
    )
    assert ended.returncode == 0, ended.stderr
