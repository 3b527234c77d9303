"""The end of a cycle: overview rows and panels to Redis, then to disk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from g6.domain.cycles.cycle import CycleReport, Unit, cycle_status, isoformat_z
from g6.domain.documents import panels
from g6.domain.figures import overview
from g6.domain.market.calendar import day_of
from g6.domain.schema.frame import Frame
from g6.domain.schema.words import Status
from g6.errors import StoreBusy
from g6.pipeline.refusals import alert, refusals, refused, remember, told_aside
from g6.pipeline.runtime import Runtime, Watch
from g6.pipeline.storage import kept_storage, tell_storage
from g6.ports import CycleRecord, UnitRecord, WriteReport


def aggregate(runtime: Runtime, cycle: str) -> bool:
    """Build overview rows and panels of a finished cycle; True when this call closed it."""
    watch = Watch(runtime.clock)
    record = runtime.ledger.record(cycle)
    if record is None or record.closed or not record.fired:
        return False
    rows = overview_rows(record)
    watch.lap("overview")
    report = _report(record, rows, runtime.clock.wall())
    documents = panels.build(
        report,
        rows,
        _chains(runtime, record),
        provider=runtime.provider.describe(),
        generated_at=isoformat_z(runtime.clock.wall()),
        storage=kept_storage(runtime),
        alerts=_alerts(runtime),
    )
    watch.lap("panels")
    before = _statuses(runtime)
    runtime.panels.put(cycle, documents)
    now = watch.lap("put")
    if not runtime.ledger.close(cycle, now, _report(record, rows, now, watch.parts)):
        return False
    _tell_gaps(runtime, cycle, rows, before)
    runtime.sender.publish(cycle)
    return True


def publish(runtime: Runtime, cycle: str) -> bool:
    """Write a closed cycle's overview rows and the newest panels to disk; keep the day's instruments once.

    True when this call was the first to say so; done again it leaves the same files.
    """
    record = runtime.ledger.record(cycle)
    if record is None:
        return False
    watch, unit = Watch(runtime.clock), Unit(cycle, "")
    errors: dict[str, str] = {}
    written = WriteReport()
    with _noted(errors, "store"):
        written = runtime.store.write_overview(cycle, overview_rows(record))
    watch.lap("overview")
    tell_storage(runtime, cycle)
    with _noted(errors, "panels"):
        runtime.panel_files.put(cycle, runtime.panels.all())
    watch.lap("panels")
    with _noted(errors, "store"):
        _keep_instruments(runtime, record)
    watch.lap("instruments")
    if errors:
        refusal = StoreBusy("; ".join(errors.values()), errors)
        refused(runtime, unit, "publish", refusal)
        raise refusal
    remember(runtime, unit, "publish", written.errors)
    told_aside(runtime, unit, written.aside)
    counts = {
        "rows": dict(written.rows), "bytes": dict(written.bytes), "repaired": written.repaired, "errors": dict(written.errors),
        "aside": dict(written.aside),
    }  # fmt: skip
    status = Status.PARTIAL if written.errors else Status.OK
    report = watch.report(unit, "publish", status, "sink" if written.errors else "", counts)
    return runtime.ledger.mark_stored(cycle, report)


@contextmanager
def _noted(errors: dict[str, str], sink: str) -> Iterator[None]:
    """Note in `errors`, by sink, what was refused in the block; one that does not say which is `sink`."""
    try:
        yield
    except StoreBusy as error:
        errors.update(
            {sink if name == "store" else name: sentence for name, sentence in error.errors.items()}
        )


def _alerts(runtime: Runtime) -> list[dict[str, Any]]:
    """Return the alerts that are not of this cycle's units: what sinks refuse."""
    facts = refusals(runtime.controls.read())
    if not facts:
        return []
    told = alert(facts)
    return [
        {
            "name": "disk",
            "severity": "critical",
            "index": "",
            "status": "",
            "reason": told["sentence"],
            "fix": told["fix"],
        }
    ]


def overview_rows(record: CycleRecord) -> list[dict[str, Any]]:
    """Return exactly one overview row per expected index; what the ledger says of status and reason beats the summary."""
    return [_row(record.cycle, index, unit) for index, unit in record.units.items() if unit.status]


def _row(cycle: str, index: str, unit: UnitRecord) -> dict[str, Any]:
    if not unit.summary:
        return overview.missing_row(cycle, index, Status(unit.status), unit.reason)
    row = {name: value for name, value in unit.summary.items() if name != "config_id"}
    return row | {"status": unit.status, "reason": unit.reason}


def _report(
    record: CycleRecord,
    rows: list[dict[str, Any]],
    now: float,
    seconds: Mapping[str, float] = MappingProxyType({}),
) -> CycleReport:
    statuses = {index: Status(unit.status) for index, unit in record.units.items() if unit.status}
    starts = [
        unit.stages["collect"].started for unit in record.units.values() if "collect" in unit.stages
    ]
    due = record.opening.due
    return CycleReport(
        cycle=record.cycle,
        status=cycle_status(statuses),
        units=statuses,
        reasons={index: unit.reason for index, unit in record.units.items() if unit.reason},
        options={str(row["underlying"]): int(row["options"] or 0) for row in rows},
        lateness_seconds=max(0.0, min(starts) - due) if starts else 0.0,
        elapsed_seconds=now - due,
        attempt=record.attempt,
        rows=tuple(rows),
        seconds=dict(seconds),
    )


def _statuses(runtime: Runtime) -> Mapping[str, str]:
    """Return the newest status of each index, as the panels have it."""
    shown = (runtime.panels.get("overview") or {}).get("data") or {}
    return {row["underlying"]: row["status"] for row in shown.get("rows", ())}


def _tell_gaps(
    runtime: Runtime, cycle: str, rows: list[dict[str, Any]], before: Mapping[str, str]
) -> None:
    """Publish where a gap opens (an index is not OK any more) and where one closes."""
    for row in rows:
        index, status = row["underlying"], row["status"]
        if (status == Status.OK) != (before.get(index, Status.OK) == Status.OK):
            kind = "gap.closed" if status == Status.OK else "gap.opened"
            runtime.bus.publish(
                kind,
                {"index": index, "cycle": cycle, "status": status, "reason": row["reason"] or ""},
                key=index,
            )


def _chains(runtime: Runtime, record: CycleRecord) -> Mapping[str, Frame]:
    priced = [Unit(record.cycle, index) for index, unit in record.units.items() if unit.summary]
    return {unit.index: frame for unit, frame in runtime.frames.find(priced, "chain").items()}


def _keep_instruments(runtime: Runtime, record: CycleRecord) -> None:
    at = Unit(record.cycle, "").instant
    kept = _kept(runtime.store)
    for index, unit in record.units.items():
        if unit.summary and (index, day_of(at)) not in kept:
            runtime.store.keep_listing(
                runtime.provider.listing(index, at), runtime.plan.indices[index].index.derivatives
            )
            kept.add((index, day_of(at)))


@lru_cache(maxsize=4)
def _kept(_store: Any) -> set[tuple[str, date]]:
    """Remember, per process and store, which day's listing of which index was kept already."""
    return set()
