"""The broker's quotes, in every shape they come in, as columns."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from math import isnan
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from g6.adapters.kite.quote_parsing import (
    _PLAIN_FIELDS,
    epoch,
    option_fields,
    parse_quotes,
    parse_underlying,
)
from g6.domain.market.instrument import Contracts, Future
from g6.domain.quotes.quotes import DEPTH_FIELDS

NAN = float("nan")
EMPTY = [{"price": 0, "quantity": 0, "orders": 0}] * 5


def quoted(**changes: Any) -> dict[str, Any]:
    """One option's answer as /quote gives it."""
    return {
        "instrument_token": 12345602,
        "timestamp": "2026-11-20 09:35:12",
        "last_trade_time": "2026-11-20 09:35:02",
        "last_price": 123.45,
        "last_quantity": 65,
        "buy_quantity": 130000,
        "sell_quantity": 97500,
        "volume": 6500000,
        "average_price": 120.1,
        "oi": 1300000,
        "oi_day_high": 1400000,
        "oi_day_low": 1200000,
        "net_change": 0,
        "lower_circuit_limit": 0.05,
        "upper_circuit_limit": 900.0,
        "ohlc": {"open": 115, "high": 130, "low": 110, "close": 125},
        "depth": {
            "buy": [{"price": 123.4, "quantity": 130, "orders": 2}],
            "sell": [{"price": 123.5, "quantity": 65, "orders": 1}],
        },
    } | changes


def contracts(*symbols: tuple[str, str]) -> Contracts:
    n = len(symbols)
    return Contracts(
        "NIFTY", np.full(n, "2026-11-23", dtype="datetime64[D]"), 26000.0 + 50 * np.arange(n), np.full(n, 65), np.full(n, 0.05),
        np.array(symbols, dtype=object).T, np.ones((2, n), dtype=np.int64),
    )  # fmt: skip


NO_DEPTH = {
    name: 0.0 if "quantity" in name else pytest.approx(NAN, nan_ok=True) for name in DEPTH_FIELDS
}


def test_a_traded_option_says_everything() -> None:
    found = option_fields(quoted())
    assert found == {
        **NO_DEPTH, "bid_depth": 130, "ask_depth": 65,
        "last": 123.45, "bid": 123.4, "ask": 123.5, "bid_quantity": 130, "ask_quantity": 65, "buy_quantity": 130000,
        "sell_quantity": 97500, "open": 115, "high": 130, "low": 110, "close": 125, "volume": 6500000, "oi": 1300000,
        "oi_day_high": 1400000, "oi_day_low": 1200000, "average_price": 120.1,
        "last_trade_time": datetime(2026, 11, 20, 4, 5, 2, tzinfo=UTC).timestamp(),
        "quote_time": datetime(2026, 11, 20, 4, 5, 12, tzinfo=UTC).timestamp(),
    }  # fmt: skip


def test_an_option_that_has_not_traded_today_has_no_candle_and_no_average_but_its_volume_of_nothing() -> (
    None
):
    untraded = quoted(
        volume=0, average_price=0, ohlc={"open": 0, "high": 0, "low": 0, "close": 125}
    )
    found = option_fields(untraded)
    assert all(isnan(found[name]) for name in ("open", "high", "low", "average_price"))
    assert (found["close"], found["volume"], found["last"]) == (125, 0, 123.45)


@pytest.mark.parametrize(
    ("depth", "quantity"),
    [
        ({"buy": EMPTY, "sell": EMPTY}, 0.0),
        ({"buy": [], "sell": []}, 0.0),
        ({"buy": None, "sell": None}, 0.0),
        (None, NAN),
    ],
)
def test_an_empty_book_has_no_price_however_it_is_written(depth: Any, quantity: float) -> None:
    found = option_fields(quoted(depth=depth))
    assert isnan(found["bid"])
    assert isnan(found["ask"])
    np.testing.assert_equal(found["bid_quantity"], quantity)


def test_a_missing_depth_is_no_book() -> None:
    answer = quoted()
    del answer["depth"]
    assert isnan(option_fields(answer)["bid_quantity"])


def test_a_one_sided_book_keeps_its_side() -> None:
    found = option_fields(quoted(depth={"buy": EMPTY, "sell": quoted()["depth"]["sell"]}))
    assert isnan(found["bid"])
    assert found["ask"] == 123.5


def test_a_negative_price_is_no_level() -> None:
    assert isnan(
        option_fields(quoted(depth={"buy": [{"price": -0.01, "quantity": 0}], "sell": []}))["bid"]
    )


@pytest.mark.parametrize("price", [0, 0.0, -0.05, -1])
def test_a_last_price_that_cannot_be_stays_where_something_has_traded_so_that_it_is_counted(
    price: float,
) -> None:
    for told in ({"volume": 0}, {"last_trade_time": None}):
        assert option_fields(quoted(last_price=price, **told))["last"] == price


