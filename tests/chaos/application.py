"""G6's Celery application with something wrong in it, which the variable CHAOS names: `celery -A tests.chaos.application worker`.

poison    BANKNIFTY's quotes kill the process that asks for them
stuck     BANKNIFTY's quotes take 20 s, FINNIFTY's too and do not let themselves be interrupted
slow      quotes take 9 s
doubled   every message is sent twice
older     the process is of an earlier version: it says less of itself, its messages carry no time, and it keeps those in hand as kombu does
clock:X   the process's clock is X seconds ahead of the host's, until CHAOS_DIR has a file `clock-set`: for all that G6 asks
          the time for, and for when Celery's beat sends and its messages expire
wrong:X   Celery's setting X has a value that the lint must refuse

The first three only while there is a file `fault` in the directory CHAOS_DIR.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from celery import Celery, signals
from celery.worker import request
from kombu.entity import Queue
from kombu.transport.redis import Channel, QoS

from g6.adapters.redis import lifeline, vitals
from g6.adapters.redis.clocks import shared_clock as clock
from g6.adapters.redis.vitals import RedisVitals
from g6.bootstrap.quote_sources import simulated_source
from g6.config import load
from g6.domain.market.instrument import Contracts
from g6.domain.quotes.quotes import Quotes
from g6.entrypoints.workers import app as application
from g6.entrypoints.workers import leases, schedule, transport
from g6.simulation import SimulatedMarket

PARENT = os.getpid()
STUCK_SECONDS, SLOW_SECONDS = 20.0, 9.0
WRONG: dict[str, dict[str, Any]] = {
    "visibility_timeout": {
        "broker_transport_options": {"visibility_timeout": 5, "global_keyprefix": "g6:celery:"}
    },
    "soft_limit_above_hard": {
        "task_annotations": {"g6.publish": {"soft_time_limit": 20.0, "time_limit": 10.0}}
    },
    "soft_limit_past_interval": {
        "task_annotations": {"g6.collect": {"soft_time_limit": 2.9, "time_limit": 6.0}}
    },
    "undeclared_queue": {"task_routes": {"g6.persist": {"queue": "presist"}}},
    "unused_queues": {"task_queues": [Queue("collect")]},  # type: ignore[no-untyped-call]
}


def wanted() -> bool:
    """Tell whether the fault is switched on; never in a worker's main process, which only warms up."""
    return os.getpid() != PARENT and Path(os.environ["CHAOS_DIR"], "fault").exists()


class Poisoned(SimulatedMarket):
    """A market that kills the process that asks for BANKNIFTY."""

    def quotes(self, index: str, wanted_: Contracts, at: datetime) -> Quotes:
        """Return quotes, or never return."""
        if index == "BANKNIFTY" and wanted():
            os.kill(os.getpid(), signal.SIGKILL)
        return super().quotes(index, wanted_, at)


class Stuck(SimulatedMarket):
    """A market that answers too late, and for FINNIFTY keeps the soft time limit from being heard."""

    def quotes(self, index: str, wanted_: Contracts, at: datetime) -> Quotes:
        """Return quotes, late."""
        if index != "NIFTY" and wanted():
            if index == "FINNIFTY":
                signal.signal(signal.SIGUSR1, signal.SIG_IGN)
            limit = time.monotonic() + STUCK_SECONDS
            while time.monotonic() < limit:
                signal.sigtimedwait([], 0.5)
        return super().quotes(index, wanted_, at)


class Slow(SimulatedMarket):
    """A market that is slow for every index."""

    def quotes(self, index: str, wanted_: Contracts, at: datetime) -> Quotes:
        """Return quotes, late."""
        if wanted():
            signal.sigtimedwait([], SLOW_SECONDS)
        return super().quotes(index, wanted_, at)


def double() -> None:
    """Let every message be published a second time, as after a time-out of a publish that had succeeded."""
    once = Channel.basic_publish

    def twice(self: Channel, message: Any, *arguments: Any, **options: Any) -> Any:
        copy = {**message, "properties": dict(message["properties"])}
        once(self, copy, *arguments, **options)
        return once(self, message, *arguments, **options)

    Channel.basic_publish = twice


def age() -> None:
    """Let this process be of an earlier version."""

    def sign_in(self: RedisVitals, worker: str, pid: int, *_: object, **__: object) -> None:
        facts = {"pid": pid, "host": socket.gethostname(), "at": time.time()}
        self._client.hset("g6:workers", worker, json.dumps(facts))

    def add_trace(headers: dict[str, object] | None = None, **_: object) -> None:
        if headers is not None:
            headers["g6"] = {"version": 0, "trace": "0" * 32}

    RedisVitals.sign_in = sign_in  # type: ignore[method-assign]
    signals.before_task_publish.connect(add_trace, weak=False)
    transport.Channel.QoS = QoS  # type: ignore[assignment]


def shift(seconds: float) -> None:
    """Let every module of this process that asks for the time have one that is wrong, until it is set."""
    clock_set = Path(os.environ["CHAOS_DIR"], "clock-set")
    right = Celery.now

    def ahead() -> float:
        return 0.0 if clock_set.exists() else seconds

    class WrongDate(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + timedelta(seconds=ahead())

    for module in (clock, lifeline, vitals, leases, transport):
        # The signs of workers ask for monotonic time as well, which no host's clock changes.
        shifted = vars(time) | {"time": lambda: time.time() + ahead()}
        module.time = SimpleNamespace(**shifted)  # type: ignore[assignment]
    schedule.datetime = WrongDate  # type: ignore[misc]
    request.datetime = WrongDate
    Celery.now = lambda self: right(self) + timedelta(seconds=ahead())


MARKETS = {"poison": Poisoned, "stuck": Stuck, "slow": Slow}


def broken(wrong: str) -> application.G6:
    """Return the application with the fault named."""
    if wrong == "doubled":
        double()
    elif wrong == "older":
        age()
    elif wrong.startswith("clock:"):
        shift(float(wrong.removeprefix("clock:")))
    elif wrong in MARKETS:
        simulated_source.SimulatedMarket = MARKETS[wrong]  # type: ignore[misc]
    made = application.create_app(load())
    if wrong.startswith("wrong:"):
        made.conf.update(WRONG[wrong.removeprefix("wrong:")])
    return made


def __getattr__(name: str) -> Any:
    """Make `app` when Celery asks for it, and not when the faults import this module."""
    if name != "app":
        raise AttributeError(name)
    globals()["app"] = made = broken(os.environ["CHAOS"])
    return made
