"""The end of a cycle: overview rows and panels to Redis, then to disk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from types import MappingProxyType

from g6.domain.cycles.cycle import Unit, cycle_status, isoformat_z, parse_z
from g6.domain.figures import overview
from g6.domain.market.calendar import day_of
from g6.domain.reports import (
    CycleReport,
    GapClosed,
    GapOpened,
    Switches,
    WriteReport,
)
from g6.domain.reports.alerts import NO_QUOTES
from g6.domain.reports.panel_alerts import quotes_alert
from g6.domain.schema.frame import Frame, FrameName
from g6.domain.schema.json_reading import entries, part, text
from g6.domain.schema.no_word import reason_of, stored_reason
from g6.domain.schema.overview_row import OverviewRow
from g6.domain.schema.words import ANALYSED, SinkName, Stage, Status
from g6.errors import G6Error, StoreBusy
from g6.pipeline.computing import COMPUTING, Computing
from g6.pipeline.maintenance.storage import publish_storage, stored_sizes
from g6.pipeline.raised_alerts import alert_entries, note
from g6.pipeline.runtime import Runtime, Watch, whole_microseconds
from g6.pipeline.sink_refusals import (
    alert_of_damage,
    demand_parquet,
    remember_refusals,
    report_refusal,
    write_outcome,
)
from g6.ports import CycleRecord, UnitRecord

OPENED_WITHIN = 0.5
"""Seconds after its instant within which a recording or simulated market opens a cycle."""


def aggregate(runtime: Runtime, cycle: str, computing: Computing = COMPUTING) -> bool:
    """Build overview rows and panels of a finished cycle.

    Returns:
        True when this call closed the cycle.
    """
    watch = Watch(runtime.clock)
    record = runtime.ledger.record(cycle)
    if record is None or record.closed or not record.fired:
        return False
    rows = _kept_rows(runtime, record)
    watch.lap("overview")
    report = _cycle_report(record, rows, runtime.clock.wall())
    switches = _with_quotes_noted(runtime, report)
    documents = computing.panels(
        report,
        rows,
        _chains(runtime, record),
        provider=runtime.provider.describe(),
        generated_at=isoformat_z(runtime.clock.wall()),
        storage=stored_sizes(runtime),
        alerts=alert_entries(switches, runtime.data_option),
    )
    watch.lap("panels")
    statuses = _shown_statuses(runtime)
    runtime.panels.put(documents)
    now = watch.lap("put")
    if not runtime.ledger.close(cycle, now, _cycle_report(record, rows, now, watch.parts)):
        return False
    _publish_gaps(runtime, cycle, rows, statuses)
    runtime.sender.publish(cycle)
    return True


def publish(runtime: Runtime, cycle: str) -> bool:
    """Write a closed cycle's overview rows and the newest panels to disk.

    The day's instruments are kept once. Done again it leaves the same files. A cycle that a rerun
    has opened again is left alone: what closes it sends it to be stored.

    Returns:
        True when this call was the first to say that the cycle is stored.

    Raises:
        StoreBusy: What was refused, after everything else was written.
    """
    record = runtime.ledger.record(cycle)
    if record is None or not record.closed:
        return False
    with ExitStack() as leaving:
        # A time limit or an error after the write leaves the newest rows stored as well.
        leaving.callback(_write_newer_rows, runtime, record)
        is_first = _publish(runtime, record)
        if is_first:
            leaving.pop_all()
    return is_first


def _publish(runtime: Runtime, record: CycleRecord) -> bool:
    watch = Watch(runtime.clock)
    cycle = record.cycle
    unit = Unit(cycle, "")
    errors: dict[str, str] = {}
    counts = WriteReport()
    with _refusals_noted(errors, "store"):
        counts = runtime.store.write_overview(cycle, _kept_rows(runtime, record))
        demand_parquet(counts)
        if record.attempt == 1 and not record.stored:
            # Rows that are there already are of a try that was killed before it was reported.
            counts = counts.with_unchanged()
    watch.lap("overview")
    publish_storage(runtime, cycle)
    with _refusals_noted(errors, SinkName.PANELS):
        runtime.panel_files.put(runtime.panels.all())
    watch.lap("panels")
    with _refusals_noted(errors, "store"):
        _keep_instruments(runtime, record)
    watch.lap("instruments")
    if errors:
        refusal = StoreBusy("; ".join(errors.values()), errors)
        report_refusal(runtime, unit, Stage.PUBLISH, refusal)
        raise refusal
    remember_refusals(runtime, unit, Stage.PUBLISH, counts.errors)
    alert_of_damage(runtime, unit, counts.aside)
    status, reason = write_outcome(counts)
    report = watch.report(unit, Stage.PUBLISH, status, reason, counts)
    return runtime.ledger.mark_stored(cycle, record.attempt, report)


def _write_newer_rows(runtime: Runtime, record: CycleRecord) -> None:
    """Write the rows of a rerun over those of a process that stood still in its write meanwhile.

    The rows of before stayed in the place of the rerun's, over a chain of other settings.
    Where another rerun is stored meanwhile, its rows are written after all.
    """
    written = record.attempt
    newest = runtime.ledger.record(record.cycle)
    while newest is not None and newest.closed and newest.attempt > written:
        demand_parquet(runtime.store.write_overview(record.cycle, _kept_rows(runtime, newest)))
        written = newest.attempt
        newest = runtime.ledger.record(record.cycle)


@contextmanager
def _refusals_noted(errors: dict[str, str], sink: str) -> Iterator[None]:
    """Note what was refused in the block, by sink: `sink` where the error names none."""
    try:
        yield
    except StoreBusy as error:
        for name, sentence in error.errors.items():
            errors[sink if name == "store" else name] = sentence


def _with_quotes_noted(runtime: Runtime, report: CycleReport) -> Switches:
    """Return the switches once the alert of a provider without quotes is raised, or is over."""
    switches = runtime.controls.read()
    alert = quotes_alert(report.cycle, report.reasons.values())
    if report.is_analysed:
        alert = None
    elif alert is None:
        return switches
    has_changed = note(runtime, switches, NO_QUOTES, alert)
    return runtime.controls.read() if has_changed else switches


def overview_rows(record: CycleRecord) -> list[OverviewRow]:
    """Return exactly one overview row per expected index.

    Status and reason are those of the ledger, which may differ from the summary's.
    """
    return [_row(record.cycle, index, unit) for index, unit in record.units.items() if unit.status]


def _kept_rows(runtime: Runtime, record: CycleRecord) -> list[OverviewRow]:
    """Return the rows of a cycle as they are to be stored: none is empty where a chain is stored.

    An emptied Redis knows nothing of a cycle that is stored. A beat that had stood still sent one
    again, too late, and its OK rows became MISSING over their chains. So did one whose clock had
    gone back 16 s, by which the cycle was opened in time: when it was opened says nothing.
    """
    rows = overview_rows(record)
    is_late = record.opened - record.opening.due > OPENED_WITHIN
    may_be_stored = is_late or not runtime.repeats_instants
    if not may_be_stored or all(row["status"] in ANALYSED for row in rows):
        return rows
    stored = _analysed_rows(runtime, record.cycle)
    return [
        row if row["status"] in ANALYSED else stored.get(row["underlying"], row) for row in rows
    ]


def _analysed_rows(runtime: Runtime, cycle: str) -> Mapping[str, OverviewRow]:
    """Return the stored rows with figures of the units whose chain is stored, by index."""
    rows = {}
    # What cannot be read is no reason to keep a cycle open.
    with suppress(G6Error, OSError):
        for row in runtime.store.read_overview(cycle):
            index = row["underlying"]
            if row["status"] in ANALYSED and runtime.store.read_chain(Unit(cycle, index)):
                rows[index] = row
    return rows


def _row(cycle: str, index: str, unit: UnitRecord) -> OverviewRow:
    if not unit.summary:
        return overview.missing_row(cycle, index, Status(unit.status), unit.reason)
    row = unit.summary.copy()
    row.pop("config_id", None)
    row["status"] = unit.status
    row["reason"] = unit.reason
    return row


def _cycle_report(
    record: CycleRecord,
    rows: list[OverviewRow],
    now: float,
    seconds: Mapping[str, float] = MappingProxyType({}),
) -> CycleReport:
    statuses = {row["underlying"]: Status(row["status"]) for row in rows}
    starts = [
        unit.stages[Stage.COLLECT].started
        for unit in record.units.values()
        if Stage.COLLECT in unit.stages
    ]
    due = record.opening.due
    return CycleReport(
        cycle=record.cycle,
        status=cycle_status(statuses),
        units=statuses,
        reasons={
            row["underlying"]: reason for row in rows if (reason := stored_reason(row["reason"]))
        },
        options={str(row["underlying"]): int(row["options"] or 0) for row in rows},
        lateness_seconds=round(max(0.0, min(starts) - due), 6) if starts else 0.0,
        elapsed_seconds=round(now - _begun(record), 6),
        attempt=record.attempt,
        rows=tuple(rows),
        seconds=whole_microseconds(seconds),
        failures={index: unit.failure for index, unit in record.units.items() if unit.failure},
    )


def _begun(record: CycleRecord) -> float:
    """Return when a cycle fell due, of one that is done again when that began."""
    # Counted from the cycle's instant, a rerun at noon of a cycle at ten took two hours.
    again = [unit for unit in record.units.values() if unit.attempt == record.attempt > 1]
    starts = [unit.stages[Stage.ANALYSE].started for unit in again if Stage.ANALYSE in unit.stages]
    return max(starts, default=record.opening.due)


def _shown_statuses(runtime: Runtime) -> Mapping[str, str]:
    """Return the newest status of each index, as the panels have it."""
    rows = entries(part(runtime.panels.get("overview") or {}, "data"), "rows")
    return {text(row, "underlying"): text(row, "status") for row in rows}


def _publish_gaps(
    runtime: Runtime, cycle: str, rows: list[OverviewRow], before: Mapping[str, str]
) -> None:
    """Publish where a gap opens (an index is not OK any more) and where one closes."""
    for row in rows:
        index = row["underlying"]
        status = Status(row["status"])
        is_ok = status is Status.OK
        was_ok = before.get(index, Status.OK) == Status.OK
        if is_ok != was_ok:
            change = GapClosed if is_ok else GapOpened
            runtime.bus.publish(
                change(index, cycle, status, reason_of(row["reason"] or "")), key=index
            )


def _chains(runtime: Runtime, record: CycleRecord) -> Mapping[str, Frame]:
    analysed = [Unit(record.cycle, index) for index, unit in record.units.items() if unit.summary]
    return {
        unit.index: frame for unit, frame in runtime.frames.find(analysed, FrameName.CHAIN).items()
    }


def _keep_instruments(runtime: Runtime, record: CycleRecord) -> None:
    """Keep the listing of each analysed index, once a day and process."""
    at = parse_z(record.cycle)
    day = day_of(at)
    for index, unit in record.units.items():
        if unit.summary and (index, day) not in runtime.memory.kept_listings:
            listing = runtime.provider.listing(index, at)
            runtime.store.keep_listing(listing, runtime.plan.indices[index].index.derivatives)
            runtime.memory.kept_listings.add((index, day))