def test_what_has_never_traded_has_no_last_price() -> None:
    assert isnan(option_fields(quoted(last_price=0, volume=0, last_trade_time=None))["last"])
    assert isnan(
        option_fields(quoted(last_price=0, volume=0, last_trade_time="1970-01-01 05:30:00"))["last"]
    )


def test_a_future_at_zero_is_no_future() -> None:
    answers = {"NSE:NIFTY 50": {"last_price": 26010.5}, "NFO:NIFTY26NOVFUT": quoted(last_price=0)}
    future = Future("NIFTY26NOVFUT", 7, date(2026, 11, 23), 65, 0.1)
    seen = parse_underlying(answers, "NSE:NIFTY 50", "NSE:INDIA VIX", "NFO:NIFTY26NOVFUT", future)
    assert isnan(seen.future)
    assert seen.future_expiry is None


def test_open_interest_of_nothing_is_not_missing_open_interest() -> None:
    answer = quoted(oi=0)
    assert option_fields(answer)["oi"] == 0
    del answer["oi"]
    assert isnan(option_fields(answer)["oi"])


@pytest.mark.parametrize(
    "value",
    ["", None, "1970-01-01 05:30:00", "soon", 0, datetime(1970, 1, 1, 5, 30)],  # noqa: DTZ001
)
def test_no_instant_is_no_instant(value: Any) -> None:
    assert isnan(epoch(value))


def test_a_naive_instant_is_indias_whatever_the_hosts_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    wanted = datetime(2026, 11, 20, 4, 5, 12, tzinfo=UTC).timestamp()
    assert epoch("2026-11-20 09:35:12") == wanted
    assert epoch(datetime(2026, 11, 20, 9, 35, 12)) == wanted  # noqa: DTZ001 - as the client gives it
    assert epoch("2026-11-20T09:35:12+0530") == wanted


def test_an_answer_that_did_not_come_is_missing_throughout_and_unlisted_sides_too() -> None:
    found = parse_quotes(
        {"NFO:A": quoted(), "NFO:C": "rubbish"}, contracts(("A", "B"), ("C", "")), "NFO"
    )
    assert found["last"][0, 0] == 123.45
    for values in found.values():
        assert np.isnan([values[1, 0], values[0, 1], values[1, 1]]).all()


def test_open_interest_of_yesterday_is_never_in_a_quote() -> None:
    assert np.isnan(parse_quotes({"NFO:A": quoted()}, contracts(("A", "")), "NFO")["oi_prev"]).all()


def test_numbers_that_are_none_are_missing() -> None:
    found = option_fields(
        quoted(oi="many", volume=None, last_price=float("inf"), buy_quantity=True)
    )
    assert all(isnan(found[name]) for name in ("oi", "volume", "last", "buy_quantity"))


def test_an_index_has_no_book_and_no_trades_and_its_garbage_change_is_not_read() -> None:
    index = {
        "last_price": 26010.5, "timestamp": "2026-11-20 09:35:12", "last_trade_time": "", "net_change": 1.2e38, "depth":
        {"buy": None, "sell": None}, "ohlc": {"open": 25950, "high": 26120, "low": 25880.1, "close": 25900},
    }  # fmt: skip
    future = Future("NIFTY26NOVFUT", 1, date(2026, 11, 23), 65, 0.1)
    answers = {
        "NSE:NIFTY 50": index,
        "NFO:NIFTY26NOVFUT": quoted(last_price=26040.0),
        "NSE:INDIA VIX": {"last_price": 13.2},
    }
    seen = parse_underlying(answers, "NSE:NIFTY 50", "NSE:INDIA VIX", "NFO:NIFTY26NOVFUT", future)
    assert (seen.spot, seen.open, seen.high, seen.low, seen.prev_close) == (
        26010.5,
        25950,
        26120,
        25880.1,
        25900,
    )
    assert seen.spot_time == datetime(2026, 11, 20, 4, 5, 12, tzinfo=UTC).timestamp()
    assert (seen.future, seen.future_expiry, seen.vix, seen.future_bid) == (
        26040.0,
        date(2026, 11, 23),
        13.2,
        123.4,
    )


def test_an_underlying_that_did_not_come_is_unknown() -> None:
    seen = parse_underlying({}, "NSE:NIFTY 50", "NSE:INDIA VIX", "", None)
    assert isnan(seen.spot)
    assert isnan(seen.vix)
    assert seen.future_expiry is None


