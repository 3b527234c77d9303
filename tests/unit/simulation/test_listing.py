from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from g6.domain.market.dump_layout import DUMP_COLUMNS, INDEX_NUMBERS
from g6.domain.market.expiry import resolve
from g6.domain.market.instrument import INDICES, listing, strike_step
from g6.simulation import SimulatedMarket
from tests.worlds.asking import SIX, ist
from tests.worlds.kite_symbols import monthly_by_symbol

NOON = ist("2026-11-18 12:00")


def test_only_nifty_and_sensex_list_weeklies(market: SimulatedMarket) -> None:
    with_weeklies = set()
    for index in SIX:
        contracts = market.listing(index, NOON).contracts
        symbols = np.where(contracts.symbol[0] == "", contracts.symbol[1], contracts.symbol[0])
        if not all(monthly_by_symbol(symbol, index) for symbol in symbols):
            with_weeklies.add(index)
    assert with_weeklies == {"NIFTY", "SENSEX"}


def test_a_holiday_moves_the_expiry_to_the_day_before(market: SimulatedMarket) -> None:
    assert market.listing("NIFTY", NOON).contracts.expiries[:3] == (
        date(2026, 11, 23),
        date(2026, 12, 1),
        date(2026, 12, 8),
    )
    assert market.listing("NIFTY", ist("2026-10-15 12:00")).contracts.expiries[0] == date(
        2026, 10, 19
    )


def test_expiries_reach_into_years_without_a_calendar(market: SimulatedMarket) -> None:
    expiries = market.listing("NIFTY", NOON).contracts.expiries
    assert expiries[-1] >= date(2031, 6, 1)
    assert all(each.weekday() == 1 for each in expiries if each.year > 2026)


def test_weeklies_fell_on_thursday_before_september_2025(market: SimulatedMarket) -> None:
    expiries = market.listing("NIFTY", ist("2025-06-10 12:00")).contracts.expiries
    assert {each.weekday() for each in expiries if each < date(2025, 8, 30)} == {3}


def test_the_expiry_structure_of_a_real_dump_is_reproduced(market: SimulatedMarket) -> None:
    real = "2026-08-18 2026-08-25 2026-09-01 2026-09-08 2026-09-15 2026-09-29 2026-10-27 2026-12-29 2027-03-30 2027-06-29 2027-12-28"
    found = market.listing("NIFTY", ist("2026-08-18 12:00")).contracts.expiries
    assert [each.isoformat() for each in found[:11]] == real.split()


@pytest.mark.parametrize(
    ("index", "step"),
    [("NIFTY", 50), ("BANKNIFTY", 100), ("FINNIFTY", 50), ("MIDCPNIFTY", 25), ("SENSEX", 100)],
)
def test_the_strike_step_can_be_read_from_the_listing(
    market: SimulatedMarket, index: str, step: float
) -> None:
    contracts = market.listing(index, NOON).contracts
    nearest = contracts.of(contracts.expiries[0])
    assert strike_step(nearest.strike, market.underlying(index, NOON).spot) == step


def test_steps_are_wider_far_from_the_money_and_far_in_time(market: SimulatedMarket) -> None:
    near = market.listing("FINNIFTY", NOON).contracts
    assert set(np.diff(near.of(near.expiries[0]).strike)) == {50, 100}
    far = market.listing("NIFTY", NOON).contracts
    assert np.diff(far.of(far.expiries[-1]).strike).min() >= 500


def test_the_buckets_of_six_indices_hold_about_3900_options(market: SimulatedMarket) -> None:
    total = 0
    for index in SIX:
        contracts = market.listing(index, NOON).contracts
        slots = resolve(
            contracts.expiries, NOON, market.calendar, INDICES[index].exchange, underlying=index
        ).slots
        wanted = np.isin(
            contracts.expiry, np.array([slot.expiry for slot in slots], dtype="datetime64[D]")
        )
        total += int((contracts.symbol[:, wanted] != "").sum())
    assert 3600 <= total <= 4300


def test_strikes_once_listed_stay_and_new_ones_appear_in_the_morning_only(
    market: SimulatedMarket,
) -> None:
    expiry, seen, grown = date(2026, 11, 23), np.array([]), 0
    for session in market.calendar.sessions_between("NSE", date(2026, 9, 1), expiry):
        strikes = market.listing("NIFTY", session.open).contracts.of(expiry).strike
        assert np.isin(seen, strikes).all()
        assert np.array_equal(
            strikes, market.listing("NIFTY", session.close).contracts.of(expiry).strike
        )
        grown += len(strikes) > len(seen) > 0
        seen = strikes
    assert 3 <= grown <= 40


