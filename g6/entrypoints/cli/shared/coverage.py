"""What of the stored past was due: the session's grid of each index and day, held against rows and chains."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from g6.adapters.data_dir.kept_configs import kept_settings
from g6.adapters.data_dir.owner import KIND, owner
from g6.adapters.parquet import stored_units
from g6.adapters.parquet.statuses import statuses
from g6.adapters.parquet.stored_units import UnitsOfDay
from g6.config import Settings, calendar, config_id, flat, values
from g6.config.sources import source_named
from g6.domain.cycles import gaps
from g6.domain.cycles.cycle import Unit, isoformat_z
from g6.domain.cycles.gaps import Row
from g6.domain.market.calendar import Calendar, day_of
from g6.domain.market.instrument import INDICES
from g6.errors import NothingToDo, UncoveredYear
from g6.ports.source import Ability

__all__ = ["CoverageSpan", "Covered", "covered", "ended", "grids_between", "kind_of"]

_DAY, _TICK = timedelta(days=1), timedelta(microseconds=1)
_EARLIEST, _LATEST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_LONGEST = 86_400
"""Seconds; a longer interval in a written configuration is none."""
RowsOfDay = dict[str, dict[datetime, Row]]
"""How each index's cycles of one day ended, by index and instant."""


@dataclass(frozen=True, slots=True)
class CoverageSpan:
    """What is asked for: one index or all, and days and instants from and to, both in it; None is without an end."""

    index: str | None = None
    first: date | None = None
    last: date | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def first_day(self) -> date | None:
        """The first day that can hold anything of it."""
        return max(filter(None, (self.first, self.since and day_of(self.since))), default=None)

    @property
    def last_day(self) -> date | None:
        """The last day that can hold anything of it."""
        return min(filter(None, (self.last, self.until and day_of(self.until))), default=None)

    def within(self, instants: Iterable[datetime]) -> tuple[datetime, ...]:
        """Return those of the instants of its days that lie in it, in their order."""
        if self.since is None and self.until is None:
            return tuple(instants)
        first, last = self.since or _EARLIEST, self.until or _LATEST
        return tuple(at for at in instants if first <= at <= last)


@dataclass(frozen=True, slots=True)
class Covered:
    """One index on one day: the instants that should have a row, and the rows there are, held against the stored chains."""

    index: str
    day: date
    grid: tuple[datetime, ...]
    rows: Mapping[datetime, Row]


def covered(settings: Settings, span: CoverageSpan) -> list[Covered]:
    """Return each index and day of the span that was due or has rows, by day and index. Errors: NothingToDo."""
    past = StoredPast.read(settings, span)
    units: list[Covered] = []
    for day in past.days:
        for index in past.due(day):
            if span.index in (None, index):
                grid = span.within(past.grid(index, day))
                rows = past.as_stored(index, day, span)
                if grid or rows:
                    units.append(Covered(index, day, grid, rows))
    if not units:
        raise NothingToDo(_nothing(settings, span, past))
    return units


def ended(settings: Settings, span: CoverageSpan) -> dict[Unit, Row]:
    """Return how the stored units of the span ended, held against the stored chains."""
    past = StoredPast.read(settings, span)
    return {
        Unit(isoformat_z(at), index): row
        for day, by_index in past.rows.items()
        for index in by_index
        for at, row in past.as_stored(index, day, span).items()
    }


def grids_between(
    settings: Settings, first: datetime, last: datetime, names: Iterable[str]
) -> dict[str, tuple[datetime, ...]]:
    """Return by index the instants of the sessions' grids from `first` to `last`, whether or not anything of them is stored.

    The newest row is no end: the cycles that a disk refused lie beyond it.
    """
    span = CoverageSpan(since=first, until=last)
    past, grids = StoredPast.read(settings, span), {}
    past.to_newest_row = False
    days = [day_of(first) + n * _DAY for n in range((day_of(last) - day_of(first)).days + 1)]
    for name in names:
        grids[name] = span.within(at for day in days for at in past.grid(name, day))
    return grids


