"""One quote of the stream passes the functions of docs/architecture.md in their order and arrives in a panel."""

from __future__ import annotations

import inspect
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import numpy as np
import pytest
import redis

from docs import one_quote
from g6.adapters.kite.ticker.tick_board import TickBoard
from g6.adapters.redis.quote_cache import RedisQuoteCache
from g6.adapters.redis.server import EmbeddedServer, connect
from g6.adapters.wrapping.streamed import Streamed
from g6.config import calendar
from g6.domain.market.calendar import day_of
from g6.domain.market.dump_layout import INDEX_TOKENS
from g6.domain.market.instrument import INDICES, VIX
from g6.domain.quotes.tick import Feed
from tests.worlds.pipeline import FIRST, NIFTY, World
from tests.worlds.providers import MARKET

FULL_BYTES = 184
PRICE = 123.45
"""The last price of the one quote: no other option has it."""


def packet(token: int, last: float, at: float) -> bytes:
    """Return a packet of mode full without a book, or one of an index."""
    paise = round(last * 100)
    if token & 0xFF == 9:
        return struct.pack(">8I", token, paise, paise, paise, paise, paise, 0, int(at))
    numbers = (
        token,
        paise,
        65,
        paise,
        650,
        0,
        0,
        paise,
        paise,
        paise,
        paise,
        int(at),
        65_000,
        65_000,
        65_000,
        int(at),
    )
    return struct.pack(">16I", *numbers) + bytes(FULL_BYTES - 64)


def frame(packets: list[bytes]) -> bytes:
    return struct.pack(">H", len(packets)) + b"".join(
        struct.pack(">H", len(one)) + one for one in packets
    )


@contextmanager
def entered(codes: dict[CodeType, str]) -> Iterator[list[str]]:
    """Note the first entry into each of some functions."""
    order: list[str] = []

    def note(frame: FrameType, event: str, _: Any) -> None:
        name = codes.get(frame.f_code) if event == "call" else None
        if name is not None and name not in order:
            order.append(name)

    sys.setprofile(note)
    try:
        yield order
    finally:
        sys.setprofile(None)


@pytest.fixture
def client(tmp_path: Path) -> Iterator[redis.Redis]:
    with EmbeddedServer.start(tmp_path, append_only=False) as server, connect(server.url) as client:
        yield client


def test_a_quote_passes_the_functions_of_the_page_in_their_order(client: redis.Redis) -> None:
    world = World()
    world.settle_on(collection__scope="chain", index_params__BANKNIFTY__enabled=False)
    at = NIFTY.instant
    contracts = MARKET.listing("NIFTY", at).contracts
    quotes = MARKET.quotes("NIFTY", contracts, at)
    last = quotes.values["last"].copy()
    side, place = np.argwhere(np.isfinite(last) & (contracts.symbol != ""))[0]
    last[side, place] = PRICE
    market = MARKET.underlying("NIFTY", at)
    tokens = {
        INDICES["NIFTY"].quote_key: INDEX_TOKENS[INDICES["NIFTY"].quote_key],
        VIX: INDEX_TOKENS[VIX],
    }
    prices = {INDICES["NIFTY"].quote_key: market.spot, VIX: market.vix}
    for position in np.argwhere((contracts.symbol != "") & np.isfinite(last)):
        symbol = contracts.symbol[tuple(position)]
        tokens[symbol] = int(contracts.token[tuple(position)])
        prices[symbol] = float(last[tuple(position)])
    cache = RedisQuoteCache(client, "one")
    world.provider = Streamed(MARKET, cache, world.clock, calendar(), INDEX_TOKENS)  # type: ignore[assignment]
    world.settle_on(collection__scope="chain", index_params__BANKNIFTY__enabled=False)
    codes = {
        inspect.unwrap(function).__code__: function.__qualname__ for function, _ in one_quote.WAY
    }
    with entered(codes) as order:
        board = TickBoard()
        board.add("NIFTY", tokens, 0)
        board.read(
            frame([packet(tokens[name], prices[name], at.timestamp()) for name in tokens]),
            at.timestamp(),
        )
        cache.put(day_of(at), board.take())
        cache.put_feeds({0: Feed("open", at.timestamp() - 60.0, at.timestamp(), at.timestamp())})
        world.cycle(FIRST)
    assert order == [function.__qualname__ for function, _ in one_quote.WAY]
    stored = world.store.read_chain(NIFTY)
    assert stored is not None
    assert PRICE in np.concatenate([stored.columns["ce_last"], stored.columns["pe_last"]])
    assert world.panels.get("overview") is not None


def test_the_page_is_short_enough_to_read() -> None:
    assert len(one_quote.WAY) <= 14
    assert sum(one_quote.code_lines(function) for function, _ in one_quote.WAY) <= 300
