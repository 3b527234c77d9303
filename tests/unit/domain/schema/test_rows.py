from __future__ import annotations

from typing import get_args

from g6.domain.quotes.quotes import QUOTE_FIELDS
from g6.domain.schema import rows
from g6.domain.schema.layout import Kind, LoadedKind


def test_no_column_is_defined_twice():
    for columns in (rows.CHAIN, rows.OVERVIEW):
        names = [column.name for column in columns]
        assert len(names) == len(set(names))


def test_calls_and_puts_have_the_same_columns():
    names = {column.name for column in rows.CHAIN}
    calls = {name.removeprefix("ce_") for name in names if name.startswith("ce_")}
    assert calls == {name.removeprefix("pe_") for name in names if name.startswith("pe_")}


def test_every_quantity_of_a_quote_is_kept_so_that_a_chain_can_be_made_again():
    names = {column.name for column in rows.CHAIN}
    assert {
        side + name
        for name in (*QUOTE_FIELDS, "symbol", "token", "source")
        for side in ("ce_", "pe_")
    } <= names
    assert {"expiry", "strike", "lot_size", "tick_size"} <= names


def test_every_column_says_what_it_means():
    assert all(column.meaning for column in rows.CHAIN + rows.OVERVIEW)


def test_the_average_price_is_spelt_as_a_word():
    assert not [column.name for column in rows.CHAIN if "avgerage" in column.name]


PLAIN = "timestamp,index,expiry_tag,expiry,offset,index_price,atm,strike,ce,pe,tp,avg_ce,avg_pe,avg_tp,ce_vol,pe_vol,ce_oi,pe_oi"
VOLATILITY = "ce_iv,pe_iv,ce_delta,pe_delta,ce_theta,pe_theta,ce_vega,pe_vega,ce_gamma,pe_gamma,ce_rho,pe_rho"


def test_the_offset_files_begin_with_the_header_that_older_tools_read():
    assert ",".join(rows.csv_header(greeks=True)).startswith(
        f"{PLAIN},{VOLATILITY},forward,lot_size,bucket_mask"
    )
    assert ",".join(rows.csv_header(greeks=False)).startswith(
        f"{PLAIN},forward,lot_size,bucket_mask"
    )


def test_the_offset_files_lose_their_greek_columns_when_greeks_are_off():
    assert rows.csv_header(greeks=True) == rows.CSV_HEADER
    plain = rows.csv_header(greeks=False)
    assert set(rows.CSV_HEADER) - set(plain) == rows.GREEK_COLUMNS
    assert plain[-5:] == ["forward", "lot_size", "bucket_mask", "future", "vix"]


def test_a_type_checker_knows_every_kind_that_is_loaded():
    assert set(get_args(LoadedKind)) == set(map(str, Kind)) - {Kind.CSV}