@dataclass(slots=True)
class StoredPast:
    """What a data directory says of a span of days, and of the stored day before it."""

    settings: Settings
    calendar: Calendar
    kind: str
    days: list[date]
    stored: list[date]
    rows: dict[date, RowsOfDay]
    units: dict[date, dict[str, UnitsOfDay]]
    spans: Mapping[str, tuple[date, date]]
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    to_newest_row: bool = True
    _instants: dict[date, list[datetime]] = field(default_factory=dict)
    _grids: dict[tuple[str, date], tuple[datetime, ...]] = field(default_factory=dict)
    _intervals: dict[str, int] = field(default_factory=dict)
    _settings: dict[str, Mapping[str, object] | None] = field(default_factory=dict)

    @classmethod
    def read(cls, settings: Settings, span: CoverageSpan) -> StoredPast:
        """Read rows, chains and configurations of the days of the span."""
        directory = settings.directory
        chains = {
            name: stored_units.chain_days(directory, name)
            for name in stored_units.indices(directory)
        }
        chain_days = {day for days in chains.values() for day in days}
        stored = sorted({*stored_units.overview_days(directory), *chain_days})
        kind = kind_of(settings)
        days = _days(stored, span, today=day_of(datetime.now(UTC)) if kind == "live" else None)
        rows = dict(statuses(directory, span.first_day, span.last_day))
        wanted = {*days, *_nearest(chain_days, days)}
        keys = [(name, day) for name, held in chains.items() for day in held if day in wanted]
        units: dict[date, dict[str, UnitsOfDay]] = {}
        for (name, day), held in stored_units.stored_units(directory, keys).items():
            units.setdefault(day, {})[name] = held
        spans = _spans(chains, rows, settings, days, live=kind == "live")
        return cls(settings, calendar(), kind, days, stored, rows, units, spans)

    def due(self, day: date) -> list[str]:
        """Return the indices that have rows on a day, or had to: enabled then, as far as known, or stored around it."""
        enabled = self._enabled(day)
        if enabled is None:
            enabled = {name for name, (first, last) in self.spans.items() if first <= day <= last}
        return sorted({*self.rows.get(day, ()), *self.units.get(day, ()), *enabled})

    def as_stored(self, index: str, day: date, span: CoverageSpan) -> dict[datetime, Row]:
        """Return the rows of an index and day within the span, held against its chains."""
        rows = self.rows.get(day, {}).get(index, {})
        within = {at: rows[at] for at in span.within(rows)}
        return gaps.as_stored(within, self.units.get(day, {}).get(index, {}))

    def grid(self, index: str, day: date) -> tuple[datetime, ...]:
        """Return the instants of a day at which an index should have a row, at the interval in force when."""
        if index not in INDICES:
            return ()
        key = (INDICES[index].exchange, day)
        if key not in self._grids:
            self._grids[key] = self._grid(*key)
        return self._grids[key]

    def _grid(self, exchange: str, day: date) -> tuple[datetime, ...]:
        try:
            session = self.calendar.session(exchange, day)
        except UncoveredYear:
            return ()  # rows of a year without a calendar have no grid and stand for themselves
        if session is None:
            return ()
        intervals = self._in_force(day)
        until = self._until(day, intervals[-1][1])
        return tuple(at for at in gaps.grid_of(session, intervals) if until is None or at <= until)

    def _until(self, day: date, seconds: int) -> datetime | None:
        """Return the last instant that can have a row by now, None for a whole session.

        Rows in the future are of a market of its own time. While that runs, it has come as far as its newest row, unless
        who asks knows better (`to_newest_row`).
        """
        instants = self._instants_of(day)
        if self.kind in ("live", ""):
            ahead = self.stored[-1:] > [day_of(self.now)] or instants[-1:] > [self.now]
            return None if ahead else self.now - timedelta(seconds=seconds) - _TICK
        if not instants or day != self.stored[-1] or not self.to_newest_row:
            return None
        record = (
            owner(self.settings.directory) or {}
        )  # a repair or an import owns too, and has no broker
        running = record.get("kind") in ("sim", "replay") and record.get("broker")
        return instants[-1] if running else None

    def _instants_of(self, day: date) -> list[datetime]:
        if day not in self._instants:
            rows = {at for rows in self.rows.get(day, {}).values() for at in rows}
            units = {at for units in self.units.get(day, {}).values() for at in units}
            self._instants[day] = sorted(rows | units)
        return self._instants[day]

    def _collected(self, day: date) -> list[tuple[datetime, str]]:
        """Return instant and configuration of the day's units, without those that a repair made under its own."""
        rows = self.rows.get(day, {})
        return [
            (at, name)
            for index, units in self.units.get(day, {}).items()
            for at, name in units.items()
            if rows.get(index, {}).get(at, ("", ""))[1] != gaps.REPAIRED
        ]

    def _in_force(self, day: date) -> list[tuple[datetime, int]]:
        """Return from when on which interval was in force on a day.

        A day without rows has the one of the nearest day before it, else after it.
        """
        collected = self._collected(day)
        if len(seconds_ := {self._interval(name) for name in {name for _, name in collected}}) == 1:
            return [(self._instants_of(day)[0], seconds_.pop())]
        changes: list[tuple[datetime, int]] = []
        for at, name in sorted(collected):
            seconds = self._interval(name)
            if not changes or changes[-1][1] != seconds:
                changes.append((at, seconds))
        if changes:
            return changes
        if instants := self._instants_of(day):
            return [(instants[0], self._guessed([instants]))]
        others = [other for other in {*self.rows, *self.units} if self._instants_of(other)]
        if earlier := [other for other in others if other < day]:
            return self._in_force(max(earlier))[-1:]
        return self._in_force(min(others))[:1] if others else [(self.now, self.settings.interval)]

    def _interval(self, name: str) -> int:
        """Return a configuration's interval: as written down, as in force here, else guessed from the rows of its days."""
        if name not in self._intervals:
            self._intervals[name] = self._stated(name) or self._guessed(
                [
                    self._instants_of(day)
                    for day, units in sorted(self.units.items())
                    if _written_by(name, units)
                ]
            )
        return self._intervals[name]

    def _stated(self, name: str) -> int | None:
        written = self._written(name)
        if written is None and name == config_id(self.settings):
            written = flat(values(self.settings))
        if written is None or source_named(str(written.get("provider.name"))).can(Ability.RECORDED):
            return None  # the instants of a recording are its own
        seconds = written.get("interval")
        whole = isinstance(seconds, int) and not isinstance(seconds, bool)
        return seconds if whole and 1 <= seconds <= _LONGEST else None  # type: ignore[operator,return-value]

    def _guessed(self, days: Sequence[Sequence[datetime]]) -> int:
        step = gaps.step_of(
            (at for instants in days for at in instants), timedelta(seconds=self.settings.interval)
        )
        return max(1, round(step.total_seconds())) if step < _DAY else self.settings.interval

    def _enabled(self, day: date) -> set[str] | None:
        """Return the indices that all configurations of a day had, None where one of them is not written down.

        Not those that any had: a rerun of one cycle may have been called with other indices.
        """
        written = [self._written(name) for name in {name for _, name in self._collected(day)}]
        if not written or None in written:
            return None
        configurations = [settings for settings in written if settings is not None]
        keys = {index: f"index_params.{index}.enabled" for index in INDICES}
        return {
            index
            for index, key in keys.items()
            if all(settings.get(key) is True for settings in configurations)
        }

    def _written(self, name: str) -> Mapping[str, object] | None:
        if name not in self._settings:
            held = kept_settings(self.settings.directory, name) if name else None
            self._settings[name] = None if held is None else flat(values(Settings())) | flat(held)
        return self._settings[name]


