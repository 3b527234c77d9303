"""The story of one cycle, from the ledger and the events of the bus."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Annotated

from g6.domain.cycles.cycle import parse_z
from g6.domain.reports import AnalysisFacts, CollectCounts, CycleReport, StageFailure, StageReport
from g6.domain.schema.words import Stage
from g6.errors import NothingToDo
from g6.ports import Event
from g6.ports.ledger import StageState, UnitRecord
from g6.ports.readers import RunningReader
from g6.studies.documents import columns_of
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
        parts: Milliseconds of each of its parts.
    """

    began: float | None
    ended: float | None
    starts: int
    parts: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class ClosingStage:
    """One stage of the whole cycle, its times in milliseconds after the cycle's instant."""

    began: float | None
    ended: float | None
    parts: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class UnitTrace:
    """One index of the cycle.

    Attributes:
        status: OK, PARTIAL, MISSING, SKIPPED, empty while it is not decided.
        reason: Why it is not OK.
        attempt: 1, one more with each rerun.
        stages: Its stages by name, in their order.
        expiries: What the analysis reported of each expiry, and its share of the solve.
        not_listed: Names of expiries that were configured and are not listed.
        error: What the collection reported.
    """

    status: str
    reason: str
    attempt: int
    stages: Mapping[str, StageTrace]
    expiries: tuple[Mapping[str, object], ...]
    not_listed: tuple[str, ...]
    error: str


@dataclass(frozen=True, slots=True)
class TraceLine:
    """One stage of one index, as a line of the main table."""

    index: str
    stage: str
    began: float | None
    ended: float | None
    starts: int


@dataclass(frozen=True, slots=True)
class CycleTrace:
    """The story of one cycle. Times are milliseconds after its instant."""

    cycle: str
    opened: float | None
    fired: float | None
    closed: float | None
    units: Mapping[str, UnitTrace]
    closing: Mapping[str, ClosingStage]

    def columns(self) -> Mapping[str, list[object]]:
        """Return one line per index and stage."""
        return columns_of(TraceLine, self._lines())

    def _lines(self) -> Iterator[TraceLine]:
        for index, unit in self.units.items():
            for name, stage in unit.stages.items():
                yield TraceLine(index, name, stage.began, stage.ended, stage.starts)


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
            f"the ledger knows no cycle {parameters.cycle}: "
            "it keeps a settled one for sixty cycles, an hour at most"
        )
    due = record.opening.due
    reports = _reports(reader, parameters.cycle)
    return CycleTrace(
        cycle=parameters.cycle,
        opened=_after(record.opened, due),
        fired=_after(record.fired, due),
        closed=_after(record.closed, due),
        units={index: _unit(index, unit, reports, due) for index, unit in record.units.items()},
        closing={name: _closing(event, due) for name, event in reports.closing.items()},
    )


def _unit(index: str, unit: UnitRecord, reports: _Reports, due: float) -> UnitTrace:
    collect = reports.of(index, Stage.COLLECT)
    counts = None if collect is None else collect.counts
    return UnitTrace(
        status=unit.status,
        reason=unit.reason,
        attempt=unit.attempt,
        stages={
            name: _stage(stage, reports.of(index, name), due) for name, stage in unit.stages.items()
        },
        expiries=_expiries(reports.of(index, Stage.ANALYSE)),
        not_listed=tuple(counts.not_listed) if isinstance(counts, CollectCounts) else (),
        error=counts.error if isinstance(counts, StageFailure) else "",
    )


def _stage(stage: StageState, report: StageReport | None, due: float) -> StageTrace:
    began = _after(stage.started, due)
    parts = {} if report is None else _milliseconds(report.seconds)
    return StageTrace(began, _after(stage.ended, due), stage.starts, parts)


def _expiries(report: StageReport | None) -> tuple[Mapping[str, object], ...]:
    """Return what was reported of each expiry, with its share of the solve in milliseconds."""
    if report is None or not isinstance(report.counts, AnalysisFacts):
        return ()
    # One call solves all expiries of an index, so its time is shared out by their strikes.
    expiries = report.counts.expiries
    strikes = sum(expiry.strikes for expiry in expiries)
    solve = 1e3 * report.seconds.get("solve", 0.0)
    shares = []
    for expiry in expiries:
        share = round(solve * expiry.strikes / strikes, 1) if strikes else 0.0
        shares.append(asdict(expiry) | {"solve": share})
    return tuple(shares)


def _closing(event: Event, due: float) -> ClosingStage:
    """Return when a stage of the whole cycle began and ended, and its parts."""
    report = event.payload
    seconds = report.seconds if isinstance(report, StageReport | CycleReport) else {}
    parts = _milliseconds(seconds)
    total = parts.pop("total", None)
    duration = sum(parts.values()) if total is None else total
    ended = _after(parse_z(event.ts).timestamp(), due)
    began = None if ended is None else round(ended - duration, 1)
    return ClosingStage(began, ended, parts)


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
