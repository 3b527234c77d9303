"""Eight collecting processes ask a Kite look-alike for six whole chains as fast as the shared budget lets them.

    make bench-kite            or python -m tests.benchmarks.provider.bench_kite --requests 60 --processes 8

What is judged comes from the look-alike's own clock: the gap between neighbouring requests, requests in a calendar second, keys in
a request, and how much of the time was used.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle, pairwise
from pathlib import Path
from typing import Any

from g6.adapters.redis.server import EmbeddedServer
from g6.bootstrap.quote_sources.sources import provider as configured_provider
from g6.bootstrap.wiring import wire_if_running
from g6.config import environment, load
from g6.domain.cycles.cycle import parse_z
from g6.errors import ProviderBusy
from tests.worlds.kite import Kite, kite_server

ROOT = Path(__file__).resolve().parents[3]
START = "2026-11-20T05:00:00Z"
INDICES = ("NIFTY", "BANKNIFTY", "FINNIFTY", "MIDCPNIFTY", "SENSEX", "BANKEX")


@dataclass(frozen=True)
class Usage:
    """What the look-alike saw of the quote family."""

    requests: int
    seconds: float
    least_gap: float
    most_in_a_second: int
    most_keys: int
    refused: int

    @property
    def share(self) -> float:
        """Requests made of those that one a second would have been."""
        return (self.requests - 1) / self.seconds


def usage(arrivals: list[dict[str, Any]]) -> Usage:
    """Return the figures of the requests that came, in the order of their arrival."""
    times = sorted(each["time"] for each in arrivals)
    gaps = [later - earlier for earlier, later in pairwise(times)]
    seconds = Counter(int(each) for each in times)
    keys, refused = (
        max(each["keys"] for each in arrivals),
        sum(each["status"] == 429 for each in arrivals),
    )
    return Usage(len(times), times[-1] - times[0], min(gaps), max(seconds.values()), keys, refused)


def configured(kite: Kite, origin: float, broker: str, directory: Path) -> dict[str, str]:
    """Return the environment of a collecting process."""
    settings = load("", {
        "provider.name": "kite", "provider.root": kite.root, "provider.token_provider": "fake", "market.start": START,
        "market.origin": origin, "interval": 60, "redis.broker_url": broker, "demo_dir": str(directory), "ticker.enabled": False,
    }, {})  # fmt: skip
    return dict(os.environ) | environment(settings)


@contextmanager
def contending(
    kite: Kite, origin: float, directory: Path, processes: int
) -> Iterator[list[subprocess.Popen[str]]]:
    """Run collecting processes for the block, against a broker of their own."""
    with EmbeddedServer.start(directory / "broker", append_only=False) as server:
        environ = configured(kite, origin, server.url, directory)
        command = [sys.executable, "-m", "tests.benchmarks.provider.bench_kite", "--collect"]
        running = [
            subprocess.Popen(
                [*command, str(number)], cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True
            )
            for number in range(processes)
        ]
        try:
            yield running
        finally:
            for process in running:
                process.terminate()
            for process in running:
                process.wait(20)
                if process.stdout:
                    process.stdout.close()


def collect(number: int) -> None:
    """Ask for one index after the other until somebody ends the process; which comes first depends on `number`."""
    settings = load("", {}, os.environ)
    wiring = wire_if_running(settings)
    provider = configured_provider(wiring)
    clock = wiring.clock
    print(json.dumps({"pid": os.getpid()}), flush=True)
    for index in cycle([*INDICES[number % 6 :], *INDICES[: number % 6]]):
        now = clock.market()
        contracts = provider.listing(index, now).contracts
        expiries = contracts.expiries[:4]
        try:
            provider.quotes(index, contracts.take(contracts.expiry <= max(expiries)), now)
        except ProviderBusy:
            continue


def measure(requests: int, processes: int) -> Usage:
    """Let `processes` contend until `requests` came after the first, and return what the look-alike saw."""
    with tempfile.TemporaryDirectory() as temporary, kite_server(start=START) as kite:
        origin = _origin(kite)
        with contending(kite, origin, Path(temporary), processes) as running:
            for process in running:
                process.stdout and process.stdout.readline()
            limit = time.monotonic() + 60 + 3 * requests
            while len(kite.arrivals("quote")) < requests + 1 and time.monotonic() < limit:
                threading.Event().wait(0.5)
            return usage(kite.arrivals("quote"))


def _origin(kite: Kite) -> float:
    """Return the wall time at which the look-alike's clock showed START."""
    told = kite.state()
    return float(told["wall"]) - (parse_z(told["market"]) - parse_z(START)).total_seconds() / float(
        told["speed"]
    )


def main() -> int:
    """Measure and judge; exit code 1 when a bound is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=60)
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--collect", type=int, default=None, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.collect is not None:
        collect(chosen.collect)
        return 0
    seen = measure(chosen.requests, chosen.processes)
    print(
        f"{seen.requests} quote requests of {chosen.processes} processes in {seen.seconds:.1f} s: "
        f"least gap {seen.least_gap:.3f} s, "
        f"at most {seen.most_in_a_second} in a calendar second, at most {seen.most_keys} keys, {seen.refused} refused, "
        f"{100 * seen.share:.1f} % of one request a second used"
    )
    good = (
        seen.least_gap >= 1.0
        and seen.most_in_a_second == 1
        and seen.most_keys <= 500
        and seen.share >= 0.85
    )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
