"""Gaps: what is not OK, joined."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from g6.domain.cycles.gaps import (
    CycleCounts,
    Gap,
    Instants,
    Outcomes,
    StatusReason,
    as_stored,
    counts_of,
    gaps_of,
    grid_of,
    instant_at,
    instants_of,
    step_of,
)
from g6.domain.market.calendar import Session

FIRST = datetime(2026, 11, 18, 5, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
GRID = [FIRST + n * MINUTE for n in range(6)]
OK: StatusReason = ("OK", "")


def find(index: str, grid: Sequence[datetime], rows: dict[datetime, StatusReason]) -> list[Gap]:
    return gaps_of(index, instants_of(grid), Outcomes.of(rows))


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
    rows: dict[datetime, StatusReason] = dict.fromkeys(GRID, ("SKIPPED", "overrun"))
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
    rows: dict[datetime, StatusReason] = {
        GRID[0]: OK,
        GRID[1]: ("OK", "backfill"),
        GRID[2]: ("PARTIAL", "backfill"),
        GRID[3]: ("MISSING", "x"),
        GRID[4]: ("MISSING", "no_chain"),
    }
    counts = counts_of(instants_of(GRID), Outcomes.of(rows))
    assert counts == CycleCounts(
        due=6, ok=2, partial=1, missing=2, skipped=0, no_row=1, repaired=2, no_chain=1
    )
    assert counts.to_json()["share"] == 0.333333


def test_a_row_without_the_chain_that_it_promises_is_missing() -> None:
    rows: dict[datetime, StatusReason] = dict(
        zip(GRID, (OK, OK, ("PARTIAL", "strikes_missing"), ("SKIPPED", "paused")), strict=False)
    )
    assert dict(as_stored(Outcomes.of(rows), instants_of(GRID[:1])).items()) == {
        GRID[0]: OK, GRID[1]: ("MISSING", "no_chain"), GRID[2]: ("MISSING", "no_chain"), GRID[3]: ("SKIPPED", "paused"),
    }  # fmt: skip


def test_the_grid_changes_with_the_interval_in_force() -> None:
    session = Session("NSE", FIRST.date(), FIRST, FIRST + 10 * MINUTE, FIRST + 10 * MINUTE)
    at = instants_of(GRID).tolist()

    def minutes(grid: Instants) -> list[int]:
        return [(instant_at(instant) - FIRST) // MINUTE for instant in grid.tolist()]

    assert minutes(grid_of(session, [(at[3], 300)])) == [0, 5, 10]
    assert minutes(grid_of(session, [(at[1], 300), (at[4], 60)])) == [0, 4, 5, 6, 7, 8, 9, 10]
    assert minutes(grid_of(session, [(at[1], 60), (at[3], 120)])) == [0, 1, 2, 4, 6, 8, 10]


def test_the_grid_leaves_out_what_lies_within_a_break() -> None:
    breaks = ((GRID[1], GRID[3]),)
    session = Session("NSE", FIRST.date(), FIRST, GRID[5], GRID[5], breaks=breaks)
    grid = grid_of(session, [(0, 60)])
    assert grid.tolist() == instants_of(session.cycles(60)).tolist()
    assert len(grid) == 5


def test_the_interval_is_the_commonest_step() -> None:
    assert step_of([instants_of(GRID[:3]), instants_of(GRID[5:])]) == MINUTE.total_seconds() * 1e6
    assert step_of([instants_of(GRID[:1])]) is None
