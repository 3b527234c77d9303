"""Chains that are read together are those that are read one by one."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from g6.adapters.parquet import ParquetHistory
from g6.bootstrap.reading.study_readers import directory_reader
from g6.domain.cycles.cycle import Unit, parse_z
from g6.domain.schema.frame import Frame
from g6.errors import DamagedFile

STORE = Path(__file__).resolve().parents[3] / "data" / "store"
FIRST = parse_z("2026-11-17T00:00:00Z")
LAST = parse_z("2026-11-19T00:00:00Z")


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A day that is folded into one file, and one in parts."""
    shutil.copytree(STORE, tmp_path / "data")
    return tmp_path / "data"


def units_of(directory: Path) -> list[Unit]:
    cycles = directory_reader(directory).cycles(FIRST, LAST)
    return [Unit(cycle, index) for index in ("MIDCPNIFTY", "NIFTY") for cycle in cycles]


def same(one: Frame | None, other: Frame | None) -> bool:
    if one is None or other is None:
        return one is other
    return one.header == other.header and all(
        np.array_equal(values, other.columns[name], equal_nan=values.dtype.kind == "f")
        for name, values in one.columns.items()
    )


def test_chains_read_together_are_those_read_one_by_one(directory: Path) -> None:
    reader = directory_reader(directory)
    units = units_of(directory)
    chains = list(reader.chains(units))
    assert len({unit.instant.date() for unit in units}) == 2
    assert sum(chain is not None for chain in chains) > 4
    assert all(map(same, chains, map(reader.chain, units)))


def test_a_unit_that_is_not_stored_keeps_its_place(directory: Path) -> None:
    reader = directory_reader(directory)
    known = units_of(directory)[-2:]
    absent = Unit("2026-11-18T05:35:00Z", "NIFTY")
    chains = list(reader.chains([known[0], absent, known[1]]))
    assert [chain is None for chain in chains] == [False, True, False]
    assert list(reader.chains([])) == []


def test_a_folded_day_is_opened_once(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []
    read_bytes = Path.read_bytes

    def counting(path: Path) -> bytes:
        opened.append(path.name)
        return read_bytes(path)

    units = [unit for unit in units_of(directory) if unit.instant < parse_z("2026-11-18T00:00:00Z")]
    units = [unit for unit in units if unit.index == "NIFTY"]
    assert len(units) > 1
    monkeypatch.setattr(Path, "read_bytes", counting)
    assert all(chain is not None for chain in directory_reader(directory).chains(units))
    assert opened.count("day.parquet") == 1


def test_a_damaged_file_costs_its_own_chains_and_is_named(directory: Path) -> None:
    history = ParquetHistory(directory)
    (part, *_) = sorted((history.root("NIFTY") / "date=2026-11-18").glob("*Z.parquet"))
    part.write_bytes(part.read_bytes()[:200])
    units = [unit for unit in units_of(directory) if unit.index == "NIFTY"]
    with pytest.warns(DamagedFile, match=part.name):
        chains = list(directory_reader(directory).chains(units))
    lost = [unit.cycle for unit, chain in zip(units, chains, strict=True) if chain is None]
    assert lost == ["2026-11-18T05:30:00Z"]


def test_some_columns_of_a_chain_are_those_of_the_whole_one(directory: Path) -> None:
    reader = directory_reader(directory)
    compared = 0
    for unit in units_of(directory):
        whole = reader.chain(unit)
        narrow = reader.chain_columns(unit, ["strike", "ce_oi", "pe_symbol"])
        assert (whole is None) == (narrow is None)
        if whole is not None and narrow is not None:
            assert [*narrow.columns] == ["timestamp", "strike", "ce_oi", "pe_symbol", "underlying"]
            assert same(
                narrow, Frame(whole.header, {name: whole.columns[name] for name in narrow.columns})
            )
            compared += 1
    assert compared > 4