def _written_by(name: str, units: Mapping[str, UnitsOfDay]) -> bool:
    return any(name in held.values() for held in units.values())


def _nearest(stored: Iterable[date], days: Sequence[date]) -> list[date]:
    """Return the stored day before the first of `days` and the one after the last, where there are any."""
    if not days:
        return []
    before = max((day for day in stored if day < days[0]), default=None)
    after = min((day for day in stored if day > days[-1]), default=None)
    return [day for day in (before, after) if day is not None]


def kind_of(settings: Settings) -> str:
    """Return the kind of market that the rows are of: as the directory remembers it, else by the newest chain, else ""."""
    marker = settings.directory / KIND
    try:
        remembered = marker.read_text("utf-8", errors="replace").strip()
    except OSError:
        remembered = ""
    if remembered:
        return remembered
    sources = stored_units.sources(settings.directory)
    if sources & {"stream", "rest"}:
        return "live"
    return next(
        (kind for kind in ("sim", "replay") if any(source.startswith(kind) for source in sources)),
        "",
    )


def _days(stored: Sequence[date], span: CoverageSpan, today: date | None) -> list[date]:
    """Return the days of the span from the first stored one to the last, live to today.

    A span that lies beside them counts as it is where it has both ends.
    """
    first, last = span.first_day, span.last_day
    if not stored:
        return []
    begin = stored[0] if first is None else max(first, stored[0])
    newest = max(stored[-1], today) if today else stored[-1]
    end = newest if last is None else min(last, newest)
    if begin > end and first is not None and last is not None:
        begin, end = first, last
    return [begin + n * _DAY for n in range((end - begin).days + 1)]


def _spans(
    chains: Mapping[str, Sequence[date]],
    rows: Mapping[date, RowsOfDay],
    settings: Settings,
    days: Sequence[date],
    *,
    live: bool,
) -> dict[str, tuple[date, date]]:
    """Return by index its first and last stored day, and for days beside all of them those days.

    A live index that is still enabled has no last day.
    """
    held: dict[str, set[date]] = {
        index: set(stored) for index, stored in chains.items() if index in INDICES and stored
    }
    for day, by_index in rows.items():
        for index in by_index:
            held.setdefault(index, set()).add(day)
    spans = {index: (min(stored), max(stored)) for index, stored in held.items()}
    newest = max((last for _, last in spans.values()), default=date.min)
    if live:
        spans = {
            index: (first, date.max if index in settings.indices else last)
            for index, (first, last) in spans.items()
        }
    if days and (
        days[0] > newest or days[-1] < min((first for first, _ in spans.values()), default=date.min)
    ):
        return dict.fromkeys(spans, (days[0], days[-1]))
    return spans


def _nothing(settings: Settings, span: CoverageSpan, past: StoredPast) -> str:
    what = f"of {span.index} " if span.index else ""
    there = (
        f"; the first day there is {past.stored[0]}, the last {past.stored[-1]}"
        if past.stored
        else ""
    )
    return f"no overview {what}is stored in {settings.directory} for these days{there}"
