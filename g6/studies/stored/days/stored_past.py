"""The cycles that were due in the stored past, held against stored rows and chains."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import numpy as np

from g6.domain.cycles import gaps
from g6.domain.cycles.cycle import Unit, isoformat_z
from g6.domain.cycles.gaps import Instants, Outcomes, StatusReason, instant_at, instants_of
from g6.domain.market.calendar import day_of
from g6.domain.market.instrument import INDICES
from g6.domain.quotes.stamp import LOST
from g6.domain.schema.words import ANALYSED, MarketKind
from g6.errors import NothingToDo, UncoveredYear
from g6.ports.readers import CollectionSettings, PastReader, StoredChains
from g6.studies.stored.days.past_span import PastSpan, days_between, nothing_stored

__all__ = [
    "IndexDay",
    "StoredPast",
    "grids_between",
    "index_days",
    "missing_instants",
    "outcomes_of_units",
]

_MICROSECONDS = 1_000_000
_WHOLE_DAY = 86_400 * _MICROSECONDS

OutcomesOfDay = Mapping[str, Outcomes]
"""How the cycles of each index ended on one day."""


@dataclass(frozen=True, slots=True)
class IndexDay:
    """One index on one day.

    Attributes:
        index: The underlying's name.
        day: The session day.
        grid: The instants that should have a row.
        outcomes: The rows there are, held against the stored chains.
        collected: The first and the last instant of the whole day with a row, None without any.
    """

    index: str
    day: date
    grid: Instants
    outcomes: Outcomes
    collected: tuple[datetime, datetime] | None = None


def index_days(reader: PastReader, span: PastSpan) -> list[IndexDay]:
    """Return each index and day of the span that was due or has rows, by day and index.

    Raises:
        NothingToDo: Nothing of the span was due, and nothing of it is stored.
    """
    past = StoredPast.read(reader, span)
    units: list[IndexDay] = []
    for day in past.days:
        for index in past.due(day):
            if span.index not in (None, index):
                continue
            grid = span.within(past.grid(index, day))
            outcomes = past.as_stored(index, day, span)
            if len(grid) or len(outcomes):
                whole = past.outcomes.get(day, {}).get(index, outcomes)
                units.append(IndexDay(index, day, grid, outcomes, whole.ends))
    if not units:
        raise NothingToDo(nothing_stored(reader, span))
    return units


def missing_instants(unit: IndexDay, *, is_whole: bool) -> Instants:
    """Return the instants of an index and day of which no row with figures is stored.

    Args:
        unit: One index on one day.
        is_whole: Whether all of the day counts, not only what lies between its rows.
    """
    outcomes = unit.outcomes
    has_figures = outcomes.has(row[0] in ANALYSED for row in outcomes.rows)
    instants = np.union1d(unit.grid, outcomes.instants)
    is_done = np.isin(instants, outcomes.instants[has_figures], assume_unique=True)
    missing: Instants = instants[~is_done]
    if is_whole:
        return missing
    if not len(outcomes):
        return instants_of(())
    first, last = outcomes.instants[[0, -1]].tolist()
    between: Instants = missing[(missing >= first) & (missing <= last)]
    return between


def outcomes_of_units(reader: PastReader, span: PastSpan) -> dict[Unit, StatusReason]:
    """Return how the stored units of the span ended, held against the stored chains."""
    past = StoredPast.read(reader, span)
    rows: dict[Unit, StatusReason] = {}
    for day, by_index in past.outcomes.items():
        for index in by_index:
            for at, row in past.as_stored(index, day, span).items():
                rows[Unit(isoformat_z(at), index)] = row
    return rows


def grids_between(
    reader: PastReader, first: datetime, last: datetime, names: Iterable[str]
) -> dict[str, tuple[datetime, ...]]:
    """Return by index the instants of the sessions' grids, whether or not anything is stored.

    Args:
        reader: The stored past, which knows the interval that was in force.
        first: The first instant.
        last: The last instant, in it.
        names: The indices.
    """
    span = PastSpan(since=first, until=last)
    past = StoredPast.read(reader, span)
    # The newest row is no end here: the cycles that a full disk refused lie beyond it.
    past.to_newest_row = False
    days = days_between(day_of(first), day_of(last))
    grids: dict[str, tuple[datetime, ...]] = {}
    for name in names:
        of_days = [span.within(past.grid(name, day)) for day in days]
        grids[name] = tuple(map(instant_at, np.concatenate(of_days).tolist()))
    return grids


@dataclass(slots=True)
class StoredPast:
    """What a data directory says of a span of days, and of the stored days beside it.

    Attributes:
        reader: Where it was read.
        kind: The kind of market that the rows are of.
        days: The days of the span.
        stored: Every day of which anything is stored.
        outcomes: How cycles ended, by day and index.
        chains: The stored chains, by day and index.
        spans: The first and the last day of each index.
        still_enabled: Live indices that are enabled now: their span has no end yet.
        to_newest_row: Whether a running market has come no further than its newest row.
    """

    reader: PastReader
    kind: str
    days: list[date]
    stored: list[date]
    outcomes: Mapping[date, OutcomesOfDay]
    chains: dict[date, dict[str, StoredChains]]
    spans: Mapping[str, tuple[date, date]]
    still_enabled: frozenset[str]
    now: datetime
    to_newest_row: bool = True
    _instants: dict[date, Instants] = field(default_factory=dict)
    _grids: dict[tuple[str, date], Instants] = field(default_factory=dict)
    _configurations: dict[date, Sequence[tuple[Instants, str]]] = field(default_factory=dict)
    _intervals: dict[str, int] = field(default_factory=dict)
    _settings: dict[str, CollectionSettings | None] = field(default_factory=dict)

    @classmethod
    def read(cls, reader: PastReader, span: PastSpan) -> StoredPast:
        """Read rows, chains and configurations of the days of the span."""
        chain_days = reader.chain_days()
        with_chains = set[date]().union(*chain_days.values())
        stored = sorted({*reader.overview_days(), *with_chains})
        kind = reader.kind()
        now = reader.now
        days = span.days(stored, today=day_of(now) if kind == MarketKind.LIVE else None)
        outcomes = reader.outcomes(span.first_day, span.last_day)
        # The days beside the span tell the interval of a span without rows.
        needed = {*days, *_nearest(with_chains, days)}
        keys: list[tuple[str, date]] = []
        for name, of_name in chain_days.items():
            keys += [(name, day) for day in of_name if day in needed]
        chains: dict[date, dict[str, StoredChains]] = {}
        for (name, day), of_day in reader.chains(keys).items():
            chains.setdefault(day, {})[name] = of_day
        spans = _spans(chain_days, outcomes, days)
        still_enabled = frozenset(reader.indices if kind == MarketKind.LIVE else ())
        return cls(reader, kind, days, stored, outcomes, chains, spans, still_enabled, now)

    def due(self, day: date) -> list[str]:
        """Return the indices that have rows on a day, or had to.

        These were enabled then as far as is known, else they are stored around the day.
        """
        enabled: Iterable[str] | None = self._enabled(day)
        if enabled is None:
            enabled = [name for name in self.spans if self._spans_day(name, day)]
        return sorted({*self.outcomes.get(day, ()), *self.chains.get(day, ()), *enabled})

    def _spans_day(self, index: str, day: date) -> bool:
        """Tell whether an index is stored around a day, or may be expected on one without rows."""
        first, last = self.spans[index]
        if first <= day <= last:
            return True
        # What a day has stored says what was due on it. The settings of now would add or hide gaps.
        has_rows = day in self.outcomes or day in self.chains
        return first <= day and index in self.still_enabled and not has_rows

    def as_stored(self, index: str, day: date, span: PastSpan) -> Outcomes:
        """Return the outcomes of an index and day within the span, held against its chains."""
        outcomes = self.outcomes.get(day, {}).get(index)
        if outcomes is None:
            return Outcomes.of({})
        chains = self.chains.get(day, {}).get(index)
        instants = instants_of(()) if chains is None else chains.instants
        return gaps.as_stored(outcomes.between(*span.ends), instants)

    def grid(self, index: str, day: date) -> Instants:
        """Return the instants of a day at which an index should have a row."""
        if index not in INDICES:
            return instants_of(())
        key = (INDICES[index].exchange, day)
        if key not in self._grids:
            self._grids[key] = self._grid(*key)
        return self._grids[key]

    def _grid(self, exchange: str, day: date) -> Instants:
        try:
            session = self.reader.calendar.session(exchange, day)
        except UncoveredYear:
            return instants_of(())  # rows of such a year have no grid and stand for themselves
        if session is None:
            return instants_of(())
        intervals = self._in_force(day)
        until = self._until(day, intervals[-1][1])
        grid = gaps.grid_of(session, intervals)
        return grid if until is None else grid[grid <= until]

    def _until(self, day: date, seconds: int) -> int | None:
        """Return the last instant that can have a row by now, None for a whole session.

        Rows in the future are of a market of its own time. While that runs, it has come as far as
        its clock says, else its newest row, unless who asks knows better (`to_newest_row`).
        """
        instants = self._instants_of(day)
        if self.kind in (MarketKind.LIVE, "") or self.reader.at is not None:
            now = _instant(self.now)
            is_ahead = self.stored[-1:] > [day_of(self.now)] or instants[-1:].tolist() > [now]
            return None if is_ahead else now - seconds * _MICROSECONDS - 1
        if not len(instants) or day != self.stored[-1] or not self.to_newest_row:
            return None
        if not self.reader.is_running():
            return None
        newest = int(instants[-1])
        reached = self.reader.settled_until()
        return newest if reached is None else max(newest, _instant(reached))

    def _instants_of(self, day: date) -> Instants:
        """Return the instants of a day at which any index has a row or a chain."""
        if day not in self._instants:
            by_index = [outcomes.instants for outcomes in self.outcomes.get(day, {}).values()]
            by_index += [chains.instants for chains in self.chains.get(day, {}).values()]
            self._instants[day] = gaps.union_of(by_index)
        return self._instants[day]

    def _collected(self, day: date) -> Sequence[tuple[Instants, str]]:
        """Return the instants of each configuration that collected on a day, by index.

        What a repair made under its own configuration is left out, a lost chain too.
        """
        if day not in self._configurations:
            self._configurations[day] = tuple(self._read_configurations(day))
        return self._configurations[day]

    def _read_configurations(self, day: date) -> Iterator[tuple[Instants, str]]:
        for index, chains in self.chains.get(day, {}).items():
            instants = chains.instants
            is_collected = np.ones(len(instants), dtype=bool)
            outcomes = self.outcomes.get(day, {}).get(index)
            if outcomes is not None:
                is_repaired = outcomes.has(reason == gaps.REPAIRED for _, reason in outcomes.rows)
                if is_repaired.any():
                    is_collected = ~np.isin(instants, outcomes.instants[is_repaired])
            for code, name in enumerate(chains.configs):
                of_name = instants[is_collected & (chains.codes == code)]
                if len(of_name) and name != LOST:
                    yield of_name, name

    def _in_force(self, day: date) -> list[tuple[int, int]]:
        """Return from when on which interval was in force on a day.

        A day without rows has the one of the nearest day before it, else after it.
        """
        changes = self._changes(day)
        if changes:
            return changes
        instants = self._instants_of(day)
        if len(instants):
            return [(int(instants[0]), self._guessed([instants]))]
        days = {*self.outcomes, *self.chains}
        others = [other for other in days if len(self._instants_of(other))]
        earlier = [other for other in others if other < day]
        if earlier:
            return self._in_force(max(earlier))[-1:]
        if others:
            return self._in_force(min(others))[:1]
        return [(_instant(self.now), self.reader.interval)]

    def _changes(self, day: date) -> list[tuple[int, int]]:
        """Return the instants of a day from which another interval was in force, by its chains."""
        collected = [(instants, self._interval(name)) for instants, name in self._collected(day)]
        if len({seconds for _, seconds in collected}) == 1:
            first = min(int(instants[0]) for instants, _ in collected)
            return [(first, collected[0][1])]
        by_instant = sorted(
            (instant, seconds) for instants, seconds in collected for instant in instants.tolist()
        )
        changes: list[tuple[int, int]] = []
        for instant, seconds in by_instant:
            if not changes or changes[-1][1] != seconds:
                changes.append((instant, seconds))
        return changes

    def _interval(self, name: str) -> int:
        """Return a configuration's interval: as written down, as in force here, else guessed."""
        if name not in self._intervals:
            self._intervals[name] = self._stated(name) or self._guessed(self._days_of(name))
        return self._intervals[name]

    def _days_of(self, name: str) -> list[Instants]:
        """Return the instants of each day on which a configuration wrote."""
        return [
            self._instants_of(day)
            for day, by_index in sorted(self.chains.items())
            if any(name in chains.configs for chains in by_index.values())
        ]

    def _stated(self, name: str) -> int | None:
        settings = self._written(name) or self.reader.own_settings(name)
        return None if settings is None else settings.interval

    def _guessed(self, days: Sequence[Instants]) -> int:
        """Return the commonest step of some days in seconds, else the interval of now."""
        step = gaps.step_of(days)
        if step is None or step >= _WHOLE_DAY:
            return self.reader.interval
        return max(1, round(step / _MICROSECONDS))

    def _enabled(self, day: date) -> frozenset[str] | None:
        """Return the indices that all configurations of a day had, None where one is unknown."""
        # Not those that any had: an index that was switched on in the afternoon and stored nothing
        # would be due since the open.
        names = {name for _, name in self._collected(day)}
        enabled = frozenset(INDICES)
        for name in names:
            settings = self._written(name)
            if settings is None:
                return None
            enabled &= settings.indices
        return enabled if names else None

    def _written(self, name: str) -> CollectionSettings | None:
        if name not in self._settings:
            self._settings[name] = self.reader.written_settings(name) if name else None
        return self._settings[name]


