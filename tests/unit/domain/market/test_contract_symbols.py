"""A symbol bears witness against a contract's columns: what contradicts itself is left out and counted."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest

from g6.domain.market.contract_symbols import (
    Trusted,
    expiry_said,
    follow_closures,
    root_of,
    trusted,
)
from g6.domain.market.instrument import CE, PE, listing

WEEKLY, MONTHLY, NEXT = date(2026, 12, 1), date(2026, 12, 29), date(2027, 1, 25)
ON = date(2026, 11, 26)


def row(
    symbol: str, expiry: date, strike: float = 26_000.0, kind: str = "CE", name: str = "NIFTY"
) -> dict[str, Any]:
    return {
        "symbol": symbol, "token": abs(hash((symbol, expiry))) % 10**8 + 1, "name": name, "expiry": expiry, "strike": strike,
        "tick_size": 0.05, "lot_size": 65, "instrument_type": kind, "segment": "NFO-OPT", "exchange": "NFO",
    }  # fmt: skip


SOUND = (
    row("NIFTY26D0126000CE", WEEKLY), row("NIFTY26D0126000PE", WEEKLY, kind="PE"), row("NIFTY26DEC26000CE", MONTHLY),
    row("NIFTY26DEC26000PE", MONTHLY, kind="PE"), row("NIFTY27JAN26000CE", NEXT),
)  # fmt: skip


def judged(*rows: dict[str, Any], salvage: bool = False) -> Trusted:
    columns = {name: [each[name] for each in rows] for name in SOUND[0]}
    return trusted(listing("NIFTY", columns, ON), salvage)


@pytest.mark.parametrize(
    ("symbol", "root", "strike", "said"),
    [
        ("NIFTY26NOV26000CE", "NIFTY", 26000.0, (2026, 11, None)),
        ("NIFTY2611225000CE", "NIFTY", 25000.0, (2026, 1, 12)),
        ("SENSEX2611485000CE", "SENSEX", 85000.0, (2026, 1, 14)),
        ("NIFTY26O1925000CE", "NIFTY", 25000.0, (2026, 10, 19)),
        ("NIFTYNXT5026NOV70000CE", "NIFTYNXT50", 70000.0, (2026, 11, None)),
        ("SENSEX2691081000CE", "SENSEX", 81000.0, (2026, 9, 10)),
        ("NIFTY 23-11-2026 26000 CE", "NIFTY", 26000.0, None),
        ("NIFTY26XYZ26000CE", "NIFTY", 26000.0, None),
    ],
)
def test_a_symbol_names_its_expiry_once_its_strike_is_known(
    symbol: str, root: str, strike: float, said: Any
) -> None:
    assert expiry_said(symbol, root, strike, CE) == said


@pytest.mark.parametrize(
    ("symbol", "root"),
    [
        ("NIFTY26NOV26000CE", "NIFTY"), ("NIFTYNXT5026NOV70000CE", "NIFTYNXT50"), ("BANKNIFTY26NOV57500CE", "BANKNIFTY"),
        ("NIFTYFPI26NOV1000CE", None), ("BANKEX26NOV65000PE", "BANKEX"), ("INFY26NOV1400CE", None),
    ],
)  # fmt: skip
def test_the_longest_root_wins(symbol: str, root: str | None) -> None:
    assert root_of(symbol) == root


def test_a_sound_listing_is_itself() -> None:
    found = judged(*SOUND)
    assert (len(found.listing.contracts), found.left_out, found.salvaged) == (3, {}, 0)


def test_a_contract_of_the_wrong_expiry_is_left_out_and_counted() -> None:
    found = judged(*SOUND, row("NIFTY26D0826050CE", WEEKLY, 26_050.0))
    assert (found.left_out, found.salvaged) == ({"wrong_expiry": 1}, 0)
    assert found.listing.contracts.of(WEEKLY).strike.tolist() == [26_000.0]
    assert found.listing.futures == ()


def test_a_wrong_side_does_not_cost_the_right_one_beside_it() -> None:
    found = judged(
        *SOUND,
        row("NIFTY26D0126050CE", WEEKLY, 26_050.0),
        row("NIFTY26DEC26050PE", WEEKLY, 26_050.0, "PE"),
    )
    weekly = found.listing.contracts.of(WEEKLY)
    assert found.left_out == {"wrong_expiry": 1}
    assert weekly.symbol[:, 1].tolist() == ["NIFTY26D0126050CE", ""]


def test_a_contract_of_another_root_is_foreign() -> None:
    assert judged(*SOUND, row("NIFTYNXT5026DEC26050CE", MONTHLY, 26_050.0)).left_out == {
        "foreign": 1
    }


def test_a_closure_declared_after_listing_moves_the_expiry_and_not_the_symbol() -> None:
    assert judged(row("NIFTY26D0126000CE", date(2026, 11, 30))).left_out == {}


def test_salvage_puts_a_contract_where_its_symbol_says_it_belongs() -> None:
    found = judged(*SOUND, row("NIFTY26DEC26050PE", WEEKLY, 26_050.0, "PE"), salvage=True)
    monthly = found.listing.contracts.of(MONTHLY)
    assert (found.left_out, found.salvaged) == ({}, 1)
    assert monthly.symbol[PE].tolist() == ["NIFTY26DEC26000PE", "NIFTY26DEC26050PE"]


def test_salvage_takes_no_place_that_is_taken_and_makes_no_expiry_up() -> None:
    twice, unlisted = (
        row("NIFTY26D0126000CE", MONTHLY, 26_000.0),
        row("NIFTY26FEB26050CE", WEEKLY, 26_050.0),
    )
    found = judged(*SOUND[:2], SOUND[3], twice, unlisted, salvage=True)
    assert (found.left_out, found.salvaged) == ({"wrong_expiry": 2}, 0)


def test_symbols_of_another_grammar_are_believed() -> None:
    assert judged(row("NIFTY 01-12-2026 26000 CE", WEEKLY)).left_out == {}


def days(*texts: str) -> Any:
    return np.array(texts, dtype="datetime64[D]")


def test_an_expiry_that_an_unscheduled_closure_moved_is_followed_to_its_new_day() -> None:
    kept, listed = (
        days("2026-01-15", "2026-01-15", "2026-01-22"),
        days("2026-01-14", "2026-01-22", "2026-01-29"),
    )
    assert (
        follow_closures(kept, listed).tolist()
        == days("2026-01-14", "2026-01-14", "2026-01-22").tolist()
    )


@pytest.mark.parametrize(
    "listed",
    [days("2026-01-22"), days("2026-01-15", "2026-01-22"), days("2026-01-08", "2026-01-22")],
)
def test_an_expiry_that_is_gone_or_still_there_is_left_alone(listed: Any) -> None:
    assert follow_closures(days("2026-01-15"), listed).tolist() == days("2026-01-15").tolist()
