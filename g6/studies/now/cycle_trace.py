"""The story of one cycle, from the ledger and the events of the bus."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Annotated

from g6.domain.cycles.claims import StageState
from g6.domain.cycles.cycle import parse_z
from g6.domain.market.instants import instant_in_words
from g6.domain.reports import AnalysisFacts, CollectCounts, CycleReport, StageFailure, StageReport
from g6.domain.schema.words import Stage, Status
from g6.errors import NothingToDo
from g6.ports import Event
from g6.ports.ledger import UnitRecord
from g6.ports.readers import RunningReader
from g6.studies.documents import columns_of
from g6.studies.now.time_shares import AGGREGATE, TimeShares, shares_of, together
from g6.studies.parameters import Parameter, cycle_name

__all__ = ["CycleTrace", "StageTrace", "TraceLine", "TraceParameters", "UnitTrace", "answer"]

PAGE = 2000
"""Events of one read."""


@dataclass(frozen=True, slots=True)
class TraceParameters:
    """Asks for the story of a cycle."""

    cycle: Annotated[
        str,
        Parameter(
            "The cycle's instant, such as 11:02, latest or 2026-11-20T04:05:00Z.",
            "2026-11-20T04:05:00Z",
            metavar="CYCLE",
            read_at=cycle_name,
            is_positional=True,
        ),
    ]


@dataclass(frozen=True, slots=True)
class StageTrace:
    """One stage of a unit.

    Attributes:
        began: Milliseconds after the cycle's instant, None while it has not begun.
        ended: Likewise of its end.
        starts: How often it was started.
        parts: Milliseconds of each of its parts, without their total.
        shares: What they were spent on, its waiting included.
    """

    began: float | None
    ended: float | None
    starts: int
    parts: Mapping[str, float]
    shares: TimeShares = field(default_factory=TimeShares)


@dataclass(frozen=True, slots=True)
class ClosingStage:
    """One stage of the whole cycle, its times in milliseconds after the cycle's instant."""

    began: float | None
    ended: float | None
    parts: Mapping[str, float]
    shares: TimeShares = field(default_factory=TimeShares)


@dataclass(frozen=True, slots=True)
class ExpiryTrace:
    """One expiry of a unit, as its analysis reported it.

    Attributes:
        coverage: Strikes that came over strikes wanted, 0 to 1, None unknown.
        forward: Points, None unknown.
        solve: Milliseconds of the solver that are its share.
    """

    bucket: str
    expiry: str
    strikes_wanted: int
    strikes: int
    coverage: float | None
    status: Status
    forward: float | None
    forward_source: str
    solve: float


@dataclass(frozen=True, slots=True)
class UnitTrace:
    """One index of the cycle.

    Attributes:
        status: OK, PARTIAL, MISSING, SKIPPED, empty while it is not decided.
        reason: Why it is not OK.
        attempt: 1, one more with each rerun of it.
        stages: Its stages by name, in their order.
        expiries: What the analysis reported of each expiry, and its share of the solve.
        not_listed: Names of expiries that were configured and are not listed.
        error: What the collection reported.
        shares: What the time from the cycle's instant to the end of its last stage was spent on.
    """

    status: str
    reason: str
    attempt: int
    stages: Mapping[str, StageTrace]
    expiries: tuple[ExpiryTrace, ...]
    not_listed: tuple[str, ...]
    error: str
    shares: TimeShares = field(default_factory=TimeShares)


@dataclass(frozen=True, slots=True)
class TraceLine:
    """One stage of one index, as a line of the main table. Times are milliseconds."""

    index: str
    stage: str
    began: float | None
    ended: float | None
    starts: int
    queue: float
    rate_wait: float
    provider: float
    compute: float
    write: float
    unexplained: float


