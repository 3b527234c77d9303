"""Which instrument is asked for, what candles become, and what a refusal means."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np
import pytest

from g6.adapters.kite import KiteCandles
from g6.domain.calendar import IST
from g6.domain.instrument import Contracts, Future, Listing
from g6.errors import ProviderRefused

DAY = date(2026, 11, 20)
CONTRACTS = Contracts(
    "NIFTY", np.array(["2026-11-24"], dtype="datetime64[D]"), np.array([26000.0]), np.array([65]), np.array([0.05]),
    np.array([["NIFTYCE"], [""]], dtype=object), np.array([[77], [0]]),
)  # fmt: skip
FUTURES = (Future("OLD", 1, date(2026, 11, 19), 65, 0.1), Future("NOV", 2, date(2026, 11, 24), 65, 0.1))
LISTING = Listing("NIFTY", DAY, CONTRACTS, FUTURES)
TOKENS = {"NSE:NIFTY 50": 256265, "NSE:INDIA VIX": 264969}
CANDLE = {"date": datetime(2026, 11, 20, 9, 15, tzinfo=IST), "open": 1, "high": 3, "low": 0.5, "close": 2, "volume": 130}


@pytest.mark.parametrize(("instrument", "token"), [("spot", 256265), ("vix", 264969), ("future", 2), ("NIFTYCE", 77)])
def test_each_instrument_is_asked_for_by_its_token_and_its_day(instrument, token):
    asked = []
    KiteCandles(lambda *told: asked.append(told) or [], TOKENS).minutes(LISTING, instrument)
    assert asked == [(token, "2026-11-20 00:00:00", "2026-11-20 23:59:59")]


def test_candles_are_ascending_and_without_open_interest_there_is_none():
    later = CANDLE | {"date": datetime(2026, 11, 20, 9, 16, tzinfo=IST), "oi": 650}
    found = KiteCandles(lambda *_: [later, CANDLE], TOKENS).minutes(LISTING, "NIFTYCE")
    assert found["oi"].tolist() == [0.0, 650.0]
    assert found["start"][0] == CANDLE["date"].timestamp()


def test_a_contract_that_is_gone_has_no_candles_and_an_index_is_never_gone():
    def refuse(*_):
        raise ProviderRefused("invalid token")

    shop = KiteCandles(refuse, TOKENS)
    assert len(shop.minutes(LISTING, "NIFTYCE")) == 0
    with pytest.raises(ProviderRefused):
        shop.minutes(LISTING, "spot")
    assert len(shop.minutes(LISTING, "not listed")) == 0
