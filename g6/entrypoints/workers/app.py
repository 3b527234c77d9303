"""The Celery application: settings, tasks, and one Runtime per process, built after the fork."""

from __future__ import annotations

import gc
import logging
import os
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from typing import Any

from celery import Celery, signals
from celery.platforms import EX_FAILURE

from g6 import __version__
from g6.adapters import panel_files
from g6.bootstrap.ownership import (
    owned_directories,
    owning_system,
    record_configuration,
    redis_namespace,
)
from g6.bootstrap.processes.bounded_memory import bound_memory, leave_pandas_out, without
from g6.bootstrap.processes.process_runtime import build_runtime, start_market
from g6.bootstrap.processes.redis_ports import RedisFacts, redis_facts, vitals
from g6.bootstrap.processes.running_code import code_at_start
from g6.bootstrap.processes.sending import task_sender
from g6.bootstrap.processes.warming import rehearse, warm_up, warmed_market
from g6.bootstrap.quote_sources.sources import provider, settings_in_force
from g6.bootstrap.wiring import Wiring, redis_url, wire
from g6.config import Settings, instance_name
from g6.domain.reports.events import trace_of
from g6.domain.reports.heartbeat import BEAT
from g6.domain.schema.words import QueueName
from g6.entrypoints.workers import tasks, transport
from g6.entrypoints.workers.celery_lint import lint
from g6.entrypoints.workers.driving import Driver
from g6.entrypoints.workers.jobs import JOBS, SWEEP, Job, cycle_of
from g6.entrypoints.workers.pool_results import TaskLimits
from g6.entrypoints.workers.queues import celery_settings
from g6.entrypoints.workers.schedule import beat_schedule
from g6.errors import RedisDown, Retryable, UserError
from g6.errors.masking import mask
from g6.log import configure
from g6.pipeline import Runtime
from g6.ports import Lifeline, Provider

REDIS_PAUSE = 0.5
"""Seconds between two tries of what a start needs Redis for."""
WorkerOptions = Mapping[str, Any]
"""Of the command line of `celery worker`."""
LONG_AGO = "1970-01-01T00:00:00+00:00"


class G6(Celery):  # type: ignore[misc]
    """Celery with G6's Settings, and with a Runtime of its own in each process."""

    amqp_cls = "g6.entrypoints.workers.task_messages:TaskMessages"
    events_cls = "g6.entrypoints.workers.event_sending:Events"
    settings: Settings
    instance: str = ""
    _runtime: Runtime | None = None
    _runtime_pid: int = 0
    _provider: Provider | None = None
    _warm_market: Provider | None = None
    _ownership: ExitStack | None = None

    @property
    def runtime(self) -> Runtime:
        """This process's Runtime.

        Connections are made after the fork, so a child builds its own.
        """
        if self._runtime is None or self._runtime_pid != os.getpid():
            self._runtime = build_runtime(self.wiring, task_sender(self), self._provider)
            self._runtime_pid = os.getpid()
        return self._runtime

    @property
    def wiring(self) -> Wiring:
        """The wiring of this process, to the Redis that carries the messages."""
        return wire(self.settings, self.conf.broker_url)

    def prepare(self, queues: Sequence[str]) -> None:
        """Make and warm, before the fork and for all pool processes, what needs no connection.

        Args:
            queues: Those that the worker serves, none for all of them.
        """
        leave_pandas_out()
        bound_memory()
        self._warm_market = warmed_market(self.settings)
        self._provider = provider(self.wiring)
        if not queues or QueueName.COLLECT in queues:
            rehearse(self._provider, self.settings)
        if self.settings.panels.validate_ != "off" and (not queues or QueueName.PERSIST in queues):
            # Where a notebook is installed, jsonschema (4.26) imports a grammar of addresses, and
            # no panel has one: 17 MB and a second.
            with without("rfc3987_syntax"):
                panel_files.validator()

    def join_owner(self, queues: Sequence[str]) -> None:
        """Join, before the fork, the owner of the data directory, where this worker writes rows.

        Raises:
            Unavailable: Another system owns it.
        """
        if not _writes(queues, self.settings):
            return
        who = f"celery worker of {', '.join(queues)}" if queues else "celery worker"
        system = owning_system(self.settings, self.conf.broker_url)
        self._ownership = ExitStack()
        self._ownership.enter_context(owned_directories(self.settings, who, system))

    def record_configuration(self) -> None:
        """Write, before the fork, the configuration beside the rows that this worker will write.

        Raises:
            Unavailable: The directory cannot be written.
        """
        if self._ownership is not None and self._provider is not None:
            record_configuration(settings_in_force(self.settings, self._provider))

    def leave_owner(self) -> None:
        """Leave, at the end of a worker, the owner of the data directory."""
        if self._ownership is not None:
            self._ownership.close()

    def warm_up(self) -> None:
        """Run the stages once after the fork, before the first message."""
        warm_up(self.runtime, self._warm_market or warmed_market(self.settings))
        # What stands now stays. The garbage collector need not walk it in the middle of a cycle.
        gc.freeze()


