"""Folding of many small files into few: one job, and so one message, for each day of an index."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from g6.domain.cycles.cycle import quarter_hour_of
from g6.domain.market.calendar import day_of
from g6.domain.market.instrument import INDICES, exchanges_of
from g6.domain.reports import AbandonedFilesCleared
from g6.pipeline.runtime import Runtime
from g6.ports.history import FoldReport, LooseDay

QUARTER_SECONDS = 900.0
AFTER_CLOSE = timedelta(minutes=5)
"""Time for the closing cycle to be stored."""


def tidy(runtime: Runtime) -> int:
    """Send a job for each day of which a quarter hour, or the day itself, is over and not folded.

    Temporary files that killed writers left are cleared on the way.

    Returns:
        How many jobs were sent.
    """
    if runtime.history is None:
        return 0
    if cleared := runtime.history.clear_abandoned():
        runtime.bus.publish(AbandonedFilesCleared(cleared))
    now = runtime.clock.market()
    sent = 0
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
    if runtime.history is None:
        return FoldReport()
    return runtime.history.compact(name, date.fromisoformat(day))


def _due(runtime: Runtime, loose: LooseDay, now: datetime) -> str:
    if is_over(runtime, loose.name, loose.day, now):
        return "compact"
    has_old_part = loose.oldest_part is not None and loose.oldest_part < quarter_hour_of(now)
    return "fold" if has_old_part else ""


def is_over(runtime: Runtime, name: str, day: date, now: datetime) -> bool:
    """Tell whether no more rows of `day` are to come, of an index or (`overview`) of all."""
    if day != day_of(now):
        return day < day_of(now)
    exchanges = exchanges_of([INDICES[name]] if name in INDICES else INDICES.values())
    last_close = max(runtime.calendar.close_of(exchange, day) for exchange in exchanges)
    return now >= last_close + AFTER_CLOSE
