"""Frames of the WebSocket against vectors that the broker's own client decoded, and against that client itself."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kiteconnect import KiteTicker

from g6.adapters.kite.ticker import stream_frames
from g6.domain.quotes.tick import STREAM, blank

LTP = "000100080003e9090027ac45"
INDEX = "000100200003e9090027ac450027db2000277d6a002798b800278530000027156affc5c0"
QUOTE = "0001002c00bc6102000030390000004100002eea00632ea00001fbd000017cdc00002cec000032c800002af8000030d4"
AT = 1795147200


def row(frame: bytes):  # type: ignore[no-untyped-def] # a record
    (each,) = stream_frames.split(frame).packets.values()
    rows = blank(len(each))
    stream_frames.write(rows, each, 7.0)
    return rows[0]


def full(
    token: int = 12345602,
    *numbers: int,
    last: int = 12345,
    volume: int = 6500000,
    traded: int = AT - 9,
) -> bytes:
    """Return a framed full packet: trade and exchange time AT, five levels a side, the bid's fifth empty."""
    head = (
        token,
        last,
        65,
        12010,
        volume,
        130000,
        97500,
        11500,
        13000,
        11000,
        12500,
        traded,
        45500,
        46800,
        39000,
        AT,
    )
    bids = [(650, 12340 - 5 * n, 3 + n) if n < 4 else (0, 0, 0) for n in range(5)]
    asks = [(1300, 12350 + 5 * n, 2) for n in range(5)]
    body = struct.pack(">16I", *head) + b"".join(
        struct.pack(">IIHxx", *level) for level in bids + asks
    )
    return struct.pack(">HH", 1, len(body)) + body


def test_a_price_alone_makes_nothing_newer() -> None:
    found = row(bytes.fromhex(LTP))
    assert found["last"] == 26000.05
    assert (found["received"], np.isnan(found["quote_time"])) == (0.0, True)


def test_an_index_has_high_and_low_before_its_open() -> None:
    found = row(bytes.fromhex(INDEX))
    assert [found[name] for name in ("last", "high", "low", "open", "close")] == [
        26000.05,
        26120.0,
        25880.1,
        25950.0,
        25900.0,
    ]
    assert (found["quote_time"], found["received"], found["source"]) == (AT, 7.0, STREAM)


def test_an_index_has_neither_volume_nor_interest() -> None:
    found = row(bytes.fromhex(INDEX))
    assert all(np.isnan(found[name]) for name in ("volume", "oi", "average_price"))


def test_a_contract_has_its_open_first() -> None:
    found = row(bytes.fromhex(QUOTE))
    assert [found[name] for name in ("last", "open", "high", "low", "close")] == [
        123.45,
        115.0,
        130.0,
        110.0,
        125.0,
    ]
    assert [found[name] for name in ("volume", "buy_quantity", "sell_quantity")] == [
        6500000,
        130000,
        97500,
    ]
    assert found["received"] == 0.0


def test_a_full_packet_tells_all() -> None:
    found = row(full())
    assert [found[name] for name in ("last", "average_price", "volume")] == [123.45, 120.1, 6500000]
    assert [found[name] for name in ("oi", "oi_day_high", "oi_day_low")] == [45500, 46800, 39000]
    assert (found["last_trade_time"], found["quote_time"]) == (AT - 9, AT)
    assert found["bid"][:4].tolist() == [123.4, 123.35, 123.3, 123.25]
    assert found["ask"].tolist() == [123.5, 123.55, 123.6, 123.65, 123.7]
    assert found["bid_orders"].tolist() == [3, 4, 5, 6, 0]


def test_an_empty_level_has_no_price() -> None:
    found = row(full())
    assert np.isnan(found["bid"][4])
    assert found["bid_quantity"][4] == 0


def test_a_price_of_zero_is_none_where_nothing_has_traded() -> None:
    assert np.isnan(row(full(last=0, volume=0, traded=0))["last"])


@pytest.mark.parametrize(
    "told", [{"volume": 6500000, "traded": 0}, {"volume": 0, "traded": AT - 9}]
)
def test_a_last_price_of_zero_stays_where_something_has_traded_so_that_it_is_counted(
    told: dict[str, int],
) -> None:
    assert row(full(last=0, **told))["last"] == 0.0


def test_a_negative_price_is_read_as_what_it_is() -> None:
    assert row(full(last=2**32 - 5))["last"] == -0.05


@pytest.mark.parametrize(
    ("segment", "price"),
    [(2, 123.45), (5, 123.45), (9, 123.45), (3, 0.0012345), (6, 1.2345), (12, 1.2345)],
)
def test_the_segment_says_where_the_point_stands(segment: int, price: float) -> None:
    assert row(full(77 * 256 + segment))["last"] == pytest.approx(price, rel=1e-12)


def test_a_heartbeat_is_no_packet() -> None:
    assert stream_frames.split(b"\x00") == stream_frames.FrameContent({})


def test_many_kinds_share_a_frame() -> None:
    bodies = [bytes.fromhex(INDEX)[4:], full()[4:], bytes.fromhex(LTP)[4:], full(99 * 256 + 2)[4:]]
    frame = struct.pack(">H", 4) + b"".join(struct.pack(">H", len(each)) + each for each in bodies)
    told = stream_frames.split(frame)
    assert {length: stream_frames.tokens(each).tolist() for length, each in told.packets.items()} == {
        32: [256265], 184: [12345602, 99 * 256 + 2], 8: [256265],
    }  # fmt: skip
    assert told.dropped == 0


def test_a_packet_of_unknown_length_is_counted_and_passed_over() -> None:
    body = full()[4:]
    frame = (
        struct.pack(">H", 2) + struct.pack(">H", 5) + b"12345" + struct.pack(">H", len(body)) + body
    )
    told = stream_frames.split(frame)
    assert (list(told.packets), told.dropped) == ([184], 1)


@pytest.mark.parametrize("cut", [3, 5, 40, 187])
def test_what_is_cut_off_is_counted(cut: int) -> None:
    told = stream_frames.split(full()[:cut])
    assert (told.packets, told.dropped) == ({}, 1)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400))
def test_garbage_never_raises(payload: bytes) -> None:
    told = stream_frames.split(payload)
    for each in told.packets.values():
        stream_frames.write(blank(len(each)), each, 1.0)
    assert told.dropped >= 0


def test_the_brokers_client_reads_the_same() -> None:
    frame = full()
    (theirs,) = KiteTicker("key", "token")._parse_binary(frame)
    ours = row(frame)
    names = {
        "last": "last_price",
        "average_price": "average_traded_price",
        "volume": "volume_traded",
        "oi": "oi",
    }
    assert {name: float(ours[name]) for name in names} == {
        name: theirs[their] for name, their in names.items()
    }
    assert {name: float(ours[name]) for name in theirs["ohlc"]} == theirs["ohlc"]
    assert ours["ask"].tolist() == [level["price"] for level in theirs["depth"]["sell"]]
    assert ours["ask_quantity"].tolist() == [level["quantity"] for level in theirs["depth"]["sell"]]
    assert ours["quote_time"] == theirs["exchange_timestamp"].timestamp()
