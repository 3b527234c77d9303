"""A dump is taken whole or refused with the line and the reason."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from g6.adapters.kite.dump import COLUMNS, of_interest, parse_dump
from g6.domain.instrument import listing
from g6.errors import BadInput

HEADER = ",".join(COLUMNS)
FUTURE = "15736578,61471,NIFTY26NOVFUT,NIFTY,0,2026-11-23,0,0.1,65,FUT,NFO-FUT,NFO"
CALL = '12345602,48225,NIFTY26NOV26000CE,"NIFTY",0,2026-11-23,26000,0.05,65,CE,NFO-OPT,NFO'
PUT = "12345858,48226,NIFTY26NOV26000PE,NIFTY,0,2026-11-23,26000,0.05,65,PE,NFO-OPT,NFO"
NEIGHBOUR = "12346114,48227,NIFTYNXT5026NOV70000CE,NIFTYNXT50,0,2026-11-24,70000,0.05,25,CE,NFO-OPT,NFO"
STOCK = "12346370,48228,INFY26NOV1400CE,INFY,0,2026-11-24,1400,0.05,400,CE,NFO-OPT,NFO"
DAY = date(2026, 11, 20)


def dump(*lines: str) -> bytes:
    return "\n".join((HEADER, *lines, "")).encode()


def test_the_contracts_of_known_indices_are_read() -> None:
    found = parse_dump(dump(FUTURE, CALL, PUT, NEIGHBOUR, STOCK), "NFO", DAY)
    assert found["symbol"] == ["NIFTY26NOVFUT", "NIFTY26NOV26000CE", "NIFTY26NOV26000PE", "NIFTYNXT5026NOV70000CE"]
    assert found["expiry"][0] == date(2026, 11, 23)
    nifty = listing("NIFTY", found, DAY)
    assert (len(nifty.contracts), nifty.contracts.lot_size[0], nifty.futures[0].symbol) == (1, 65, "NIFTY26NOVFUT")


@pytest.mark.parametrize(
    ("raw", "row", "reason"),
    [
        (b"", "1", "not those of a dump"),
        (b"<html>Bad gateway</html>", "1", "not those of a dump"),
        (dump(CALL, PUT[:40]), "3", "cut or damaged"),
        (dump(CALL, PUT.replace("26000,0.05", "26k,0.05")), "3", "26k"),
        (dump(CALL, PUT.replace(",65,", ",0,")), "3", "lot 0"),
        (dump(CALL, PUT.replace(",26000,", ",0,")), "3", "strike 0"),
        (dump(CALL, PUT.replace("2026-11-23", "2026-11-19")), "3", "old dump"),
        (dump(CALL, PUT.replace("2026-11-23", "")), "3", "isoformat"),
        (dump(CALL, CALL), "3", "line 2 too"),
        (dump(CALL, PUT.replace(",NFO-OPT,NFO", ",NFO-OPT,BFO")), "3", "BFO"),
        (dump(STOCK), "None", "no option of any known index"),
        (dump(CALL) + b"\xff\xfe", "None", "not text"),
    ],
)
def test_a_damaged_or_old_dump_is_refused_with_line_and_reason(raw: bytes, row: str, reason: str) -> None:
    with pytest.raises(BadInput) as told:
        parse_dump(raw, "NFO", DAY)
    assert str(told.value.row) == row
    assert reason in told.value.reason


def test_one_blank_strike_of_a_future_does_not_cost_the_dump() -> None:
    assert len(parse_dump(dump(FUTURE.replace("11-23,0,", "11-23,,"), CALL), "NFO", DAY)["symbol"]) == 2


def test_a_lot_written_as_a_fraction_is_a_lot() -> None:
    assert parse_dump(dump(CALL.replace(",65,", ",65.0,")), "NFO", DAY)["lot_size"] == [65]


def test_what_is_kept_for_others_is_the_same_without_roots_that_are_not_ours() -> None:
    whole = dump(FUTURE, STOCK, CALL, NEIGHBOUR, PUT)
    kept = of_interest(whole)
    assert b"INFY" not in kept
    assert parse_dump(kept, "NFO", DAY) == parse_dump(whole, "NFO", DAY)


def test_a_cut_line_is_kept_so_that_it_is_still_refused() -> None:
    with pytest.raises(BadInput):
        parse_dump(of_interest(dump(CALL, PUT[:20])), "NFO", DAY)


@pytest.mark.parametrize(("exchange", "index"), [("NFO", "NIFTY"), ("BFO", "SENSEX")])
def test_a_real_dump_is_read(shared: Path, exchange: str, index: str) -> None:
    lines = (shared / "data/kite/instruments_index_subset_20260818.csv").read_text("utf-8").splitlines()
    raw = "\n".join([lines[0], *(line for line in lines[1:] if line.endswith(exchange))]).encode()
    found = parse_dump(raw, exchange, date(2026, 8, 18))
    assert len(listing(index, found, date(2026, 8, 18)).contracts) > 100
