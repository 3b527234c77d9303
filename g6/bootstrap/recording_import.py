"""A recording goes through the pipeline into the store, without workers: what an import does with rows that it could read."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import date
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from g6.adapters.replay import Recording
from g6.bootstrap.inprocess import ReplayedUnit, replay_units
from g6.bootstrap.stores import parquet_store
from g6.config import Settings, calendar
from g6.domain.cycles.plan import Plan
from g6.domain.documents.chain_rows import chain_frame
from g6.domain.market.calendar import day_of


def store_recording(
    settings: Settings,
    recording: Recording,
    whole: Plan,
    wanted: Collection[str],
    console: Console | None = None,
) -> list[dict[str, Any]]:
    """Replay the `wanted` indices of the plan `whole` into the store; return what was stored by day and index.

    Cycles that are stored already stay as they are. With a `console` the progress is shown there.
    """
    store = parquet_store(settings)
    instants = recording.cycles()
    held = store.overview_cycles(instants[0], instants[-1])
    collected = {name: plan_of for name, plan_of in whole.indices.items() if name in wanted}
    units = replay_units(recording, replace(whole, indices=collected), calendar())
    days: dict[tuple[date, str], dict[str, Any]] = {}
    for done in (
        units if console is None else _followed(units, len(instants) * len(collected), console)
    ):
        day = day_of(done.unit.instant)
        counts = days.setdefault((day, done.unit.index), _nothing(day, done.unit.index))
        if done.unit.index in held.get(done.unit.cycle, ()):
            counts["stored_already"] += 1
            continue
        store.write_chain(done.unit, chain_frame(done.chain))
        store.write_overview(done.unit.cycle, [done.row])
        counts["cycles"] += 1
        counts["options"] += int((done.chain.quotes.symbol != "").sum())
    return [days[key] for key in sorted(days)]


def _nothing(day: date, index: str) -> dict[str, Any]:
    return {"index": index, "day": day.isoformat(), "cycles": 0, "stored_already": 0, "options": 0}


def _followed(
    units: Iterable[ReplayedUnit], count: int, console: Console
) -> Iterable[ReplayedUnit]:
    """Yield the units, with a bar on a terminal."""
    if not console.is_terminal:
        yield from units
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        yield from progress.track(units, total=count, description="importing")