def test_the_brokers_own_sample_is_read(shared: Path) -> None:
    sample = json.loads((shared / "data/kite/kiteconnect-mocks/quote.json").read_text("utf-8"))[
        "data"
    ]["NSE:INFY"]
    found = option_fields(sample)
    assert (found["last"], found["ask"], found["ask_quantity"], found["close"]) == (
        1412.95,
        1412.95,
        5191,
        1389.65,
    )
    assert isnan(found["bid"])
    assert found["oi"] == 0


LEVELS = [{"price": 123.4 - 0.05 * n, "quantity": 65 * (n + 1), "orders": n} for n in range(5)]


def test_five_levels_are_read_with_their_sum() -> None:
    found = option_fields(quoted(depth={"buy": LEVELS, "sell": LEVELS[::-1]}))
    assert [found[name] for name in ("bid", "bid_2", "bid_3", "bid_4", "bid_5")] == [
        level["price"] for level in LEVELS
    ]
    assert [found[f"ask_quantity{n}"] for n in ("", "_2", "_3", "_4", "_5")] == [
        325,
        260,
        195,
        130,
        65,
    ]
    assert (found["bid_depth"], found["ask_depth"]) == (975, 975)


@pytest.mark.parametrize(
    "hole",
    [{"price": 0, "quantity": 0}, {"price": -0.01, "quantity": 5}, {}, None, "x", {"price": "1"}],
)
def test_a_level_that_is_none_adds_nothing(hole: Any) -> None:
    found = option_fields(quoted(depth={"buy": [*LEVELS[:2], hole, *LEVELS[3:]], "sell": None}))
    assert isnan(found["bid_3"])
    assert (found["bid_quantity_3"], found["bid_depth"], found["ask_depth"]) == (0, 65 * 12, 0)


def test_without_a_book_no_depth_is_known() -> None:
    found = option_fields(quoted(depth=None))
    assert all(
        isnan(found[name]) for name in (*DEPTH_FIELDS, "bid", "ask", "bid_depth", "ask_depth")
    )


JUNK = [
    None,
    [],
    [1],
    {},
    "text",
    7,
    True,
    10**400,
    float("nan"),
    float("inf"),
    [[]],
    {"price": []},
]


@pytest.mark.parametrize("junk", JUNK, ids=lambda junk: repr(junk)[:12])
@pytest.mark.parametrize("name", sorted(quoted()))
def test_junk_in_one_field_of_one_contract_costs_nothing_else(name: str, junk: Any) -> None:
    asked = contracts(("A", "B"), ("C", "D"))
    answers = {f"NFO:{symbol}": quoted() for symbol in "ABCD"}
    whole = parse_quotes(answers, asked, "NFO")
    found = parse_quotes(answers | {"NFO:B": quoted(**{name: junk})}, asked, "NFO")
    for field, values in whole.items():
        np.testing.assert_array_equal(np.delete(found[field], 2), np.delete(values, 2), field)
    own = {
        "depth": ("bid", "ask"),
        "ohlc": ("open", "high", "low", "close"),
        "last_trade_time": (name,),
        "timestamp": ("quote_time",),
    }
    own |= {theirs: (ours,) for ours, theirs in _PLAIN_FIELDS.items()}
    for field, values in whole.items():
        if not field.startswith(own.get(name, ())):
            np.testing.assert_array_equal(found[field], values, field)


@pytest.mark.parametrize("junk", JUNK, ids=lambda junk: repr(junk)[:12])
@pytest.mark.parametrize("key", ["NSE:NIFTY 50", "NFO:NIFTY26NOVFUT", "NSE:INDIA VIX"])
def test_junk_in_the_answer_of_index_future_or_vix_costs_nothing_else(key: str, junk: Any) -> None:
    future = Future("NIFTY26NOVFUT", 1, date(2026, 11, 23), 65, 0.1)
    answers: dict[str, Any] = {
        "NSE:NIFTY 50": {"last_price": 26010.5},
        "NFO:NIFTY26NOVFUT": quoted(last_price=26040.0),
        "NSE:INDIA VIX": {"last_price": 13.2},
    }
    for changed in (
        {key: junk},
        {key: answers[key] | {"last_price": junk, "ohlc": junk, "depth": junk, "timestamp": junk}},
    ):
        seen = parse_underlying(
            answers | changed, "NSE:NIFTY 50", "NSE:INDIA VIX", "NFO:NIFTY26NOVFUT", future
        )
        prices = {
            "NSE:NIFTY 50": seen.spot,
            "NFO:NIFTY26NOVFUT": seen.future,
            "NSE:INDIA VIX": seen.vix,
        }
        others = [prices[name] for name in answers if name != key]
        assert others == [answers[name]["last_price"] for name in answers if name != key]


@pytest.mark.parametrize(
    "text",
    [
        "0001-01-01 00:00:00",
        "9999-12-31 23:59:59",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
    ],
)
def test_an_instant_of_another_age_is_none(text: str) -> None:
    assert isnan(epoch(text))
