"""Measures what observation costs per cycle: processor time, and commands of Redis.

    python tests/benchmarks/running/bench_observation.py            20 pairs of a cycle of six indices
    python tests/benchmarks/running/bench_observation.py --pairs 5 --json out.json

The use cases run whole cycles of the simulated market over a real Redis, in pairs and in changing order: one whose reports go to a bus
that keeps nothing, one whose reports go to the stream, with the 30 heartbeats of a minute between two cycles. Then the recorder
counts the cycle's events, and /metrics is rendered four times, as a scrape every 15 s does.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

import redis

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT))

from g6 import pipeline  # noqa: E402
from g6.adapters.clocks import WallClock  # noqa: E402
from g6.adapters.memory.bus import MemoryBus  # noqa: E402
from g6.adapters.redis.bus import RedisBus  # noqa: E402
from g6.adapters.redis.ledger import RedisLedger  # noqa: E402
from g6.adapters.redis.server import EmbeddedServer, connect  # noqa: E402
from g6.adapters.redis.totals import RedisTotals  # noqa: E402
from g6.adapters.wrapping.throttled_bus import ThrottledBus  # noqa: E402
from g6.domain.cycles.cycle import Unit, isoformat_z, parse_z  # noqa: E402
from g6.domain.schema.words import STAGES  # noqa: E402
from g6.observability.exposition import render  # noqa: E402
from g6.observability.follower import BusFollower  # noqa: E402
from g6.pipeline import Runtime  # noqa: E402
from tests.worlds.pipeline import World  # noqa: E402

FIRST = "2026-11-18T05:30:00Z"
SIX = ("FINNIFTY", "MIDCPNIFTY", "SENSEX", "BANKEX")
HEARTBEATS = 30
SCRAPES = 4


class Silent(RedisLedger):
    """A ledger that publishes no report: its steps are those of any other."""

    def _event(self, key: str, report: object) -> list[Any]:
        return [""]


def cost(client: redis.Redis, work: Callable[[], object]) -> tuple[float, int]:
    """Return milliseconds of processor time of this process, and commands that the server ran."""
    before = client.info("stats")["total_commands_processed"]
    began = time.process_time()
    work()
    spent = 1000.0 * (time.process_time() - began)
    # The question before is one of them.
    return spent, client.info("stats")["total_commands_processed"] - before - 1


def cycle(world: World, runtime: Runtime, name: str) -> None:
    """Run every stage of a cycle, and the heartbeats of a minute."""
    world.clock.now = parse_z(name).timestamp()
    for index in runtime.plan.indices:
        for stage in STAGES:
            getattr(pipeline, stage)(runtime, Unit(name, index), f"{name}-{index}")
    pipeline.aggregate(runtime, name)
    pipeline.publish(runtime, name)
    for _ in range(HEARTBEATS):
        pipeline.heartbeat(runtime)
        world.clock.now += 2.0


def worlds(client: redis.Redis) -> dict[str, tuple[World, Runtime]]:
    """Return the two worlds: one whose reports are published, one whose reports are not."""
    made = {}
    for name, ledger in (("observed", RedisLedger), ("silent", Silent)):
        world = World()
        world.settle_on(**{f"index_params__{index}__enabled": True for index in SIX})
        bus = ThrottledBus(RedisBus(client, name), WallClock())
        own = MemoryBus(length=1) if name == "silent" else bus
        made[name] = (world, replace(world.runtime, ledger=ledger(client, name), bus=own))
    return made


def measure(url: str, pairs: int) -> dict[str, Any]:
    """Return the medians over the pairs."""
    with connect(url) as client:
        made = worlds(client)
        observed = made["observed"][1]
        follower = BusFollower(
            observed.bus, RedisTotals(client, "observed"), tuple(observed.plan.indices)
        )
        follower.catch_up()
        figures: dict[str, list[tuple[float, int]]] = {
            name: [] for name in ("observed", "silent", "count", "scrape")
        }
        events = 0
        for pair in range(pairs + 1):
            at = isoformat_z(parse_z(FIRST) + timedelta(minutes=pair))
            names = list(made) if pair % 2 else list(reversed(made))
            for name in names:
                world, runtime = made[name]
                spent = cost(client, lambda w=world, r=runtime, name=at: cycle(w, r, name))
                figures[name].append(spent)
            before = observed.bus.bounds()[2]
            figures["count"].append(cost(client, lambda: [follower.step() for _ in range(2)]))
            totals = follower.totals
            assert totals is not None
            figures["scrape"].append(
                cost(
                    client,
                    lambda t=totals: [
                        render(t.state, now=time.time(), build={}) for _ in range(SCRAPES)
                    ],
                )
            )
            events = before // (pair + 1)
        # The first pair warms up.
        paired = zip(figures["observed"][1:], figures["silent"][1:], strict=True)
        differences = [(a[0] - b[0], a[1] - b[1]) for a, b in paired]
        return {
            "pairs": pairs,
            "indices": len(observed.plan.indices),
            "events_a_cycle": events,
            "cycle_cpu_ms": median(value for value, _ in figures["observed"][1:]),
            "publish_cpu_ms": median(value for value, _ in differences),
            "publish_commands": median(count for _, count in differences),
            "count_cpu_ms": median(value for value, _ in figures["count"][1:]),
            "count_commands": median(count for _, count in figures["count"][1:]),
            "scrape_cpu_ms": median(value for value, _ in figures["scrape"][1:]),
        }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--json", type=Path, help="write the figures here too")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as directory,
        EmbeddedServer.start(Path(directory)) as server,
    ):
        figures = measure(server.url, options.pairs)
    for name, value in figures.items():
        print(f"{name:18} {value:g}")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