@dataclass(frozen=True, slots=True)
class CycleTrace:
    """The story of one cycle. Times are milliseconds after its instant.

    Attributes:
        opened: When the ledger opened it.
        fired: When its aggregate was sent.
        closed: When overview and panels were out.
        units: Its indices.
        closing: The stages of the whole cycle.
        slowest: The index whose analysis ended last, for which the aggregate waited.
        shares: What the time from the instant to the close was spent on: the slowest index up to
            its analysis, then the aggregate.
    """

    cycle: str
    opened: float | None
    fired: float | None
    closed: float | None
    units: Mapping[str, UnitTrace]
    closing: Mapping[str, ClosingStage]
    slowest: str = ""
    shares: TimeShares = field(default_factory=TimeShares)

    def columns(self) -> Mapping[str, list[object]]:
        """Return one line per index and stage."""
        return columns_of(TraceLine, self._lines())

    def _lines(self) -> Iterator[TraceLine]:
        for index, unit in self.units.items():
            for name, stage in unit.stages.items():
                yield TraceLine(
                    index, name, stage.began, stage.ended, stage.starts, **asdict(stage.shares)
                )


@dataclass(slots=True)
class _Reports:
    """The newest reports of one cycle: of each unit's stage, and of each stage that closes it."""

    of_units: dict[tuple[str, str], StageReport] = field(default_factory=dict)
    closing: dict[str, Event] = field(default_factory=dict)

    def add(self, event: Event) -> None:
        """Take in an event of the cycle."""
        match event.payload:
            case CycleReport():
                self.closing["aggregate"] = event
            case StageReport(index="", stage=stage):
                self.closing[stage] = event
            case StageReport(index=index, stage=stage) as report:
                self.of_units[index, stage] = report

    def of(self, index: str, stage: str) -> StageReport | None:
        """Return the report of a unit's stage, None where there is none."""
        return self.of_units.get((index, stage))


def answer(reader: RunningReader, parameters: TraceParameters) -> CycleTrace:
    """Return a cycle's units, stages and reports.

    Raises:
        NothingToDo: The ledger does not know the cycle, or no longer.
    """
    record = reader.ledger.record(parameters.cycle)
    if record is None:
        raise NothingToDo(
            f"the ledger knows no cycle of {instant_in_words(parse_z(parameters.cycle))}: "
            "it keeps a settled one for sixty cycles, an hour at most"
        )
    due = record.opening.due
    reports = _reports(reader, parameters.cycle)
    units = {index: _unit(index, unit, reports, due) for index, unit in record.units.items()}
    slowest = max(units, key=lambda index: _analysed(units[index]) or 0.0, default="")
    closed = _after(record.closed, due)
    analysed = _analysed(units[slowest]) if slowest else None
    closing: dict[str, ClosingStage] = {}
    for name, event in reports.closing.items():
        # The ledger's own note of the close is the instant at which the aggregate's parts end.
        ended = closed if name == AGGREGATE else None
        closing[name] = _closing(name, event, due, ended, analysed if ended else closed)
    return CycleTrace(
        cycle=parameters.cycle,
        opened=_after(record.opened, due),
        fired=_after(record.fired, due),
        closed=closed,
        units=units,
        closing=closing,
        slowest=slowest,
        shares=_way(units.get(slowest), closing.get(AGGREGATE), closed),
    )


def _analysed(unit: UnitTrace) -> float | None:
    """Return when a unit's analysis ended, or its collection where that was the end of it."""
    for name in (Stage.ANALYSE, Stage.COLLECT):
        stage = unit.stages.get(name)
        if stage is not None and stage.ended is not None:
            return stage.ended
    return None


def _way(
    unit: UnitTrace | None, aggregate: ClosingStage | None, closed: float | None
) -> TimeShares:
    """Return what the time from a cycle's instant to its close was spent on."""
    if unit is None or aggregate is None or closed is None:
        return TimeShares()
    stages = [unit.stages[name] for name in (Stage.COLLECT, Stage.ANALYSE) if name in unit.stages]
    way = together([*(stage.shares for stage in stages), aggregate.shares])
    # A unit that the sweep ended has no stage up to its end.
    return way + TimeShares(unexplained=round(closed - way.wall, 1))


