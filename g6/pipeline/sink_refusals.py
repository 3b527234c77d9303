"""Sinks that refuse writes: counted, alerted of, and forgotten once they take writes again."""

from __future__ import annotations

from collections.abc import Mapping

from g6.domain.cycles.cycle import Unit
from g6.domain.reports import SinkRefusal, StoreRefused, Switches, WriteReport
from g6.domain.reports.alerts import LINES_ASIDE, ROWS_TAKEN, rows_refused
from g6.domain.reports.switches import REFUSED_PREFIX
from g6.domain.schema.no_word import NoWord
from g6.domain.schema.words import Reason, SinkName, Stage, Status
from g6.errors import StoreBusy
from g6.pipeline.raised_alerts import publish_alert
from g6.pipeline.runtime import Runtime

OLD_SECONDS = 600.0
"""Wall seconds after which an unrepeated refusal is forgotten: its index may be switched off."""


def write_outcome(counts: WriteReport) -> tuple[Status, Reason | NoWord]:
    """Return status and reason of a stage whose rows were written by a sink at least."""
    return (Status.PARTIAL, Reason.SINK) if counts.errors else (Status.OK, "")


def demand_parquet(counts: WriteReport) -> None:
    """Raise what Parquet refused of rows that another sink took, so that they are tried again.

    Raises:
        StoreBusy: Parquet refused.
    """
    # CSV is written from the Parquet rows again (`g6 data mend`); what Parquet refused is in the
    # frames alone. On a full disk CSV found room in the last blocks of its files, the units counted
    # as stored, and their chains were lost: 12 of 12.
    if SinkName.PARQUET in counts.errors:
        raise StoreBusy("; ".join(counts.errors.values()), counts.errors)


def report_refusal(runtime: Runtime, unit: Unit, stage: Stage, error: StoreBusy) -> None:
    """Publish a write that no sink took, for the count of each sink, and remember it."""
    refusal = StoreRefused(unit.cycle, unit.index, stage, dict(error.errors))
    runtime.bus.publish(refusal, key=unit.index)
    remember_refusals(runtime, unit, stage, error.errors)


def remember_refusals(
    runtime: Runtime, unit: Unit, stage: Stage, errors: Mapping[str, str]
) -> None:
    """Keep what sinks refused of a unit for status, readiness and panels.

    The alert is fired when nothing was refused before.
    """
    if not errors:
        _forget_refusal(runtime, unit, stage)
        return
    switches = runtime.controls.read()
    now = runtime.clock.wall()
    name = _switch_name(stage, unit.index)
    sentence, _, fix = next(iter(errors.values())).partition("; ")
    before = switches.refusals.get(name)
    refusal = SinkRefusal(
        sentence=sentence,
        fix=fix,
        sinks=sorted(errors),
        stage=stage,
        index=unit.index,
        at=now,
        since=now if before is None else before.since,
        first=unit.cycle if before is None else before.first,
    )
    runtime.controls.set(name, refusal.to_json())
    if not switches.refusals:
        publish_alert(runtime, rows_refused([refusal]))


def _forget_refusal(runtime: Runtime, unit: Unit, stage: Stage) -> None:
    """Forget what was refused of an index. The last one fires the alert that all is well."""
    switches = runtime.controls.read()
    name = _switch_name(stage, unit.index)
    refusal = switches.refusals.get(name)
    if refusal is None:
        return
    runtime.controls.set(name, None)
    if len(switches.refusals) > 1:
        return
    # CSV is written from the Parquet rows again; what Parquet refused is only in the frames.
    fix = f"g6 rerun --since {refusal.first} --until {unit.cycle} --from persist"
    if list(refusal.sinks) == [SinkName.CSV]:
        fix = "g6 data mend"
    seconds = runtime.clock.wall() - refusal.since
    publish_alert(runtime, ROWS_TAKEN.fire(seconds=seconds, fix=fix))


def forget_old(runtime: Runtime, switches: Switches) -> list[SinkRefusal]:
    """Forget refusals that nobody repeated for long, and return the others."""
    oldest = runtime.clock.wall() - max(OLD_SECONDS, 10 * runtime.timing.step)
    current = []
    for refusal in switches.longest_refusals():
        if refusal.at >= oldest:
            current.append(refusal)
        else:
            runtime.controls.set(_switch_name(refusal.stage, refusal.index), None)
    return current


def alert_of_damage(runtime: Runtime, unit: Unit, aside: Mapping[str, int]) -> None:
    """Fire an alert for each file in which a write found damaged lines and set them aside."""
    for path, count in aside.items():
        file = path.removesuffix(".damaged")
        alert = LINES_ASIDE.fire(count=count, file=file, path=path, day=unit.cycle[:10])
        publish_alert(runtime, alert)


def _switch_name(stage: Stage, index: str) -> str:
    return f"{REFUSED_PREFIX}{stage}:{index}"
