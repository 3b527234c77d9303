"""Gaps: what is not OK, joined."""

from datetime import UTC, datetime, timedelta

from g6.domain.cycles.gaps import Gap, Row, as_stored, counted, find, grid_of, step_of
from g6.domain.market.calendar import Session

FIRST = datetime(2026, 11, 18, 5, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
GRID = [FIRST + n * MINUTE for n in range(6)]
OK: Row = ("OK", "")


def test_successive_cycles_with_one_reason_are_one_gap() -> None:
    rows = {
        GRID[0]: OK,
        GRID[1]: ("MISSING", "provider"),
        GRID[2]: ("MISSING", "provider"),
        GRID[3]: OK,
        GRID[4]: OK,
        GRID[5]: OK,
    }
    assert find("NIFTY", GRID, rows) == [Gap("NIFTY", GRID[1], GRID[2], "MISSING", "provider", 2)]


def test_another_reason_or_an_ok_cycle_between_ends_a_gap() -> None:
    rows: dict[datetime, Row] = dict.fromkeys(GRID, ("SKIPPED", "overrun"))
    rows[GRID[2]], rows[GRID[4]] = OK, ("PARTIAL", "strikes_missing")
    assert [(gap.first, gap.reason, gap.cycles) for gap in find("NIFTY", GRID, rows)] == [
        (GRID[0], "overrun", 2), (GRID[3], "overrun", 1), (GRID[4], "strikes_missing", 1), (GRID[5], "overrun", 1),
    ]  # fmt: skip


def test_an_instant_without_a_row_is_a_gap_of_its_own_kind() -> None:
    assert find("NIFTY", GRID, dict.fromkeys(GRID[:4], OK)) == [
        Gap("NIFTY", GRID[4], GRID[5], "SKIPPED", "no_row", 2)
    ]


def test_nothing_is_a_gap_when_all_is_well() -> None:
    assert find("NIFTY", GRID, dict.fromkeys(GRID, OK)) == []


def test_cycles_are_counted_by_how_they_ended() -> None:
    rows: dict[datetime, Row] = {
        GRID[0]: OK,
        GRID[1]: ("OK", "backfill"),
        GRID[2]: ("PARTIAL", "backfill"),
        GRID[3]: ("MISSING", "x"),
        GRID[4]: ("MISSING", "no_chain"),
    }
    assert counted(GRID, rows) == {
        "due": 6, "OK": 2, "PARTIAL": 1, "MISSING": 2, "SKIPPED": 0, "no_row": 1, "repaired": 2, "no_chain": 1,
    }  # fmt: skip


def test_a_row_without_the_chain_that_it_promises_is_missing() -> None:
    rows: dict[datetime, Row] = dict(
        zip(GRID, (OK, OK, ("PARTIAL", "strikes_missing"), ("SKIPPED", "paused")), strict=False)
    )
    assert as_stored(rows, {GRID[0]}) == {
        GRID[0]: OK, GRID[1]: ("MISSING", "no_chain"), GRID[2]: ("MISSING", "no_chain"), GRID[3]: ("SKIPPED", "paused"),
    }  # fmt: skip


def test_the_grid_changes_with_the_interval_in_force() -> None:
    session = Session("NSE", FIRST.date(), FIRST, FIRST + 10 * MINUTE, FIRST + 10 * MINUTE)
    minutes = lambda grid: [(at - FIRST) // MINUTE for at in grid]  # noqa: E731
    assert minutes(grid_of(session, [(GRID[3], 300)])) == [0, 5, 10]
    assert minutes(grid_of(session, [(GRID[1], 300), (GRID[4], 60)])) == [0, 4, 5, 6, 7, 8, 9, 10]
    assert minutes(grid_of(session, [(GRID[1], 60), (GRID[3], 120)])) == [0, 1, 2, 4, 6, 8, 10]


def test_the_interval_is_the_commonest_step() -> None:
    assert step_of([GRID[0], GRID[1], GRID[2], GRID[5]], 5 * MINUTE) == MINUTE
    assert step_of(GRID[:1], 5 * MINUTE) == 5 * MINUTE