def _unit(index: str, unit: UnitRecord, reports: _Reports, due: float) -> UnitTrace:
    collect = reports.of(index, Stage.COLLECT)
    counts = None if collect is None else collect.counts
    waits = dict(_waits(unit, due))
    if unit.runs > 1:
        # A rerun begins when somebody asks for it: the longest wait is the one for that.
        waits[max(waits, key=lambda name: waits[name])] = 0.0
    stages: dict[str, StageTrace] = {}
    for name, state in unit.stages.items():
        stages[name] = _stage(name, state, reports.of(index, name), due, waits.get(name))
    return UnitTrace(
        status=unit.status,
        reason=unit.reason,
        attempt=unit.runs,
        stages=stages,
        expiries=_expiries(reports.of(index, Stage.ANALYSE)),
        not_listed=tuple(counts.not_listed) if isinstance(counts, CollectCounts) else (),
        error=counts.error if isinstance(counts, StageFailure) else "",
        shares=together(stage.shares for stage in stages.values()),
    )


def _waits(unit: UnitRecord, due: float) -> Iterator[tuple[str, float]]:
    """Yield by stage the milliseconds from the end of the one before to its begin."""
    before = due
    for name, stage in unit.stages.items():
        if stage.started:
            yield name, 1e3 * (stage.started - before)
        before = stage.ended or stage.started or before


def _stage(
    name: str, stage: StageState, report: StageReport | None, due: float, waited: float | None
) -> StageTrace:
    began = _after(stage.started, due)
    ended = _after(stage.ended, due)
    parts = {} if report is None else _milliseconds(report.seconds)
    parts.pop("total", None)
    wall = None if began is None or ended is None else ended - began
    shares = shares_of(name, waited, parts, wall)
    return StageTrace(began, ended, stage.starts, parts, shares)


def _expiries(report: StageReport | None) -> tuple[ExpiryTrace, ...]:
    """Return what was reported of each expiry, with its share of the solve in milliseconds."""
    if report is None or not isinstance(report.counts, AnalysisFacts):
        return ()
    # One call solves all expiries of an index, so its time is shared out by their strikes.
    expiries = report.counts.expiries
    strikes = sum(expiry.strikes for expiry in expiries)
    solve = 1e3 * report.seconds.get("solve", 0.0)
    shares: list[ExpiryTrace] = []
    for expiry in expiries:
        share = round(solve * expiry.strikes / strikes, 1) if strikes else 0.0
        shares.append(ExpiryTrace(**asdict(expiry), solve=share))
    return tuple(shares)


def _closing(
    name: str, event: Event, due: float, ended: float | None, before: float | None
) -> ClosingStage:
    """Return when a stage of the whole cycle began and ended, and its parts.

    Args:
        name: The stage.
        event: The event of its report.
        due: Wall time of the cycle's instant.
        ended: When it ended, None where only the event's own time says it.
        before: When that ended for which it waited.
    """
    report = event.payload
    seconds = report.seconds if isinstance(report, StageReport | CycleReport) else {}
    parts = _milliseconds(seconds)
    total = parts.pop("total", None)
    duration = sum(parts.values()) if total is None else total
    if ended is None:
        ended = _after(parse_z(event.ts).timestamp(), due)
    began = None if ended is None else round(ended - duration, 1)
    waited = None if began is None or before is None else began - before
    return ClosingStage(began, ended, parts, shares_of(name, waited, parts, duration))


def _after(wall: float, due: float) -> float | None:
    """Return milliseconds after the cycle's instant, None for an instant that has not come."""
    return round(1e3 * (wall - due), 1) if wall else None


def _milliseconds(seconds: Mapping[str, float]) -> dict[str, float]:
    return {part: round(1e3 * duration, 1) for part, duration in seconds.items()}


def _reports(reader: RunningReader, cycle: str) -> _Reports:
    reports = _Reports()
    last = "0"
    while events := reader.bus.read(last, count=PAGE):
        last = events[-1].id
        for event in events:
            if (
                isinstance(event.payload, StageReport | CycleReport)
                and event.payload.cycle == cycle
            ):
                reports.add(event)
    return reports
