"""Listeners that do not read: how they are cut off, come back, and do not go to and fro."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from g6.domain.documents.listener_backlog import (
    BacklogLimits,
    BacklogState,
    BacklogTransition,
    ListenerBacklog,
)

ENTER, EXIT, ABORT = BacklogTransition.ENTER, BacklogTransition.EXIT, BacklogTransition.ABORT
LIMITS = BacklogLimits(
    bytes=100, warn=0.5, degrade=1.0, exit=0.25, calm_seconds=1.0, cooldown_seconds=5.0
)


def moves(loads: list[tuple[float, int]]) -> list[BacklogTransition | None]:
    """Return the transitions that a course of loads makes."""
    backlog = ListenerBacklog(LIMITS)
    return [backlog.observe(waiting, now) for now, waiting in loads]


def test_a_listener_that_reads_a_little_and_stops_again_aborts_its_return() -> None:
    load = [(0.0, 100), (5.0, 20), (5.5, 60), (10.4, 0), (10.5, 0), (11.5, 0)]
    assert moves(load) == [ENTER, None, ABORT, None, None, EXIT]


def test_what_still_waits_after_the_calm_aborts_the_return_as_well() -> None:
    assert moves([(0.0, 100), (5.0, 20), (6.0, 20)]) == [ENTER, None, ABORT]


@pytest.mark.parametrize("waiting", [26, 60, 99, 100, 1_000])
def test_above_the_share_for_the_way_out_it_stays_cut_off(waiting: int) -> None:
    assert moves([(0.0, 100), (100.0, waiting), (200.0, waiting)]) == [ENTER, None, None]


def test_below_the_share_for_the_way_in_nothing_happens() -> None:
    assert moves([(float(second), 99) for second in range(50)]) == [None] * 50


@given(st.lists(st.tuples(st.floats(0.01, 3.0), st.integers(0, 200)), max_size=300))
def test_whatever_waits_it_never_comes_and_goes_faster_than_cooldown_and_calm(
    steps: list[tuple[float, int]],
) -> None:
    backlog = ListenerBacklog(LIMITS)
    now = entered = 0.0
    is_cut_off = False
    for seconds, waiting in steps:
        now += seconds
        match backlog.observe(waiting, now):
            case BacklogTransition.ENTER:
                assert not is_cut_off
                assert waiting >= 100
                is_cut_off = True
                entered = now
            case BacklogTransition.EXIT:
                assert is_cut_off
                assert waiting == 0
                # A thousandth for what adding up floats leaves.
                assert now - entered >= 5.999
                is_cut_off = False
            case BacklogTransition.ABORT:
                assert is_cut_off
                assert backlog.state is BacklogState.DEGRADED
        assert (backlog.state is BacklogState.NORMAL) != is_cut_off


@given(st.lists(st.integers(0, 300), max_size=100))
def test_once_nothing_waits_it_is_back_within_the_window(waiting: list[int]) -> None:
    backlog = ListenerBacklog(LIMITS)
    for second, load in enumerate(waiting):
        backlog.observe(load, float(second))
    for second in range(9):
        backlog.observe(0, float(len(waiting) + second))
    assert backlog.state is BacklogState.NORMAL
