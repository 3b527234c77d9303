"""Chains that providers answer: a strike with both sides becomes two rows of a table."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from g6.adapters.replay.recording import Recording
from g6.adapters.replay.tables.table_files import TableFiles
from g6.adapters.replay.tables.table_layout import parse_layout
from g6.errors import BadInput
from tests.unit.adapters.replay.invented_tables import PRICES, SPOT, options

LOT = 25


def upstox(path: Path, **beside: str) -> Path:
    """Write an answer of Upstox' /option/chain."""
    data = []
    for strike, pair in PRICES.items():
        sides = {
            name: {
                "instrument_key": f"NSE_FO|{strike}",
                "market_data": {
                    "ltp": price, "volume": 40 * LOT, "oi": 3_000 * LOT, "close_price": price + 1,
                    "bid_price": 0, "bid_qty": 0, "ask_price": price + 0.5, "ask_qty": LOT, "prev_oi": 2_990 * LOT,
                },
                "option_greeks": {"vega": 4.1, "theta": -9.2, "gamma": 0.001, "delta": 0.5, "iv": 12.5},
            }
            for name, price in zip(("call_options", "put_options"), pair, strict=True)
        }  # fmt: skip
        data.append({
            "expiry": "2024-11-28", "pcr": 1.1, "strike_price": strike, "underlying_key": "NSE_INDEX|Nifty 50",
            "underlying_spot_price": SPOT, **sides,
        })  # fmt: skip
    path.write_text(json.dumps({"status": "success", "data": data, **beside}))
    return path


def dhan(path: Path, **beside: str) -> Path:
    """Write an answer of Dhan's /optionchain, which names neither index nor expiry."""
    legs = {
        f"{strike}.000000": {
            side: {
                "average_price": price, "greeks": {"delta": 0.5}, "implied_volatility": 12.5, "last_price": price,
                "oi": 3_000 * LOT, "previous_close_price": price + 1, "previous_oi": 2_990 * LOT, "security_id": strike,
                "top_ask_price": price + 0.5, "top_ask_quantity": LOT, "top_bid_price": 0, "top_bid_quantity": 0,
                "volume": 40 * LOT,
            }
            for side, price in zip(("ce", "pe"), pair, strict=True)
        }
        for strike, pair in PRICES.items()
    }  # fmt: skip
    document = {"data": {"last_price": SPOT, "oc": legs}, "status": "success", **beside}
    path.write_text(json.dumps(document))
    return path


def opened(path: Path, **layout: str) -> TableFiles:
    from dataclasses import replace

    return TableFiles([path], replace(parse_layout(layout), aliases=True))


INSTANT = datetime(2024, 11, 25, 5, 30, tzinfo=UTC)


def check(source: TableFiles) -> None:
    assert source.instants() == {"NIFTY": (INSTANT,)}
    rows = source.options("NIFTY", INSTANT)
    expected = sorted((strike, side == "PE", price) for strike, side, price in options())
    assert sorted(zip(rows.strike, rows.side, rows.figures["last"], strict=True)) == expected
    assert set(rows.expiry) == {np.datetime64("2024-11-28")}
    assert set(rows.spot) == {SPOT}
    assert set(rows.figures["oi"]) == {75_000.0}
    assert set(rows.figures["oi_prev"]) == {74_750.0}
    assert set(rows.figures["volume"]) == {1_000.0}
    assert np.isnan(rows.figures["bid"]).all()
    assert source.lost_rows == []


def test_a_chain_of_upstox_names_its_index_and_expiry(tmp_path: Path) -> None:
    check(opened(upstox(tmp_path / "chain.json"), at="2024-11-25 11:00"))
    check(opened(upstox(tmp_path / "polled_20241125_1100.json")))
    check(opened(upstox(tmp_path / "chain.json", timestamp="2024-11-25T05:30:00Z")))


def test_a_chain_of_dhan_is_named_by_its_file_and_folders(tmp_path: Path) -> None:
    folder = tmp_path / "NIFTY" / "2024-11-28"
    folder.mkdir(parents=True)
    check(opened(dhan(folder / "2024-11-25_1100.json")))
    beside = {"expiry": "2024-11-28", "timestamp": "2024-11-25 11:00:00"}
    check(opened(dhan(tmp_path / "chain.json", **beside), index="NIFTY"))


def test_the_folder_of_a_day_is_no_expiry(tmp_path: Path) -> None:
    folder = tmp_path / "2024-11-25"
    folder.mkdir()
    with pytest.raises(BadInput, match="has no column expiry"):
        opened(dhan(folder / "NIFTY_20241125_1100.json"))


def test_chains_of_a_provider_are_a_recording(tmp_path: Path) -> None:
    upstox(tmp_path / "polled_20241125_1100.json")
    upstox(tmp_path / "polled_20241125_1101.json")
    recording = Recording.open(tmp_path)
    assert recording.kind == "table"
    assert len(recording.cycles()) == 2


def test_json_that_is_no_chain_is_refused_with_the_forms_that_are_read(tmp_path: Path) -> None:
    path = tmp_path / "chain.json"
    path.write_text('{"status": "success", "data": {}}')
    with pytest.raises(BadInput, match="is no chain of a provider: read are Upstox"):
        opened(path)
