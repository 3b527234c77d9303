"""Runs healthy simulated days through the rules, and names every alert that fires.

    make healthy-days                        thirty sessions before the simulated market's start
    make healthy-days ARGS="--days 5"

A page on a healthy day is a false alarm: exit status 1. Writes benchmarks/healthy_days.json.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path

from rich.progress import track

from g6.config import calendar
from tests.observe.healthy_day import Fired, day_settings, fired

OUTPUT = Path(__file__).parents[2] / "benchmarks/healthy_days.json"
INDICES = ("NIFTY", "SENSEX")
NEWEST = date(2026, 11, 27)


def days(count: int) -> list[date]:
    """Return calendar days back from the newest one, holidays and weekends on the way included.

    A closed day must page nobody either. `count` of them have a session.
    """
    chosen: list[date] = []
    day = NEWEST
    sessions = 0
    while sessions < count:
        chosen.append(day)
        sessions += calendar().session("NSE", day) is not None
        day -= timedelta(days=1)
    return chosen


def alerts_of(day: date) -> list[Fired]:
    """Return what one day fires; the date seeds its market."""
    index = INDICES[day.toordinal() % len(INDICES)]
    with tempfile.TemporaryDirectory() as directory:
        return fired(day_settings([index], day.toordinal()), day, Path(directory))


def main() -> int:
    """Run the days over all cores and print what they fired."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=30, help="sessions (30)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    chosen = days(arguments.days)
    began = time.monotonic()
    with ProcessPoolExecutor(arguments.jobs) as pool:
        answers = pool.map(alerts_of, chosen)
        fired_by_day = {
            day.isoformat(): [asdict(alert) for alert in alerts]
            for day, alerts in zip(track(chosen, "days"), answers, strict=False)
        }
    seconds = time.monotonic() - began
    pages = 0
    for day, alerts in fired_by_day.items():
        for alert in alerts:
            pages += alert["severity"] == "page"
            print(f"{day} {alert['severity']:6} {alert['alert']} for {alert['minutes']:.1f} min")
    report = {"days": len(chosen), "sessions": arguments.days, "seconds": round(seconds, 1)}
    OUTPUT.write_text(json.dumps(report | {"fired": fired_by_day}, indent=1) + "\n", "utf-8")
    print(f"{arguments.days} sessions, {len(chosen)} days, {pages} pages, {seconds:.0f} s")
    return 1 if pages else 0


if __name__ == "__main__":
    sys.exit(main())