def test_some_strikes_list_one_side_only(market: SimulatedMarket) -> None:
    missing = sum(int((market.listing(index, NOON).contracts.symbol == "").sum()) for index in SIX)
    assert 5 <= missing <= 150


def test_lots_are_mixed_while_a_change_is_under_way(market: SimulatedMarket) -> None:
    assert set(market.listing("NIFTY", ist("2025-12-15 12:00")).contracts.lot_size) == {75, 65}
    assert set(market.listing("NIFTY", NOON).contracts.lot_size) == {65}


def test_symbols_follow_kites_grammar(market: SimulatedMarket) -> None:
    contracts = market.listing("NIFTY", NOON).contracts
    assert "NIFTY26NOV24000CE" in contracts.of(date(2026, 11, 23)).symbol[0]
    assert "NIFTY26D0124000PE" in contracts.of(date(2026, 12, 1)).symbol[1]
    assert (
        "SENSEX26N1977000CE"
        in market.listing("SENSEX", NOON).contracts.of(date(2026, 11, 19)).symbol[0]
    )
    assert market.listing("NIFTY", NOON).futures[0].symbol == "NIFTY26NOVFUT"


@pytest.mark.parametrize(("exchange", "segment"), [("NFO", 2), ("BFO", 5)])
def test_tokens_are_unique_and_carry_the_segment(
    market: SimulatedMarket, exchange: str, segment: int
) -> None:
    tokens = [row[0] for row in market.dump(exchange, NOON)]
    assert len(tokens) == len(set(tokens))
    assert {token % 256 for token in tokens} == {segment}
    assert max(tokens) < 2**32


def test_a_token_belongs_to_one_contract_all_its_life(market: SimulatedMarket) -> None:
    early, late = (
        market.listing("NIFTY", at).contracts.of(date(2026, 11, 23))
        for at in (ist("2026-10-05 12:00"), NOON)
    )
    assert (
        dict(zip(early.symbol[0], early.token[0], strict=True)).items()
        <= dict(zip(late.symbol[0], late.token[0], strict=True)).items()
    )


def test_a_dump_has_the_awkward_neighbours_and_none_is_taken_for_nifty(
    market: SimulatedMarket,
) -> None:
    rows = market.dump("NFO", NOON)
    assert {row[3] for row in rows} >= {"NIFTY", "BANKNIFTY", "NIFTYNXT50", "NIFTYFPI"}
    columns = dict(zip(DUMP_COLUMNS, zip(*rows, strict=True), strict=True))
    renamed = {"symbol": columns["tradingsymbol"], "token": columns["instrument_token"]} | columns
    read = listing("NIFTY", renamed, NOON.date())
    assert np.array_equal(read.contracts.symbol, market.listing("NIFTY", NOON).contracts.symbol)
    assert read.futures == market.listing("NIFTY", NOON).futures


def test_the_cash_markets_dump_names_every_quote_key(market: SimulatedMarket) -> None:
    keys = {
        f"{row[-1]}:{row[2]}" for exchange in ("NSE", "BSE") for row in market.dump(exchange, NOON)
    }
    assert keys == set(INDEX_NUMBERS)
    assert {INDICES[index].quote_key for index in SIX} < keys
    assert {row[0] for row in market.dump("BSE", NOON)} == {265, 274441}


def test_a_closed_day_lists_what_the_session_before_did(market: SimulatedMarket) -> None:
    friday, sunday = ist("2026-11-20 12:00"), ist("2026-11-22 12:00")
    assert market.listing("NIFTY", sunday).on == date(2026, 11, 20)
    assert np.array_equal(
        market.listing("NIFTY", sunday).contracts.symbol,
        market.listing("NIFTY", friday).contracts.symbol,
    )


def test_an_expired_series_is_gone_the_next_morning(market: SimulatedMarket) -> None:
    assert date(2026, 11, 23) in market.listing("NIFTY", ist("2026-11-23 15:40")).contracts.expiries
    assert (
        date(2026, 11, 23)
        not in market.listing("NIFTY", ist("2026-11-25 09:00") + timedelta(0)).contracts.expiries
    )
