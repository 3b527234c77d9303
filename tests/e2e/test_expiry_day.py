"""The end of an expiry day in real processes: index frozen, auction, fix, expired contracts; the next morning the next expiry."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from g6.config import calendar
from tests.e2e.conftest import configured
from tests.e2e.expiry_day import auction, expiry, problems, rows_of
from tests.e2e.running import World
from tests.ledger_check import Ledgered

DAY, FIRST, LAST = "2026-11-23", "2026-11-23T09:42:00Z", "2026-11-23T10:09:00Z"
MORNING = "2026-11-25T03:45:00Z"
TWO = ("NIFTY", "SENSEX")
FAST = ("--interval", "180", "--speed", "60")
SESSION = calendar().session("NSE", date.fromisoformat(DAY))


def ran(base: Path, start: str, cycles: int) -> World:
    world = configured(base)
    done = world.g6("run", "--start", start, "--cycles", str(cycles), *FAST, seconds=150)
    assert done.returncode == 0, done.stderr
    return world


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, Ledgered]]:
    """NIFTY's expiring monthly and a SENSEX that does not expire, 15:12 to 15:39 IST every three minutes."""
    world = ran(tmp_path_factory.mktemp("evening"), FIRST, 10)
    yield world, world.check(FIRST, LAST, TWO, 180)
    world.end()


@pytest.mark.timeout(200)
def test_every_cycle_to_the_close_has_its_rows(evening: tuple[World, Ledgered]) -> None:
    assert evening[1].problems == []
    assert evening[1].rows_found == 20


@pytest.mark.parametrize("index", TWO)
def test_the_index_stands_still_jumps_once_and_stands_still(evening: tuple[World, Ledgered], index: str) -> None:
    assert SESSION is not None
    assert list(auction(rows_of(evening[1], index), SESSION)) == []


def test_contracts_expire_at_the_fix_are_collected_to_the_close_and_the_next_ones_take_their_place(
    evening: tuple[World, Ledgered],
) -> None:
    world, found = evening
    assert SESSION is not None
    rows = rows_of(found, "NIFTY")
    assert list(expiry(world.data, rows, SESSION)) == []
    assert {row["expiry_nearest"] for row in rows} == {DAY, "2026-12-01"}
    assert {row["expiry_nearest"] for row in rows_of(found, "SENSEX")} == {"2026-11-26"}


def test_the_check_sees_what_is_wrong(evening: tuple[World, Ledgered]) -> None:
    world, found = evening
    for row in rows_of(found, "NIFTY"):
        late = row["timestamp"] > "2026-11-23T10:00:00Z"
        assert problems(world.data, found, DAY, TWO) == []
        moved = {**row, "spot": "1.0"} if late else {**row, "expiry_nearest": "2026-12-01"}
        changed = Ledgered(rows=found.rows | {(row["timestamp"], "NIFTY"): moved})
        assert problems(world.data, changed, DAY, TWO)
        break


@pytest.mark.timeout(100)
def test_the_next_morning_the_next_expiry_is_this_weeks(tmp_path: Path) -> None:
    world = ran(tmp_path, MORNING, 2)
    try:
        rows = rows_of(world.check(MORNING, "2026-11-25T03:48:00Z", TWO, 180), "NIFTY")
        assert {(row["expiry_nearest"], row["missing_mask"], row["spot_source"]) for row in rows} == {("2026-12-01", "0", "live")}
        stored = {path.parent.parent.name for path in (world.data / "csv" / "NIFTY" / "this_week").glob("*/*.csv")}
        assert stored
    finally:
        world.end()
