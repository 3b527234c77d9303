"""Columns of a newer version: an older one keeps them, or refuses with a sentence."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from g6.adapters.parquet import ParquetHistory, ParquetStore
from g6.adapters.parquet.cold_notes import read_note
from g6.adapters.parquet.maintenance.checking import looks
from g6.domain.cycles.cycle import Unit, parse_z
from g6.domain.schema.frame import Frame
from g6.errors import BadInput, StoreBusy

ChainOf = Callable[..., Frame]
DAY = date(2026, 11, 20)
CYCLES = [f"2026-11-20T04:{minute:02d}:00Z" for minute in range(5, 9)]


def row(cycle: str, index: str) -> dict[str, object]:
    return {"timestamp": cycle, "underlying": index, "status": "OK", "reason": ""}


@pytest.fixture
def directory(tmp_path: Path, chain_of: ChainOf) -> Path:
    store = ParquetStore(tmp_path)
    for seed, cycle in enumerate(CYCLES):
        store.write_chain(Unit(cycle, "NIFTY"), chain_of(cycle, strikes=3, seed=seed))
        store.write_overview(cycle, [row(cycle, "NIFTY"), row(cycle, "BANKNIFTY")])
    return tmp_path


def widen(path: Path, **columns: pa.DataType) -> None:
    """Make a file one that a newer version wrote."""
    table = pq.read_table(path, partitioning=None)
    for name, kind in columns.items():
        values = np.arange(table.num_rows)
        array = (
            pa.array([f"word {n}" for n in values])
            if pa.types.is_string(kind)
            else pa.array(values).cast(kind)
        )
        table = table.append_column(name, array)
    pq.write_table(table, path)


def parts(directory: Path, name: str = "chain/underlying=NIFTY") -> list[Path]:
    return sorted((directory / name / f"date={DAY}").glob("*.parquet"))


def day(directory: Path, name: str = "chain/underlying=NIFTY") -> pa.Table:
    return pq.read_table(directory / name / f"date={DAY}" / "day.parquet", partitioning=None)


def test_a_newer_versions_columns_survive_folding_and_compaction(directory: Path) -> None:
    widen(parts(directory)[1], ce_depth=pa.float64(), note=pa.string())
    before = pq.read_table(parts(directory)[1], partitioning=None)
    history = ParquetHistory(directory)
    history.fold("NIFTY", DAY, parse_z("2026-11-20T04:15:00Z"))
    history.compact("NIFTY", DAY)
    after = day(directory)
    mine = after.filter(pa.compute.equal(after.column("timestamp"), before.column("timestamp")[0]))
    for name in ("ce_depth", "note"):
        assert (
            mine.column(name).cast(before.schema.field(name).type).to_pylist()
            == before.column(name).to_pylist()
        )
        assert after.column(name).null_count == after.num_rows - before.num_rows


def test_two_files_that_disagree_about_a_newer_column_are_not_folded(directory: Path) -> None:
    widen(parts(directory)[0], depth=pa.float64())
    widen(parts(directory)[1], depth=pa.string())
    with pytest.raises(
        StoreBusy, match=r"column depth as .*, another file of its day as .*; nothing was written"
    ):
        ParquetHistory(directory).compact("NIFTY", DAY)
    assert len(parts(directory)) == len(CYCLES)


def test_a_newer_versions_columns_of_other_indices_survive_a_rewritten_overview(
    directory: Path,
) -> None:
    part = parts(directory, "overview")[0]
    widen(part, breadth=pa.int64())
    ParquetStore(directory).write_overview(
        CYCLES[0], [row(CYCLES[0], "NIFTY") | {"status": "PARTIAL"}]
    )
    table = pq.read_table(part, partitioning=None)
    told = dict(
        zip(
            table.column("underlying").to_pylist(), table.column("breadth").to_pylist(), strict=True
        )
    )
    assert set(told) == {"NIFTY", "BANKNIFTY"}
    assert told["NIFTY"] is None
    assert told["BANKNIFTY"] is not None


def test_a_day_of_a_newer_version_is_not_computed_again(directory: Path) -> None:
    widen(parts(directory)[1], ce_depth=pa.float64())
    history = ParquetHistory(directory)
    for name in ("NIFTY", "overview"):
        history.compact(name, DAY)
    with pytest.raises(BadInput, match=r"columns of a newer version .ce_depth."):
        history.write_day("NIFTY", DAY, {}, {})
    assert "ce_depth" in day(directory).column_names


def test_a_check_says_what_this_version_lacks(directory: Path) -> None:
    history = ParquetHistory(directory)
    history.compact("NIFTY", DAY)
    path = directory / f"chain/underlying=NIFTY/date={DAY}/day.parquet"
    widen(path, ce_depth=pa.float32())
    (finding,) = [
        each for look in looks(directory, DAY) for each in look() if each.kind == "schema"
    ]
    assert finding.what == "ce_depth is no column of this version"
    assert finding.fix == "read it with the version of G6 that wrote it"


def test_a_note_of_a_newer_form_is_not_guessed_at(directory: Path) -> None:
    note = directory / f"overview/date={DAY}/day.cold"
    note.write_text('{"form": "g6-cold-v2"}')
    with pytest.raises(BadInput, match="of the form g6-cold-v2"):
        read_note(note)
