"""One index over consecutive days: the use cases in this process, files written a day at once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import pairwise
from typing import ClassVar

from g6.adapters.csv.day_lines import DayLines
from g6.adapters.data_dir.certificate_files import CertificateFiles
from g6.adapters.memory.bus import MemoryBus
from g6.adapters.memory.chain_memories import MemoryChainMemories
from g6.adapters.memory.controls import MemoryControls
from g6.adapters.memory.frames import MemoryFrames
from g6.adapters.memory.ledger import MemoryLedger
from g6.adapters.memory.panels import MemoryPanels
from g6.adapters.memory.store import OI_COLUMNS, MemoryStore
from g6.adapters.memory.vitals import MemoryVitals
from g6.adapters.parquet import ParquetStore
from g6.adapters.parquet.maintenance.whole_days import put_overview_day, write_chain_day
from g6.bootstrap.inprocess import PATIENT, AskedClock, InlineSender, UndamagedPanels
from g6.bootstrap.quote_sources.simulated_source import simulated_market
from g6.bootstrap.stored_files.certified_days import refuse_exchanged
from g6.config import Settings, calendar, plan
from g6.domain.cycles.cycle import Unit, isoformat_z
from g6.domain.market.instrument import INDICES, Listing
from g6.domain.schema.frame import Frame, FrameName
from g6.domain.schema.overview_row import OverviewRow
from g6.domain.schema.words import STAGES, SinkName
from g6.pipeline import Runtime
from g6.pipeline.closing import overview_rows
from g6.ports import Provider, Store, WriteReport
from g6.ports.history import OVERVIEW

MARK = 15
"""Cycles between two words of progress."""


@dataclass(frozen=True, slots=True)
class SampleBlock:
    """Consecutive days of one index, made one after the other.

    Attributes:
        index: The underlying.
        days: Session days, ascending.
        before: The day before the first, where another block makes it: its closing open interest
            is needed, and is computed once more. None where the store has it, or nobody.
    """

    index: str
    days: tuple[date, ...]
    before: date | None = None

    def to_json(self) -> dict[str, object]:
        """Return the block as JSON has it."""
        days = [day.isoformat() for day in self.days]
        return {
            "index": self.index,
            "days": days,
            "before": self.before.isoformat() if self.before else None,
        }

    @classmethod
    def from_json(cls, text: str) -> SampleBlock:
        """Read what `to_json` gave."""
        document = json.loads(text)
        before = document["before"]
        return cls(
            document["index"],
            tuple(map(date.fromisoformat, document["days"])),
            date.fromisoformat(before) if before else None,
        )


@dataclass(frozen=True, slots=True)
class SampleProgress:
    """What became of a day, or of a part of it.

    Attributes:
        index: The underlying.
        day: The session day.
        cycles: Cycles since the last word of progress.
        rows: Rows of the day's chains, 0 until they are written.
        statuses: How many cycles ended in which status, empty until the day is written.
    """

    index: str
    day: date
    cycles: int
    rows: int = 0
    statuses: Mapping[str, int] = field(default_factory=dict)


class WholeDayStore:
    """Store port that gathers one index's day, and writes it when the day is over."""

    sink: ClassVar[str] = SinkName.PARQUET

    def __init__(self, settings: Settings, closing: Frame | None = None) -> None:
        self._settings = settings
        self._parquet = ParquetStore(settings.directory)
        self._csv = DayLines(settings.csv_dir) if settings.storage.csv.enabled else None
        self._closing = closing
        self._units: dict[str, Frame] = {}
        self._rows: list[OverviewRow] = []

    def write_chain(self, unit: Unit, frame: Frame) -> WriteReport:
        """Gather one unit's chain."""
        self._units[unit.cycle] = frame
        if self._csv is not None:
            self._csv.add_chain(unit, frame)
        if len(frame):
            self._closing = Frame({}, {name: frame.columns[name] for name in OI_COLUMNS})
        return WriteReport(rows={self.sink: len(frame)}, bytes={self.sink: 0})

    def write_overview(self, cycle: str, rows: Sequence[OverviewRow]) -> WriteReport:
        """Gather one cycle's overview rows, as JSON leaves them on their way to a worker."""
        plain: list[OverviewRow] = json.loads(json.dumps(list(rows)))
        self._rows += plain
        if self._csv is not None:
            self._csv.add_overview(cycle, plain)
        return WriteReport(rows={self.sink: len(rows)})

    def keep_listing(self, listing: Listing, exchange: str) -> None:
        """Store a day's instruments."""
        if self._settings.storage.parquet.enabled:
            self._parquet.keep_listing(listing, exchange)

    def last_oi(self, index: str, before: date, since: datetime | None = None) -> Frame | None:
        """Return the open interest at the end of the day before, of this block or as stored."""
        if self._closing is not None:
            return self._closing
        return self._parquet.last_oi(index, before, since)

    def read_chain(self, unit: Unit) -> Frame | None:
        """Return a unit of the day that is being gathered."""
        return self._units.get(unit.cycle)

    def read_overview(self, cycle: str) -> Sequence[OverviewRow]:
        """Return the stored overview rows of a cycle."""
        return self._parquet.read_overview(cycle)

    def overview_cycles(self, first: datetime, last: datetime) -> Mapping[str, frozenset[str]]:
        """Return the cycles that are stored."""
        return self._parquet.overview_cycles(first, last)

    def record_swept(self, until: datetime) -> None:
        """Keep nothing: no ledger counts the cycles of a sample."""

    def swept_until(self) -> datetime | None:
        """Return None: no ledger counts the cycles of a sample."""
        return None

    def last_overview(self) -> datetime | None:
        """Return the newest instant that is stored."""
        return self._parquet.last_overview()

    def finish(self, index: str, day: date) -> SampleProgress:
        """Write the day that was gathered, and begin another.

        The overview comes last: a day without it is one whose making was interrupted.

        Raises:
            StoreBusy: A disk refuses a file.
        """
        rows = 0
        if self._csv is not None:
            self._csv.write()
        if self._settings.storage.parquet.enabled:
            with self._noted(index, day):
                if self._units:
                    rows = write_chain_day(self._settings.directory, index, day, self._units)
                put_overview_day(self._settings.directory, day, self._rows)
        statuses: dict[str, int] = {}
        for row in self._rows:
            statuses[row["status"]] = statuses.get(row["status"], 0) + 1
        self._units = {}
        self._rows = []
        return SampleProgress(index, day, 0, rows, statuses)

    def _noted(self, index: str, day: date) -> AbstractContextManager[None]:
        """Note what is rewritten of a day that has a certificate."""
        certificates = CertificateFiles(self._settings.directory)
        if not certificates.versions(day):
            return nullcontext()
        # The rows of other indices are taken over.
        refuse_exchanged(self._settings.directory, day, [OVERVIEW])
        return certificates.rewriting(day, (index, OVERVIEW))


