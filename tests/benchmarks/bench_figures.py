"""Figures of a run: percentiles of cycles and chains, lateness and drift, where the time goes, compute by stage."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from bench_stack import Run

from g6.ports import CycleRecord, Event, UnitRecord

if TYPE_CHECKING:
    # `make bench-cycle` runs this file over older trees, which have the class elsewhere.
    from g6.domain.cycles.claims import StageState

Percentiles = dict[str, float]
SHOWN = (50, 95, 99)


def percentiles(seconds: Iterable[float]) -> Percentiles:
    """Return n, p50, p95 and p99 in milliseconds."""
    values = 1e3 * np.array(list(seconds), float)
    if not values.size:
        return {"n": 0}
    return {"n": int(values.size)} | {
        f"p{p}": round(float(v), 1)
        for p, v in zip(SHOWN, np.percentile(values, SHOWN), strict=True)
    }


def cycles(run: Run) -> list[float]:
    """Return for each closed cycle the seconds from its instant to overview and panels in Redis."""
    return [record.closed - record.opening.due for record in run.records if record.closed]


def chains(run: Run) -> list[float]:
    """Return for each unit that was persisted the seconds from the begin of its collection to the end of its persistence."""
    return [
        unit.stages["persist"].ended - unit.stages["collect"].started for _, unit in _whole(run)
    ]


def ticks_to_stored(run: Run) -> list[float]:
    """Return for each unit that was persisted the seconds from its cycle's instant to the end of its persistence."""
    return [unit.stages["persist"].ended - record.opening.due for record, unit in _whole(run)]


def lateness(run: Run) -> list[float]:
    """Return for each cycle the seconds from its instant to the start of its first stage."""
    return [
        min(_started(record)) - record.opening.due for record in run.records if _started(record)
    ]


def drift(run: Run) -> float:
    """Return the slope of lateness over ticks, milliseconds a tick."""
    late = 1e3 * np.array(lateness(run))
    return (
        round(float(np.polyfit(np.arange(late.size), late, 1)[0]), 4)
        if late.size > 1
        else float("nan")
    )


def statuses(run: Run) -> dict[str, int]:
    """Return how many units ended in each status, with its reason."""
    counts: dict[str, int] = defaultdict(int)
    for record in run.records:
        for unit in record.units.values():
            counts[" ".join(word for word in (unit.status or "open", unit.reason) if word)] += 1
    return dict(counts)


def way(run: Run) -> dict[str, Percentiles]:
    """Return where the time of a cycle goes, step by step: waits, stages, hops."""
    steps: dict[str, list[float]] = defaultdict(list)
    for record, unit in _whole(run):
        collect, analyse, persist = (
            unit.stages[name] for name in ("collect", "analyse", "persist")
        )
        steps["instant to collect"].append(collect.started - record.opening.due)
        steps["collect"].append(_took(collect))
        steps["hop to analyse"].append(analyse.started - collect.ended)
        steps["analyse"].append(_took(analyse))
        steps["hop to persist"].append(persist.started - analyse.ended)
        steps["persist"].append(_took(persist))
    for record in run.records:
        if record.closed and (
            ended := [
                unit.stages["analyse"].ended
                for unit in record.units.values()
                if "analyse" in unit.stages and unit.stages["analyse"].ended
            ]
        ):
            steps["instant to last analyse"].append(max(ended) - record.opening.due)
            steps["last analyse to closed"].append(record.closed - max(ended))
    return {name: percentiles(seconds) for name, seconds in steps.items()}


def compute(run: Run) -> dict[str, dict[str, float]]:
    """Return by stage the median milliseconds of each of its parts, as the stages report them themselves."""
    parts: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for report in _reports(run, "unit.report"):
        for part, seconds in report["seconds"].items():
            parts[report["stage"]][part].append(1e3 * seconds)
    return {
        stage: {part: round(float(np.median(ms)), 2) for part, ms in named.items()}
        for stage, named in parts.items()
    }


def options(run: Run) -> dict[str, Any]:
    """Return options a unit and the share of them that has an implied volatility: the least and the median over rows."""
    rows = [
        row for report in _reports(run, "cycle.report") for row in report["rows"] if row["options"]
    ]
    counts = np.array([row["options"] for row in rows], float)
    shares = np.array([row["iv_ok"] / row["options"] for row in rows], float)
    if not rows:
        return {}
    return {
        "rows": len(rows),
        "options_least": int(counts.min()),
        "options_median": float(np.median(counts)),
        "iv_ok_least": round(float(shares.min()), 3),
        "iv_ok_median": round(float(np.median(shares)), 3),
    }


def _reports(run: Run, kind: str) -> list[Any]:
    counted = {record.cycle for record in run.records}
    return [event.document for event in _events(run, kind) if event.document["cycle"] in counted]


def _events(run: Run, kind: str) -> Sequence[Event]:
    return [event for event in run.events if event.type == kind]


def _whole(run: Run) -> list[tuple[CycleRecord, UnitRecord]]:
    stored = lambda unit: (  # noqa: E731
        "persist" in unit.stages and unit.stages["persist"].ended and "collect" in unit.stages
    )
    return [
        (record, unit) for record in run.records for unit in record.units.values() if stored(unit)
    ]


def _started(record: CycleRecord) -> list[float]:
    return [
        unit.stages["collect"].started for unit in record.units.values() if "collect" in unit.stages
    ]


def _took(stage: StageState) -> float:
    return stage.ended - stage.started
