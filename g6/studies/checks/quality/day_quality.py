"""Which checks of data quality ran on a day or a cycle, on how many rows, and which failed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from g6.domain.market.calendar import day_of
from g6.domain.quotes.quality_days import CheckResult, QualityDay
from g6.domain.schema.chain import Chain
from g6.errors import NothingToDo, UserError
from g6.ports.readers import QualityReader
from g6.studies import selection
from g6.studies.checks.quality.check_runs import CHECKS, checked_cycle, checked_day
from g6.studies.checks.quality.checked_rows import CycleRows
from g6.studies.documents import columns_of
from g6.studies.parameters import At, Parameter, session_day
from g6.studies.selection import known_index

__all__ = ["DataQuality", "QualityLine", "QualityParameters", "answer"]


@dataclass(frozen=True, slots=True)
class QualityParameters:
    """Asks what the checks say of a day, of a cycle, or of the days that are kept."""

    day: Annotated[
        date | None,
        Parameter(
            "The session day; else the newest stored one.",
            "2026-11-18",
            metavar="DAY",
            read_at=session_day,
            is_positional=True,
        ),
    ] = None
    at: At = None
    index: Annotated[
        str | None,
        Parameter("Only this index; else all.", "NIFTY", metavar="INDEX", read=known_index),
    ] = None
    days: Annotated[
        int | None,
        Parameter("Show the failures of the last N kept days.", "30", least=1, metavar="N"),
    ] = None


@dataclass(frozen=True, slots=True)
class QualityLine:
    """What one check says of an index on a day.

    Attributes:
        day: The session day.
        index: The underlying's name.
        check: The check's name.
        severity: How urgent a failure is.
        ran: Cycles in which it judged something, 1 of a check of whole days.
        rows: Rows that it looked at.
        wrong: Rows that are wrong, also where so many are allowed.
        failures: Cycles in which it failed.
        first: The first of them, empty without any.
        sentence: What is wrong where it fails.
        condition: When it fails.
    """

    day: date
    index: str
    check: str
    severity: str
    ran: int
    rows: int
    wrong: int
    failures: int
    first: str
    sentence: str
    condition: str


@dataclass(frozen=True, slots=True)
class DataQuality:
    """What the checks say.

    Attributes:
        first: The first day.
        last: The last day.
        cycle: The cycle, empty where whole days are answered.
        is_kept: Whether it was kept when the day was certified, and not run now.
        lines: Every check of a day or cycle by index; of several days those that failed.
        checks: How many results there are, failed or not.
    """

    first: date
    last: date
    cycle: str
    is_kept: bool
    lines: tuple[QualityLine, ...]
    checks: int

    @property
    def failed(self) -> tuple[QualityLine, ...]:
        """The lines of checks that failed."""
        return tuple(line for line in self.lines if line.failures)

    @property
    def passes(self) -> bool:
        """Whether none failed."""
        return not self.failed

    def columns(self) -> Mapping[str, list[object]]:
        """Return one line per day, index and check."""
        return columns_of(QualityLine, self.lines)


def answer(reader: QualityReader, parameters: QualityParameters) -> DataQuality:
    """Return what the checks say.

    A day that is not compacted yet is checked as far as it is stored.

    Raises:
        UserError: A day and an instant are asked for at once.
        NothingToDo: Nothing of it is stored.
    """
    if sum(value is not None for value in (parameters.day, parameters.at, parameters.days)) > 1:
        raise UserError("a day, an instant and a number of days exclude each other", "name one")
    if parameters.at is not None:
        return _of_cycle(reader, parameters.at, parameters.index)
    if parameters.days is not None:
        return _of_days(reader, parameters.days, parameters.index)
    return _of_day(reader, parameters.day, parameters.index)


def _of_day(reader: QualityReader, day: date | None, index: str | None) -> DataQuality:
    if day is None:
        newest = reader.rows.last_cycle()
        if newest is None:
            raise NothingToDo(f"nothing is stored in {reader.place}", "g6 run collects")
        day = day_of(newest)
    results = reader.results(day)
    quality = checked_day(reader, day, index) if results is None else results
    lines = tuple(_lines(quality, index))
    if not lines:
        raise NothingToDo(f"no check of {index} on {day} is kept in {reader.place}")
    return DataQuality(day, day, "", results is not None, lines, len(lines))


def _of_days(reader: QualityReader, count: int, index: str | None) -> DataQuality:
    days = reader.days()[-count:]
    lines: list[QualityLine] = []
    for day in days:
        results = reader.results(day)
        if results is not None:
            lines += _lines(results, index)
    if not lines:
        raise NothingToDo(
            f"no checked day is kept in {reader.place}",
            "g6 data compact folds a day that is over, and has it checked",
        )
    failed = tuple(line for line in lines if line.failures)
    return DataQuality(days[0], days[-1], "", True, failed, len(lines))


def _of_cycle(reader: QualityReader, at: datetime, index: str | None) -> DataQuality:
    names: Sequence[str] = (index,) if index else selection.indices_at(reader.rows, at)
    lines: list[QualityLine] = []
    cycle = ""
    day = day_of(at)
    for name in names:
        units = selection.units(reader.rows, name, at, 2)
        unit, frame = selection.latest(reader.rows, name, at)
        day = day_of(unit.instant)
        cycle = unit.cycle
        earlier = [other for other in units if other < unit and day_of(other.instant) == day]
        before = None
        if earlier:
            chain = reader.rows.chain(earlier[-1])
            before = None if chain is None or not len(chain) else Chain.of_rows(chain)
        rows = CycleRows.of(day, frame, before, _totals(reader, cycle, name))
        lines += [_line(day, name, result) for result in checked_cycle(rows)]
    return DataQuality(day, day, cycle, False, tuple(lines), len(lines))


def _totals(reader: QualityReader, cycle: str, index: str) -> Mapping[str, float]:
    for row in reader.rows.overview_rows(cycle):
        if row["underlying"] == index:
            totals = {"oi_calls": row.get("oi_calls"), "oi_puts": row.get("oi_puts")}
            return {name: float(total) for name, total in totals.items() if total is not None}
    return {}


def _lines(quality: QualityDay, index: str | None) -> Iterator[QualityLine]:
    for of in quality.indices:
        if index is None or of.index == index:
            for result in of.results:
                yield _line(quality.day, of.index, result)


_BY_NAME = {check.name: check for check in CHECKS}


def _line(day: date, index: str, result: CheckResult) -> QualityLine:
    check = _BY_NAME.get(result.check)
    return QualityLine(
        day,
        index,
        result.check,
        result.severity,
        result.ran,
        result.rows,
        result.wrong,
        result.failures,
        result.first,
        "" if check is None else check.sentence,
        "" if check is None else check.condition,
    )
