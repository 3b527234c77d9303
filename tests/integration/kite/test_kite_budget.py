"""The request budget as the broker sees it: eight processes, six indices, one request a second; `make bench-kite` is longer."""

from __future__ import annotations

import pytest

from tests.benchmarks.provider.bench_kite import Usage, measure


@pytest.fixture(scope="module")
def seen() -> Usage:
    return measure(requests=12, processes=8)


def test_no_two_quote_requests_come_less_than_a_second_apart(seen: Usage) -> None:
    assert seen.least_gap >= 1.0
    assert seen.most_in_a_second == 1
    assert seen.refused == 0


def test_no_request_names_more_instruments_than_one_may(seen: Usage) -> None:
    assert 0 < seen.most_keys <= 500


def test_the_budget_is_used(seen: Usage) -> None:
    assert seen.share >= 0.85
