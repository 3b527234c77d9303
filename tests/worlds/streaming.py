"""A stream for tests and measurements: a look-alike, a server for the cache, `g6 ticker` in a process of its own.

with streaming(start="2026-11-20T05:00:00Z") as world:
    world.follow("NIFTY", 100)
    world.start_ticker()
    world.flows()
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import redis

from g6.adapters.memory.sender import MemorySender
from g6.adapters.redis.quote_cache import RedisQuoteCache
from g6.adapters.redis.server import EmbeddedServer, connect
from g6.adapters.wrapping.streamed import Streamed
from g6.bootstrap.processes.process_runtime import build_runtime
from g6.bootstrap.wiring import wire
from g6.config import environment, load
from g6.domain.market.calendar import day_of
from g6.domain.market.instrument import Contracts
from g6.domain.quotes.tick import Feed
from g6.pipeline import Runtime
from g6.pipeline.choice import choose
from tests.e2e.running import clean_environment
from tests.waiting import eventually
from tests.worlds.kite import ROOT, Kite, kite_server


@dataclass
class Streaming:
    """What runs, and how it is asked and disturbed."""

    base: Path
    kite: Kite
    broker: str
    client: redis.Redis
    runtime: Runtime
    variables: Mapping[str, str]
    ticker: subprocess.Popen[bytes] | None = None
    followed: dict[str, Contracts] = field(default_factory=dict)

    @property
    def cache(self) -> RedisQuoteCache:
        return RedisQuoteCache(self.client)

    @property
    def provider(self) -> Streamed:
        assert isinstance(self.runtime.provider, Streamed)
        return self.runtime.provider

    @property
    def log(self) -> str:
        path = self.base / "ticker.log"
        return path.read_text("utf-8") if path.exists() else ""

    def follow(self, index: str, strikes: int | None = None) -> Contracts:
        """Ask for `strikes` around the middle of what an index's cycle asks for, or all of it, to be streamed."""
        at = self.runtime.clock.market()
        contracts = choose(self.runtime, index, at).contracts
        if strikes is not None:
            nearest = contracts.of(contracts.expiries[0])
            middle = len(nearest) // 2
            contracts = nearest.take(
                slice(max(0, middle - strikes // 2), middle + strikes - strikes // 2)
            )
        self.provider.follow(index, contracts, at)
        self.followed[index] = contracts
        return contracts

    def ask(self, index: str = "NIFTY") -> Any:
        """Return the quotes of what is followed, as a collector has them."""
        return self.provider.quotes(index, self.followed[index], self.runtime.clock.market())

    def sources(self, index: str = "NIFTY") -> set[str]:
        """Return where the quotes of an index come from now."""
        found = self.ask(index)
        return set(found.source[found.symbol != ""].tolist())

    def start_ticker(self) -> subprocess.Popen[bytes]:
        """Start `g6 ticker`."""
        with (self.base / "ticker.log").open("ab") as output:
            self.ticker = subprocess.Popen(
                [sys.executable, "-m", "g6.entrypoints.cli", "ticker", "--log-format", "json"],
                cwd=ROOT, env=dict(self.variables), stdout=output, stderr=output, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        return self.ticker

    def end_ticker(self) -> int:
        """End it in order; return its exit code."""
        assert self.ticker is not None
        self.ticker.terminate()
        return self.ticker.wait(200)

    def feeds(self) -> dict[int, Feed]:
        """Return how the connections are."""
        return dict(self.cache.feeds())

    def flows(self, connections: int = 1) -> bool:
        """Wait until so many connections are open and everything followed has ticked since."""
        return eventually(lambda: self._flowing(connections), 100.0)

    def _flowing(self, connections: int) -> bool:
        feeds = [feed for feed in self.feeds().values() if feed.state == "open"]
        return len(feeds) >= connections and all(self._has_ticked(index) for index in self.followed)

    def _has_ticked(self, index: str) -> bool:
        contracts = self.followed[index]
        symbols = contracts.symbol[contracts.symbol != ""].tolist()
        rows, feeds = self.cache.get(day_of(self.runtime.clock.market()), index, symbols)
        since = np.array(
            [feeds[number].since if number in feeds else np.inf for number in rows["feed"].tolist()]
        )
        return bool(((rows["received"] >= since) & (rows["source"] == 1)).mean() > 0.98)

    def questions(self) -> int:
        """Return how many quote requests the look-alike has seen."""
        return len(self.kite.arrivals("quote"))

    def move(self, at: str) -> None:
        """Set the market's clock, at the look-alike alone."""
        self.kite.clock(at=at)


@contextmanager
def streaming(
    start: str = "2026-11-20T05:00:00Z",
    *,
    settings: Mapping[str, Any] | None = None,
    **options: Any,
) -> Iterator[Streaming]:
    """Run a look-alike (with `options`) and a server; the ticker is started by the test. `settings` by dotted path."""
    with ExitStack() as stack:
        base = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="g6-stream-")))
        kite = stack.enter_context(kite_server(start=start, **options))
        server = stack.enter_context(EmbeddedServer.start(base / "broker", append_only=False))
        client = stack.enter_context(connect(server.url))
        origin = time.time()
        kite.clock(at=start)
        wanted = load(overrides={
            "interval": 60, "provider.timeout": 20, "collection.scope": "chain",
            "demo_dir": str(base / "rows"), "redis.broker_url": server.url,
            "provider.name": "kite", "provider.root": kite.root, "provider.ws_root": kite.ws, "provider.token_provider": "fake",
            "market.start": start, "market.origin": origin, **(settings or {}),
        })  # fmt: skip
        runtime = build_runtime(wire(wanted, server.url), MemorySender())
        world = Streaming(
            base, kite, server.url, client, runtime, clean_environment(**environment(wanted))
        )
        try:
            yield world
        finally:
            if world.ticker is not None and world.ticker.poll() is None:
                world.ticker.terminate()
                with suppress(subprocess.TimeoutExpired):
                    world.ticker.wait(10)
                world.ticker.kill()
