"""The look-alike's WebSocket: under the broker's own ticker, and byte by byte."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from kiteconnect import KiteTicker
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.waiting import PATIENCE, eventually
from tests.worlds.kite import Kite, TickerListener, kite_server

START = "2026-11-20T10:00:00+05:30"
NIGHT = "2026-11-20T20:00:00+05:30"
NIFTY = 256265


@pytest.fixture(scope="module")
def server() -> Iterator[Kite]:
    with kite_server(in_thread=True, start=START) as kite:
        kite.limits(quote=0, other=0)
        yield kite


@pytest.fixture
def kite(server: Kite) -> Kite:
    server.clear_faults()
    server.clock(at=START)
    server.admit("demo")
    return server


@pytest.fixture(scope="module")
def options(server: Kite) -> list[int]:
    """The tokens of NIFTY's nearest options."""
    rows = httpx.get(
        f"{server.root}/instruments/NFO", trust_env=False, timeout=90
    ).text.splitlines()
    return [
        int(row.split(",")[0])
        for row in rows
        if ",NIFTY,0,2026-11-23," in row and row.endswith("NFO-OPT,NFO")
    ]


@contextmanager
def socket(kite: Kite) -> Iterator[ClientConnection]:
    with connect(
        f"{kite.ws}?api_key=demo&access_token=demo", proxy=None, compression=None, max_size=None
    ) as opened:
        yield opened


def say(opened: ClientConnection, action: str, value: Any) -> None:
    opened.send(json.dumps({"a": action, "v": value}))


def received(opened: ClientConnection, wanted: Callable[[str | bytes], Any]) -> Any:
    """The first message that `wanted` makes something of."""
    while True:
        if found := wanted(opened.recv(timeout=PATIENCE)):
            return found


def ticks(message: str | bytes) -> list[dict[str, Any]]:
    return (
        KiteTicker("demo", "demo")._parse_binary(message)
        if isinstance(message, bytes) and len(message) > 4
        else []
    )


def text(message: str | bytes) -> Any:
    return json.loads(message) if isinstance(message, str) else None


def test_a_cached_tick_comes_on_subscribing_even_at_night(kite: Kite, options: list[int]) -> None:
    kite.clock(at=NIGHT)
    with socket(kite) as opened:
        say(opened, "subscribe", [NIFTY, options[0]])
        told = received(opened, ticks)
        assert {each["mode"] for each in told} == {"quote"}
        assert {each["instrument_token"] for each in told} == {NIFTY, options[0]}


def test_an_idle_socket_gets_heartbeats_of_one_byte_and_nothing_else(
    kite: Kite, options: list[int]
) -> None:
    kite.clock(at=NIGHT)
    with socket(kite) as opened:
        say(opened, "subscribe", options[:50])
        received(opened, ticks)
        assert len(opened.recv(timeout=PATIENCE)) == 1


def test_ticks_go_on_in_the_mode_that_was_set_and_only_for_what_changed(
    kite: Kite, options: list[int]
) -> None:
    with socket(kite) as opened:
        say(opened, "subscribe", options)
        say(opened, "mode", ["full", options[100:200]])
        first = received(
            opened, lambda message: [each for each in ticks(message) if each["mode"] == "full"]
        )
        assert len(first) == 100
        later = received(opened, ticks)
        assert 0 < len(later) < len(options)
        assert {each["mode"] for each in later if each["instrument_token"] in options[100:200]} == {
            "full"
        }


def test_ltp_packets_have_eight_bytes(kite: Kite) -> None:
    with socket(kite) as opened:
        say(opened, "subscribe", [NIFTY])
        received(opened, ticks)
        say(opened, "mode", ["ltp", [NIFTY]])
        frame = received(opened, lambda message: message if len(message) > 1 else None)
        assert struct.unpack(">HHI", frame[:8]) == (1, 8, NIFTY)
        assert len(frame) == 12


def test_what_is_unsubscribed_is_not_told(kite: Kite, options: list[int]) -> None:
    with socket(kite) as opened:
        say(opened, "subscribe", [NIFTY, options[100]])
        received(opened, ticks)
        say(opened, "unsubscribe", [options[100]])
        eventually(lambda: 1 in kite.state()["connections"].values())

        def of_nifty(message: str | bytes) -> bool:
            return {each["instrument_token"] for each in ticks(message)} == {NIFTY}

        # Frames that left before it was heard may still be on their way.
        received(opened, of_nifty)
        assert {each["instrument_token"] for each in received(opened, ticks)} == {NIFTY}


def test_beyond_three_thousand_tokens_an_error_comes_and_the_socket_stays(
    kite: Kite, options: list[int]
) -> None:
    with socket(kite) as opened:
        say(opened, "subscribe", [*options, *range(1, 3101)])
        assert received(opened, text)["type"] == "error"
        eventually(lambda: 3000 in kite.state()["connections"].values())
        assert received(opened, ticks)


