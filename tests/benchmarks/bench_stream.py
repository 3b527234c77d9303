"""Measures the tick stream: 4,000 instruments, each ticking once a second, from the look-alike into the cache and out of it.

    make bench-stream                 forty seconds of it
    make bench-stream ARGS="--seconds 15"

As on any day but a system's first, the open interest of the day before stands in the store, so that nobody asks for candles.
Figures and what they must keep: stage collect of one index with 700 options p95 < 100 ms without one quote request; at least 99 %
of its rows younger than 3 s; from the look-alike's send to the cache p95 < 200 ms; the ticker below 150 MB and 15 % of a core.
Exits 1 when one is missed.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psutil

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from g6 import pipeline  # noqa: E402
from g6.adapters.redis.quote_cache import RedisQuoteCache  # noqa: E402
from g6.domain.cycles.cycle import Unit, isoformat_z  # noqa: E402
from g6.domain.market.calendar import day_of  # noqa: E402
from g6.domain.market.instrument import INDICES, Contracts  # noqa: E402
from g6.domain.quotes.stamp import from_frame  # noqa: E402
from tests.conftest import make_chain  # noqa: E402
from tests.worlds.streaming import Streaming, streaming  # noqa: E402

TOKENS, OPTIONS = 4000, 700
POLL_SECONDS = 0.01
YESTERDAY = "2026-11-19T10:10:00Z"
WARM_SECONDS = 6.0
"""Workers run their stages once before the first cycle; so does this."""


@dataclass
class Latency:
    """Looks at one instrument of each index in the cache, and writes down when a new tick of it is first there."""

    world: Streaming
    watched: dict[str, tuple[str, int]]
    seen: dict[tuple[int, int], float] = field(default_factory=dict)
    over: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        cache = RedisQuoteCache(self.world.client)
        day = day_of(self.world.runtime.clock.market())
        while not self.over.wait(POLL_SECONDS):
            for index, (symbol, token) in self.watched.items():
                rows, _ = cache.get(day, index, [symbol])
                if not np.isnan(rows["quote_time"][0]):
                    self.seen.setdefault((token, int(rows["quote_time"][0])), time.time())

    def milliseconds(self, since: float) -> list[float]:
        """Return send to cache of every tick that was sent after `since`, by the sender's clock."""
        mine = {token for _, token in self.watched.values()}
        found: dict[tuple[int, int], float] = {}
        for frame in self.world.kite.sent(since):
            for token, stamp in zip(frame["token"], frame["exchange_timestamp"], strict=True):
                if token in mine:
                    found.setdefault((token, stamp), frame["sent_at"])
        return [1000 * (self.seen[key] - sent) for key, sent in found.items() if key in self.seen]


def follow(world: Streaming) -> int:
    """Follow TOKENS instruments: whole indices, the last in part; the largest first. Returns how many they are."""
    left = TOKENS
    for index in world.runtime.plan.indices:
        contracts = (
            world.follow(index, None)
            if left > OPTIONS * 2
            else world.follow(index, max(1, left // 2))
        )
        left -= int((contracts.symbol != "").sum()) + 3
        if left <= 6:
            break
    return TOKENS - left


def listed(contracts: Contracts) -> tuple[str, int]:
    """Return symbol and token of the first option there is."""
    side, place = np.argwhere(contracts.symbol != "")[0]
    return str(contracts.symbol[side, place]), int(contracts.token[side, place])


def collect(world: Streaming, seconds: float) -> dict[str, Any]:
    """Run stage collect of one index once a second; return its times, its rows' ages and where they came from."""
    index = min(
        world.followed,
        key=lambda name: abs(int((world.followed[name].symbol != "").sum()) - OPTIONS),
    )
    runtime, spent, young, rows, sources = world.runtime, [], 0, 0, {}
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        began = time.monotonic()
        unit = Unit(isoformat_z(runtime.clock.market().replace(microsecond=0)), index)
        started = time.perf_counter()
        done = pipeline.collect(runtime, unit, f"bench-{unit.cycle}")
        spent.append(1000 * (time.perf_counter() - started))
        if not done:
            raise SystemExit(f"{unit} was not collected")
        quotes, _ = from_frame(runtime.frames.get(unit, "quotes"))
        # Rows say up to when they stand; how old the ticks are stands in the cache.
        ticks, _ = world.cache.get(
            day_of(runtime.clock.market()), index, quotes.symbol[quotes.symbol != ""].tolist()
        )
        age = runtime.clock.market().timestamp() - ticks["quote_time"]
        young, rows = young + int((age < 3.0).sum()), rows + len(age)
        for name, count in zip(
            *np.unique(quotes.source[quotes.symbol != ""].astype(str), return_counts=True),
            strict=True,
        ):
            sources[str(name)] = sources.get(str(name), 0) + int(count)
        time.sleep(max(0.0, 1.0 - (time.monotonic() - began)))
    return {
        "index": index,
        "options": rows // len(spent),
        "ms": spent,
        "young": young / rows,
        "sources": sources,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=40.0)
    wanted = parser.parse_args()
    settings = {f"index_params.{name}.enabled": True for name in INDICES}
    with streaming(steady=True, settings=settings) as world:
        tokens = follow(world)
        for index in world.followed:
            world.runtime.store.write_chain(Unit(YESTERDAY, index), make_chain(YESTERDAY, index))
        child = world.start_ticker()
        world.flows(connections=2)
        latency = Latency(
            world, {name: listed(contracts) for name, contracts in world.followed.items()}
        )
        threading.Thread(target=latency.run, daemon=True).start()
        collect(world, WARM_SECONDS)
        process, questions, began = psutil.Process(child.pid), world.questions(), time.time()
        before = process.cpu_times()
        found = collect(world, wanted.seconds)
        spent = process.cpu_times()
        passed = time.time() - began
        core = (spent.user + spent.system - before.user - before.system) / passed
        rate = sum(feed.ticks_per_second for feed in world.feeds().values())
        resident = process.memory_info().rss / 2**20
        arrived = latency.milliseconds(began)
        latency.over.set()
        return report(
            tokens, rate, found, arrived, resident, core, world.questions() - questions, passed
        )


def report(
    tokens: int,
    rate: float,
    found: dict[str, Any],
    arrived: list[float],
    resident: float,
    core: float,
    asked: int,
    passed: float,
) -> int:
    """Print the figures beside their limits; return 1 when one is missed."""
    p95: Callable[[list[float]], float] = lambda values: float(np.percentile(values, 95))  # noqa: E731
    print(f"{tokens} instruments, {rate:.0f} ticks/s, {passed:.0f} s, {os.cpu_count()} cores")
    print(f"{len(found['ms'])} cycles of {found['index']} with {found['options']} options")
    checks = [
        ("stage collect, p50 ms", float(np.median(found["ms"])), None), ("stage collect, p95 ms", p95(found["ms"]), 100.0),
        ("quote requests", asked, 0.5), ("rows 3 s old or older, %", 100 * (1 - found["young"]), 1.0),
        ("send to cache, p50 ms", float(np.median(arrived)), None), ("send to cache, p95 ms", p95(arrived), 200.0),
        ("ticker, MB", resident, 150.0), ("ticker, % of a core", 100 * core, 15.0),
    ]  # fmt: skip
    for name, value, limit in checks:
        print(
            f"{name:28} {value:8.2f}"
            + (f"   below {limit:g}" + ("" if value < limit else "   MISSED") if limit else "")
        )
    print(f"sources {found['sources']}; {len(arrived)} ticks timed")
    return int(any(limit and value >= limit for _, value, limit in checks))


if __name__ == "__main__":
    sys.exit(main())
