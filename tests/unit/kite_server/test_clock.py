"""A clock that can be moved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from g6.kite_server.movable_clock import MovableClock

NOON = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)


def test_a_clock_of_speed_zero_stands() -> None:
    clock = MovableClock(NOON, 0)
    assert clock.market() == clock.market() == NOON


def test_a_clock_goes_on_from_where_it_was_set() -> None:
    clock = MovableClock(NOON, 0)
    clock.move(at=NOON + timedelta(days=1))
    clock.move(advance=60)
    assert clock.market() == NOON + timedelta(days=1, minutes=1)


def test_a_change_of_speed_does_not_move_the_hands() -> None:
    clock = MovableClock(NOON, 0)
    clock.move(speed=60)
    assert clock.speed == 60
    assert NOON <= clock.market() < NOON + timedelta(minutes=10)


def test_a_clock_without_a_start_shows_the_walls_time() -> None:
    assert abs(MovableClock().market().timestamp() - datetime.now(UTC).timestamp()) < 5
