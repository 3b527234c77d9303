"""Beat's schedules: cycles at the grid's instants, the rest at multiples of the wall clock.

Celery's own `schedule(interval)` starts at beat's start and creeps 0.4 ms a tick. A crontab aligns
to minutes only. A plain beat with an aligned schedule came 2.9 ms late (p50) over 190 ticks and did
not drift. redbeat was tried: it needs minutes to hand over, ends when Redis blips, and cannot store
a schedule of one's own.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from celery import Celery
from celery.beat import BeatLazyFunc
from celery.schedules import BaseSchedule, schedstate

from g6.config import Settings
from g6.domain.cycles.cycle import isoformat_z, on_grid, parse_z
from g6.entrypoints.workers.jobs import JOBS
from g6.pipeline import Runtime

FAR_SECONDS = 300.0
"""What beat is told when nothing is due.

It wakes after `beat_max_loop_interval`, one second, all the same.
"""
SLACK = 0.002
"""Seconds that a wall time may fall short of a due time it was computed from, by rounding."""


class CycleSchedule(BaseSchedule):  # type: ignore[misc]
    """Is due at the grid's instants of one exchange's sessions.

    Past instants are skipped, not replayed, so no burst follows an outage. `cycle` is what the
    market's clock says when beat sends.
    """

    def __init__(self, runtime: Runtime, exchange: str, app: Celery | None = None) -> None:
        super().__init__(app=app)
        self._runtime = runtime
        self._exchange = exchange
        self._interval = runtime.plan.interval
        self._window = _window(runtime)

    def is_due(self, last_run_at: datetime) -> schedstate:
        """Return whether the present cycle is still to be sent, and the seconds until the next one.

        The market's clock is read once. An instant that passed between two readings would be ahead
        of the first and behind the second, and beat would sleep through it.
        """
        instant = self._instant()
        now = self._runtime.clock.wall()
        due = self._runtime.clock.wall_of(instant) if self._has(instant) else math.inf
        return schedstate(
            last_run_at.timestamp() + 2 * SLACK < due <= now + SLACK,
            self._until_next(now, instant, due),
        )

    def now(self) -> datetime:
        """Return what the wall shows, which Celery counts its waits from."""
        return _shown(self._runtime.clock.wall())

    def cycle(self) -> str:
        """Return the present cycle."""
        return isoformat_z(self._instant())

    def _instant(self) -> datetime:
        at = self._runtime.clock.market() + timedelta(
            seconds=SLACK * self._interval / self._runtime.timing.step
        )
        return at - timedelta(seconds=at.timestamp() - on_grid(at.timestamp(), self._interval))

    def _has(self, instant: datetime) -> bool:
        inside = self._window is None or self._window[0] <= instant <= self._window[1]
        return inside and self._runtime.trades(self._exchange, instant)

    def _until_next(self, now: float, instant: datetime, due: float) -> float:
        # The clock of a market that is about to start stands at its first cycle.
        if now + SLACK < due < math.inf:
            return due - now
        after = instant + timedelta(seconds=self._interval)
        if self._window and after > self._window[1]:
            return FAR_SECONDS
        # The calendar ends with its last year. An error out of here keeps Celery's beat from every
        # entry: the closing cycle of 31 December was not sent, and no sweep closed what was open.
        calendar = self._runtime.calendar
        following = calendar.next_known_cycle([self._exchange], after, self._interval)
        if following is None:
            return FAR_SECONDS
        return min(FAR_SECONDS, max(0.0, self._runtime.clock.wall_of(following) - now))

    def __reduce__(self) -> tuple[type, tuple[Runtime, str]]:
        return type(self), (self._runtime, self._exchange)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CycleSchedule) and other._exchange == self._exchange

    def __hash__(self) -> int:
        return hash(self._exchange)


class WallSchedule(BaseSchedule):  # type: ignore[misc]
    """Is due at epoch multiples of `seconds` of the wall clock."""

    def __init__(
        self, wall: Callable[[], float], seconds: float, app: Celery | None = None
    ) -> None:
        super().__init__(app=app)
        self._wall = wall
        self._seconds = seconds

    def is_due(self, last_run_at: datetime) -> schedstate:
        """Return whether a multiple has passed since the last run, and the seconds to the next."""
        now = self._wall()
        passed = math.floor((now + SLACK) / self._seconds)
        due = passed > math.floor((last_run_at.timestamp() + SLACK) / self._seconds)
        return schedstate(due, max(0.0, (passed + 1) * self._seconds - now))

    def now(self) -> datetime:
        """Return what the wall shows, which Celery counts its waits from."""
        return _shown(self._wall())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, WallSchedule) and other._seconds == self._seconds

    def __hash__(self) -> int:
        return hash(self._seconds)


def beat_schedule(
    settings: Settings, runtime: Runtime, app: Celery
) -> dict[str, dict[str, object]]:
    """Return beat's entries: the first stage for each enabled index, then jobs with a rhythm."""
    entries = {
        f"collect-{index}": _cycle_entry(runtime, index, plan.index.exchange, app)
        for index, plan in runtime.plan.indices.items()
    }
    for job in JOBS:
        if job.beat is None:
            continue
        seconds = job.beat(settings)
        entries[job.name.replace("_", "-")] = {
            "task": job.task,
            "schedule": WallSchedule(runtime.clock.wall, seconds),
            "options": {"expires": seconds},
        }
    return entries


def _cycle_entry(runtime: Runtime, index: str, exchange: str, app: Celery) -> dict[str, object]:
    """Return the entry that sends an index's chain: collect, and behind it the later stages.

    Only what beat sends expires. A link that expired stops a chain silently and calls no errback
    (measured), so the later stages compare the unit's deadline themselves.
    """
    first, second, third = (job.task for job in JOBS if job.is_stage)
    schedule = CycleSchedule(runtime, exchange)
    expires = runtime.timing.expires
    link = app.signature(second).set(link=[app.signature(third)])
    return {
        "task": first,
        "schedule": schedule,
        # BeatLazyFunc is evaluated when beat sends: neither a late worker nor its clock chooses the
        # cycle.
        "args": (BeatLazyFunc(schedule.cycle), index),
        "options": {"expires": expires, "link": [link]},
        # A cycle that is due at the start is sent, an older one is not.
        "last_run_at": _shown(runtime.clock.wall() - expires),
    }


def _shown(wall: float) -> datetime:
    return datetime.fromtimestamp(wall, UTC)


def _window(runtime: Runtime) -> tuple[datetime, datetime] | None:
    """Return the first and last instant of a bounded run, None without an end."""
    window = runtime.controls.read().window
    if window is None or not window.first or not window.last:
        return None
    return parse_z(window.first), parse_z(window.last)
