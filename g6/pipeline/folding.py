"""Many small files become few: what is due to be folded is cut into jobs of one day of one index, each its own message."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from g6.domain.cycles.cycle import quarter_hour_of
from g6.domain.market.calendar import day_of
from g6.domain.market.instrument import INDICES, exchanges_of
from g6.pipeline.runtime import Runtime
from g6.ports.history import FoldReport, LooseDay

QUARTER_SECONDS = 900.0
AFTER_CLOSE = timedelta(minutes=5)
"""What the closing cycle is given to be stored."""


def tidy(runtime: Runtime) -> int:
    """Send a job for each day whose quarter hours, or which itself, is over and not folded yet; return how many.

    Temporary files that killed writers left are cleared on the way.
    """
    if runtime.history is None:
        return 0
    if cleared := runtime.history.clear_abandoned():
        runtime.bus.publish("job.report", {"job": "clear", "files": cleared})
    now, sent = runtime.clock.market(), 0
    for loose in runtime.history.loose_days():
        if job := _due(runtime, loose, now):
            runtime.sender.job(job, loose.name, loose.day.isoformat())
            sent += 1
    return sent


def fold(runtime: Runtime, name: str, day: str) -> FoldReport:
    """Fold the quarter hours of a running day that are over."""
    if runtime.history is None:
        return FoldReport()
    return runtime.history.fold(
        name, date.fromisoformat(day), quarter_hour_of(runtime.clock.market())
    )


def compact(runtime: Runtime, name: str, day: str) -> FoldReport:
    """Fold a day that is over into one file."""
    return (
        FoldReport()
        if runtime.history is None
        else runtime.history.compact(name, date.fromisoformat(day))
    )


def _due(runtime: Runtime, loose: LooseDay, now: datetime) -> str:
    if is_over(runtime, loose.name, loose.day, now):
        return "compact"
    return (
        "fold" if loose.oldest_part is not None and loose.oldest_part < quarter_hour_of(now) else ""
    )


def is_over(runtime: Runtime, name: str, day: date, now: datetime) -> bool:
    """Tell whether nothing more of `day` is to come: of an index its exchange's, of the overviews every exchange's."""
    if day != day_of(now):
        return day < day_of(now)
    exchanges = (INDICES[name].exchange,) if name in INDICES else exchanges_of(INDICES.values())
    return (
        now >= max(runtime.calendar.close_of(exchange, day) for exchange in exchanges) + AFTER_CLOSE
    )
