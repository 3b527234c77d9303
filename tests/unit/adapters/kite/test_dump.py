"""A row that cannot be a contract is left out with its line and the reason; what cannot be a day's dump is refused."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from g6.adapters.kite.dump_parsing import of_interest, parse_dump
from g6.domain.market.dump_layout import DUMP_COLUMNS
from g6.domain.market.instrument import listing
from g6.errors import BadInput

HEADER = ",".join(DUMP_COLUMNS)
FUTURE = "15736578,61471,NIFTY26NOVFUT,NIFTY,0,2026-11-23,0,0.1,65,FUT,NFO-FUT,NFO"
CALL = '12345602,48225,NIFTY26NOV26000CE,"NIFTY",0,2026-11-23,26000,0.05,65,CE,NFO-OPT,NFO'
PUT = "12345858,48226,NIFTY26NOV26000PE,NIFTY,0,2026-11-23,26000,0.05,65,PE,NFO-OPT,NFO"
NEIGHBOUR = (
    "12346114,48227,NIFTYNXT5026NOV70000CE,NIFTYNXT50,0,2026-11-24,70000,0.05,25,CE,NFO-OPT,NFO"
)
STOCK = "12346370,48228,INFY26NOV1400CE,INFY,0,2026-11-24,1400,0.05,400,CE,NFO-OPT,NFO"
DAY = date(2026, 11, 20)
OLD = "12300{0:03d},1,NIFTY26N19{0:03d}CE,NIFTY,0,2026-11-19,{0}1,0.05,65,CE,NFO-OPT,NFO"


def dump(*lines: str) -> bytes:
    return "\n".join((HEADER, *lines, "")).encode("utf-8", "surrogateescape")


def test_the_contracts_of_known_indices_are_read() -> None:
    read = parse_dump(dump(FUTURE, CALL, PUT, NEIGHBOUR, STOCK), "NFO", DAY)
    found = read.columns
    assert (read.left_out, read.foreign, read.sentence()) == ([], 0, "")
    assert found["symbol"] == [
        "NIFTY26NOVFUT",
        "NIFTY26NOV26000CE",
        "NIFTY26NOV26000PE",
        "NIFTYNXT5026NOV70000CE",
    ]
    assert found["expiry"][0] == date(2026, 11, 23)
    nifty = listing("NIFTY", found, DAY)
    assert (len(nifty.contracts), nifty.contracts.lot_size[0], nifty.futures[0].symbol) == (
        1,
        65,
        "NIFTY26NOVFUT",
    )


SENSEX = "13345605,52131,SENSEX26NOV85000CE,SENSEX,0,2026-11-26,85000,0.05,20,CE,BFO-OPT,BFO"
ODD_ROWS = {
    "a strike that is no number": (PUT.replace("26000,0.05", "26k,0.05"), "26k"),
    "an infinite strike": (PUT.replace(",26000,", ",inf,"), "strike inf"),
    "a strike that is none": (PUT.replace(",26000,", ",nan,"), "strike nan"),
    "a negative strike": (PUT.replace(",26000,", ",-26000,"), "strike -26000"),
    "no strike": (PUT.replace(",26000,", ",0,"), "strike 0"),
    "an infinite lot": (PUT.replace(",65,", ",inf,"), "'inf' is not a whole number"),
    "a broken lot": (PUT.replace(",65,", ",65.5,"), "'65.5' is not a whole number"),
    "no lot": (PUT.replace(",65,", ",0,"), "lot 0"),
    "a negative lot": (PUT.replace(",65,", ",-65,"), "'-65' is not a whole number"),
    "a lot of forty digits": (PUT.replace(",65,", f",{'6' * 40},"), "is not a whole number"),
    "an infinite tick": (PUT.replace(",0.05,", ",inf,"), "tick inf"),
    "no token": (PUT.replace("12345858", "0"), "token 0"),
    "no expiry": (PUT.replace("2026-11-23", ""), "isoformat"),
    "an expiry of another century": (
        PUT.replace("2026-11-23", "2126-11-23"),
        "more than 10 years ahead",
    ),
    "an expiry that has passed": (PUT.replace("2026-11-23", "2026-11-19"), "expired on 2026-11-19"),
    "no symbol": (PUT.replace("NIFTY26NOV26000PE", ""), "no symbol"),
    "bytes that are no text": (PUT.replace("NIFTY26NOV26000PE", "NIFTY26NOV\udcff"), "no symbol"),
    "a line with a field too few": (PUT.removesuffix(",NFO"), "11 fields where 12 are due"),
    "a line with a field too many": (PUT + ",NFO", "13 fields where 12 are due"),
    "a quote that is never closed": (PUT.replace("NIFTY,", '"NIFTY,'), "fields where 12 are due"),
    "the line before again": (CALL, "repeats the symbol of line 3"),
    "the contract under another symbol": (
        CALL.replace("26000CE", "26000.0CE").replace("12345602", "12346626"),
        "repeats the contract",
    ),
    "an exchange that is none": (PUT.replace(",NFO-OPT,NFO", ",NFO-OPT,XXX"), "belongs to 'XXX'"),
}


@pytest.mark.parametrize("what", ODD_ROWS)
def test_one_odd_row_is_left_out_and_counted_and_the_rest_stands(what: str) -> None:
    row, reason = ODD_ROWS[what]
    read = parse_dump(dump(FUTURE, CALL, row, NEIGHBOUR), "NFO", DAY)
    assert read.columns["symbol"] == [
        "NIFTY26NOVFUT",
        "NIFTY26NOV26000CE",
        "NIFTYNXT5026NOV70000CE",
    ]
    assert [line for line, _ in read.left_out] == [4]
    assert reason in read.left_out[0][1]
    assert read.sentence().startswith("1 row is left out: line 4 ")


def test_both_exchanges_in_one_file_are_each_read_for_itself() -> None:
    whole = dump(CALL, SENSEX, PUT)
    for exchange, symbols in (
        ("NFO", ["NIFTY26NOV26000CE", "NIFTY26NOV26000PE"]),
        ("BFO", ["SENSEX26NOV85000CE"]),
    ):
        read = parse_dump(whole, exchange, DAY)
        assert read.columns["symbol"] == symbols
        assert read.foreign == 3 - len(symbols)
        assert "of another exchange" in read.sentence()


_FIELD = st.sampled_from(
    [
        "",
        "inf",
        "-inf",
        "nan",
        "0",
        "-1",
        "65.5",
        "1e400",
        "9" * 400,
        "x",
        "2026-02-30",
        "0001-01-01",
        '"',
        "é",
    ]
)


@given(st.lists(st.tuples(st.integers(0, 11), _FIELD), min_size=1, max_size=6), st.integers(0, 3))
def test_whatever_a_row_holds_the_rows_beside_it_stand(
    changes: list[tuple[int, str]], place: int
) -> None:
    fields = PUT.replace("26000", "27000").replace("12345858", "12399999").split(",")
    for at, value in changes:
        fields[at] = value
    lines = [FUTURE, CALL, NEIGHBOUR]
    lines.insert(place, ",".join(fields))
    read = parse_dump(dump(*lines), "NFO", DAY)
    assert {"NIFTY26NOVFUT", "NIFTY26NOV26000CE", "NIFTYNXT5026NOV70000CE"} <= set(
        read.columns["symbol"]
    )


@pytest.mark.parametrize(
    ("raw", "row", "reason"),
    [
        (b"", "1", "not those of a dump"),
        (b"<html>Bad gateway</html>", "1", "not those of a dump"),
        (b"\x1f\x8b\x08\x00\xff\xfe", "1", "not those of a dump"),
        (dump(CALL, PUT)[:-40], "3", "the dump is cut"),
        (dump(CALL, PUT)[:-3], "3", "the dump is cut"),
        (dump(CALL) + b"\xff\xfe", "3", "the dump is cut"),
        (dump(CALL.replace("2026-11-23", "2026-11-19")), "2", "old dump"),
        (
            dump(*(OLD.format(n) for n in range(12)), CALL, PUT),
            "2",
            "12 of 14 contracts had expired: this is an old dump",
        ),
        (dump(STOCK), "None", "no option of any known index"),
        (dump(SENSEX), "None", "1 rows are another exchange's"),
        (
            dump(PUT.replace(",65,", ",0,")),
            "2",
            "no option of any known index; line 2 has token 12345858, lot 0",
        ),
    ],
)
def test_a_damaged_or_old_dump_is_refused_with_line_and_reason(
    raw: bytes, row: str, reason: str
) -> None:
    with pytest.raises(BadInput) as told:
        parse_dump(raw, "NFO", DAY)
    assert str(told.value.row) == row
    assert reason in told.value.reason


def test_a_dump_of_which_most_rows_are_wrong_is_refused() -> None:
    wrong = [PUT.replace("26000", str(26_000 + n)).replace(",65,", ",0,") for n in range(150)]
    with pytest.raises(BadInput, match="more wrong rows than right ones"):
        parse_dump(dump(CALL, *wrong), "NFO", DAY)


def test_one_blank_strike_of_a_future_does_not_cost_the_dump() -> None:
    assert (
        len(
            parse_dump(dump(FUTURE.replace("11-23,0,", "11-23,,"), CALL), "NFO", DAY).columns[
                "symbol"
            ]
        )
        == 2
    )


def test_a_lot_written_as_a_fraction_is_a_lot() -> None:
    assert parse_dump(dump(CALL.replace(",65,", ",65.0,")), "NFO", DAY).columns["lot_size"] == [65]


def test_what_is_kept_for_others_is_the_same_without_roots_that_are_not_ours() -> None:
    whole = dump(FUTURE, STOCK, CALL, NEIGHBOUR, PUT)
    kept = of_interest(whole)
    assert b"INFY" not in kept
    assert parse_dump(kept, "NFO", DAY) == parse_dump(whole, "NFO", DAY)


def test_a_cut_end_is_kept_so_that_it_is_still_refused() -> None:
    with pytest.raises(BadInput):
        parse_dump(of_interest(dump(CALL, PUT[:20]).rstrip()), "NFO", DAY)


@pytest.mark.parametrize(("exchange", "index"), [("NFO", "NIFTY"), ("BFO", "SENSEX")])
def test_a_real_dump_is_read(shared: Path, exchange: str, index: str) -> None:
    lines = (
        (shared / "data/kite/instruments_index_subset_20260818.csv").read_text("utf-8").splitlines()
    )
    raw = "\n".join([lines[0], *(line for line in lines[1:] if line.endswith(exchange))]).encode()
    found = parse_dump(raw, exchange, date(2026, 8, 18))
    assert not found.left_out
    assert len(listing(index, found.columns, date(2026, 8, 18)).contracts) > 100
