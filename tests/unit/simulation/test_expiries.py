"""Which days the simulated market's contracts expire on, and how many units they are."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from g6.domain.market.calendar import Calendar
from g6.domain.market.expiry import resolve
from g6.simulation import SimulatedMarket
from g6.simulation.expiries import listed_series
from g6.simulation.roots import ROOTS
from tests.worlds.asking import SIX, ist

COVERED = tuple(date(year, month, 1) for year in range(2023, 2027) for month in range(1, 13))


@pytest.mark.parametrize(
    ("root", "on", "expiries"),
    [
        ("NIFTY", "2025-08-28", ["2025-08-28", "2025-09-02", "2025-09-09"]),
        ("NIFTY", "2025-08-25", ["2025-08-28", "2025-09-02", "2025-09-09"]),
        ("SENSEX", "2025-09-01", ["2025-09-04", "2025-09-11", "2025-09-18"]),
        ("SENSEX", "2025-01-02", ["2025-01-03", "2025-01-07", "2025-01-14"]),
        ("NIFTY", "2025-10-15", ["2025-10-20", "2025-10-28", "2025-11-04"]),
        ("NIFTY", "2026-11-05", ["2026-11-09", "2026-11-17", "2026-11-23"]),
        ("NIFTY", "2026-10-14", ["2026-10-19", "2026-10-27", "2026-11-03"]),
    ],
)
def test_weeklies_follow_the_weekday_of_their_era_and_the_trading_days(
    days: Calendar, root: str, on: str, expiries: list[str]
) -> None:
    dates = [
        series.expiry.isoformat()
        for series in listed_series(ROOTS[root], days, date.fromisoformat(on))
    ]
    assert dates[:3] == expiries


def test_the_week_after_the_last_thursday_is_the_first_tuesday(days: Calendar) -> None:
    at = ist("2025-08-28 10:00")
    listing = SimulatedMarket(days).listing("NIFTY", at)
    buckets = resolve(listing.contracts.expiries, at, days, "NSE", underlying="NIFTY").buckets
    assert (buckets["this_week"], buckets["next_week"]) == (date(2025, 8, 28), date(2025, 9, 2))


def test_nothing_expires_on_a_day_with_a_special_session_only(days: Calendar) -> None:
    special = {day for exchange in days.exchanges.values() for day in exchange.specials}
    assert date(2025, 10, 21) in special
    for root in ROOTS.values():
        for on in COVERED:
            expiries = {series.expiry for series in listed_series(root, days, on)}
            assert not expiries & special
            assert all(day.weekday() < 5 for day in expiries)


@pytest.mark.parametrize(
    ("root", "on", "expiry", "units"),
    [
        ("NIFTY", "2024-12-20 10:00", "2024-12-26", 25),
        ("NIFTY", "2024-12-20 10:00", "2025-01-02", 75),
        ("NIFTY", "2024-12-20 10:00", "2025-01-30", 25),
        ("BANKNIFTY", "2023-06-15 10:00", "2023-07-27", 15),
        ("BANKNIFTY", "2023-06-15 10:00", "2023-12-28", 25),
        ("NIFTY", "2026-11-20 10:00", "2026-12-29", 65),
    ],
)
def test_a_contract_is_as_many_units_as_the_exchange_says(
    days: Calendar, root: str, on: str, expiry: str, units: int
) -> None:
    contracts = (
        SimulatedMarket(days).listing(root, ist(on)).contracts.of(date.fromisoformat(expiry))
    )
    assert set(contracts.lot_size.tolist()) == {units}


def test_near_the_money_of_every_expiry_options_have_traded_and_are_held(days: Calendar) -> None:
    market, at = SimulatedMarket(days), ist("2026-11-18 15:35")
    for name in SIX:
        contracts = market.listing(name, at).contracts
        near = [expiry for expiry in contracts.expiries if (expiry - at.date()).days <= 100]
        chosen = contracts.take(np.isin(contracts.expiry, np.array(near, dtype="datetime64[D]")))
        quotes = market.quotes(name, chosen, at)
        for expiry in near:
            of_expiry = np.flatnonzero(chosen.expiry == np.datetime64(expiry))
            series = market.world.series(ROOTS[name], at.date())[expiry]
            forward = float(market.world.curve(ROOTS[name], series.expiry, at.date()).forward[-1])
            nearest = of_expiry[np.argsort(np.abs(chosen.strike[of_expiry] - forward))[:7]]
            there = chosen.symbol[:, nearest] != ""
            assert (quotes.values["oi"][:, nearest][there] > 0).all(), (name, expiry)
            assert (quotes.values["volume"][:, nearest][there] > 0).all(), (name, expiry)
