"""What the simulated market costs: `make bench-market` prints each figure beside its limit; exit code 1 when one is over it.

The limits: 500 options of one index asked at a new second within 10 ms once the day is warm, within 300 ms in a process that has
asked nothing yet (one index, its day made from nothing); the buckets of six indices, about 3,900 options, within 60 ms; all that is
kept below 60 MB, on the first day and on the third in a row. Figures are medians of processor time.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from statistics import median

import numpy as np
import psutil

from g6.config import calendar
from g6.config.settings_model import SIX
from g6.domain.market.expiry import resolve
from g6.domain.market.instrument import INDICES, Contracts
from g6.simulation import SimulatedMarket

NOON = datetime(2026, 11, 18, 6, 30, tzinfo=UTC)
TIMES = 40
COLD = "--cold"
LIMITS = {
    "500 warm": 10.0,
    "500 cold": 300.0,
    "six chains warm": 60.0,
    "kept": 60.0,
    "kept, third day": 60.0,
}


def buckets(market: SimulatedMarket, index: str, at: datetime = NOON) -> Contracts:
    """Return what a plain configuration collects of an index: the strikes of its four buckets."""
    found = market.listing(index, at).contracts
    slots = resolve(
        found.expiries, at, market.calendar, INDICES[index].exchange, underlying=index
    ).slots
    return found.take(
        np.isin(found.expiry, np.array([slot.expiry for slot in slots], dtype="datetime64[D]"))
    )


def milliseconds(work: Callable[[], object]) -> float:
    """Return the processor time that `work` takes: whoever else is at work on the machine is not counted."""
    began = time.process_time()
    work()
    return 1e3 * (time.process_time() - began)


def cold() -> None:
    """Print how long 500 options of a market take that has answered nothing; listing and calendar are there, as in a worker."""
    market = SimulatedMarket(calendar())
    contracts = buckets(market, "NIFTY").take(slice(0, 250))
    fresh = SimulatedMarket(market.calendar)
    sys.stdout.write(f"{milliseconds(lambda: fresh.quotes('NIFTY', contracts, NOON))}\n")


def cold_elsewhere() -> float:
    """Return the median of five processes of their own."""
    runs = [
        subprocess.run([sys.executable, __file__, COLD], capture_output=True, text=True, check=True)
        for _ in range(5)
    ]
    return median(float(each.stdout) for each in runs)


def measured() -> dict[str, tuple[float, str, str]]:
    """Return figure, unit and what it is about, by name."""
    market = SimulatedMarket(calendar())
    chains = {index: buckets(market, index) for index in SIX}
    options = sum(int((each.symbol != "").sum()) for each in chains.values())
    before = resident()

    def all_at(at: datetime) -> None:
        for index, contracts in chains.items():
            market.quotes(index, contracts, at)

    all_at(NOON)
    grown = resident() - before
    few = chains["NIFTY"].take(slice(0, 250))
    later = [NOON + timedelta(seconds=61 * n + 7) for n in range(TIMES)]
    return {
        "500 warm": (
            median(milliseconds(lambda at=at: market.quotes("NIFTY", few, at)) for at in later),
            "ms",
            "500 options",
        ),
        "500 cold": (cold_elsewhere(), "ms", "500 options, a new process"),
        "six chains warm": (
            median(milliseconds(lambda at=at: all_at(at)) for at in later),
            "ms",
            f"{options} options",
        ),
        "kept": (grown, "MB", f"by {options} options of one day"),
        "kept, third day": (grown_by_days(market) - before, "MB", "by as many, two sessions on"),
    }


def resident() -> float:
    """Return the memory of this process in MB."""
    return psutil.Process().memory_info().rss / 1e6


def grown_by_days(market: SimulatedMarket) -> float:
    """Return the memory after the next two sessions, as a worker goes through them."""
    for days in (1, 2):
        at = NOON + timedelta(days=days)
        for index in SIX:
            market.quotes(index, buckets(market, index, at), at)
    return resident()


def main() -> int:
    """Print the figures; return 1 when one is over its limit."""
    worst = 0
    for name, (figure, unit, what) in measured().items():
        within = figure <= LIMITS[name]
        worst |= not within
        sys.stdout.write(
            f"{'✓' if within else '✗'} {name:16} {figure:7.1f} {unit}  (at most {LIMITS[name]:g})  {what}\n"
        )
    return worst


if __name__ == "__main__":
    sys.exit(cold() if COLD in sys.argv else main())
