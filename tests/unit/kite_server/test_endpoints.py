"""What quotes, dumps and candles say at an instant: the shapes the broker has, awkward ones included."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from g6.kite_server.refusal import RequestRefusal
from g6.kite_server.server_state import ServerState

Asking = Callable[..., Any]
CALL, FAR, FUTURE = "NFO:NIFTY26NOV24000CE", "NFO:NIFTY26NOV19800CE", "NFO:NIFTY26NOVFUT"
NIFTY, VIX = "NSE:NIFTY 50", "NSE:INDIA VIX"


def dump(told: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(told.decode())))


def test_unknown_and_expired_keys_are_left_out_without_a_word(ask: Asking) -> None:
    assert list(ask("/quote", CALL, "NFO:NIFTY26OCT24000CE", "NSE:NIFTY", NIFTY)) == [CALL, NIFTY]


def test_a_token_written_out_answers_under_itself(ask: Asking) -> None:
    told = ask("/quote/ltp", "256265", NIFTY)
    assert told["256265"] == told[NIFTY]


@pytest.mark.parametrize(
    ("path", "most"), [("/quote", 500), ("/quote/ohlc", 1000), ("/quote/ltp", 1000)]
)
def test_too_many_keys_are_refused(ask: Asking, path: str, most: int) -> None:
    with pytest.raises(RequestRefusal, match=f"Max permitted is {most}") as refused:
        ask(path, *(f"NFO:X{n}" for n in range(most + 1)))
    assert (refused.value.status, refused.value.kind) == (400, "InputException")
    assert ask(path, *(f"NFO:X{n}" for n in range(most))) == {}


def test_no_keys_at_all_are_refused(ask: Asking) -> None:
    with pytest.raises(RequestRefusal):
        ask("/quote")


def test_quantities_are_units(ask: Asking) -> None:
    told = ask("/quote", CALL)[CALL]
    levels = [level["quantity"] for side in told["depth"].values() for level in side]
    quantities = [
        told[name]
        for name in (
            "volume",
            "oi",
            "oi_day_high",
            "buy_quantity",
            "sell_quantity",
            "last_quantity",
        )
    ]
    assert all(each % 65 == 0 for each in levels + quantities)


def test_a_book_has_five_levels_a_side_best_first(ask: Asking) -> None:
    depth = ask("/quote", CALL)[CALL]["depth"]
    bids, asks = ([level["price"] for level in depth[side]] for side in ("buy", "sell"))
    assert len(bids) == len(asks) == 5
    assert sorted(bids, reverse=True) == bids
    assert sorted(asks) == asks
    assert 0 < bids[0] < asks[0]


def test_a_books_levels_do_not_exceed_its_total(ask: Asking) -> None:
    told = ask("/quote", CALL)[CALL]
    for side in ("buy", "sell"):
        assert sum(level["quantity"] for level in told["depth"][side]) <= told[f"{side}_quantity"]


def test_an_empty_side_is_five_levels_of_zeros(ask: Asking) -> None:
    told = ask("/quote", *(f"NFO:NIFTY26NOV{strike}CE" for strike in range(19800, 22000, 50)))
    empty = [each for each in told.values() if not each["sell_quantity"]]
    assert empty
    assert empty[0]["depth"]["sell"] == [{"price": 0, "quantity": 0, "orders": 0}] * 5


def test_an_option_that_has_not_traded_today_has_the_price_of_another_day_and_no_day(
    ask: Asking,
) -> None:
    told = ask("/quote", *(f"NFO:NIFTY26NOV{strike}CE" for strike in range(19800, 22000, 50)))
    idle = [each for each in told.values() if each["volume"] == 0]
    assert idle
    for each in idle:
        close = each["ohlc"]["close"]
        assert each["last_price"] == close > 0
        assert each["ohlc"] == {"open": 0.0, "high": 0.0, "low": 0.0, "close": close}
        assert each["average_price"] == 0
    assert {str(each["last_trade_time"])[:10] for each in idle} <= {
        "None",
        "1970-01-01",
        "2026-11-19",
    }


def test_what_has_not_traded_on_a_monday_did_so_on_friday_or_never(
    ask: Asking, state: ServerState, set_clock: Callable[[str], None]
) -> None:  # fmt: skip
    set_clock("2026-11-16 10:00:00")
    told = ask(
        "/quote",
        *(key for key in state.catalogue().by_key if key.startswith("NFO:NIFTYNXT5026DEC")),
    )
    days = {str(each["last_trade_time"])[:10] for each in told.values() if each["volume"] == 0}
    assert "2026-11-13" in days
    assert days <= {"None", "1970-01-01", "2026-11-13"}


def test_times_are_indias_in_nineteen_characters(ask: Asking) -> None:
    told = ask("/quote", CALL, NIFTY)
    assert told[CALL]["timestamp"] == told[NIFTY]["timestamp"] == "2026-11-20 10:00:00"


@pytest.mark.parametrize(
    ("shape", "expected"),
    [("null", None), ("empty", []), ("zeros", [{"price": 0, "quantity": 0, "orders": 0}] * 5)],
)
def test_an_index_has_no_book(
    ask: Asking, state: ServerState, shape: str, expected: object
) -> None:
    state.index_depth = shape
    told = ask("/quote", NIFTY)[NIFTY]
    assert told["depth"] == {"buy": expected, "sell": expected}
    assert (told["volume"], told["oi"], told["last_trade_time"]) == (0, 0, "")


def test_an_index_may_lack_its_depth_altogether(ask: Asking, state: ServerState) -> None:
    state.index_depth = "missing"
    assert "depth" not in ask("/quote", NIFTY)[NIFTY]


def test_vix_has_a_day(ask: Asking) -> None:
    told = ask("/quote/ohlc", VIX)[VIX]
    assert told["ohlc"]["low"] <= told["last_price"] <= told["ohlc"]["high"]


def test_all_months_of_a_future_are_quoted_on_their_ticks(ask: Asking) -> None:
    keys = [f"NFO:BANKNIFTY{month}FUT" for month in ("26NOV", "26DEC", "27JAN")]
    told = ask("/quote", *keys)
    assert list(told) == keys
    near, far = (told[key] for key in keys[:2])
    assert near["last_price"] < far["last_price"]
    assert near["volume"] > far["volume"]
    for each in told.values():
        assert round(each["last_price"] / 0.2, 6) % 1 == 0


def test_closing_values_stand_after_hours_and_through_the_night(
    ask: Asking, set_clock: Callable[[str], None]
) -> None:
    set_clock("2026-11-20 15:40:00")
    closing = ask("/quote", CALL)[CALL]
    for later in ("2026-11-20 18:00:00", "2026-11-22 12:00:00"):
        set_clock(later)
        assert ask("/quote", CALL)[CALL] == closing
    assert closing["timestamp"] <= "2026-11-20 15:40:00"


def test_the_index_freezes_and_jumps_once_while_options_go_on(
    ask: Asking, set_clock: Callable[[str], None]
) -> None:
    seen = {}
    for time in ("15:15:00", "15:20:00", "15:30:00", "15:35:01", "15:39:00"):
        set_clock(f"2026-11-20 {time}")
        told = ask("/quote", NIFTY, CALL)
        seen[time] = (told[NIFTY]["last_price"], told[CALL]["timestamp"])
    values = [value for value, _ in seen.values()]
    assert values[0] == values[1] == values[2] != values[3] == values[4]
    assert seen["15:20:00"][1] == "2026-11-20 15:20:00"


def test_before_the_open_prices_may_be_rewritten_to_settlement(
    ask: Asking, state: ServerState, set_clock: Callable[[str], None]
) -> None:  # fmt: skip
    set_clock("2026-11-20 09:00:00")
    last = ask("/quote", CALL)[CALL]["last_price"]
    state.faults.add(_fault("settlement"), state.clock.market())
    settled = ask("/quote", CALL)[CALL]
    set_clock("2026-11-20 06:00:00")
    untouched = ask("/quote", CALL)[CALL]["last_price"]
    set_clock("2026-11-20 10:00:00")
    assert settled["last_price"] == ask("/quote", CALL)[CALL]["ohlc"]["close"] != last
    assert untouched == last


def test_a_frozen_index_stands_while_the_rest_goes_on(
    ask: Asking, state: ServerState, set_clock: Callable[[str], None]
) -> None:
    before = ask("/quote/ltp", NIFTY, "NSE:NIFTY BANK")
    state.faults.add(_fault("freeze", value="NIFTY"), state.clock.market())
    set_clock("2026-11-20 10:05:00")
    after = ask("/quote/ltp", NIFTY, "NSE:NIFTY BANK")
    assert after[NIFTY] == before[NIFTY]
    assert after["NSE:NIFTY BANK"] != before["NSE:NIFTY BANK"]


def _fault(name: str, **details: str) -> Any:
    from g6.kite_server.server_faults import fault

    return fault({"name": name, **details})


def test_a_dump_has_no_empty_number(ask: Asking) -> None:
    rows = dump(ask("/instruments"))
    assert all(
        row[name]
        for row in rows
        for name in ("last_price", "strike", "tick_size", "lot_size", "instrument_token")
    )
    assert {row["exchange"] for row in rows} == {"NSE", "BSE", "NFO", "BFO"}


def test_a_dump_has_the_neighbours_one_sided_strikes_and_several_lots(
    ask: Asking, set_clock: Callable[[str], None]
) -> None:
    set_clock("2025-12-22 10:00:00")
    rows = dump(ask("/instruments/NFO")) + dump(ask("/instruments/BFO"))
    roots = {row["name"] for row in rows}
    assert {"NIFTY", "NIFTYNXT50", "NIFTYFPI", "BANKNIFTY", "SENSEX", "SENSEX50"} <= roots
    assert len({row["lot_size"] for row in rows if row["name"] == "NIFTY"}) == 2
    sides: dict[tuple[str, ...], int] = {}
    for row in rows:
        if row["instrument_type"] in ("CE", "PE"):
            key = (row["name"], row["expiry"], row["strike"])
            sides[key] = sides.get(key, 0) + 1
    assert set(sides.values()) == {1, 2}


def test_the_days_dump_comes_at_a_quarter_to_eight(
    ask: Asking, set_clock: Callable[[str], None]
) -> None:
    set_clock("2026-11-24 07:00:00")
    assert min(row["expiry"] for row in dump(ask("/instruments/NFO"))) == "2026-11-23"
    set_clock("2026-11-25 07:44:00")
    assert min(row["expiry"] for row in dump(ask("/instruments/NFO"))) == "2026-11-23"
    set_clock("2026-11-25 07:46:00")
    assert min(row["expiry"] for row in dump(ask("/instruments/NFO"))) > "2026-11-23"


def test_funds_that_are_named_like_indices_are_listed_and_not_quoted(ask: Asking) -> None:
    listed = {row["tradingsymbol"]: row for row in dump(ask("/instruments/NSE"))}
    assert (listed["NIFTYBEES"]["segment"], listed["NIFTYBEES"]["lot_size"]) == ("NSE", "1")
    assert ask("/quote", "NSE:NIFTYBEES") == {}


def test_every_other_row_of_the_dump_answers(ask: Asking) -> None:
    cash = dump(ask("/instruments/NSE")) + dump(ask("/instruments/BSE"))
    keys = [
        f"{row['exchange']}:{row['tradingsymbol']}" for row in cash if row["segment"] == "INDICES"
    ]
    assert list(ask("/quote/ltp", *keys)) == keys
    contracts = [
        f"NFO:{row['tradingsymbol']}"
        for row in dump(ask("/instruments/NFO"))
        if row["name"] == "FINNIFTY"
    ]
    assert list(ask("/quote/ltp", *contracts)) == contracts


def test_a_route_that_is_none_is_not_found(ask: Asking) -> None:
    with pytest.raises(RequestRefusal) as refused:
        ask("/margins/equity")
    assert refused.value.status == 404


def candles(ask: Asking, token: int, interval: str = "minute", **query: str) -> list[list[Any]]:
    wanted = {"from_": "2026-11-20 09:15:00", "to": "2026-11-20 09:20:00"} | query
    return ask(f"/instruments/historical/{token}/{interval}", **wanted)["candles"]


def test_candles_are_minutes_of_the_session_and_the_end_is_included(ask: Asking) -> None:
    told = candles(ask, 256265)
    assert [row[0] for row in told] == [
        f"2026-11-20T09:{minute}:00+0530" for minute in range(15, 21)
    ]
    assert all(
        low <= min(opened, close) <= max(opened, close) <= high
        for _, opened, high, low, close, _ in told
    )
    assert {row[5] for row in told} == {0}


def test_candles_of_an_option_add_up_to_its_quote(ask: Asking) -> None:
    quote = ask("/quote", CALL)[CALL]
    told = candles(ask, quote["instrument_token"], to="2026-11-20 10:00:00", oi="1")
    assert sum(row[5] for row in told) == pytest.approx(quote["volume"], rel=0.02)
    assert max(row[2] for row in told) == quote["ohlc"]["high"]
    assert min(row[3] for row in told) == quote["ohlc"]["low"]
    assert told[0][1] == quote["ohlc"]["open"]
    assert all(len(row) == 7 and row[6] % 65 == 0 for row in told)


def test_a_days_candle_is_the_sum_of_its_minutes(
    ask: Asking, set_clock: Callable[[str], None]
) -> None:
    set_clock("2026-11-20 16:00:00")
    token = ask("/quote/ltp", FUTURE)[FUTURE]["instrument_token"]
    (whole,) = candles(ask, token, "day", from_="2026-11-20", to="2026-11-20")
    minutes = candles(ask, token, from_="2026-11-20", to="2026-11-20")
    assert whole[0] == "2026-11-20T00:00:00+0530"
    assert whole[5] == sum(row[5] for row in minutes)
    assert len(minutes) == 385


def test_a_minute_is_told_when_it_is_over(ask: Asking) -> None:
    assert candles(ask, 256265, to="2026-11-20 11:00:00")[-1][0] == "2026-11-20T09:59:00+0530"


@pytest.mark.parametrize(
    ("interval", "most"),
    [("minute", 60), ("5minute", 100), ("30minute", 200), ("60minute", 400), ("day", 2000)],
)
def test_too_long_a_span_is_refused(ask: Asking, interval: str, most: int) -> None:
    first = date(2026, 11, 20).toordinal() - most - 1
    with pytest.raises(RequestRefusal, match=f"interval exceeds max limit: {most} days"):
        candles(ask, 256265, interval, from_=date.fromordinal(first).isoformat(), to="2026-11-20")


def test_an_expired_contract_is_an_invalid_token(
    ask: Asking, set_clock: Callable[[str], None]
) -> None:
    token = ask("/quote/ltp", CALL)[CALL]["instrument_token"]
    set_clock("2026-11-25 10:00:00")
    with pytest.raises(RequestRefusal, match="invalid token"):
        candles(ask, token)
    assert ask("/quote", CALL) == {}


@pytest.mark.parametrize("interval", ["week", "1minute"])
def test_an_interval_that_is_none_is_refused(ask: Asking, interval: str) -> None:
    with pytest.raises(RequestRefusal, match="invalid interval"):
        candles(ask, 256265, interval)
