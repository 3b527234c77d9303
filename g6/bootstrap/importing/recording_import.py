"""Brings a recording into the store through the pipeline, in this process and without workers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date

from g6.adapters.parquet import ParquetStore
from g6.adapters.replay import Recording
from g6.bootstrap.importing.stored_difference import stored_difference
from g6.bootstrap.inprocess import ReplayedUnit, replay_units
from g6.bootstrap.stores import parquet_store
from g6.config import Settings, calendar
from g6.domain.cycles.plan import Plan
from g6.domain.documents.chain_rows import chain_frame
from g6.domain.market.calendar import day_of
from g6.errors import BadInput, Unavailable

UnitTrack = Callable[[Iterable[ReplayedUnit], int], Iterable[ReplayedUnit]]
"""Shows the progress over units, of which there are at most so many."""


@dataclass(slots=True)
class ImportedDay:
    """What one day of an index brought into the store.

    Attributes:
        index: Name of the index.
        day: The session day, as ISO text.
        cycles: Cycles that were stored now.
        stored_already: Cycles that were stored before and stay as they are.
        stored_otherwise: Those of them that lack an option of these, or have other figures of it.
        example: The first such figure.
        options: Options in the cycles that were stored now.
    """

    index: str
    day: str
    cycles: int = 0
    stored_already: int = 0
    stored_otherwise: int = 0
    example: str = ""
    options: int = 0

    def add_stored(self, cycle: str, difference: str) -> None:
        """Count a cycle that was stored before, and what it says otherwise."""
        self.stored_already += 1
        if difference:
            self.stored_otherwise += 1
            self.example = self.example or f"{cycle}: {difference}"


def untracked(units: Iterable[ReplayedUnit], count: int) -> Iterable[ReplayedUnit]:  # noqa: ARG001
    """Return the units without showing how far they are."""
    return units


def store_recording(
    settings: Settings,
    recording: Recording,
    plan: Plan,
    indices: Collection[str],
    track: UnitTrack = untracked,
) -> list[ImportedDay]:
    """Replay indices of a plan into the store and return what was stored by day and index.

    Args:
        settings: Where the store is.
        recording: Where the quotes come from. Analytics are computed anew.
        plan: What is collected of the recording.
        indices: Which indices of the plan.
        track: Shows the progress.
    """
    store = parquet_store(settings)
    instants = recording.cycles()
    # Cycles that are stored stay as they are, so that a second run, or one after Ctrl-C, does only
    # what is missing.
    stored = store.overview_cycles(instants[0], instants[-1])
    collected = {name: of_index for name, of_index in plan.indices.items() if name in indices}
    units = replay_units(recording, replace(plan, indices=collected), calendar())
    days: dict[tuple[date, str], ImportedDay] = {}
    for replayed in track(units, len(instants) * len(collected)):
        unit = replayed.unit
        day = day_of(unit.instant)
        counts = days.setdefault((day, unit.index), ImportedDay(unit.index, day.isoformat()))
        if unit.index in stored.get(unit.cycle, ()):
            counts.add_stored(unit.cycle, _difference(store, replayed))
            continue
        # The chain first: a stop between the two leaves a cycle that counts as not stored.
        store.write_chain(unit, chain_frame(replayed.priced))
        store.write_overview(unit.cycle, [replayed.row])
        counts.cycles += 1
        # A side that is not listed has no symbol.
        counts.options += int((replayed.priced.quotes.symbol != "").sum())
    return [days[key] for key in sorted(days)]


def _difference(store: ParquetStore, replayed: ReplayedUnit) -> str:
    """Return what a stored cycle says otherwise than a recording."""
    try:
        chain = store.read_chain(replayed.unit)
    except (BadInput, Unavailable) as error:
        # One damaged file of a day that is stored ended the import of all that is not.
        return error.sentence
    return stored_difference(chain, chain_frame(replayed.priced))
