"""Limits by calendar second."""

from __future__ import annotations

import pytest

from g6.kite_server.quota import Arrival, Quota
from g6.kite_server.rest.endpoints import family


def arrival(time: float, family: str = "quote") -> Arrival:
    return Arrival(time, family, "GET", "/quote", 1)


def test_the_second_quote_of_a_calendar_second_is_too_many() -> None:
    quota = Quota()
    assert [quota.allows(arrival(time), "k") for time in (10.1, 10.9, 11.0, 11.5)] == [
        True,
        False,
        True,
        False,
    ]


def test_families_and_keys_are_counted_apart() -> None:
    quota = Quota()
    assert quota.allows(arrival(10.0), "k")
    assert quota.allows(arrival(10.1), "another")
    assert [quota.allows(arrival(10.2, "historical"), "k") for _ in range(4)] == [
        True,
        True,
        True,
        False,
    ]
    assert [quota.allows(arrival(10.2, "other"), "k") for _ in range(11)] == [True] * 10 + [False]


def test_a_limit_of_zero_is_none() -> None:
    quota = Quota()
    quota.per_second["quote"] = 0
    assert all(quota.allows(arrival(10.0), "k") for _ in range(5))


def test_every_arrival_is_written_down() -> None:
    quota = Quota()
    quota.arrive("quote", "GET", "/quote", 3).status = 200
    quota.arrive("other", "GET", "/user/profile", 0)
    assert [
        (each["family"], each["keys"], each["status"]) for each in quota.arrivals_of("quote")
    ] == [("quote", 3, 200)]
    assert len(quota.arrivals_of()) == 2


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/quote", "quote"), ("/quote/ohlc", "quote"), ("/quote/ltp", "quote"), ("/instruments/historical/1/day", "historical"),
        ("/instruments/NFO", "other"), ("/session/token", "other"),
    ],
)  # fmt: skip
def test_a_path_belongs_to_a_family(path: str, expected: str) -> None:
    assert family(path) == expected
