from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from g6.adapters.memory.store import MemoryStore
from g6.adapters.parquet import ParquetStore
from g6.adapters.wrapping.tee import Tee
from g6.domain.cycles.cycle import Unit
from g6.errors import StoreBusy
from g6.ports import Store

CYCLE = "2026-11-20T04:05:00Z"
UNIT = Unit(CYCLE, "NIFTY")


@pytest.fixture
def broken(tmp_path: Path) -> Store:
    """A store whose directory is a file."""
    (tmp_path / "broken").write_text("")
    return ParquetStore(tmp_path / "broken")


def test_every_store_is_written(chain_of: Any, tmp_path: Path) -> None:
    memory, parquet = MemoryStore(), ParquetStore(tmp_path)
    written = Tee(memory, parquet).write_chain(UNIT, chain_of(CYCLE))
    assert written.rows == {"memory": 10, "parquet": 10}
    assert memory.read_chain(UNIT) is not None
    assert parquet.read_chain(UNIT) is not None


def test_a_store_that_fails_does_not_stop_the_others(chain_of: Any, broken: Store) -> None:
    memory = MemoryStore()
    written = Tee(broken, memory).write_chain(UNIT, chain_of(CYCLE))
    assert written.rows == {"memory": 10}
    assert list(written.errors) == ["parquet"]
    assert "move away the file" in written.errors["parquet"]


def test_when_every_store_fails_the_unit_is_to_be_tried_again(chain_of: Any, broken: Store) -> None:
    with pytest.raises(StoreBusy, match="move away the file"):
        Tee(broken, broken).write_chain(UNIT, chain_of(CYCLE))


def test_reading_falls_through_to_the_first_store_that_has_it(chain_of: Any, broken: Store) -> None:
    memory = MemoryStore()
    memory.write_chain(UNIT, chain_of(CYCLE))
    memory.write_overview(CYCLE, [{"timestamp": CYCLE, "underlying": "NIFTY"}])
    tee = Tee(broken, memory)
    at = datetime(2026, 11, 20, 4, 5, tzinfo=UTC)
    assert tee.read_chain(UNIT) is not None
    assert tee.last_oi("NIFTY", date(2026, 11, 21)) is not None
    assert tee.last_overview() == at
    assert tee.overview_cycles(at, at) == {CYCLE: frozenset({"NIFTY"})}
