"""How long an answer over HTTP takes from a compacted day of six indices: routes of one instant, ranges, panels.

    make bench-ask                            makes the day first, which takes a minute or two
    make bench-ask ARGS="--keep DIR"          the day stays in DIR and is used again
    make bench-ask ARGS=--require             exit status 1 where a limit is missed

Requests go through the whole application, guard and log included, in one process and one after the other: what is measured is
the time to an answer, without the network. Instants are spread over the day in a fixed order, so that none is asked twice in a row.
Writes benchmarks/ask.json.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT), str(ROOT / "tests/benchmarks")]

from bench_report import load as load_average  # noqa: E402
from bench_report import surroundings  # noqa: E402
from fastapi import FastAPI  # noqa: E402

from g6.adapters.memory.frames import MemoryFrames  # noqa: E402
from g6.adapters.memory.panels import MemoryPanels  # noqa: E402
from g6.bootstrap.reading import study_readers  # noqa: E402
from g6.config import load  # noqa: E402
from g6.domain.cycles.cycle import isoformat_z, parse_z  # noqa: E402
from g6.domain.documents.panels import envelope  # noqa: E402
from g6.entrypoints.web.auth import Guard, guarded  # noqa: E402
from g6.entrypoints.web.panel_routes import PanelAnswers, add_panels  # noqa: E402
from g6.entrypoints.web.problems import with_problems  # noqa: E402
from g6.entrypoints.web.study_answers import StudyAnswers  # noqa: E402
from g6.entrypoints.web.study_routes import add_studies  # noqa: E402

DAY = date(2026, 11, 18)
FIRST = "2026-11-18T03:50:00Z"
MINUTES = 360
ONE_INSTANT_MS = 50.0
PANEL_MS = 20.0
ONE_INSTANT = ("chain", "analyze", "smile", "surface", "oi")
"""Studies that read one cycle of one index."""
RANGES = (
    "interest", "straddle", "buildup", "scan", "dossier", "moves", "spreads", "overlays", "heatmap",
)  # fmt: skip
"""Studies that read many cycles. They have no limit, and are told beside."""
PAST_PANELS = (
    "index_NIFTY", "overview", "indices", "analytics", "breadth", "exposures", "health", "summary",
)  # fmt: skip


def arguments() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--keep", type=Path, help="directory of the day; one that is there is used")
    parser.add_argument("--requests", type=int, default=60, help="requests of each route (60)")
    parser.add_argument("--require", action="store_true", help="exit status 1 above a limit")
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks/ask.json")
    return parser.parse_args()


def make_day(directory: Path) -> None:
    """Have `g6 sample` write one compacted day of six indices, unless it is there."""
    if (directory / "made").exists():
        return
    command = [
        sys.executable, "-m", "g6.entrypoints.cli", "sample", "--days", "1",
        "--to", DAY.isoformat(), "--interval", "60", "--data-dir", str(directory),
    ]  # fmt: skip
    subprocess.run(command, check=True)
    (directory / "made").touch()


def application(directory: Path) -> tuple[Any, PanelAnswers]:
    """Return the application of the web port over a directory, as g6 serve has it."""
    settings = load(None, {"data_dir": directory, "demo_dir": directory}, {})
    answers = StudyAnswers(
        partial(study_readers.reader, settings=settings),
        study_readers.market_time(settings),
        60.0,
    )
    app = with_problems(FastAPI())
    add_studies(app, answers, time.time)
    panels = PanelAnswers(answers, MemoryPanels(), MemoryFrames())
    add_panels(app, panels, time.time)
    return guarded(app, Guard()), panels


def publish(panels: PanelAnswers) -> None:
    """Put the day's last panels, as the aggregate does: those are the pre-computed ones."""
    for name in PAST_PANELS:
        answer = panels.ask(name, parse_z(FIRST) + timedelta(minutes=MINUTES))
        cycle = answer.origin.instant
        panels.panels.put({name: envelope(name, answer.data, cycle, cycle)})


async def timed(app: Any, paths: Sequence[str]) -> list[float]:
    """Return the milliseconds of each request."""
    transport = httpx.ASGITransport(app)
    taken = []
    async with httpx.AsyncClient(transport=transport, base_url="http://g6", timeout=60) as client:
        for path in paths:
            began = time.perf_counter()
            answer = await client.get(path)
            taken.append(1e3 * (time.perf_counter() - began))
            assert answer.status_code == 200, (path, answer.text[:300])
    return taken


def figures(milliseconds: Sequence[float]) -> dict[str, float]:
    """Return median and p95."""
    ordered = sorted(milliseconds)
    return {
        "p50_ms": round(ordered[len(ordered) // 2], 1),
        "p95_ms": round(ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))], 1),
    }


def instants(count: int) -> list[str]:
    """Return instants spread over the day, in a fixed order."""
    minutes = random.Random(19).sample(range(MINUTES), min(count, MINUTES))
    return [isoformat_z(parse_z(FIRST) + timedelta(minutes=minute)) for minute in minutes]


def measure(app: Any, requests: int) -> dict[str, dict[str, dict[str, float]]]:
    """Return the times of each kind of route."""
    run = lambda paths: figures(asyncio.run(timed(app, paths)))  # noqa: E731
    moments = instants(requests)
    few = moments[: max(5, requests // 6)]
    at = {name: [f"/v1/{name}?index=NIFTY&at={one}" for one in moments] for name in ONE_INSTANT}
    past = {name: [f"/v1/panels/{name}?at={one}" for one in moments] for name in PAST_PANELS}
    now = {name: [f"/v1/panels/{name}"] * requests for name in PAST_PANELS}
    wide = {name: [f"/v1/{name}?index=NIFTY&at={one}" for one in few] for name in RANGES}
    groups = {"one_instant": at, "past_panel": past, "panel": now, "range": wide}
    asyncio.run(timed(app, [paths[0] for paths in [*at.values(), *past.values()]]))
    return {
        group: {name: run(paths) for name, paths in routes.items()}
        for group, routes in groups.items()
    }


def main() -> int:
    """Measure, print and write."""
    given = arguments()
    with tempfile.TemporaryDirectory() as temporary:
        directory = given.keep or Path(temporary) / "data"
        directory.mkdir(parents=True, exist_ok=True)
        make_day(directory)
        app, panels = application(directory)
        publish(panels)
        before = load_average()
        results = measure(app, given.requests)
    limits = {"one_instant": ONE_INSTANT_MS, "past_panel": ONE_INSTANT_MS, "panel": PANEL_MS}
    missed = []
    for group, routes in results.items():
        limit = limits.get(group)
        print(f"{group}{f', p95 at most {limit:g} ms' if limit else ', without a limit'}")
        for name, one in routes.items():
            is_over = limit is not None and one["p95_ms"] > limit
            missed += [f"{group} {name}"] if is_over else []
            print(
                f"  {name:14} p50 {one['p50_ms']:7.1f}  p95 {one['p95_ms']:7.1f}{'  over' * is_over}"
            )
    document = surroundings() | {
        "load_before": before,
        "requests": given.requests,
        "limits_ms": limits,
        "results": results,
        "missed": missed,
    }
    given.output.write_text(json.dumps(document, indent=1) + "\n", "utf-8")
    return 1 if missed and given.require else 0


if __name__ == "__main__":
    sys.exit(main())
