"""Which instrument is asked for, what candles become, and what a refusal means."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np
import pytest

from g6.adapters.kite import KiteCandles
from g6.adapters.kite.rest_client import make_client
from g6.domain.market.calendar import IST
from g6.domain.market.instrument import Contracts, Future, Listing
from g6.errors import ProviderRefused

DAY = date(2026, 11, 20)
CONTRACTS = Contracts(
    "NIFTY", np.array(["2026-11-24"], dtype="datetime64[D]"), np.array([26000.0]), np.array([65]), np.array([0.05]),
    np.array([["NIFTYCE"], [""]], dtype=object), np.array([[77], [0]]),
)  # fmt: skip
FUTURES = (
    Future("OLD", 1, date(2026, 11, 19), 65, 0.1),
    Future("NOV", 2, date(2026, 11, 24), 65, 0.1),
)
LISTING = Listing("NIFTY", DAY, CONTRACTS, FUTURES)
TOKENS = {"NSE:NIFTY 50": 256265, "NSE:INDIA VIX": 264969}
CANDLE = {
    "date": datetime(2026, 11, 20, 9, 15, tzinfo=IST),
    "open": 1,
    "high": 3,
    "low": 0.5,
    "close": 2,
    "volume": 130,
}


@pytest.mark.parametrize(
    ("instrument", "token"), [("spot", 256265), ("vix", 264969), ("future", 2), ("NIFTYCE", 77)]
)
def test_each_instrument_is_asked_for_by_its_token_and_its_day(instrument, token):
    asked = []
    KiteCandles(lambda *told: asked.append(told) or [], TOKENS).minutes(LISTING, instrument)
    assert asked == [(token, "2026-11-20 00:00:00", "2026-11-20 23:59:59")]


def test_candles_are_ascending_and_without_open_interest_it_is_unknown():
    later = CANDLE | {"date": datetime(2026, 11, 20, 9, 16, tzinfo=IST), "oi": 650}
    found = KiteCandles(lambda *_: [later, CANDLE], TOKENS).minutes(LISTING, "NIFTYCE")
    assert np.array_equal(found["oi"], [np.nan, 650.0], equal_nan=True)
    assert found["start"][0] == CANDLE["date"].timestamp()


def test_a_contract_that_is_gone_has_no_candles_and_an_index_is_never_gone():
    def refuse(*_):
        raise ProviderRefused("invalid token")

    shop = KiteCandles(refuse, TOKENS)
    assert len(shop.minutes(LISTING, "NIFTYCE")) == 0
    with pytest.raises(ProviderRefused):
        shop.minutes(LISTING, "spot")
    assert len(shop.minutes(LISTING, "not listed")) == 0


@pytest.mark.parametrize("value", [None, "12", "", True, [], 10**400, float("nan")])
@pytest.mark.parametrize("name", ["open", "high", "low", "close", "volume", "oi"])
def test_a_value_that_is_no_number_is_unknown_and_costs_no_other(name, value):
    (found,) = KiteCandles(lambda *_: [CANDLE | {"oi": 650} | {name: value}], TOKENS).minutes(
        LISTING, "NIFTYCE"
    )
    told = CANDLE | {"oi": 650}
    for each in ("open", "high", "low", "close", "volume", "oi"):
        assert np.isnan(found[each]) if each == name else found[each] == told[each]


def test_the_client_leaves_out_candles_that_have_no_date_and_keeps_the_others():
    minute = ["2026-11-20T09:15:00+0530", 1, 3, 0.5, 2, 130]
    rows = [
        minute,
        [None, *minute[1:]],
        ["noon", 1],
        [],
        None,
        "candle",
        [minute[0].replace("15:00", "16:00"), None, 3],
    ]
    told = make_client("key")._format_historical({"candles": rows})
    assert [(candle["date"], candle["open"]) for candle in told] == [
        (CANDLE["date"], 1),
        (CANDLE["date"] + timedelta(minutes=1), None),
    ]
    assert "oi" not in told[0]
