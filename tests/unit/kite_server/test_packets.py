"""Packets as the byte table has them, held against vectors and the broker's own samples, decoded by the broker's own client."""

from __future__ import annotations

import base64
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kiteconnect import KiteTicker

from g6.kite_server.market.tick_records import INDEX_TICK, TICK
from g6.kite_server.stream import packets

GOLDEN_LTP = "000100080003e9090027ac45"
GOLDEN_INDEX = "000100200003e9090027ac450027db2000277d6a002798b800278530000027156affc5c0"
GOLDEN_QUOTE = (
    "0001002c00bc6102000030390000004100002eea00632ea00001fbd000017cdc00002cec000032c800002af8000030d4"
)  # fmt: skip


def contract(**told: Any) -> np.ndarray:
    return record(TICK, told)


def index(**told: Any) -> np.ndarray:
    return record(INDEX_TICK, told)


def record(kind: np.dtype, told: dict[str, Any]) -> np.ndarray:
    found = np.zeros(1, kind)
    for name, value in told.items():
        found[name] = value
    return found


def frame(*packed: np.ndarray) -> bytes:
    return packets.count(sum(len(each) for each in packed)) + b"".join(
        each.tobytes() for each in packed
    )


def decoded(told: bytes) -> list[dict[str, Any]]:
    return KiteTicker("demo", "demo")._parse_binary(told)


NIFTY = {
    "token": 256265,
    "last": 26000.05,
    "high": 26120.0,
    "low": 25880.1,
    "open": 25950.0,
    "close": 25900.0,
    "stamp": 1795147200,
}
OPTION = {
    "token": 12345602, "last": 123.45, "last_quantity": 65, "average": 120.1, "volume": 6_500_000, "buy": 130_000, "sell": 97_500,
    "open": 115, "high": 130, "low": 110, "close": 125,
}  # fmt: skip


@pytest.mark.parametrize(
    ("tick", "mode", "expected"),
    [
        (index(**NIFTY), "ltp", GOLDEN_LTP),
        (index(**NIFTY), "full", GOLDEN_INDEX),
        (contract(**OPTION), "quote", GOLDEN_QUOTE),
    ],
    ids=["ltp", "index full", "quote"],
)
def test_a_frame_is_the_golden_vector(tick: np.ndarray, mode: str, expected: str) -> None:
    assert frame(packets.pack(tick, mode)).hex() == expected


@pytest.mark.parametrize(
    ("kind", "mode", "length"),
    [
        *((TICK, mode, length) for mode, length in (("ltp", 8), ("quote", 44), ("full", 184))),
        *((INDEX_TICK, mode, length) for mode, length in (("ltp", 8), ("quote", 28), ("full", 32))),
    ],
)
def test_a_packets_length_says_what_it_is(kind: np.dtype, mode: str, length: int) -> None:
    told = frame(packets.pack(np.zeros(1, kind), mode))
    assert int.from_bytes(told[2:4], "big") == length == len(told) - 4


def test_the_client_reads_an_index_back() -> None:
    (told,) = decoded(frame(packets.pack(index(**NIFTY), "full")))
    assert told["ohlc"] == {"high": 26120.0, "low": 25880.1, "open": 25950.0, "close": 25900.0}
    assert (told["tradable"], told["mode"], told["last_price"]) == (False, "full", 26000.05)
    assert told["exchange_timestamp"] == datetime.fromtimestamp(1795147200)  # noqa: DTZ006 - so does the client
    assert "depth" not in told
    assert "volume_traded" not in told


def test_several_packets_share_a_frame() -> None:
    told = frame(packets.pack(index(**NIFTY), "quote"), packets.pack(contract(**OPTION), "full"))
    assert [(each["instrument_token"], each["mode"]) for each in decoded(told)] == [
        (256265, "quote"),
        (12345602, "full"),
    ]


def test_a_heartbeat_is_no_tick() -> None:
    assert len(packets.HEARTBEAT) == 1
    assert decoded(packets.HEARTBEAT) == []


def test_a_quantity_beyond_32_bits_stays_at_the_most() -> None:
    (told,) = decoded(frame(packets.pack(contract(token=258, volume=2**33), "quote")))
    assert told["volume_traded"] == 2**32 - 1


REST_NAMES = {
    "last_quantity": "last_quantity", "average_price": "average", "volume": "volume", "buy_quantity": "buy",
    "sell_quantity": "sell",
    "oi": "oi", "oi_day_high": "oi_high", "oi_day_low": "oi_low", "instrument_token": "token", "last_price": "last",
}  # fmt: skip
TICKER_NAMES = {
    "last_quantity": "last_traded_quantity", "average_price": "average_traded_price", "volume": "volume_traded",
    "buy_quantity": "total_buy_quantity", "sell_quantity": "total_sell_quantity", "timestamp": "exchange_timestamp",
}  # fmt: skip


@pytest.mark.parametrize("mode", ["quote", "full"])
def test_the_official_packet_decodes_to_the_official_sample(mode: str, shared: Path) -> None:
    (told,) = decoded(packets.count(1) + _length(body := _packet(shared, mode)) + body)
    expected = _sample(shared, mode)
    for name, value in expected.items():
        if name not in ("change", "last_trade_time", "timestamp"):
            assert told[TICKER_NAMES.get(name, name)] == value, name
    for name in {"last_trade_time", "timestamp"} & expected.keys():
        assert (
            told[TICKER_NAMES.get(name, name)].timestamp()
            == datetime.fromisoformat(expected[name]).timestamp()
        )


@pytest.mark.parametrize("mode", ["quote", "full"])
def test_the_official_sample_packs_to_the_official_packet(mode: str, shared: Path) -> None:
    sample = _sample(shared, mode)
    told = {
        REST_NAMES[name]: value for name, value in sample.items() if name in REST_NAMES
    } | sample["ohlc"]
    if mode == "full":
        told |= {
            "stamp": _epoch(sample["timestamp"]),
            "traded_at": _epoch(sample["last_trade_time"]),
        }
        levels = sample["depth"]["buy"] + sample["depth"]["sell"]
        told |= {
            name: [level[name] for level in levels] for name in ("price", "quantity", "orders")
        }
    assert packets.pack(contract(**told), mode).tobytes()[2:] == _packet(shared, mode)


def _packet(shared: Path, mode: str) -> bytes:
    return base64.b64decode(
        (shared / f"data/kite/kiteconnect-mocks/ticker_{mode}.packet").read_text(encoding="ascii")
    )


def _sample(shared: Path, mode: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(
        (shared / f"data/kite/kiteconnect-mocks/ticker_{mode}.json").read_text(encoding="utf-8")
    )
    return told


def _length(body: bytes) -> bytes:
    return len(body).to_bytes(2, "big")


def _epoch(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())