@pytest.mark.parametrize(
    "message",
    ["nonsense", "[]", '{"a":"mode","v":["best",[1]]}', '{"a":"buy","v":[1]}', '{"a":"subscribe"}'],
)
def test_a_request_that_is_none_gets_an_error(kite: Kite, message: str) -> None:
    with socket(kite) as opened:
        opened.send(message)
        assert received(opened, text)["type"] == "error"


def test_the_broker_may_say_something(kite: Kite) -> None:
    with socket(kite) as opened:
        kite.say("message", "maintenance tonight")
        assert received(opened, text) == {"type": "message", "data": "maintenance tonight"}


def test_a_bad_token_is_refused_at_the_handshake(kite: Kite) -> None:
    with (
        pytest.raises(InvalidStatus) as refused,
        connect(f"{kite.ws}?api_key=demo&access_token=stale", proxy=None),
    ):
        pass
    assert refused.value.response.status_code == 403


def test_a_handshake_may_be_refused_on_request(kite: Kite) -> None:
    kite.fault("refuse", count=1)
    with pytest.raises(InvalidStatus), socket(kite):
        pass
    with socket(kite):
        pass


def test_a_garbage_frame_is_noise(kite: Kite) -> None:
    with socket(kite) as opened:
        kite.fault("garbage", count=1)
        say(opened, "subscribe", [NIFTY])
        assert len(received(opened, lambda message: message if len(message) > 1 else None)) == 37
        assert received(opened, ticks)


def test_a_dropped_socket_has_no_farewell(kite: Kite) -> None:
    with socket(kite) as opened:
        kite.fault("drop")
        with pytest.raises(ConnectionClosed) as closed:
            received(opened, lambda _: None)
        assert closed.value.rcvd is None


def test_a_closed_socket_has_one(kite: Kite) -> None:
    with socket(kite) as opened:
        kite.fault("close")
        with pytest.raises(ConnectionClosed) as closed:
            received(opened, lambda _: None)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1000


def test_a_mute_socket_stays_open_and_silent_while_a_new_one_speaks(kite: Kite) -> None:
    with socket(kite) as silent:
        say(silent, "subscribe", [NIFTY])
        received(silent, ticks)
        kite.fault("mute")
        kite.say("message", "unheard")
        with socket(kite) as fresh:
            say(fresh, "subscribe", [NIFTY])
            for _ in range(3):
                received(fresh, ticks)
        kite.clear_faults()
        kite.say("message", "heard")
        assert received(silent, text)["data"] == "heard"


def test_every_frame_that_left_is_remembered_with_its_time(kite: Kite, options: list[int]) -> None:
    since = kite.state()["wall"]
    with socket(kite) as opened:
        say(opened, "subscribe", options[100:110])
        say(opened, "mode", ["full", options[100:110]])
        told = received(
            opened, lambda message: [each for each in ticks(message) if each["mode"] == "full"]
        )
    wanted = {
        (each["instrument_token"], int(each["exchange_timestamp"].timestamp())) for each in told
    }

    def pairs() -> set[tuple[int, int]]:
        return {
            pair
            for frame in kite.sent(since)
            for pair in zip(frame["token"], frame["exchange_timestamp"], strict=True)
        }

    # It is noted after it has left.
    eventually(lambda: wanted <= pairs())
    assert all(frame["sent_at"] >= since for frame in kite.sent(since))


@pytest.fixture
def listen(kite: Kite) -> Iterator[Callable[..., TickerListener]]:
    opened: list[TickerListener] = []

    def listen(tokens: list[int], **told: Any) -> TickerListener:
        opened.append(TickerListener(kite.ws, tokens, **told))
        return opened[-1]

    yield listen
    for each in opened:
        each.end()
    eventually(lambda: not kite.state()["connections"])


def test_the_brokers_ticker_hears_indices_and_contracts(
    listen: Callable[..., TickerListener], options: list[int]
) -> None:
    listener = listen([NIFTY, *options[:300]])
    told = eventually(
        lambda: {
            each["instrument_token"]: each for each in listener.ticks if each["mode"] == "full"
        },
    )
    index, option = told[NIFTY], told[options[150]]
    assert index.keys() == {
        "tradable",
        "mode",
        "instrument_token",
        "last_price",
        "ohlc",
        "change",
        "exchange_timestamp",
    }
    assert {
        "depth",
        "oi",
        "volume_traded",
        "last_trade_time",
        "exchange_timestamp",
    } <= option.keys()
    assert option["ohlc"]["low"] <= option["last_price"] <= option["ohlc"]["high"]


def test_the_brokers_ticker_comes_back_after_a_drop(
    listen: Callable[..., TickerListener], kite: Kite
) -> None:
    listener = listen([NIFTY])
    eventually(lambda: listener.ticks)
    kite.fault("drop")
    eventually(lambda: listener.closed)
    assert listener.closed[0][0] == 1006
    listener.ticks.clear()
    eventually(lambda: listener.ticks)


def test_the_brokers_ticker_is_told_of_a_bad_token(listen: Callable[..., TickerListener]) -> None:
    listener = listen([NIFTY], stale=True)
    eventually(lambda: listener.closed)
    code, reason = listener.closed[0]
    assert code == 1006
    assert "403" in reason
