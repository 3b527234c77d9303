"""Celery's scheduler as beat runs it: each wait ends at the next instant of an entry."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from math import inf
from typing import Any

from celery.beat import ScheduleEntry, Scheduler, SchedulingError

from g6.errors import G6Error

SET_BACK_SECONDS = 1.0
"""A clock that shows so much less than before was set back. Less is caught up with while asleep."""


class GridBeat(Scheduler):  # type: ignore[misc]
    """A scheduler without a file, whose waits end at the next instant of an entry.

    Celery's own (5.7.0) counts a wait from the end of a send. Where Redis stood still for 4 s in
    one, the next cycle of its index was sent 4 s late: too late at an interval of 5 s. Where the
    clock was set back it sent nothing, no sweep either, until that showed again what it had shown.
    """

    fail_publish: Callable[[], None] | None = None
    leave: Callable[[], None] | None = None
    _shown = -inf

    def adjust(self, seconds: float, _drift: float = 0.0) -> float:
        """Return the seconds that beat waits for an entry: all of them."""
        # Celery's own takes 10 ms off, and asks for what is not due yet without a pause until it
        # is: at an interval of one second two thirds of the processor time of beat.
        return seconds

    def apply_async(self, entry: ScheduleEntry, *arguments: object, **options: object) -> Any:
        """Send what an entry says, and tell when nobody took it.

        Raises:
            SchedulingError: It could not be sent.
        """
        try:
            return super().apply_async(entry, *arguments, **options)
        except SchedulingError:
            if self.fail_publish is not None:
                self.fail_publish()
            raise

    def close(self) -> None:
        """End, and tell it where somebody is to be told."""
        super().close()
        if self.leave is not None:
            self.leave()

    def tick(self) -> float:
        """Send one entry that is due, and return the seconds to the next tick."""
        if self._heap:
            now = self._when(self._heap[0].entry, 0.0)
            if now < self._shown - SET_BACK_SECONDS:
                self._begin_anew(now)
            self._shown = now
        return float(super().tick())

    def _begin_anew(self, now: float) -> None:
        """Wait for the instants after `now`, those that were sent before the clock went back too.

        Who collects such a cycle a second time finds it closed, or has the right quotes for it.
        """
        latest = datetime.fromtimestamp(now, UTC)
        for entry in self.schedule.values():
            entry.last_run_at = min(entry.last_run_at, latest)
        self._heap = None

    def _when(self, entry: ScheduleEntry, seconds: float, *_: object) -> float:
        """Return the wall time at which an entry is looked at, so many seconds away or due then."""
        now: float = entry.default_now().timestamp()
        if seconds <= 0.0:
            return now
        # A calendar that does not cover the year has no next instant: Celery asks again later.
        with suppress(G6Error):
            state = entry.is_due()
            return now if state.is_due else now + float(state.next)
        return now + seconds
