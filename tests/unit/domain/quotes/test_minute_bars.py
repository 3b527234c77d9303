"""Candles as brokers send them: doubled, out of order, with values missing; what is not told stays unknown."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from math import inf, isnan, nan

import numpy as np
import pytest

from g6.domain.market.calendar import IST
from g6.domain.market.instrument import Contracts
from g6.domain.quotes.minute_bars import BAR, Bars, cleaned, index_at, options_at

DAY = date(2026, 11, 20)
OPEN = datetime(2026, 11, 20, 9, 15, tzinfo=IST)
CONTRACTS = Contracts(
    "NIFTY", np.array(["2026-11-24"], dtype="datetime64[D]"), np.array([26000.0]), np.array([65]), np.array([0.05]),
    np.array([["CE"], [""]], dtype=object), np.array([[77], [0]]),
)  # fmt: skip


def bars(*rows: tuple[float, ...]) -> Bars:
    """Return bars of (minutes since the open, open, high, low, close, volume, oi)."""
    return np.array([(OPEN.timestamp() + 60.0 * minute, *values) for minute, *values in rows], BAR)


def quote(*rows: tuple[float, ...], minutes: int = 5) -> dict[str, float]:
    """Return what these candles say of a call `minutes` after the open."""
    clean = cleaned(bars(*rows), DAY)
    values, _ = options_at(CONTRACTS, OPEN + timedelta(minutes=minutes), lambda _: clean)
    return {name: float(column[0, 0]) for name, column in values.items()}


WHOLE = (0, 5.0, 7.0, 4.0, 6.0, 130.0, 650.0), (1, 6.0, 8.0, 5.0, 7.0, 65.0, 1300.0)
EXPECTED = {
    "last": 7.0,
    "open": 5.0,
    "high": 8.0,
    "low": 4.0,
    "volume": 195.0,
    "oi": 1300.0,
    "oi_day_high": 1300.0,
    "oi_day_low": 650.0,
}


@pytest.mark.parametrize(
    "rows",
    [
        WHOLE,
        WHOLE[::-1],
        (*WHOLE, WHOLE[1]),
        (WHOLE[0], WHOLE[0], WHOLE[1]),
        ((0, 5.0, 9.0, 4.0, 6.0, 65.0, 1.0), *WHOLE),
        (*WHOLE, (2, nan, nan, nan, nan, nan, nan)),
        (*WHOLE, (2, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)),
        (
            (-1440, 1.0, 99.0, 1.0, 9.0, 650.0, 650.0),
            *WHOLE,
            (1440, 1.0, 99.0, 1.0, 9.0, 650.0, 650.0),
        ),
        (*WHOLE, (nan, 9.0, 9.0, 9.0, 9.0, 65.0, 65.0)),
    ],
    ids=[
        "whole",
        "backwards",
        "last twice",
        "first twice",
        "corrected",
        "null",
        "zeros",
        "other days",
        "no instant",
    ],
)
def test_a_day_is_read_from_its_minutes_each_once(rows: tuple[tuple[float, ...], ...]) -> None:
    assert quote(*rows).items() >= EXPECTED.items()


@pytest.mark.parametrize("unknown", [nan, -65.0, inf])
def test_a_quantity_that_is_not_told_is_not_invented(unknown: float) -> None:
    no_interest = quote(*((*row[:-1], unknown) for row in WHOLE))
    assert isnan(no_interest["oi"])
    assert isnan(no_interest["oi_day_high"])
    assert no_interest["volume"] == 195.0
    no_volume = quote(WHOLE[0], (*WHOLE[1][:5], unknown, 1300.0))
    assert isnan(no_volume["volume"])
    assert (no_volume["last"], no_volume["oi"]) == (7.0, 1300.0)


def test_open_interest_that_the_last_minute_leaves_out_is_unknown_and_the_days_range_is_known() -> (
    None
):
    told = quote(WHOLE[0], (*WHOLE[1][:-1], nan))
    assert isnan(told["oi"])
    assert (told["oi_day_high"], told["oi_day_low"]) == (650.0, 650.0)


@pytest.mark.parametrize("price", [0.0, -1.0, nan, inf])
def test_one_price_that_cannot_be_costs_only_itself(price: float) -> None:
    told = quote(WHOLE[0], (1, 6.0, price, price, 7.0, 65.0, 1300.0))
    assert (told["high"], told["low"], told["last"]) == (7.0, 4.0, 7.0)


def test_the_index_and_its_future_are_read_alike() -> None:
    clean = cleaned(bars(*WHOLE, WHOLE[1], (2, 0.0, 0.0, 0.0, 0.0, 0.0, nan)), DAY)
    seen = index_at(OPEN + timedelta(minutes=5), clean, clean, clean)
    assert (seen.spot, seen.high, seen.low, seen.future, seen.future_volume, seen.future_oi, seen.vix) == (
        7.0, 8.0, 4.0, 7.0, 195.0, 1300.0, 7.0,
    )  # fmt: skip


def test_no_order_no_double_and_no_gap_of_one_value_changes_another() -> None:
    """Shuffled, doubled and spoiled at random: what can be known is what the whole candles say."""
    die = np.random.default_rng(7)
    for _ in range(50):
        whole = [
            (n, *(float(price) for price in np.sort(die.uniform(1, 9, 4))), 65.0 * n, 65.0)
            for n in range(6)
        ]
        doubled = [whole[n] for n in die.permutation([*range(6), *die.integers(0, 6, 3)])]
        spoiled = [(*row[:6], nan) if die.random() < 0.5 else row for row in doubled]
        expected = quote(*whole, minutes=9)
        np.testing.assert_equal(quote(*doubled, minutes=9), expected)
        told = quote(*spoiled, minutes=9)
        for name in ("last", "open", "high", "low", "volume", "last_trade_time"):
            assert told[name] == expected[name]
