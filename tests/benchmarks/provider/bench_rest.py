"""The least intervals over REST as run: `g6 up` on a Kite look-alike at the interval that the lint names, whole or not.

    python -m tests.benchmarks.provider.bench_rest --scope chain --indices 1,2,3,4,5,6 --cycles 3

Every line is one system: its indices, the interval, what its cycles were after the first (which also downloads the day's dumps),
and how many options they had. Exit code 1 when a cycle was not whole.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from g6.adapters.redis.bus import RedisBus
from g6.adapters.redis.server import EmbeddedServer, connect
from g6.bootstrap.settings_checks.rest_budget import least_interval
from g6.config import load
from g6.domain.cycles.cycle import parse_z
from tests.e2e.running import World, clean_environment
from tests.worlds.kite import kite_server

START = "2026-11-20T05:00:00Z"
SIX = ("NIFTY", "BANKNIFTY", "FINNIFTY", "MIDCPNIFTY", "SENSEX", "BANKEX")


def configured(scope: str, count: int) -> dict[str, Any]:
    """Return the configuration of the first `count` indices at the least interval that the lint names."""
    told: dict[str, Any] = {
        "interval": 60,
        "collection": {"scope": scope},
        "ticker": {"enabled": False},
        "provider": {"name": "kite", "token_provider": "fake"},
        "index_params": {name: {"enabled": name in SIX[:count]} for name in SIX},
    }
    flat = {
        "collection.scope": scope,
        "ticker.enabled": False,
        "provider.name": "kite",
        "interval": 60,
    }
    named = load("", flat | {f"index_params.{name}.enabled": False for name in SIX[count:]}, {})
    return told | {"interval": least_interval(named)}


def run(scope: str, count: int, cycles: int) -> Sequence[Mapping[str, Any]]:
    """Return the reports of the cycles after the first one that was whole."""
    config = configured(scope, count)
    with tempfile.TemporaryDirectory() as temporary:
        base = Path(temporary)
        with EmbeddedServer.start(base / "broker") as server, kite_server(start=START) as kite:
            state = kite.state()
            origin = state["wall"] - (parse_z(state["market"]) - parse_z(START)).total_seconds()
            world, path = World(base), base / "kite.json"
            path.write_text(json.dumps(config), "utf-8")
            world.environment = clean_environment(
                G6_CONFIG=str(path), G6_DEMO_DIR=str(world.data), G6_REDIS__BROKER_URL=server.url, G6_PROVIDER__ROOT=kite.root,
                G6_MARKET__START=START, G6_MARKET__ORIGIN=repr(origin), G6_SERVE__METRICS_PORT="0", G6_SERVE__WEB_PORT="0",
            )  # fmt: skip
            try:
                world.start_g6("up", "--no-banner")
                limit = time.monotonic() + 90 + (cycles + 3) * config["interval"]
                with connect(server.url) as client:
                    reports: list[Mapping[str, Any]] = []
                    while len(reports) < cycles and time.monotonic() < limit:
                        threading.Event().wait(0.5)
                        events = RedisBus(client).read("0", count=20_000)
                        closed = [
                            event.document for event in events if event.type == "cycle.report"
                        ]
                        reports = closed[_first_whole(closed) + 1 :]
                return reports[:cycles]
            finally:
                world.end()


def _first_whole(reports: Sequence[Mapping[str, Any]]) -> int:
    """Return the place of the first whole cycle: those before it are of the start, when nobody had sent a cycle yet."""
    return next((n for n, report in enumerate(reports) if report["status"] == "OK"), len(reports))


def main() -> int:
    """Run, print and judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scope", choices=("chain", "window"), default="chain")
    parser.add_argument("--indices", default="1,2,3,4,5,6")
    parser.add_argument("--cycles", type=int, default=3)
    chosen = parser.parse_args()
    good = True
    for count in map(int, chosen.indices.split(",")):
        reports = run(chosen.scope, count, chosen.cycles)
        statuses = [str(report["status"]) for report in reports]
        options = [sum(report["options"].values()) for report in reports]
        reasons = {
            f"{name} {reason}"
            for report in reports
            for name, reason in report["reasons"].items()
            if reason
        }
        whole = statuses == ["OK"] * chosen.cycles
        good = good and whole
        interval = configured(chosen.scope, count)["interval"]
        print(
            f"{chosen.scope} {count} indices every {interval} s: {statuses} {options} options {sorted(reasons)}",
            flush=True,
        )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
