"""A token ends at six in the morning in India."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from g6.adapters.kite.token import Token, expiry_of
from g6.domain.market.calendar import IST

TOKEN = Token("acc3ss9tokenx5", "AB1234", 1_700_000_000.0, 1_700_080_000.0)


@pytest.mark.parametrize(
    ("issued", "ends"),
    [
        (datetime(2026, 11, 20, 8, 30, tzinfo=IST), datetime(2026, 11, 21, 6, 0, tzinfo=IST)),
        (datetime(2026, 11, 20, 5, 59, tzinfo=IST), datetime(2026, 11, 20, 6, 0, tzinfo=IST)),
        (datetime(2026, 11, 20, 6, 0, tzinfo=IST), datetime(2026, 11, 21, 6, 0, tzinfo=IST)),
        (datetime(2026, 11, 20, 23, 0, tzinfo=UTC), datetime(2026, 11, 21, 6, 0, tzinfo=IST)),
    ],
)
def test_it_ends_at_the_next_six_in_the_morning(issued: datetime, ends: datetime) -> None:
    assert expiry_of(issued) == ends


def test_it_lives_until_its_end_and_without_one_for_good() -> None:
    assert TOKEN.lives(TOKEN.expires - 1)
    assert not TOKEN.lives(TOKEN.expires)
    assert Token("x").lives(4e9)


def test_it_is_not_shown() -> None:
    assert TOKEN.value not in repr(TOKEN)
    assert TOKEN.mark not in TOKEN.value
    assert len(TOKEN.mark) == 8


def test_the_end_is_less_than_a_day_away() -> None:
    at = datetime(2026, 11, 20, 0, 0, tzinfo=UTC)
    assert all(
        timedelta(0)
        < expiry_of(at + timedelta(hours=h)) - (at + timedelta(hours=h))
        <= timedelta(days=1)
        for h in range(48)
    )
