"""The cycles and units that a rerun does again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from g6.bootstrap.reading.study_readers import past_reader
from g6.config import Settings
from g6.domain.cycles.cycle import Unit, parse_z
from g6.domain.cycles.gaps import NO_CHAIN, StatusReason
from g6.domain.schema.nearest import no_such
from g6.domain.schema.words import Status
from g6.pipeline import Runtime
from g6.ports import CycleRecord
from g6.ports.sources import abilities_of
from g6.studies.stored.days.past_span import PastSpan
from g6.studies.stored.days.stored_past import grids_between, outcomes_of_units


def instants(
    runtime: Runtime, settings: Settings, first: datetime, last: datetime
) -> list[datetime]:
    """Return the cycles between two instants, ascending.

    They are those of the session's grid, and what store and ledger know beside it.
    """
    # Taken from stored rows, a range passed ten cycles by that a full disk had refused, though
    # their frames were in Redis: such a cycle is on the grid alone.
    stored = {parse_z(cycle) for cycle in runtime.store.overview_cycles(first, last)}
    opened = {parse_z(record.cycle) for record in runtime.ledger.open_cycles()}
    recorded = abilities_of(runtime.provider).recorded
    if recorded is not None:
        due = set(recorded.cycles())
    else:
        grids = grids_between(past_reader(settings), first, last, settings.indices)
        due = {at for grid in grids.values() for at in grid}
    return sorted(at for at in stored | opened | due if first <= at <= last)


def units(
    runtime: Runtime, settings: Settings, cycles: Sequence[str], index: str | None, failed: bool
) -> list[Unit]:
    """Return the units to do again. `failed` leaves those out that ended OK and are stored.

    How a unit ended is what the ledger says, else the stored overview. Of what neither knows
    nothing was stored.

    Raises:
        UserError: There is no such index.
    """
    if index and index.upper() not in settings.indices:
        raise no_such("enabled index", index, settings.indices)
    if not cycles:
        return []
    rows: Mapping[Unit, StatusReason] = {}
    if failed or len(cycles) > 1:
        span = PastSpan(since=parse_z(cycles[0]), until=parse_z(cycles[-1]))
        rows = outcomes_of_units(past_reader(settings), span)
    selected: list[Unit] = []
    for cycle in cycles:
        record = runtime.ledger.record(cycle)
        names = [index.upper()] if index else _names(runtime, settings, cycle, record, rows)
        for name in names:
            unit = Unit(cycle, name)
            if not failed or _has_failed(unit, record, rows.get(unit)):
                selected.append(unit)
    return selected


def _names(
    runtime: Runtime,
    settings: Settings,
    cycle: str,
    record: CycleRecord | None,
    rows: Mapping[Unit, StatusReason],
) -> Iterable[str]:
    """Return the indices of a cycle that were due, are in the ledger or have a row."""
    names = [*runtime.expected(cycle), *(record.units if record else ())]
    names += [name for name in settings.indices if Unit(cycle, name) in rows]
    return dict.fromkeys(names) or settings.indices


def _has_failed(unit: Unit, record: CycleRecord | None, row: StatusReason | None) -> bool:
    """Tell whether a unit is not OK, or not stored."""
    status, reason = row or ("", "")
    state = record.units.get(unit.index) if record else None
    if state is not None and state.status:
        status = state.status
    is_lost = row is None or reason == NO_CHAIN
    return status != Status.OK or is_lost
