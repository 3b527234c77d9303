"""The Celery application: settings, tasks, beat's entries, and one Runtime per process, built after the fork."""

from __future__ import annotations

import gc
import logging
import os
import sys
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import pyarrow as pa
from celery import Celery, signals

from g6.adapters import panel_files
from g6.adapters.celery_sender import CelerySender
from g6.adapters.redis.server import connect
from g6.bootstrap import process_runtime as bootstrap
from g6.bootstrap import redis_address
from g6.bootstrap.owning import namespace, owning, system, write_down
from g6.config import Settings
from g6.domain.schema.words import QueueName
from g6.entrypoints.workers import tasks, transport
from g6.entrypoints.workers.celery_lint import lint
from g6.entrypoints.workers.driving import Driver
from g6.entrypoints.workers.queues import celery_settings
from g6.entrypoints.workers.schedule import beat_schedule
from g6.entrypoints.workers.warmup import warm_provider, warm_up, warmed_market
from g6.errors import RedisDown, Retryable, UserError
from g6.log import configure
from g6.masking import mask
from g6.pipeline import Runtime
from g6.ports import Provider

REDIS_PAUSE = 0.5
LONG_AGO = "1970-01-01T00:00:00+00:00"


class G6(Celery):  # type: ignore[misc]
    """Celery with G6's Settings and a Runtime of its own in each process."""

    settings: Settings
    _runtime: tuple[int, Runtime] | None = None
    _provider: Provider | None = None
    _market: Provider | None = None
    _held: ExitStack | None = None

    @property
    def runtime(self) -> Runtime:
        """This process's Runtime; connections are made after the fork, so a child builds its own."""
        if self._runtime is None or self._runtime[0] != os.getpid():
            runtime = bootstrap.build(
                self.settings, CelerySender(self), self.conf.broker_url, self._provider
            )
            self._runtime = (os.getpid(), runtime)
        return self._runtime[1]

    def prepare(self, queues: Sequence[str]) -> None:
        """Before the fork: what needs no connection is made and warmed once, for all pool processes. No queues: all of them."""
        pa.array(
            [0.0]
        )  # at its first array it imports pandas, if that is there: here, or in each pool process for itself
        self._market = warmed_market(self.settings)
        self._provider = bootstrap.provider(self.settings, self.conf.broker_url)
        if self.settings.provider.name == "sim" and (not queues or "collect" in queues):
            warm_provider(self._provider, self.settings)
        if self.settings.panels.validate_ != "off" and (not queues or "persist" in queues):
            panel_files.validator()

    def own(self, queues: Sequence[str]) -> None:
        """Before the fork: who writes files becomes a member of the data directory's owner. Errors: Unavailable."""
        if not _writes(queues, self.settings):
            return
        self._held = ExitStack()
        who = f"celery worker of {', '.join(queues)}" if queues else "celery worker"
        self._held.enter_context(
            owning(self.settings, who, system(self.settings, self.conf.broker_url))
        )

    def keep_configuration(self) -> None:
        """Before the fork: who writes files writes the configuration beside them. Errors: Unavailable."""
        if self._held is not None and self._provider is not None:
            write_down(bootstrap.in_force(self.settings, self._provider))

    def disown(self) -> None:
        """At the end of a worker: be no member of the data directory's owner any more."""
        if self._held is not None:
            self._held.close()

    def warm_up(self) -> None:
        """After the fork: run the stages once; what stands then stays, and the garbage collector need not walk it in mid-cycle."""
        warm_up(self.runtime, self._market or warmed_market(self.settings))
        gc.freeze()


def create_app(settings: Settings, broker_url: str = "") -> G6:
    """Return the application for `settings`; nothing is connected yet. Errors: BadConfig from the start-up lint."""
    url = broker_url or redis_address.broker_url(settings)
    transport.install()
    app = G6("g6", set_as_current=False)
    app.settings = settings
    app.conf.update(celery_settings(settings, url))
    lint(settings, app.conf)
    tasks.register(app)
    _listen(app)
    _listen_to_beat(app)
    _listen_to_the_end()
    return app


def _writes(queues: Sequence[str], settings: Settings) -> bool:
    """Return whether a worker of these queues writes rows: persist does, and a recompute, where there is something to compute."""
    return not queues or "persist" in queues or ("manual" in queues and settings.directory.exists())


