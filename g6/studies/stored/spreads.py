"""What the books of a stored index cost to cross: now by expiry, and by strike over cycles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from g6.domain.figures import book_spreads
from g6.domain.schema.chain import Chain
from g6.ports.readers import StoredReader
from g6.studies import selection
from g6.studies.documents import DocumentColumn
from g6.studies.parameters import At, Cycles, Expiry, Index


@dataclass(frozen=True, slots=True)
class SpreadParameters:
    """Asks for bid-ask spreads of an index."""

    index: Index
    expiry: Expiry = None
    cycles: Cycles = 60
    at: At = None


@dataclass(frozen=True, slots=True)
class BookSpreads:
    """Bid-ask spreads of an index.

    Attributes:
        index: The underlying's name.
        cycle: The newest cycle's instant as its name.
        now: The books of that cycle: each expiry as a whole, then its strikes near the money.
        expiry: The expiry that `by_strike` is of.
        by_strike: Spreads in points over the cycles.
        forward: The newest forward of that expiry, points.
        atm: Its strike at the money, points, NaN unknown.
    """

    index: str
    cycle: str
    now: tuple[book_spreads.Summary, ...]
    expiry: date
    by_strike: book_spreads.Spreads
    forward: float
    atm: float

    def columns(self) -> Mapping[str, DocumentColumn]:
        """Return one line per strike."""
        spreads = self.by_strike
        columns: dict[str, DocumentColumn] = {"strike": spreads.strike}
        for side, prefix in enumerate(("ce_", "pe_")):
            for name in ("two_sided", "median", "p90", "worst"):
                columns[prefix + name] = getattr(spreads, name)[side]
        return columns


def answer(reader: StoredReader, parameters: SpreadParameters) -> BookSpreads:
    """Return the spreads of each expiry now, and per strike of one expiry over the last cycles.

    Raises:
        UserError: There is no such index.
        NothingToDo: No chain of it is stored, or none of that expiry.
    """
    units = selection.units(reader, parameters.index, parameters.at, parameters.cycles)
    frames = selection.chains(reader, units, parameters.at)
    chains = [*map(Chain.of_rows, frames)]
    of_expiry = selection.of_one_expiry(chains, parameters.expiry)
    last = of_expiry[-1].expiries[0]
    return BookSpreads(
        index=units[-1].index,
        cycle=units[-1].cycle,
        now=tuple(book_spreads.summaries(chains[-1])),
        expiry=last.day,
        by_strike=book_spreads.over_cycles(of_expiry),
        forward=last.forward,
        atm=last.atm,
    )