class RowSender(InlineSender):
    """Sender port that makes a cycle's overview rows, and no panels.

    Panels show the newest cycle of a running system. Built 386 times a day they would take as long
    as the rows.
    """

    def aggregate(self, cycle: str) -> None:
        """Store the overview rows of a cycle."""
        runtime = self._attached()
        record = runtime.ledger.record(cycle)
        if record is not None:
            runtime.store.write_overview(cycle, overview_rows(record))


class LatestFrames(MemoryFrames):
    """Frames of the unit at hand alone."""

    def put(self, unit: Unit, name: FrameName, frame: Frame, seconds: float) -> int:
        """Store a frame, and drop those of other units."""
        if any(other != unit for other, _ in self._frames):
            self._frames = {}
        return super().put(unit, name, frame, seconds)


def make_block(settings: Settings, block: SampleBlock) -> Iterator[SampleProgress]:
    """Make the days of a block and write each, with a word of progress now and then.

    Raises:
        StoreBusy: A disk refuses a file.
    """
    market = simulated_market(settings)
    closing = None
    if block.before is not None:
        closing = _closing_interest(settings, market, block.index, block.before, block.days[0])
    store = WholeDayStore(settings, closing)
    runtime = _runtime(settings, market, block.index, store)
    exchange = INDICES[block.index].exchange
    for day in block.days:
        session = runtime.calendar.session(exchange, day)
        instants = () if session is None else session.cycles(settings.interval)
        if not instants:
            continue
        marks = [*range(0, len(instants), MARK), len(instants)]
        for first, last in pairwise(marks):
            for at in instants[first:last]:
                runtime.sender.stages(Unit(isoformat_z(at), block.index), STAGES)
            yield SampleProgress(block.index, day, last - first)
        listing = market.listing(block.index, instants[0])
        store.keep_listing(listing, INDICES[block.index].derivatives)
        yield store.finish(block.index, day)


def _closing_interest(
    settings: Settings, market: Provider, index: str, before: date, day: date
) -> Frame | None:
    """Return the open interest of a day's last cycle, which is made for that alone."""
    session = calendar().session(INDICES[index].exchange, before)
    if session is None:
        return None
    store = MemoryStore()
    runtime = _runtime(settings, market, index, store)
    last = session.cycles(settings.interval)[-1]
    runtime.sender.stages(Unit(isoformat_z(last), index), STAGES)
    return store.last_oi(index, day)


def _runtime(settings: Settings, market: Provider, index: str, store: Store) -> Runtime:
    whole = plan(settings)
    sender = RowSender()
    runtime = Runtime(
        plan=replace(whole, indices={index: whole.indices[index]}),
        timing=PATIENT,
        calendar=calendar(),
        clock=AskedClock(),
        provider=market,
        frames=LatestFrames(),
        # Nobody follows, so no report is made into JSON for a bus and read again.
        ledger=MemoryLedger(),
        store=store,
        panels=MemoryPanels(),
        panel_files=UndamagedPanels(),
        bus=MemoryBus(length=100),
        controls=MemoryControls(),
        sender=sender,
        vitals=MemoryVitals(),
        chain_memories=MemoryChainMemories(),
    )
    sender.runtime = runtime
    return runtime
