"""When beat sends: at the grid's instants, inside sessions, never twice and never in a burst."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from celery.beat import BeatLazyFunc
from celery.schedules import BaseSchedule, schedstate

from g6.config import Settings
from g6.domain.cycles.cycle import Timing, isoformat_z, on_grid, parse_z
from g6.entrypoints.workers.queues import STAGE_TASKS
from g6.pipeline import Runtime
from g6.pipeline.folding import QUARTER_SECONDS

FAR = 300.0
SLACK = 0.002
"""Seconds that a wall time may fall short of a due time it was computed from."""


class CycleSchedule(BaseSchedule):  # type: ignore[misc]
    """Due at the grid's instants of one exchange's sessions. Past instants are skipped, not replayed.

    The cycle is what the clock says when beat sends; neither a late worker nor its clock chooses it.
    """

    def __init__(self, runtime: Runtime, exchange: str, app: Any = None) -> None:
        super().__init__(app=app)
        self._runtime, self._exchange = runtime, exchange
        self._interval = runtime.plan.interval
        self._window = _window(runtime)

    def is_due(self, last_run_at: datetime) -> schedstate:
        """Return whether the cycle that is now was not sent yet, and the seconds until the next one. Changes nothing.

        The market's clock is read once: an instant that passes between two readings would be found not due yet by the first and
        gone by already by the second, and beat would sleep through it.
        """
        instant, now = self._instant(), self._runtime.clock.wall()
        due = self._runtime.clock.wall_of(instant) if self._has(instant) else math.inf
        return schedstate(
            last_run_at.timestamp() + 2 * SLACK < due <= now + SLACK,
            self._until_next(now, instant, due),
        )

    def cycle(self) -> str:
        """Return the cycle that is now."""
        return isoformat_z(self._instant())

    def _instant(self) -> datetime:
        at = self._runtime.clock.market() + timedelta(
            seconds=SLACK * self._interval / self._runtime.timing.step
        )
        return at - timedelta(seconds=at.timestamp() - on_grid(at.timestamp(), self._interval))

    def _has(self, instant: datetime) -> bool:
        inside = self._window is None or self._window[0] <= instant <= self._window[1]
        return inside and self._runtime.calendar.is_open(self._exchange, instant)

    def _until_next(self, now: float, instant: datetime, due: float) -> float:
        if (
            now + SLACK < due < math.inf
        ):  # a market that is about to start stands at its first cycle
            return due - now
        after = instant + timedelta(seconds=self._interval)
        if self._window and after > self._window[1]:
            return FAR
        following = self._runtime.calendar.next_cycle(self._exchange, after, self._interval)
        return min(FAR, max(0.0, self._runtime.clock.wall_of(following) - now))

    def __reduce__(self) -> tuple[type, tuple[Runtime, str]]:
        return type(self), (self._runtime, self._exchange)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CycleSchedule) and other._exchange == self._exchange

    def __hash__(self) -> int:
        return hash(self._exchange)


class WallSchedule(BaseSchedule):  # type: ignore[misc]
    """Due at epoch multiples of `seconds` of the wall clock."""

    def __init__(self, wall: Callable[[], float], seconds: float, app: Any = None) -> None:
        super().__init__(app=app)
        self._wall, self._seconds = wall, seconds

    def is_due(self, last_run_at: datetime) -> schedstate:
        """Return whether a multiple has passed since the last run, and the seconds until the next."""
        now = self._wall()
        passed = math.floor((now + SLACK) / self._seconds)
        due = passed > math.floor((last_run_at.timestamp() + SLACK) / self._seconds)
        return schedstate(due, max(0.0, (passed + 1) * self._seconds - now))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, WallSchedule) and other._seconds == self._seconds

    def __hash__(self) -> int:
        return hash(self._seconds)


def beat_schedule(settings: Settings, runtime: Runtime, app: Any) -> dict[str, dict[str, Any]]:
    """Return beat's entries: one per enabled index, the sweep, the panels' check, folding, keeping events."""
    timing: Timing = runtime.timing
    started = datetime.now(UTC) - timedelta(
        seconds=timing.expires
    )  # a cycle that is just due is sent, an older one never
    entries: dict[str, dict[str, Any]] = {}
    for index, plan in runtime.plan.indices.items():
        schedule = CycleSchedule(runtime, plan.index.exchange)
        link = app.signature(STAGE_TASKS["analyse"]).set(
            link=[app.signature(STAGE_TASKS["persist"])]
        )
        entries[f"collect-{index}"] = {
            "task": STAGE_TASKS["collect"],
            "schedule": schedule,
            "args": (BeatLazyFunc(schedule.cycle), index),
            "options": {"expires": timing.expires, "link": [link]},
            "last_run_at": started,
        }
    every = WallSchedule(runtime.clock.wall, 2.0)
    entries["sweep"] = {"task": "g6.sweep", "schedule": every, "options": {"expires": 2.0}}
    check = WallSchedule(runtime.clock.wall, settings.panels.verify_seconds)
    expires = {"expires": settings.panels.verify_seconds}
    entries["verify-panels"] = {"task": "g6.verify_panels", "schedule": check, "options": expires}
    quarter = max(5.0, QUARTER_SECONDS * timing.step / runtime.plan.interval)
    tidy = WallSchedule(runtime.clock.wall, quarter)
    for name in ("tidy", "keep_events"):
        entries[name.replace("_", "-")] = {
            "task": f"g6.{name}",
            "schedule": tidy,
            "options": {"expires": quarter},
        }
    return entries


def _window(runtime: Runtime) -> tuple[datetime, datetime] | None:
    """Return the first and last instant of a bounded run, None without an end."""
    window = runtime.controls.read().get("window") or {}
    return (parse_z(window["first"]), parse_z(window["last"])) if window.get("last") else None
