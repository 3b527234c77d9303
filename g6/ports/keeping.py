"""Where things stay: frames between stages, rows for good, the newest panels."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol

from g6.domain.cycles.cycle import Unit
from g6.domain.market.instrument import Listing
from g6.domain.quotes.chain_memory import ChainMemory
from g6.domain.schema.frame import Frame


class Frames(Protocol):
    """Claim checks: one columnar frame per unit and stage, with a time to live."""

    def put(self, unit: Unit, stage: str, frame: Frame, seconds: float) -> int:
        """Store `frame` for `seconds` wall seconds; return its size in bytes."""
        ...

    def get(self, unit: Unit, stage: str) -> Frame:
        """Return the frame. Errors: FrameMissing."""
        ...

    def find(self, units: Sequence[Unit], stage: str) -> Mapping[Unit, Frame]:
        """Return the frames that are there, by unit, in one round trip."""
        ...

    def expire(self, unit: Unit, stage: str, seconds: float) -> None:
        """Give a stored frame a new time to live; a frame that is gone stays gone."""
        ...


class ChainMemories(Protocol):
    """What the cycles of a session saw of an index's whole chain, between one cycle and the next; forgotten after the session."""

    def recall(self, index: str, day: date) -> ChainMemory | None:
        """Return the memory of an index on a session day, None when there is none (any more)."""
        ...

    def keep(self, index: str, day: date, memory: ChainMemory) -> None:
        """Keep the memory of an index on a session day; what was kept before is replaced."""
        ...


@dataclass(frozen=True, slots=True)
class WriteReport:
    """What one write did: rows and bytes per sink, torn lines cut off, refusals per sink.

    `aside` counts the damaged lines that were moved out of a file, by the file that holds them now.
    """

    rows: Mapping[str, int] = field(default_factory=dict)
    bytes: Mapping[str, int] = field(default_factory=dict)
    repaired: int = 0
    errors: Mapping[str, str] = field(default_factory=dict)
    aside: Mapping[str, int] = field(default_factory=dict)


class Store(Hashable, Protocol):
    """Where rows stay. Writing the same unit twice replaces; a crash leaves nothing half. Errors: StoreBusy."""

    def write_chain(self, unit: Unit, frame: Frame) -> WriteReport:
        """Write one unit's chain (columns of `rows.CHAIN`)."""
        ...

    def write_overview(self, cycle: str, rows: Sequence[Mapping[str, Any]]) -> WriteReport:
        """Write overview rows (keys of `rows.OVERVIEW`) of one cycle; rows of other indices already there stay."""
        ...

    def read_chain(self, unit: Unit) -> Frame | None:
        """Return a stored unit's chain with its header, None when there is none."""
        ...

    def overview_cycles(self, first: datetime, last: datetime) -> Mapping[str, frozenset[str]]:
        """Return the indices that have an overview row, by cycle, for instants from `first` to `last`."""
        ...

    def last_overview(self) -> datetime | None:
        """Return the newest instant that has an overview row."""
        ...

    def last_oi(self, index: str, before: date) -> Frame | None:
        """Return expiry, strike, ce_oi, pe_oi of the last chain stored before the session day `before`."""
        ...

    def keep_listing(self, listing: Listing, exchange: str) -> None:
        """Keep a day's instruments for ever."""
        ...


class PanelStore(Protocol):
    """The newest panels; a panel yields only to a newer cycle (or the same one, rerun)."""

    def put(self, cycle: str, panels: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
        """Store panel documents by name, as of `cycle`; return the names that were taken."""
        ...

    def get(self, name: str) -> Mapping[str, Any] | None:
        """Return one panel's document."""
        ...

    def all(self) -> Mapping[str, Mapping[str, Any]]:
        """Return every panel's document by name."""
        ...

    def names(self) -> Sequence[str]:
        """Return the names there are."""
        ...


class PanelArchive(PanelStore, Protocol):
    """A panel store that can be held against its own manifest."""

    def verify(self) -> Mapping[str, str]:
        """Return what is wrong with the stored documents: file -> issue code; empty when all is well."""
        ...
