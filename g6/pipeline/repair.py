"""The repair of a gap: a cycle that nobody collected, from the provider's candles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from g6.domain.cycles.cycle import Unit
from g6.domain.cycles.gaps import REPAIRED
from g6.domain.documents.chain_rows import chain_frame
from g6.domain.figures import overview
from g6.domain.pricing.assembly import assemble
from g6.domain.quotes import stamp as quote
from g6.domain.quotes.stamp import LOST
from g6.domain.reports import Switches
from g6.domain.schema.words import Status
from g6.errors import BadInput
from g6.pipeline.gathering import gather
from g6.pipeline.runtime import Runtime, Watch


@dataclass(slots=True)
class RepairTally:
    """The outcomes of a repair: units by how they ended, and the files that could not be read.

    Attributes:
        outcomes: Units by status.
        damaged: By path, why the file could not be read.
        unread: Units that a damaged file kept from being repaired.
    """

    outcomes: Counter[Status] = field(default_factory=Counter)
    damaged: dict[str, BadInput] = field(default_factory=dict)
    unread: int = 0

    @property
    def repaired(self) -> int:
        """Units of which rows were written."""
        return self.outcomes[Status.OK] + self.outcomes[Status.PARTIAL]

    @property
    def total(self) -> int:
        """All units that were looked at."""
        return self.outcomes.total() + self.unread


def repair_units(runtime: Runtime, units: Iterable[tuple[Unit, bool]], tally: RepairTally) -> None:
    """Backfill units one after the other, and count how each ends in `tally`.

    A damaged file is noted, and the others are repaired.

    Args:
        runtime: Its provider answers from candles.
        units: Each unit, and whether its overview row was collected live and stays.
        tally: Where outcomes are counted.
    """
    for unit, row_stands in units:
        try:
            outcome = repair(runtime, unit, row_stands=row_stands)
        except BadInput as error:
            tally.damaged.setdefault(error.path, error)
            tally.unread += 1
        else:
            tally.outcomes[outcome] += 1


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
        # Killed between the two, a repair that wrote the chain first left a unit whose row no later
        # repair made: it lets a stored chain be. A row without its chain is a gap to the next one.
        if row_stands:
            # The row says collected. Without this word the repair's settings said what was due.
            priced = replace(priced, stamp=replace(priced.stamp, revised_from=LOST))
        else:
            runtime.store.write_overview(unit.cycle, [row | {"reason": REPAIRED}])
        runtime.store.write_chain(unit, chain_frame(priced))
    return status
