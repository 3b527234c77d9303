"""What a dump lists of one underlying: matched by its fields, paired by strike, kept where one side is missing."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import pytest

from g6.domain.market.instrument import (
    CE,
    INDICES,
    PE,
    Listing,
    listing,
    strike_step,
)
from tests.worlds.kite_symbols import monthly_by_symbol

ON = date(2026, 11, 20)
NEAR, FAR = date(2026, 11, 23), date(2026, 12, 1)
COLUMNS = (
    "symbol",
    "token",
    "name",
    "expiry",
    "strike",
    "tick_size",
    "lot_size",
    "instrument_type",
    "segment",
    "exchange",
)

Row = tuple[str, int, str, date | None, float, float, int, str, str, str]


def option(
    symbol: str,
    token: int,
    name: str,
    expiry: date | None,
    strike: float,
    *,
    lot: int = 65,
    root: str = "NFO",
) -> Row:
    return (symbol, token, name, expiry, strike, 0.05, lot, symbol[-2:], f"{root}-OPT", root)


def future(symbol: str, token: int, name: str, expiry: date, lot: int = 65) -> Row:
    return (symbol, token, name, expiry, 0.0, 0.1, lot, "FUT", "NFO-FUT", "NFO")


DUMP = [
    option("NIFTY26D0126000PE", 8, "NIFTY", FAR, 26000.0),
    option("NIFTY26NOV26050CE", 3, "NIFTY", NEAR, 26050.0),
    option("NIFTY26NOV26000CE", 1, "NIFTY", NEAR, 26000.0),
    option("NIFTY26NOV26000PE", 2, "NIFTY", NEAR, 26000.0),
    option("NIFTY26NOV26050PE", 4, "NIFTY", NEAR, 26050.0),
    option("NIFTY26D0126000CE", 7, "NIFTY", FAR, 26000.0),
    option("NIFTY26D0126050PE", 9, "NIFTY", FAR, 26050.0, lot=75),
    future("NIFTY26DECFUT", 12, "NIFTY", date(2026, 12, 29)),
    future("NIFTY26NOVFUT", 11, "NIFTY", NEAR),
    option("NIFTYNXT5026NOV70000CE", 21, "NIFTYNXT50", NEAR, 70000.0, lot=25),
    option("NIFTYFPI26NOV1585CE", 22, "NIFTYFPI", NEAR, 1585.0, lot=1100),
    option("BANKNIFTY26NOV57000CE", 23, "BANKNIFTY", NEAR, 57000.0, lot=30),
    option("SENSEX26NOV85000CE", 31, "SENSEX", date(2026, 11, 26), 85000.0, lot=20, root="BFO"),
    option("SENSEX5026NOV28000CE", 32, "SENSEX50", date(2026, 11, 26), 28000.0, lot=75, root="BFO"),
    ("NIFTY 50", 256265, "NIFTY 50", None, 0.0, 0.0, 0, "EQ", "INDICES", "NSE"),
    ("NIFTYBEES", 2707457, "NIFTY", None, 0.0, 0.01, 1, "EQ", "NSE", "NSE"),
]


def columns(rows: list[Row]) -> dict[str, list[Any]]:
    return {name: [row[n] for row in rows] for n, name in enumerate(COLUMNS)}


def of(name: str, rows: list[Row] = DUMP) -> Listing:
    return listing(name, columns(rows), ON)


def test_contracts_are_sorted_by_expiry_and_strike_with_sides_beside_each_other() -> None:
    contracts = of("NIFTY").contracts
    assert contracts.expiry.tolist() == [NEAR, NEAR, FAR, FAR]
    assert contracts.strike.tolist() == [26000.0, 26050.0, 26000.0, 26050.0]
    assert contracts.symbol[CE].tolist() == [
        "NIFTY26NOV26000CE",
        "NIFTY26NOV26050CE",
        "NIFTY26D0126000CE",
        "",
    ]
    assert contracts.token[PE].tolist() == [2, 4, 8, 9]


def test_a_strike_listed_on_one_side_is_kept_with_an_empty_other_side() -> None:
    last = of("NIFTY").contracts.take(np.array([3]))
    assert (last.symbol[CE][0], last.token[CE][0]) == ("", 0)
    assert (last.symbol[PE][0], last.token[PE][0]) == ("NIFTY26D0126050PE", 9)


def test_lots_are_read_per_row() -> None:
    assert of("NIFTY").contracts.lot_size.tolist() == [65, 65, 65, 75]


@pytest.mark.parametrize(
    "name", ["NIFTY", "NIFTYNXT50", "NIFTYFPI", "BANKNIFTY", "SENSEX", "SENSEX50"]
)
def test_a_root_never_gets_the_contracts_of_a_root_that_begins_or_ends_like_it(name: str) -> None:
    mine = {row[0] for row in DUMP if row[2] == name and row[7] in {"CE", "PE"}}
    assert set(of(name).contracts.symbol.ravel()) - {""} == mine


def test_cash_rows_with_the_roots_name_are_no_contracts() -> None:
    assert "NIFTYBEES" not in of("NIFTY").contracts.symbol


def test_a_known_index_is_matched_on_its_own_exchange_only() -> None:
    rows = [*DUMP, option("NIFTY26NOV26100CE", 99, "NIFTY", NEAR, 26100.0, root="BFO")]
    assert 99 not in of("NIFTY", rows).contracts.token


def test_futures_come_nearest_first() -> None:
    assert [
        (each.symbol, each.token, each.expiry, each.tick_size) for each in of("NIFTY").futures
    ] == [
        ("NIFTY26NOVFUT", 11, NEAR, 0.1),
        ("NIFTY26DECFUT", 12, date(2026, 12, 29), 0.1),
    ]


def test_an_unlisted_underlying_has_an_empty_listing() -> None:
    empty = of("MIDCPNIFTY")
    assert (len(empty.contracts), empty.contracts.expiries, empty.futures) == (0, (), ())
    assert empty.contracts.symbol.shape == (2, 0)


def test_options_without_an_expiry_or_a_strike_are_left_out() -> None:
    rows = [
        *DUMP,
        option("NIFTY?CE", 97, "NIFTY", None, 26100.0),
        option("NIFTY!CE", 98, "NIFTY", NEAR, 0.0),
    ]
    assert not {97, 98} & set(of("NIFTY", rows).contracts.token.ravel().tolist())


def test_lists_and_arrays_give_the_same_listing() -> None:
    lists = columns(DUMP)
    arrays: Mapping[str, Any] = {
        name: np.array(values, dtype=object) for name, values in lists.items()
    }
    a, b = listing("NIFTY", lists, ON), listing("NIFTY", arrays, ON)
    assert a.contracts.symbol.tolist() == b.contracts.symbol.tolist()
    assert a.contracts.token.dtype == b.contracts.token.dtype == np.int64
    assert a.futures == b.futures


def test_expiries_and_one_expirys_contracts() -> None:
    contracts = of("NIFTY").contracts
    assert contracts.expiries == (NEAR, FAR)
    assert contracts.of(FAR).token.tolist() == [[7, 0], [8, 9]]
    assert len(contracts.of(date(2026, 12, 8))) == 0


def test_taking_by_mask_and_by_position_agree() -> None:
    contracts = of("NIFTY").contracts
    assert (
        contracts.take(contracts.strike == 26050.0).token.tolist()
        == contracts.take(np.array([1, 3])).token.tolist()
    )


def test_indices_know_the_key_they_are_quoted_under() -> None:
    keys = {name: index.quote_key for name, index in INDICES.items()}
    assert keys["NIFTY"] == "NSE:NIFTY 50"
    assert keys["MIDCPNIFTY"] == "NSE:NIFTY MID SELECT"
    assert keys["BANKEX"] == "BSE:BANKEX"


@pytest.mark.parametrize(
    ("strikes", "near", "step"),
    [
        (np.arange(20000.0, 30000.0, 50.0), 26012.0, 50.0),
        (
            np.concatenate((np.arange(24000.0, 27000.0, 50.0), np.arange(27000.0, 36000.0, 500.0))),
            26000.0,
            50.0,
        ),
        (
            np.concatenate((np.arange(24000.0, 26000.0, 100.0), np.arange(26000.0, 28000.0, 50.0))),
            27500.0,
            50.0,
        ),
        (np.array([100.0, 150.0, 250.0]), 150.0, 50.0),
        (np.array([1000.0, 1025.0, 1025.0]), 9999.0, 25.0),
    ],
    ids=["even", "wider far out", "local", "smaller on a tie", "far from every strike"],
)
def test_the_strike_step_is_the_commonest_distance_nearby(
    strikes: np.ndarray, near: float, step: float
) -> None:
    assert strike_step(strikes, near) == step


@pytest.mark.parametrize("strikes", [[], [26000.0], [26000.0, 26000.0]])
def test_fewer_than_two_strikes_have_no_step(strikes: list[float]) -> None:
    assert np.isnan(strike_step(np.array(strikes), 26000.0))


@pytest.mark.parametrize(
    ("symbol", "root", "monthly"),
    [
        ("NIFTY26NOV26000CE", "NIFTY", True),
        ("NIFTY26N0926000CE", "NIFTY", False),
        ("NIFTY26O1925000CE", "NIFTY", False),
        ("NIFTY26OCT25000CE", "NIFTY", True),
        ("NIFTY26D0126000CE", "NIFTY", False),
        ("NIFTY26DEC26000CE", "NIFTY", True),
        ("NIFTY2611225000CE", "NIFTY", False),
        ("NIFTY2543025000CE", "NIFTY", False),
        ("NIFTYNXT5026NOV70000CE", "NIFTYNXT50", True),
        ("SENSEX5026NOV28000CE", "SENSEX50", True),
        ("SENSEX5026NOV28000CE", "SENSEX", False),
        ("BANKNIFTY26NOV57000CE", "NIFTY", False),
        ("NIFTY26NOVFUT", "NIFTY", True),
    ],
)
def test_the_three_letter_month_marks_a_monthly_symbol(
    symbol: str, root: str, monthly: bool
) -> None:
    assert monthly_by_symbol(symbol, root) is monthly
