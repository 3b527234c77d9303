"""A data directory with two cycles of one index, stored as the pipeline stores them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from g6.adapters.parquet import ParquetStore
from g6.config import calendar, load, plan
from g6.domain.cycles.cycle import Unit
from g6.domain.documents.chain_rows import chain_frame
from g6.domain.figures import overview
from g6.domain.market.expiry import resolve
from g6.domain.pricing.assembly import assemble
from g6.domain.quotes.stamp import Stamp
from g6.domain.schema.frame import Frame
from g6.simulation import SimulatedMarket

STORED_CYCLES = ("2026-11-18T05:30:00Z", "2026-11-18T05:33:00Z")


class Stored(NamedTuple):
    """A data directory and the chains in it, by cycle."""

    directory: Path
    frames: dict[str, Frame]


def store_two_cycles(directory: Path) -> Stored:
    """Store two cycles of FINNIFTY's nearest expiry."""
    store, market, exchange = ParquetStore(directory), SimulatedMarket(calendar()), "NSE"
    frames = {}
    for cycle in STORED_CYCLES:
        unit = Unit(cycle, "FINNIFTY")
        listing = market.listing(unit.index, unit.instant)
        found = resolve(
            listing.contracts.expiries,
            unit.instant,
            calendar(),
            exchange,
            ("this_month",),
            underlying=unit.index,
        )
        contracts = listing.contracts.of(found.slots[0].expiry)
        quotes = market.quotes(unit.index, contracts, unit.instant)
        decided = plan(load(None, {}))
        stamp = Stamp(
            unit.instant, unit.index, "c1", decided.pricing, decided.quality,
            (replace(found.slots[0], requested=len(contracts)),), found.buckets, 4,
        )  # fmt: skip
        chain = assemble(quotes, stamp)
        frames[cycle] = chain_frame(chain)
        store.write_chain(unit, frames[cycle])
        store.write_overview(cycle, [overview.summarise(chain)])
    return Stored(directory, frames)
