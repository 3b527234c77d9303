"""The account of one cycle in the ledger in memory."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from g6.domain.schema.words import ANALYSED, Stage
from g6.ports import CycleRecord, Opening, UnitRecord


@dataclass(slots=True)
class CycleAccount:
    """One cycle in the ledger in memory. Wall times are epoch seconds, 0 for not yet.

    Attributes:
        opening: What it was opened with.
        opened: When it was opened.
        fired: When the aggregate was sent.
        closed: When overview and panels were out.
        attempt: The number of its run, 1 before any rerun.
        stored: The newest attempt whose overview and panels are stored.
        store_sent: When it was sent to be stored again.
        overtaken: When a rerun began while older rows were being written.
        units: The records of the units that were begun or ended.
    """

    opening: Opening
    opened: float
    fired: float = 0.0
    closed: float = 0.0
    attempt: int = 1
    stored: int = 0
    store_sent: float = 0.0
    overtaken: float = 0.0
    units: dict[str, UnitRecord] = field(default_factory=dict)

    def unit(self, index: str) -> UnitRecord:
        """Return the record of its unit of an index."""
        return self.units.get(index, UnitRecord())

    def join(self, index: str) -> bool:
        """Wait for the unit of an index as well. Return whether the cycle is open again by that.

        The rerun of another unit opens a cycle that was forgotten for that one alone. If it was
        fired without this one, it is closed anew, as another attempt.
        """
        if index in self.opening.expected:
            return False
        self.reopen(index, self.opening)
        if not self.fired:
            return False
        self.attempt += 1
        self.fired = self.closed = 0.0
        return True

    def reopen(self, index: str, opening: Opening) -> None:
        """Take deadline and configuration of an opening, and wait for the unit of an index."""
        expected = self.opening.expected
        expected += () if index in expected else (index,)
        self.opening = replace(opening, expected=expected, due=self.opening.due)

    def record(self, cycle: str) -> CycleRecord:
        """Return what the ledger tells of it."""
        units = {index: self.unit(index) for index in self.opening.expected}
        return CycleRecord(
            cycle,
            self.opening,
            self.opened,
            self.fired,
            self.closed,
            units,
            self.attempt,
            self.stored == self.attempt,
        )

    @property
    def is_complete(self) -> bool:
        """Whether each of its units has ended."""
        return all(self.unit(index).status for index in self.opening.expected)

    @property
    def is_whole(self) -> bool:
        """Whether it is closed, and everything of it is stored that can be."""
        waiting = any(
            unit.status in ANALYSED and not unit.stage(Stage.PERSIST).is_done
            for unit in self.units.values()
        )
        return bool(self.closed) and self.stored == self.attempt and not waiting

    @property
    def may_be_published(self) -> bool:
        """Whether a process may be writing overview rows of it."""
        return bool(self.closed) and self.stored != self.attempt

    def may_be_written(self, index: str) -> bool:
        """Return whether a process may be writing rows of it, or of its unit of an index."""
        persist = self.unit(index).stage(Stage.PERSIST)
        return self.may_be_published or persist.is_running or persist.starts > 1


def is_awaited(account: CycleAccount | None, index: str) -> bool:
    """Return whether a cycle is known and was opened for the unit of an index.

    It was not for one that was claimed before the ledger forgot the cycle, while the rerun of
    another one has opened it again.
    """
    return account is not None and index in account.opening.expected
