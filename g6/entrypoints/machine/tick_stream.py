"""The process of the tick stream: `python -m g6.entrypoints.machine.tick_stream`.

It is put together from few parts and stays far below 150 MB. What a day needs to be streamed is
normally asked for by those who collect it. Before the first cycle of a day nobody has yet, so
shortly before the open a short-lived child (`ticker_children`), which may be as big as a worker,
tells the quote cache.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Protocol

import structlog

from g6.adapters.kite.ticker.socket import Login
from g6.bootstrap.processes.ticker_ports import (
    TickerPorts,
    stream_login,
    tick_stream,
    ticker_ports,
)
from g6.bootstrap.wiring import data_option, redis_url, wire
from g6.config import Settings, load
from g6.domain.market.calendar import Calendar, Session, day_of
from g6.domain.market.instrument import INDICES, exchanges_of
from g6.domain.reports.stream_reports import TICKER, StreamReport, StreamUnprepared
from g6.entrypoints.machine import ticker_children
from g6.entrypoints.machine.ticker_children import Nursery
from g6.errors import Retryable, UserError
from g6.errors.masking import mask
from g6.log import configure
from g6.ports import Clock

EARLY = timedelta(minutes=45)
"""How long before the open the quote cache is told what the day needs: the dump is out by then."""
PREPARE_AGAIN_SECONDS = 60.0
PREPARE_SECONDS = 120.0
SIGN_SECONDS = 5.0
LEARN_AGAIN_SECONDS = 120.0
"""After so long is asked for what got no answer, and for contracts that joined since."""

ChildTarget = Callable[[Settings, str], None]
"""What a child of the stream runs, with the settings and the address of Redis."""


SHARED = "g6.entrypoints.workers.app"
"""Imported where this process was forked by a fork server, and shares what that has imported."""


class StreamChild(Protocol):
    """A child of the stream."""

    @property
    def exitcode(self) -> int | None:
        """Its exit code, None while it runs."""
        ...

    def start(self) -> None:
        """Begin it."""
        ...

    def join(self, seconds: float, /) -> None:
        """Wait for its end."""
        ...

    def kill(self) -> None:
        """End it at once."""
        ...


def new_child(target: ChildTarget, settings: Settings, broker: str) -> StreamChild:
    """Return a process of its own that will run `target`."""
    return multiprocessing.get_context("spawn").Process(
        target=target, args=(settings, broker), daemon=True
    )


@dataclass(slots=True)
class TickerContext:
    """Settings, clock, token and bus of the tick stream, and its two children."""

    settings: Settings
    broker: str
    new_child: Callable[[ChildTarget, Settings, str], StreamChild] = new_child
    clock: Clock = field(init=False)
    calendar: Calendar = field(init=False)
    ports: TickerPorts = field(init=False)
    _prepared_at: float = 0.0
    _signed_at: float = 0.0
    _learner: StreamChild | None = None
    _learner_day: date = date.min
    _learner_began: float = 0.0

    def __post_init__(self) -> None:
        wiring = wire(self.settings, self.broker)
        self.clock = wiring.clock
        self.calendar = wiring.calendar
        self.ports = ticker_ports(wiring)

    def login(self) -> Login | None:
        """Return key and token in force, None while there is none."""
        return stream_login(self.settings, self.ports.access)

    def trading_since(self) -> float | None:
        """Return the wall time since which contracts trade, None while they do not."""
        now = self.clock.market()
        for session in self._sessions(now):
            if session.holds(now):
                resumed = [end for _, end in session.breaks if end <= now]
                return self.clock.wall_of(max([session.open, *resumed]))
        return None

    def _sessions(self, now: datetime) -> list[Session]:
        """Return the sessions of today, none in a year that the calendar does not cover."""
        exchanges = exchanges_of(INDICES[name] for name in self.settings.indices)
        sessions = [self.calendar.known_session(name, day_of(now)) for name in exchanges]
        return [session for session in sessions if session is not None]

    def tell(self, report: StreamReport) -> None:
        """Log a report, and publish it where alerts, metrics and screens are made of it."""
        getattr(structlog.get_logger("g6"), report.level)(report.sentence, **report.facts())
        try:
            if alert := report.alert():
                alert = alert.completed(data_option(self.settings))
                self.ports.bus.publish(alert, key=alert.state)
            if report.is_published:
                self.ports.bus.publish(report, key=TICKER)
        except Retryable:
            return

    def beat(self) -> None:
        """Give a sign of life every few seconds, and see that yesterday's interest is asked for."""
        now = self.clock.wall()
        if now - self._signed_at >= SIGN_SECONDS:
            self._signed_at = now
            self.ports.vitals.sign_in(_worker_name(), os.getpid())
            self._start_learner()

    def leave(self) -> None:
        """Take back the sign of life of a ticker that was asked to end."""
        with suppress(Retryable):
            self.ports.vitals.sign_out(_worker_name(), os.getpid())

    def prepare(self) -> None:
        """Have a child tell the quote cache what the day needs, once a minute at most.

        It does so from shortly before the open to the close.
        """
        now = self.clock.wall()
        if now - self._prepared_at < PREPARE_AGAIN_SECONDS or not self._is_near_session():
            return
        self._prepared_at = now
        child = self.new_child(ticker_children.announce_contracts, self.settings, self.broker)
        child.start()
        child.join(PREPARE_SECONDS)
        if child.exitcode is None:
            child.kill()
        if child.exitcode:
            self.tell(StreamUnprepared(child.exitcode))

    def _start_learner(self) -> None:
        """Start the child that asks for the previous open interest, unless the store has it all.

        It is started again now and then for what got no answer.
        """
        # Not asked for inside the units: their requests would stand before the quotes.
        today = day_of(self.clock.market())
        learner = self._learner
        is_busy = learner is not None and learner.exitcode is None
        is_stored = learner is not None and learner.exitcode == ticker_children.STORED
        is_recent = self.clock.wall() - self._learner_began < LEARN_AGAIN_SECONDS
        if is_busy or (self._learner_day == today and (is_stored or is_recent)):
            return
        if not self._is_near_session() or self.login() is None:
            return
        self._learner_day = today
        self._learner_began = self.clock.wall()
        learn = ticker_children.learn_previous_interest
        self._learner = self.new_child(learn, self.settings, self.broker)
        self._learner.start()

    def _is_near_session(self) -> bool:
        """Tell whether a session is open, or opens within EARLY."""
        now = self.clock.market()
        return any(session.open - EARLY <= now <= session.close for session in self._sessions(now))


def main() -> None:
    """Stream with the settings in force."""
    try:
        settings = load()
        configure(settings)
        code = run(settings)
    except UserError as error:
        sys.stderr.write(f"g6: {mask(str(error))}\n")
        code = 2
    sys.exit(code)


def run(settings: Settings) -> int:
    """Stream until SIGTERM or SIGINT, and return the exit code.

    1 says that the stream ended by itself and is to be started anew.
    """
    if SHARED not in sys.modules:
        return _stream(TickerContext(settings, redis_url(settings)))
    # Forked while there is one thread yet: a fork among several may copy a lock that is held.
    with Nursery() as nursery:
        return _stream(TickerContext(settings, redis_url(settings), nursery.new_child))


def _stream(context: TickerContext) -> int:
    settings = context.settings
    ticker = tick_stream(
        settings,
        context.ports,
        context.clock,
        trading_since=context.trading_since,
        login=context.login,
        tell=context.tell,
        prepare=context.prepare,
        beat=context.beat,
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ticker.stop())
    code = ticker.run()
    if code == 0:
        context.leave()
    return code


def _worker_name() -> str:
    """Return the name under which the ticker gives signs of life: workers do it alike."""
    return f"ticker@{socket.gethostname()}"


if __name__ == "__main__":
    main()
