"""The end of an expiry day in real processes: index frozen, auction, fix, expired contracts, the next ones in their place."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from g6.config import calendar
from tests.e2e.conftest import configured
from tests.e2e.expiry.expiry_day import auction, expiry, problems, rows_of
from tests.e2e.running import World
from tests.worlds.ledger_check import Ledgered

DAY, FIRST, LAST = "2026-11-23", "2026-11-23T09:40:00Z", "2026-11-23T10:10:00Z"
TWO = ("NIFTY", "SENSEX")
SESSION = calendar().session("NSE", date.fromisoformat(DAY))


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, Ledgered]]:
    """NIFTY's expiring monthly and a SENSEX that does not expire, 15:10 to 15:40 IST every five minutes."""
    world = configured(tmp_path_factory.mktemp("evening"))
    done = world.g6("run", "--start", FIRST, "--cycles", "7", "--interval", "300", "--speed", "60")
    assert done.returncode == 0, done.stderr
    yield world, world.check(FIRST, LAST, TWO, 300)
    world.end()


def test_every_cycle_to_the_close_has_its_rows(evening: tuple[World, Ledgered]) -> None:
    assert evening[1].problems == []
    assert evening[1].rows_found == 14


@pytest.mark.parametrize("index", TWO)
def test_the_index_stands_still_jumps_once_and_stands_still(
    evening: tuple[World, Ledgered], index: str
) -> None:
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


def test_the_end_of_an_expiry_day_raises_no_alert(evening: tuple[World, Ledgered]) -> None:
    events, alerts = evening[0].told()
    assert events.count("cycle.report") == 7
    assert not {"alert", "gap.opened", "provider.state"} & set(events)
    assert alerts == []


def test_the_check_sees_what_is_wrong(evening: tuple[World, Ledgered]) -> None:
    world, found = evening
    assert problems(world.data, found, DAY, TWO) == []
    rows = rows_of(found, "NIFTY")
    for row, wrong in (
        (rows[0], {"expiry_nearest": "2026-12-01"}),
        (rows[-1], {"spot": "1.0"}),
        (rows[-1], {"spot_source": "live"}),
    ):
        changed = Ledgered(rows=found.rows | {(row["timestamp"], "NIFTY"): {**row, **wrong}})
        assert problems(world.data, changed, DAY, TWO)
