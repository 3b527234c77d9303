"""Outliers over a simulated day: none of a clean market, and the spikes of one that is made to have them."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from g6.config import calendar
from g6.domain.cycles.cycle import parse_z
from g6.domain.cycles.plan import Quality
from g6.domain.pricing.quality import Flag, Prices, prices
from g6.domain.quotes.quotes import Quotes
from g6.simulation import SimulatedMarket
from g6.simulation.faults import MarketFaults

OPEN = parse_z("2026-11-18T03:45:00Z")
PATIENT = Quality(max_trade_age=300.0)


def judged(market: SimulatedMarket, index: str, minute: int) -> tuple[Quotes, Prices]:
    at = OPEN + timedelta(minutes=minute)
    quotes = market.quotes(index, market.listing(index, at).contracts, at)
    return quotes, prices(quotes, at.timestamp(), PATIENT)


def test_less_than_one_in_a_thousand_prices_of_a_clean_day_is_an_outlier() -> None:
    market, known, odd = SimulatedMarket(calendar()), 0, 0
    for minute in range(0, 386, 35):
        for index in ("NIFTY", "SENSEX"):
            _, found = judged(market, index, minute)
            flagged = found.flags & Flag.OUTLIER != 0
            known += int((np.isfinite(found.traded) | flagged).sum())
            odd += int(flagged.sum())
    assert known > 10_000
    assert odd < known / 1000


def test_spikes_of_twenty_deviations_are_flagged_and_priced_from_their_books() -> None:
    clean, market = (
        SimulatedMarket(calendar()),
        SimulatedMarket(calendar(), faults=MarketFaults.parse("spike:0.05")),
    )
    spikes, seen = 0, 0
    for minute in (35, 140, 280):
        quotes, found = judged(market, "NIFTY", minute)
        before, sound = judged(clean, "NIFTY", minute)
        spiked = (quotes.last > 5 * before.last) & np.isfinite(sound.traded)
        spikes += int(spiked.sum())
        seen += int((found.flags[spiked] & Flag.OUTLIER != 0).sum())
        assert np.isnan(found.traded[spiked & (found.flags & Flag.OUTLIER != 0)]).all()
    assert spikes > 20
    assert (
        seen >= 0.95 * spikes
    )  # a strike without a book between strikes without one is held against nothing
