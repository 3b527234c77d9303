"""What a cycle computes, stage by stage: six indices of 400 options each (up to four expiries), on one core.

    python tests/benchmarks/bench_analytics.py [--rounds 15] [--json FILE]

Times are milliseconds for all six indices together: median and least of the rounds. Nothing here waits for a broker or a disk.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from statistics import median

import numpy as np

from g6.config import calendar, load, plan
from g6.domain.documents.chain_rows import chain_frame
from g6.domain.figures import breadth, exposures, overview, unit_facts
from g6.domain.figures.by_expiry import expiry_figures
from g6.domain.figures.smile import surface
from g6.domain.market.instrument import INDICES, Contracts
from g6.domain.market.slot import Slot
from g6.domain.pricing import forward, quality, volatility
from g6.domain.pricing.assembly import assemble
from g6.domain.pricing.priced_chain import PricedChain
from g6.domain.quotes import stamp as quote
from g6.domain.quotes.quotes import Quotes
from g6.domain.quotes.stamp import Stamp
from g6.domain.schema.chain import Chain
from g6.domain.schema.frame import Frame
from g6.simulation import SimulatedMarket

AT = datetime.fromisoformat("2026-11-18T05:30:00Z")
OPTIONS = 400
EXPIRIES = 4


@dataclass
class Unit:
    """One index on its way from quotes to figures; each stage leaves what the next one needs."""

    quotes: Quotes
    stamp: Stamp
    packed: Frame
    priced: PricedChain
    stored: Frame


def units() -> list[Unit]:
    """The simulated market at one instant, a window of 400 options per index."""
    market = SimulatedMarket(calendar())
    return [_unit(market, index) for index in plan(load(None, {})).indices]


def _unit(market: SimulatedMarket, index: str) -> Unit:
    listing, days, decided = market.listing(index, AT), calendar(), plan(load(None, {}))
    expiries, exchange = listing.contracts.expiries[:EXPIRIES], INDICES[index].exchange
    contracts = _window(
        listing.contracts,
        expiries,
        market.underlying(index, AT).spot,
        OPTIONS // 2 // len(expiries),
    )
    stamp = Stamp(
        AT, index, "bench", decided.pricing, decided.quality,
        tuple(
            Slot(
                day, f"nth_{i}", 0, days.settlement_fix(exchange, day), days.close_of(exchange, day),
                requested=len(contracts.of(day)),
            )
            for i, day in enumerate(expiries)
        ),
        {}, 0,
    )  # fmt: skip
    quotes = market.quotes(index, contracts, AT)
    priced = assemble(quotes, stamp)
    return Unit(quotes, stamp, quote.to_frame(quotes, stamp), priced, chain_frame(priced))


def _window(contracts: Contracts, expiries: Sequence[date], spot: float, strikes: int) -> Contracts:
    """The `strikes` strikes nearest to the index of each expiry."""
    chosen = np.zeros(len(contracts), dtype=np.bool_)
    for day in expiries:
        rows = np.flatnonzero(contracts.expiry == np.datetime64(day, "D"))
        nearest = np.argsort(np.abs(contracts.strike[rows] - spot), kind="stable")[:strikes]
        chosen[rows[nearest]] = True
    return contracts.take(chosen)


def _forwards(unit: Unit) -> object:
    expiries = unit.priced.expiries
    bounds = [0, *(expiry.rows.stop for expiry in expiries)]
    years = [expiry.years for expiry in expiries]
    return forward.parity_forwards(unit.quotes, unit.priced.prices, bounds, years, unit.priced.rate)


def _volatility(unit: Unit) -> object:
    found = unit.priced
    level = found.per_row([expiry.forward.value for expiry in found.expiries])
    years = found.per_row([expiry.years for expiry in found.expiries])
    terms = volatility.Terms(level, unit.quotes.strike, years, unit.quotes.tick_size, found.rate)
    return volatility.volatility(found.prices, terms, unit.stamp.pricing, enabled=True)


STAGES: Mapping[str, Callable[[Unit], object]] = {
    "quotes out of their frame": lambda unit: quote.from_frame(unit.packed),
    "prices and quality": lambda unit: quality.prices(
        unit.quotes, AT.timestamp(), unit.stamp.quality
    ),
    "forwards": _forwards,
    "volatilities and Greeks": _volatility,
    "the chain, these three included": lambda unit: assemble(unit.quotes, unit.stamp),
    "overview row and facts": lambda unit: (
        overview.summarise(unit.priced),
        unit_facts.facts(unit.priced),
    ),
    "rows to store": lambda unit: chain_frame(unit.priced),
    "figures of every expiry": lambda unit: expiry_figures(Chain.of_rows(unit.stored)),
    "exposures, walls and flip": lambda unit: _exposed(unit.stored),
    "breadth": lambda unit: breadth.since_close(Chain.of_rows(unit.stored)),
    "surface": lambda unit: surface.fit(surface.smiles(Chain.of_rows(unit.stored))),
}
"""What is timed, in the order of a cycle; the last four are asked for by `g6 analyze` and the screens."""


def _exposed(stored: Frame) -> object:
    held = exposures.positions(Chain.of_rows(stored))
    found = exposures.exposures(held)
    return (
        exposures.walls(found),
        exposures.flip(held, float(stored.columns["spot"][0])),
        exposures.risk(held),
    )


def measure(world: Sequence[Unit], rounds: int) -> dict[str, list[float]]:
    """Milliseconds of each stage over all indices, by round; stages take turns, so that a busy spell hits them all."""
    taken: dict[str, list[float]] = {name: [] for name in STAGES}
    for turn in range(rounds + 2):
        for name, stage in STAGES.items():
            began = time.perf_counter()
            for unit in world:
                stage(unit)
            if turn >= 2:
                taken[name].append(1e3 * (time.perf_counter() - began))
    return taken


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    world = units()
    options = {unit.stamp.index: int((unit.quotes.symbol != "").sum()) for unit in world}
    taken = measure(world, arguments.rounds)
    found = {
        name: {"median_ms": median(times), "least_ms": min(times)} for name, times in taken.items()
    }
    lines = [
        f"| {name} | {each['median_ms']:.2f} | {each['least_ms']:.2f} |"
        for name, each in found.items()
    ]
    head = ["| milliseconds for all six indices | median | least |", "|---|---|---|"]
    expiries = sum(len(unit.stamp.slots) for unit in world)
    sys.stdout.write(
        "\n".join(
            [
                *head,
                *lines,
                "",
                f"{sum(options.values())} options, {expiries} expiries: {options}",
                "",
            ]
        )
    )
    if arguments.json:
        arguments.json.write_text(
            json.dumps({"stages": found, "options": options, "expiries": expiries}, indent=1) + "\n"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