def create_app(settings: Settings, url: str = "", jobs: Sequence[Job] = JOBS) -> G6:
    """Return the application, which connects to nothing yet.

    Args:
        settings: The configuration.
        url: Where Redis is, when that is known.
        jobs: The table of its tasks.

    Raises:
        BadConfig: From the lint at start.
        Unavailable: No Redis is known.
    """
    url = url or redis_url(settings)
    transport.install()
    app = G6("g6", set_as_current=False)
    app.settings = settings
    app.instance = instance_name()
    app.conf.update(celery_settings(settings, url))
    lint(settings, app.conf)
    tasks.register(app, jobs)
    _connect_worker(app)
    _connect_beat(app)
    _connect_the_end(app)
    return app


def _writes(queues: Sequence[str], settings: Settings) -> bool:
    """Return whether a worker of these queues writes rows.

    `persist` does, and a recompute where there is something to compute.
    """
    if not queues or QueueName.PERSIST in queues:
        return True
    return QueueName.MANUAL in queues and settings.directory.exists()


def _connect_worker(app: G6) -> None:
    """Connect the signals of workers. The application itself keeps the listeners alive."""
    ports = vitals(app.wiring)
    limits = TaskLimits()
    limits.connect()

    def configure_logs(**_: object) -> None:
        configure(app.settings)
        logging.getLogger("celery").setLevel(logging.WARNING)

    def before_fork(options: WorkerOptions | None = None, **_: object) -> None:
        queues = _queues(options or {})
        code_at_start()
        _refuse_what_cannot_work(app)
        with _exit_for_a_person():
            app.join_owner(queues)
        app.prepare(queues)
        with _exit_for_a_person():
            app.record_configuration()

    def after_fork(**_: object) -> None:
        limits.begin()
        app.events.gather()
        try:
            app.warm_up()
        finally:
            with suppress(Retryable):
                ports.announce_ready(os.getpid())

    def sign_in(sender: Any = None, **_: object) -> None:
        queues = sorted(app.amqp.queues.consume_from)
        with suppress(Retryable):
            ports.sign_in(
                sender.eventer.hostname,
                os.getpid(),
                queues,
                version=__version__,
                code=code_at_start(),
            )

    for signal, listener in (
        (signals.before_task_publish, _trace_adder(app)),
        (signals.setup_logging, configure_logs),
        (signals.celeryd_init, before_fork),
        (signals.worker_process_init, after_fork),
        (signals.heartbeat_sent, sign_in),
        (signals.worker_shutdown, lambda **_: app.leave_owner()),
    ):
        signal.connect(listener, weak=False)


def _trace_adder(app: G6) -> Callable[..., None]:
    """Return the listener that gives every message its trace."""
    namespace = app.settings.namespace

    def add_trace(
        headers: dict[str, object] | None = None, body: object = None, **_: object
    ) -> None:
        """Give every message one header `g6`: the trace id of its cycle, and its time.

        A job of no cycle inherits the trace of the task that sends it.
        """
        if headers is None or "g6" in headers:
            return
        running = app.current_task
        trace = getattr(running.request, "g6", None) if running else None
        if cycle := cycle_of(body):
            trace = {"version": 1, "trace": trace_of(namespace, cycle)}
        elif trace is None:
            trace = {"version": 1, "trace": uuid.uuid4().hex}
        # kombu records no time of a message; the oldest one's age tells a queue that nobody serves.
        headers["g6"] = {**trace, "sent": round(time.time(), 3)}

    return add_trace


def _connect_beat(app: G6) -> None:
    """Connect the signals of beat, which tell the lifeline when beats lived and Redis was there."""
    drivers: list[Driver] = []
    ports = vitals(app.wiring)

    def before_publish(
        sender: Any = None, headers: dict[str, object] | None = None, **_: object
    ) -> None:
        lifeline = app.runtime.lifeline
        if lifeline is None:
            return
        if sender == SWEEP:
            if not lifeline.record_beat() and headers is not None:
                # Should this sweep get through after all, it would know nothing of the outage.
                headers["expires"] = LONG_AGO
            with suppress(Retryable):
                ports.sign_process(BEAT, os.getpid(), app.instance)
                for driver in drivers:
                    driver.keep()
        lifeline.before_publish()

    def after_publish(**_: object) -> None:
        lifeline = app.runtime.lifeline
        if lifeline is not None:
            lifeline.after_publish()

    def begin(sender: Any = None, **_: object) -> None:
        _refuse_what_cannot_work(app)
        _once_redis_is_there(lambda: drivers.extend(_drivers(app)), app.runtime.lifeline)
        _once_redis_is_there(lambda: start_market(app.runtime), app.runtime.lifeline)
        app.events.gather()
        signals.before_task_publish.connect(before_publish, weak=False)
        signals.after_task_publish.connect(after_publish, weak=False)
        if app.runtime.lifeline is not None:
            # Its first sweep is up to two seconds away. A beat that died before was never there to
            # anybody, and the first cycles of a live run, which has no other beginning, were lost.
            app.runtime.lifeline.record_beat()
            sender.scheduler.fail_publish = app.runtime.lifeline.fail_publish
        sender.scheduler.leave = partial(_sign_off, app, sender)
        sender.scheduler.update_from_dict(beat_schedule(app.settings, app.runtime, app))

    signals.beat_init.connect(begin, weak=False)


