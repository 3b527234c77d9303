"""The process that stands in beat's place in a replay: `python -m g6.entrypoints.machine.feeder`.

It sends each of the recording's instants when the one before is closed, and the sweep in between.
It takes its settings from the environment, as a worker does. After the last cycle it goes on
sweeping until it is told to stop, so that what was lost on the way to the disk is mended.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Protocol

from g6.bootstrap.processes.redis_ports import signing
from g6.config import load
from g6.domain.cycles.cycle import Unit, isoformat_z, parse_z
from g6.domain.reports.switches import ReplayOrder, RunWindow
from g6.domain.schema.words import STAGES
from g6.entrypoints.workers.app import G6, create_app
from g6.entrypoints.workers.jobs import SWEEP
from g6.errors import BadConfig, Retryable
from g6.pipeline import Runtime
from g6.pipeline.runtime import SWEEP_SECONDS
from g6.ports.sources import abilities_of

POLL_SECONDS = 0.01
LOOK_SECONDS = 0.1
"""Wall seconds between two looks at what was ordered of the replay."""
MOST_OPEN = 20
"""Cycles that may be on their way to the disk when the next is sent."""

_EARLIEST = datetime.min.replace(tzinfo=UTC)
_LATEST = datetime.max.replace(tzinfo=UTC)


@dataclass(slots=True)
class ReplayPace:
    """When each instant of a replay is due, under the orders that came while it ran.

    Attributes:
        speed: Market seconds per wall second, None as fast as cycles close.
        since: Wall time at which `market` was due.
        market: An instant.
        order: The newest order.
        steps: Cycles that were sent by steps.
    """

    speed: float | None
    since: float
    market: datetime
    order: ReplayOrder = field(default_factory=ReplayOrder)
    steps: int = 0

    def follow(self, order: ReplayOrder, now: float, at: datetime) -> None:
        """Take a new order at wall time `now`, while `at` waits for its turn."""
        if order == self.order:
            return
        # What was waited for is not made up for: the next cycle is due now, and the others from it.
        self.since = now
        self.market = at
        if order.speed is not None:
            self.speed = order.speed or None
        self.order = order

    def passes_over(self, at: datetime) -> bool:
        """Tell whether an instant lies before the one that was asked for."""
        return bool(self.order.seek) and at < parse_z(self.order.seek)

    def is_due(self, at: datetime, now: float) -> bool:
        """Tell whether an instant may be sent at wall time `now`. A step is used up by that."""
        if self.passes_over(at):
            self.since = now
            self.market = at
            return True
        if self.order.is_paused:
            if self.steps >= self.order.steps:
                return False
            self.steps += 1
            return True
        self.steps = self.order.steps
        if self.speed is None:
            return True
        return now >= self.since + (at - self.market).total_seconds() / self.speed


class RecordedInstants(Protocol):
    """The instants of a recording, and the indices that are recorded at each."""

    def cycles(self) -> Sequence[datetime]:
        """Return the instants, ascending."""
        ...

    def indices(self, at: datetime | None = None) -> Sequence[str]:
        """Return the indices recorded at `at`."""
        ...


@dataclass(slots=True)
class Feeder:
    """Sends a recording's cycles, each when the one before is closed.

    `note` tells the clock that an instant is sent, `sweep` sends the sweep, `stopped` ends the
    feeder between two steps. `speed`: market seconds per wall second, None as fast as cycles close.
    """

    runtime: Runtime
    recorded: RecordedInstants
    note: Callable[[datetime], float]
    sweep: Callable[[], None]
    speed: float | None = None
    stopped: threading.Event = field(default_factory=threading.Event)
    _swept: float = 0.0
    _looked_at: float = 0.0
    _pace: ReplayPace = field(init=False)

    def feed(self) -> int:
        """Send the instants of the run's window that are not closed yet, and return how many."""
        sent = 0
        instants = self._instants()
        self._pace = ReplayPace(self.speed, self.runtime.clock.wall(), instants[0])
        for at in instants:
            if self._is_closed(at):
                continue
            self._wait_for_turn(at)
            if self.stopped.is_set():
                break
            if self._pace.passes_over(at):
                continue
            self._bring_through(at)
            sent += 1
        return sent

    def keep_sweeping(self) -> None:
        """Send the sweep in its rhythm until stopped."""
        self._until(lambda: False)

    def _instants(self) -> list[datetime]:
        """Return the recorded instants that lie in the window of this run."""
        window = self.runtime.controls.read().window or RunWindow()
        first = parse_z(window.first) if window.first else _EARLIEST
        last = parse_z(window.last) if window.last else _LATEST
        return [at for at in self.recorded.cycles() if first <= at <= last]

    def _wait_for_turn(self, at: datetime) -> None:
        """Wait until an instant is due or passed over, and for the store to keep up."""

        def is_turn() -> bool:
            now = self.runtime.clock.wall()
            if now - self._looked_at >= LOOK_SECONDS:
                self._looked_at = now
                order = self.runtime.controls.read().replay or ReplayOrder()
                self._pace.follow(order, now, at)
            return self._has_room() and self._pace.is_due(at, now)

        self._looked_at = 0.0
        self._until(is_turn)

    def _bring_through(self, at: datetime) -> None:
        """Send a cycle and wait until it is closed.

        It is sent again while nobody opens it, since the sweep mends only cycles that were opened.
        """
        next_send = 0.0

        def send_until_closed() -> bool:
            nonlocal next_send
            now = self.runtime.clock.wall()
            if now >= next_send and self.runtime.ledger.record(isoformat_z(at)) is None:
                self._send(at)
                next_send = now + self.runtime.timing.lease
            return self._is_closed(at)

        self._until(send_until_closed)

    def _send(self, at: datetime) -> None:
        self.note(at)
        for unit in self._units(at):
            self.runtime.sender.stages(unit, STAGES)

    def _units(self, at: datetime) -> Iterable[Unit]:
        return [
            Unit(isoformat_z(at), index)
            for index in self.recorded.indices(at)
            if index in self.runtime.plan.indices
        ]

    def _is_closed(self, at: datetime) -> bool:
        if not self._units(at):
            return True
        record = self.runtime.ledger.record(isoformat_z(at))
        return record is not None and record.closed > 0

    def _has_room(self) -> bool:
        return len(self.runtime.ledger.open_cycles()) < MOST_OPEN

    def _until(self, condition: Callable[[], bool]) -> None:
        """Wait for a condition and sweep meanwhile. A Redis that is away is waited for too."""
        while not self.stopped.is_set():
            try:
                if condition():
                    return
                if self.runtime.clock.wall() - self._swept >= SWEEP_SECONDS:
                    self._swept = self.runtime.clock.wall()
                    self.sweep()
            except Retryable:
                self.stopped.wait(SWEEP_SECONDS)
            self.stopped.wait(POLL_SECONDS)


def main() -> None:
    """Feed the configured recording to the workers until SIGTERM or SIGINT."""
    app = create_app(load())
    runtime = app.runtime
    recorded = abilities_of(runtime.provider).recorded
    if recorded is None or runtime.instant_feed is None:
        raise BadConfig(
            "there is nothing to feed: provider.name is not replay",
            "say --provider replay --recording PATH",
        )
    speed = app.settings.market.speed
    with signing(app.wiring, "feeder") as sign:
        feeder = Feeder(
            runtime,
            recorded,
            runtime.instant_feed.send,
            partial(_sweep, app, sign),
            None if speed == "max" else float(speed),
        )
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: feeder.stopped.set())
        feeder.feed()
        feeder.keep_sweeping()


def _sweep(app: G6, sign: Callable[[], None]) -> None:
    """Send the sweep, and give a sign of life with it."""
    sign()
    app.signature(SWEEP).apply_async(expires=SWEEP_SECONDS)


if __name__ == "__main__":
    main()