def _listen(app: G6) -> None:
    """Connect the signals of workers and beat; they are kept alive by the application itself."""
    vitals = bootstrap.vitals(
        app.settings, connect(app.conf.broker_url, master_name=app.settings.redis.master_name or "")
    )

    def header(headers: dict[str, Any] | None = None, **_: Any) -> None:
        if headers is not None and "g6" not in headers:
            running = app.current_task
            inherited = getattr(running.request, "g6", None) if running else None
            headers["g6"] = inherited or {"version": 1, "trace": uuid.uuid4().hex}

    def loggers(**_: Any) -> None:
        configure(app.settings)
        logging.getLogger("celery").setLevel(logging.WARNING)

    def before_fork(options: Mapping[str, Any] | None = None, **_: Any) -> None:
        queues = _queues(options or {})
        _refuse_what_cannot_work(app)
        with _said_and_ended():
            app.own(queues)
        app.prepare(queues)
        with _said_and_ended():
            app.keep_configuration()

    def child_ready(**_: Any) -> None:
        try:
            app.warm_up()
        finally:
            with suppress(Retryable):
                vitals.announce_ready(os.getpid())

    def alive(sender: Any = None, **_: Any) -> None:
        with suppress(Retryable):
            vitals.sign_in(
                sender.eventer.hostname, os.getpid(), sorted(app.amqp.queues.consume_from)
            )

    for signal, listener in (
        (signals.before_task_publish, header),
        (signals.setup_logging, loggers),
        (signals.celeryd_init, before_fork),
        (signals.worker_process_init, child_ready),
        (signals.heartbeat_sent, alive),
        (signals.worker_shutdown, lambda **_: app.disown()),
    ):
        signal.connect(listener, weak=False)


def _listen_to_beat(app: G6) -> None:
    drivers: list[Driver] = []

    def sends(sender: Any = None, headers: dict[str, Any] | None = None, **_: Any) -> None:
        if (lifeline := app.runtime.lifeline) is not None:
            if sender == "g6.sweep" and not lifeline.record_beat() and headers is not None:
                headers["expires"] = (
                    LONG_AGO  # should it get through after all, it would know nothing of the outage
                )
            for driver in drivers if sender == "g6.sweep" else ():
                with suppress(Retryable):
                    driver.keep()
            lifeline.before_publish()

    def sent(**_: Any) -> None:
        if (lifeline := app.runtime.lifeline) is not None:
            lifeline.after_publish()

    def begin(sender: Any = None, **_: Any) -> None:
        _refuse_what_cannot_work(app)
        _once_redis_is_there(lambda: drivers.extend(_driving(app)))
        _once_redis_is_there(lambda: bootstrap.start_market(app.runtime))
        signals.before_task_publish.connect(sends, weak=False)
        signals.after_task_publish.connect(sent, weak=False)
        sender.scheduler.update_from_dict(beat_schedule(app.settings, app.runtime, app))

    signals.beat_init.connect(begin, weak=False)


def _driving(app: G6) -> list[Driver]:
    """Have a beat that no supervisor started say that it drives the namespace, and under which settings."""
    url, runtime = app.conf.broker_url, app.runtime
    driver = Driver(
        app.settings,
        url,
        namespace(app.settings, url),
        runtime.controls,
        runtime.vitals,
        "celery beat",
    )
    with _said_and_ended():
        return [driver] if driver.join() else []


def _listen_to_the_end() -> None:
    """Exit with 0 after one Ctrl-C: Celery finishes what runs and then says that it failed."""
    asked: list[tuple[str, str]] = []

    def ends(sig: str = "", how: str = "", **_: Any) -> None:
        asked.append((sig, how))

    def ended(sender: Any = None, **_: Any) -> None:
        if asked == [("SIGINT", "Warm")]:
            sender.exitcode = 0

    signals.worker_shutting_down.connect(ends, weak=False)
    signals.worker_shutdown.connect(ended, weak=False)


def _refuse_what_cannot_work(app: G6) -> None:
    """Hold the settings in force, and the broker if it answers, against the lint; Celery swallows everything but an exit here."""
    facts = {}
    with _said_and_ended():
        with suppress(Retryable):
            facts = bootstrap.broker_facts(
                app.conf.broker_url, app.settings.redis.master_name or ""
            )
        warnings = lint(app.settings, app.conf, **facts)
    sys.stderr.writelines(f"g6: {warning}\n" for warning in warnings)


@contextmanager
def _said_and_ended() -> Iterator[None]:
    """Say what a person can mend and end the process with 2."""
    try:
        yield
    except UserError as error:
        sys.stderr.write(f"g6: {mask(str(error))}\n")
        raise SystemExit(2) from error


def _queues(options: Mapping[str, Any]) -> list[str]:
    """Return the queues of `celery worker -Q` without those of `-X`; empty means all of them."""
    chosen, left_out = (_names(options.get(name)) for name in ("queues", "exclude_queues"))
    return [name for name in chosen or (QueueName if left_out else ()) if name not in left_out]


def _names(given: Any) -> list[str]:
    return given.split(",") if isinstance(given, str) else list(given or ())


def _once_redis_is_there(act: Callable[[], None]) -> None:
    """Do something that needs Redis; while it is away, try again every half second."""
    pause = threading.Event()
    while True:
        try:
            return act()
        except RedisDown:
            pause.wait(REDIS_PAUSE)