def _sign_off(app: G6, service: Any) -> None:
    """Take back the sign of life of a beat that was asked to end."""
    # A pod that was replaced or scaled down counted as a dead beat until it was forgotten, for ten
    # minutes. Celery (5.7) closes its scheduler in the handler of the signal, and once more behind
    # its loop, where the service is shut down unless an error ended it.
    if service._is_shutdown.is_set():  # noqa: SLF001 - nothing else tells an end from an error
        with suppress(Retryable):
            vitals(app.wiring).sign_off(BEAT, os.getpid(), app.instance)


def _drivers(app: G6) -> list[Driver]:
    """Return the driver that a beat without a supervisor is.

    Nothing where its parent drives the namespace.
    """
    url = app.conf.broker_url
    runtime = app.runtime
    namespace = redis_namespace(app.settings, url)
    driver = Driver(
        app.settings,
        url,
        namespace,
        runtime.controls,
        runtime.vitals,
        runtime.clock,
        "celery beat",
    )
    with _exit_for_a_person():
        return [driver] if driver.join() else []


def _connect_the_end(app: G6) -> None:
    """Connect the end of a worker. It takes its sign of life back where it was asked to end.

    After one Ctrl-C it exits with 0: Celery finishes what runs and then says that it failed.
    """
    ports = vitals(app.wiring)
    endings: list[tuple[str, str]] = []

    def shutting_down(sig: str = "", how: str = "", **_: object) -> None:
        endings.append((sig, how))

    def shut_down(sender: Any = None, **_: object) -> None:
        if endings == [("SIGINT", "Warm")]:
            sender.exitcode = 0
        # A container that was replaced by one of another name was told as a dead worker until it
        # was forgotten, for nine minutes. Celery (5.7) sends no `worker_shutting_down` for
        # `celery control shutdown`, and a worker that an error ended has EX_FAILURE.
        if endings or sender.exitcode != EX_FAILURE:
            with suppress(Retryable):
                ports.sign_out(sender.hostname, os.getpid())

    signals.worker_shutting_down.connect(shutting_down, weak=False)
    signals.worker_shutdown.connect(shut_down, weak=False)


def _refuse_what_cannot_work(app: G6) -> None:
    """Hold the settings in force, and Redis if it answers, against the lint.

    Celery swallows every error but an exit where this is called.
    """
    facts: RedisFacts = {"maxmemory_policy": None, "appendonly": None}
    with _exit_for_a_person():
        with suppress(Retryable):
            facts = redis_facts(app.conf.broker_url, app.settings.redis.master_name or "")
        warnings = lint(app.settings, app.conf, **facts)
    sys.stderr.writelines(f"g6: {warning}\n" for warning in warnings)


@contextmanager
def _exit_for_a_person() -> Iterator[None]:
    """End the process with 2 and a sentence where a person can mend what is wrong."""
    try:
        yield
    except UserError as error:
        sys.stderr.write(f"g6: {mask(str(error))}\n")
        raise SystemExit(2) from error


def _queues(options: WorkerOptions) -> list[str]:
    """Return the queues of `celery worker -Q` without those of `-X`, none for all of them."""
    named = _names(options.get("queues"))
    excluded = _names(options.get("exclude_queues"))
    every = list(QueueName) if excluded else []
    return [name for name in named or every if name not in excluded]


def _names(option: str | Sequence[str] | None) -> list[str]:
    return option.split(",") if isinstance(option, str) else list(option or ())


def _once_redis_is_there(act: Callable[[], None], lifeline: Lifeline | None = None) -> None:
    """Do what needs Redis, again every half second while that is away, which the lifeline notes."""
    pause = threading.Event()
    while True:
        try:
            return act()
        except RedisDown:
            if lifeline is not None:
                lifeline.record_beat()
            pause.wait(REDIS_PAUSE)
