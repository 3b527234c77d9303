"""G6's own stored days replay to the same rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from g6.adapters.parquet import ParquetStore
from g6.adapters.replay import Recording
from g6.bootstrap.inprocess import ReplayedUnit, replay_units
from g6.config import calendar
from g6.domain.cycles.plan import IndexPlan, Plan
from g6.domain.documents.chain_rows import chain_frame
from g6.domain.market.instrument import INDICES
from g6.errors import BadInput

PLAN = Plan(60, {"NIFTY": IndexPlan(INDICES["NIFTY"], ("this_week",))})


@dataclass(frozen=True, slots=True)
class Stored:
    """A data directory and what was stored in it."""

    directory: Path
    units: list[ReplayedUnit]


@pytest.fixture
def stored(rows: list[dict[str, Any]], table_file: Callable[..., Path], tmp_path: Path) -> Stored:
    directory = tmp_path / "data"
    units = list(replay_units(Recording.open(table_file(rows)), PLAN, calendar()))
    for done in units:
        ParquetStore(directory).write_chain(done.unit, chain_frame(done.priced))
    return Stored(directory, units)


def test_a_stored_day_is_a_recording_of_its_cycles(
    stored: Stored, instants: tuple[datetime, ...]
) -> None:
    recording = Recording.open(stored.directory)
    assert (recording.kind, recording.cycles(), recording.indices()) == (
        "stored",
        instants,
        ("NIFTY",),
    )


def test_replaying_a_stored_day_gives_the_same_rows(stored: Stored) -> None:
    again = list(replay_units(Recording.open(stored.directory), PLAN, calendar()))
    assert [done.row for done in again] == [done.row for done in stored.units]
    for one, other in zip(stored.units, again, strict=True):
        there, back = chain_frame(one.priced), chain_frame(other.priced)
        assert there.header == back.header
        for name, column in there.columns.items():
            np.testing.assert_array_equal(column, back.columns[name], err_msg=name)


def test_an_unchecked_directory_answers_the_same(
    stored: Stored, instants: tuple[datetime, ...]
) -> None:
    checked, quick = (
        Recording.open(stored.directory),
        Recording.open(stored.directory, thorough=False),
    )
    one, other = (each.snapshot("NIFTY", instants[1]) for each in (checked, quick))
    assert one is not None
    assert other is not None
    np.testing.assert_array_equal(one.values["last"], other.values["last"])


def test_a_torn_part_is_refused_by_name(stored: Stored) -> None:
    part = next(stored.directory.glob("chain/*/*/*.parquet"))
    part.write_bytes(part.read_bytes()[:1000])
    with pytest.raises(BadInput, match="not a whole Parquet file") as caught:
        Recording.open(stored.directory)
    assert caught.value.path == str(part)
