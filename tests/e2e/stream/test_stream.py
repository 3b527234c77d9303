"""The stream end to end: the look-alike, `g6 ticker` as a process, the cache, and a collector's questions; and what goes wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from g6.adapters.kite.token import issued_token
from g6.bootstrap.quote_sources.guarding import shared_state
from g6.bootstrap.quote_sources.kite_source import token_keeper
from g6.bootstrap.wiring import wire
from g6.config import load
from g6.domain.quotes.quotes import DEPTH_FIELDS, QUOTE_FIELDS
from g6.errors import TokenDead
from tests.waiting import PATIENCE, eventually
from tests.worlds.streaming import Streaming, streaming

SILENT_SECONDS = 3
"""The least that can be configured."""


@pytest.fixture(scope="module")
def world() -> Iterator[Streaming]:
    """Two hundred options of one index that tick every second; silence is noticed after three seconds."""
    with streaming(
        steady=True, settings={"ticker.silent_seconds": SILENT_SECONDS, "ticker.max_age": 2}
    ) as made:
        made.follow("NIFTY", 100)
        made.start_ticker()
        made.flows()
        yield made
        assert made.end_ticker() == 0, made.log[-2000:]
        assert made.feeds() == {}


@pytest.fixture(autouse=True)
def streams_again(world: Streaming) -> Iterator[None]:
    """Each test begins and ends with a stream that flows, its faults cleared."""
    yield
    world.kite.clear_faults()
    world.flows()


def told(world: Streaming, event: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in world.log.splitlines() if line.startswith("{")]
    return [line for line in lines if event in line["event"]]


def described_source(world: Streaming) -> str:
    return str(world.provider.describe().to_json()["source"])


def comes_from(world: Streaming, *sources: str) -> Callable[[], bool]:
    return lambda: world.sources() == set(sources)


def test_a_streamed_chain_costs_no_quote_request(world: Streaming) -> None:
    eventually(lambda: world.ask().market.vix > 0)
    before = world.questions()
    found = world.ask()
    while set(found.source.reshape(-1)) != {"stream"}:
        # Ticks of a busy machine may be too old for a moment: what is missing is asked for.
        before = world.questions()
        found = world.ask()
    assert world.questions() == before
    assert (
        found.market.spot > 0,
        found.market.future > 0,
        found.market.vix > 0,
        found.market.spot_source,
    ) == (True, True, True, "live")


def test_stream_and_rest_say_the_same_of_what_stands_still(world: Streaming) -> None:
    streamed = world.ask()
    asked = world.provider.inner.quotes(
        "NIFTY", world.followed["NIFTY"], world.runtime.clock.market()
    )
    np.testing.assert_array_equal(streamed.lot_size, asked.lot_size)
    for name in ("open", "close"):
        np.testing.assert_array_equal(streamed.values[name], asked.values[name], err_msg=name)
    assert {*QUOTE_FIELDS, *DEPTH_FIELDS} == set(streamed.values)


def test_a_mute_socket_is_bridged_renewed_and_told(world: Streaming) -> None:
    world.kite.fault("mute")
    # A socket that is made anew speaks at once, before a busy machine has looked.
    eventually(lambda: comes_from(world, "rest")() and described_source(world) == "rest")
    eventually(lambda: world.feeds()[0].reconnects.get("mute"))
    world.kite.clear_faults()
    eventually(comes_from(world, "stream"))
    silent = told(world, "silent")[0]
    # At its look before, the ticker had not heard of it for less than the limit: it tells of it at
    # the first look that it can. How long that took beyond is what it waited for a processor.
    assert silent["reason"] == "mute"
    assert silent["seconds"] >= SILENT_SECONDS
    assert silent["seconds"] - silent["since_look"] <= SILENT_SECONDS + 0.1  # both are rounded
    states = [
        event.document
        for event in world.runtime.bus.read("0", count=5000)
        if event.type == "provider.state"
    ]
    assert {"name": "ticker", "state": "lost", "reason": "mute"}.items() <= next(
        s for s in states if s["state"] == "lost"
    ).items()


def test_a_dropped_socket_comes_back(world: Streaming) -> None:
    world.kite.fault("drop")
    eventually(lambda: world.feeds()[0].reconnects.get("dropped"))
    eventually(comes_from(world, "stream"))


def test_a_garbage_frame_is_counted_and_nothing_else(world: Streaming) -> None:
    before = world.feeds()[0]
    world.kite.fault("garbage", count=2)
    eventually(lambda: world.feeds()[0].dropped > before.dropped)
    after = world.feeds()[0]
    assert (after.state, after.since, after.reconnects) == ("open", before.since, before.reconnects)


def test_collection_goes_on_without_the_ticker(world: Streaming) -> None:
    assert world.ticker is not None
    world.ticker.kill()
    world.ticker.wait(PATIENCE)
    eventually(comes_from(world, "rest"))
    facts = world.provider.describe().to_json()
    assert (facts["source"], facts["mode"]) == ("rest", "sim")
    world.start_ticker()
    world.flows()
    eventually(comes_from(world, "stream"))


def test_a_handshake_refused_in_passing_costs_seconds(world: Streaming) -> None:
    """A 403 with a token that REST takes was five minutes without a stream."""
    world.kite.fault("refuse", count=2)
    world.kite.fault("drop")
    sentence = "refuses a token that REST has not refused"
    (line,) = eventually(lambda: told(world, sentence))
    eventually(lambda: world.feeds()[0].state == "open")
    eventually(comes_from(world, "stream"))
    assert told(world, sentence) == [line]
    assert line["again_after_seconds"] == 5.0
    assert "g6 check kite" in line["fix"]


def test_an_expired_token_is_not_tried_for_ever_and_a_login_ends_the_wait(world: Streaming) -> None:
    world.kite.flush()
    world.kite.fault("drop")
    eventually(lambda: world.feeds()[0].state == "refused")
    with pytest.raises(TokenDead):
        world.provider.inner.underlying("NIFTY", world.runtime.clock.market())
    eventually(lambda: world.provider.describe().to_json()["login"]["state"] == "refused")
    refused = world.kite.state()["refused"]
    later = world.runtime.clock.market() + timedelta(seconds=12)
    eventually(lambda: world.runtime.clock.market() > later)
    assert world.kite.state()["refused"] == refused
    world.kite.admit("fresh1234")
    settings = load(environ=dict(world.variables))
    wiring = wire(settings, world.broker)
    shared = shared_state(wiring)
    keeper = token_keeper(settings, wiring.clock, shared.cache, shared.notify)
    keeper.keep(issued_token("fresh1234", "", world.runtime.clock.market()))
    world.flows()
    assert "fresh1234" not in world.log
