"""The repair of a gap: a cycle that nobody collected, from the provider's candles."""

from __future__ import annotations

from g6.domain.cycles.cycle import Unit
from g6.domain.cycles.gaps import REPAIRED
from g6.domain.documents.chain_rows import chain_frame
from g6.domain.figures import overview
from g6.domain.pricing.assembly import assemble
from g6.domain.quotes import stamp as quote
from g6.domain.reports import Switches
from g6.domain.schema.words import Status
from g6.pipeline.gathering import gather
from g6.pipeline.runtime import Runtime, Watch


def repair(runtime: Runtime, unit: Unit, *, row_stands: bool = False) -> Status:
    """Backfill one unit. The runtime's provider answers from candles.

    Args:
        row_stands: Whether the overview row was collected live and stays. Only the chain is gone.

    Returns:
        OK or PARTIAL for a unit that is stored, with reason `backfill`. MISSING where nothing was
        written. SKIPPED where a chain is stored already and is left as it is.

    Raises:
        BadInput: A file of this unit is damaged.
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
