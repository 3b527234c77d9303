"""Repairing a gap: a cycle that nobody collected, from what the provider's candles still say of it."""

from __future__ import annotations

from g6.domain.cycles.cycle import Unit
from g6.domain.cycles.gaps import REPAIRED
from g6.domain.documents.chain_rows import chain_frame
from g6.domain.figures import overview
from g6.domain.pricing.assembly import assemble
from g6.domain.quotes import stamp as quote
from g6.domain.reports import Switches
from g6.domain.schema.words import Status
from g6.pipeline.runtime import Runtime, Watch
from g6.pipeline.stages import gather


def repair(runtime: Runtime, unit: Unit, *, row_stands: bool = False) -> Status:
    """Backfill one unit and return how it ends: OK or PARTIAL and stored with reason `backfill`, MISSING and nothing written.

    The runtime's provider answers from candles. A unit of which a chain is stored is left as it is: SKIPPED.
    `row_stands`: the overview row is what was collected live, and only the chain is gone; the row stays.
    Errors: BadInput (a damaged file of this unit).
    """
    if runtime.store.read_chain(unit) is not None:
        return Status.SKIPPED
    frame, _ = gather(runtime, unit, Switches(), Watch(runtime.clock))
    priced = assemble(*quote.from_frame(frame))
    row = overview.summarise(priced)
    status = Status(row["status"])
    if status.has_chain:
        runtime.store.write_chain(unit, chain_frame(priced))
        if not row_stands:
            runtime.store.write_overview(unit.cycle, [row | {"reason": REPAIRED}])
    return status