def _instant(at: datetime) -> int:
    return int(instants_of([at])[0])


def _nearest(stored: Iterable[date], days: Sequence[date]) -> list[date]:
    """Return the stored day before the first of `days` and the one after the last."""
    if not days:
        return []
    before = max((day for day in stored if day < days[0]), default=None)
    after = min((day for day in stored if day > days[-1]), default=None)
    return [day for day in (before, after) if day is not None]


def _spans(
    chain_days: Mapping[str, Sequence[date]],
    outcomes: Mapping[date, OutcomesOfDay],
    days: Sequence[date],
) -> dict[str, tuple[date, date]]:
    """Return by index its first and last stored day, and for days beside all of them those days."""
    stored: dict[str, set[date]] = {}
    for index, of_index in chain_days.items():
        if index in INDICES and of_index:
            stored[index] = set(of_index)
    for day, by_index in outcomes.items():
        for index in by_index:
            stored.setdefault(index, set()).add(day)
    spans = {index: (min(of_index), max(of_index)) for index, of_index in stored.items()}
    oldest = min((first for first, _ in spans.values()), default=date.min)
    newest = max((last for _, last in spans.values()), default=date.min)
    if days and (days[0] > newest or days[-1] < oldest):
        return dict.fromkeys(spans, (days[0], days[-1]))
    return spans
