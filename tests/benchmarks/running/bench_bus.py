"""Measures what publishing an event costs, in pairs with a bare XADD of the same bytes.

    make bench-bus                      4,000 pairs, with a subscriber that reads along
    make bench-bus ARGS="--pairs 500 --json out.json"

Each pair publishes one stage report through the port that workers use, and appends the same fields with a bare XADD of redis-py to a
stream beside it, in changing order. The figure to keep is the p95 of a publication: below 1 ms. Exits 1 when it is missed.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import redis

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT))

from g6.adapters.clocks import WallClock  # noqa: E402
from g6.adapters.redis.bus import RedisBus, event_fields  # noqa: E402
from g6.adapters.redis.server import EmbeddedServer, connect  # noqa: E402
from g6.adapters.wrapping.throttled_bus import ThrottledBus  # noqa: E402
from g6.domain.reports import Report, parse_report  # noqa: E402
from g6.pipeline.subscription import Subscription  # noqa: E402

MOST_MS = 1.0
WARM_PAIRS = 200


def stage_report() -> Report:
    """Return a report of the size that an analysed unit has."""
    parts = ("claim", "read", "solve", "compute", "frame", "total")
    return parse_report(
        "unit.report",
        {
            "cycle": "2026-11-20T05:30:00Z",
            "index": "NIFTY",
            "stage": "analyse",
            "status": "OK",
            "seconds": dict.fromkeys(parts, 0.0123),
            "counts": {"options": 700, "sources": {"rest": 700}, "quality": {"stale": 3}},
        },
    )


def read_along(url: str, over: threading.Event) -> None:
    """Read every event as a subscriber does, until `over`."""
    with connect(url) as client:
        subscription = Subscription(RedisBus(client, "bench"), WallClock(), "reader", since=0.0)
        while not over.is_set():
            subscription.acknowledge(subscription.read(block_seconds=0.1))


def measure(url: str, pairs: int) -> tuple[list[float], list[float], int]:
    """Return milliseconds of each publication and of each bare XADD, and commands of 1,000 events."""
    report = stage_report()
    with connect(url) as client:
        bus = ThrottledBus(RedisBus(client, "bench"), WallClock())

        def publish() -> None:
            bus.publish(report, key="NIFTY")

        fields = event_fields(report, "bench", key="NIFTY")

        def append() -> None:
            client.xadd("bare", fields, maxlen=20_000, approximate=True)  # type: ignore[arg-type]

        spent: dict[str, list[float]] = {"publish": [], "append": []}
        order = [("publish", publish), ("append", append)]
        for pair in range(WARM_PAIRS + pairs):
            for name, call in order if pair % 2 else reversed(order):
                began = time.perf_counter()
                call()
                if pair >= WARM_PAIRS:
                    spent[name].append(1000 * (time.perf_counter() - began))
        looks = _looks(client)
        for _ in range(1000):
            publish()
        # A look asks for the stream and for its groups.
        return spent["publish"], spent["append"], 1000 + 2 * (_looks(client) - looks)


def _looks(client: redis.Redis) -> int:
    """Return how often a publisher has looked at the subscribers."""
    stats = client.info("commandstats")
    return int(stats.get("cmdstat_xinfo|groups", {}).get("calls", 0))


def main() -> int:
    """Measure, print, and return 1 when the limit is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=4000)
    parser.add_argument("--json", type=Path, help="write the figures here too")
    options = parser.parse_args()
    over = threading.Event()
    with (
        tempfile.TemporaryDirectory() as directory,
        EmbeddedServer.start(Path(directory)) as server,
    ):
        reader = threading.Thread(target=read_along, args=(server.url, over))
        reader.start()
        try:
            published, bare, commands = measure(server.url, options.pairs)
        finally:
            over.set()
            reader.join()
    figures = {
        "pairs": options.pairs,
        "publish_ms": {
            f"p{share}": float(np.percentile(published, share)) for share in (50, 95, 99)
        },
        "bare_xadd_ms": {f"p{share}": float(np.percentile(bare, share)) for share in (50, 95, 99)},
        "commands_per_1000_events": commands,
    }
    for name in ("publish_ms", "bare_xadd_ms"):
        print(name, "  ".join(f"{key} {value:.3f}" for key, value in figures[name].items()))
    print(f"{commands} commands for 1,000 events")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n")
    missed = figures["publish_ms"]["p95"] >= MOST_MS
    print(f"publish p95 < {MOST_MS:g} ms: {'missed' if missed else 'kept'}")
    return int(missed)


if __name__ == "__main__":
    raise SystemExit(main())
