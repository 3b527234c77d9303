"""One supervisor runs everything on a machine: workers, beat, serve and, if needed, the server.

The embedded server is started where no `redis.broker_url` is configured.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from g6 import log
from g6.adapters.redis.server import EmbeddedServer
from g6.adapters.redis.vitals import RedisVitals
from g6.bootstrap.ownership import (
    owned_directories,
    owning_system,
    record_configuration,
    redis_namespace,
    system_of_its_own,
)
from g6.bootstrap.processes.alarm_places import has_alarms
from g6.bootstrap.processes.embedded_redis import embedded_redis
from g6.bootstrap.processes.redis_ports import redis_facts, vitals
from g6.bootstrap.quote_sources.sources import settings_in_force
from g6.bootstrap.stored_files.stored_index_rules import refuse_other_seed
from g6.bootstrap.wiring import wire
from g6.config import Settings, environment
from g6.domain.reports import Alert, AlertRule
from g6.domain.reports.alerts import JOURNAL_STOPPED, PROCESS_ENDED
from g6.domain.schema.layout import Folder
from g6.entrypoints.machine.flower_process import flower_port, password
from g6.entrypoints.machine.fork_server import ForkServer, child_environment
from g6.entrypoints.machine.observers import prepare_observers
from g6.entrypoints.machine.pools import WORKERS, pool_sizes
from g6.entrypoints.machine.processes import SERVER, Process, Roster, stop
from g6.entrypoints.workers.app import create_app
from g6.entrypoints.workers.celery_lint import lint
from g6.entrypoints.workers.driving import Driver
from g6.errors import Retryable, Unavailable
from g6.log.rotation import rotate_by_copy
from g6.pipeline import Runtime, raised_alerts

STOP_SECONDS = 8.5
READY_SECONDS = 60.0
MOST_RESTARTS = 3
"""How often a worker that is killed while it starts is started again."""
LASTING_SECONDS = 10.0
"""Seconds that a process must run again for its alert to be over."""
LOGS_SECONDS = 10.0
"""Seconds between two looks at the sizes of log files."""
MODULES = {
    "worker": "g6.entrypoints.machine.worker_process",
    "beat": "g6.entrypoints.machine.beat_process",
    "feeder": "g6.entrypoints.machine.feeder",
    "serve": "g6.entrypoints.cli",
    "ticker": "g6.entrypoints.machine.tick_stream",
    "outlet": "g6.entrypoints.machine.outlet_process",
    "alarms": "g6.entrypoints.workers.alarm_process",
    "flower": "g6.entrypoints.machine.flower_process",
}
"""What the processes of one machine run."""


@dataclass(slots=True)
class Stack:
    """The running processes of one machine and the Runtime that watches them."""

    settings: Settings
    runtime: Runtime
    broker: str
    log_dir: Path
    driver: Driver
    roster: Roster
    forks: ForkServer = field(default_factory=ForkServer)
    server: EmbeddedServer | None = None
    processes: list[Process] = field(default_factory=list)
    _ended: set[str] = field(default_factory=set)
    _logs_at: float = field(default=0.0)
    _may_alarm: bool = False

    @property
    def pace(self) -> float:
        """Market seconds per wall second; a replay at full speed has no less than real time."""
        return self.settings.interval / self.settings.wall_interval

    @property
    def names(self) -> list[str]:
        """The names of what runs, the server that was started with it included."""
        names = [process.name for process in self.processes]
        return [*names, "redis"] if self.server else names

    def start_workers(self) -> None:
        """Start three workers: for what a cycle waits for, for the files, and for the closing."""
        self._vitals.forget_workers()
        counts = pool_sizes(self.settings)
        for (name, queues), count in zip(WORKERS.items(), counts, strict=True):
            self._start(name, MODULES["worker"], name, queues, str(count))
        self._expected = sum(counts)

    def wait_ready(self, progress: Callable[[int, int], None] = lambda _ready, _of: None) -> None:
        """Wait until every pool process is warm.

        A worker that is killed meanwhile is started again, as later.

        Raises:
            Unavailable: A worker ended, and another start would not help. With its last words.
        """
        limit = time.monotonic() + READY_SECONDS
        # One connection for all questions: the property makes a new one each time.
        vitals = self._vitals
        while (ready := vitals.ready_count()) < self._expected:
            progress(ready, self._expected)
            self.driver.keep()
            failed = next((process for process in self.processes if _has_failed(process)), None)
            if failed or time.monotonic() > limit:
                process = failed or self.processes[0]
                raise Unavailable(
                    f"worker {process.name} did not start: {process.why_ended()}",
                    f"see {process.log}",
                )
            if [process for process in self.processes if process.watch()]:
                self._write_roster()
            self.runtime.clock.sleep(0.05)
        progress(self._expected, self._expected)

    def start_beat(self) -> None:
        """Start beat, two of them if so configured, or in a replay the feeder.

        A simulated market starts with the first beat.
        """
        if self.runtime.feeds:
            self._start("feeder", MODULES["feeder"])
            return
        for name, *by in (("beat",), ("beat2", "beat-2"))[: 1 + self.settings.features.second_beat]:
            self._start(name, MODULES["beat"], *by)

    def start_serve(self, metrics_port: int | None = None, web_port: int | None = None) -> None:
        """Start the process that answers over HTTP."""
        ports = {"--metrics-port": metrics_port, "--web-port": web_port}
        options = [
            word for name, port in ports.items() if port is not None for word in (name, str(port))
        ]
        self._start("serve", MODULES["serve"], "serve", *options)

    def start_observers(self) -> Mapping[str, str]:
        """Start Prometheus and Alertmanager, and return their addresses by name.

        Raises:
            Unavailable: One is not installed.
        """
        observers = prepare_observers(self.settings)
        # They are told nothing of G6: its settings in the environment hold secrets.
        plain = {name: value for name, value in os.environ.items() if not name.startswith("G6_")}
        for name, command in observers.commands.items():
            self._run(name, list(command), plain)
        return observers.addresses

    def start_flower(self) -> str:
        """Start Flower, and return its address.

        Raises:
            Unavailable: It is not installed.
            StoreBusy: Its password cannot be kept.
        """
        port = flower_port(self.settings)
        password(self.settings)
        own = self._own_settings() | {"G6_FLOWER__PORT": str(port)}
        # Flower has variables of its own, and one of them opens its API to everybody.
        plain = {
            name: value
            for name, value in child_environment(own).items()
            if not name.startswith("FLOWER_")
        }
        self._run("flower", [sys.executable, "-m", MODULES["flower"]], plain)
        return f"http://{self.settings.flower.host}:{port}"

    def start_ticker(self) -> None:
        """Start the tick stream, where the provider has one."""
        if self.settings.streamed:
            self._start("ticker", MODULES["ticker"])

    def start_outlets(self) -> None:
        """Start what sends points to a server, and alarms to people, where either is configured.

        Alarms begin later where the first rule comes while the system runs.
        """
        if self.settings.influx.url is not None:
            self._start("outlet", MODULES["outlet"])
        self._may_alarm = True
        self._begin_alarms()

    def watch(self) -> list[str]:
        """Start again what died, and return the names.

        The embedded server is kept going on a full disk.
        """
        revived = [] if self.server is None else self._watch_server(self.server)
        with suppress(Retryable):
            self.driver.keep()
        self._begin_alarms()
        self._rotate_logs()
        for process in self.processes:
            self._note_ending(process)
        again = [process.name for process in self.processes if process.watch()] + revived
        if again:
            with suppress(Retryable):
                self._write_roster()
        return again

    def _begin_alarms(self) -> None:
        """Start what evaluates rules, once there is a rule or a channel."""
        if self._may_alarm and has_alarms(self.settings):
            self._may_alarm = False
            self._start("alarms", MODULES["alarms"])

    def _watch_server(self, server: EmbeddedServer) -> list[str]:
        """Start the embedded server again if it ended, and return its name then."""
        now = time.monotonic()
        if alert := server.outlive_disk(now):
            self._note(JOURNAL_STOPPED, None if alert.is_over else alert)
        if how := server.revive(now):
            self._ended.add(SERVER)
            alert = PROCESS_ENDED.fire(name=SERVER, how=how, log=server.log)
            self._note(PROCESS_ENDED, alert, SERVER)
            return [SERVER]
        if SERVER in self._ended and server.alive and now - server.started > LASTING_SECONDS:
            self._ended.discard(SERVER)
            self._note(PROCESS_ENDED, None, SERVER)
        return []

    def _rotate_logs(self) -> None:
        """Begin the logs of processes anew that are too large or of an earlier day."""
        now = time.monotonic()
        if now - self._logs_at < LOGS_SECONDS:
            return
        self._logs_at = now
        for process in self.processes:
            rotate_by_copy(process.log, log.rotation(self.settings.log), time.time())

    def _note_ending(self, process: Process) -> None:
        """Raise the alert of a process that ended by itself, until it has run for a while again."""
        is_known = process.name in self._ended
        if process.ending and process.again and not is_known:
            self._ended.add(process.name)
            alert = PROCESS_ENDED.fire(name=process.name, how=process.ending, log=process.log)
            self._note(PROCESS_ENDED, alert, process.name)
        elif is_known and time.monotonic() - process.started > LASTING_SECONDS and process.alive:
            self._ended.discard(process.name)
            self._note(PROCESS_ENDED, None, process.name)

    def _note(self, rule: AlertRule, alert: Alert | None, name: str = "") -> None:
        """Settle an alert, and show it in the panel: whoever makes panels may be what is gone."""
        try:
            raised_alerts.note(self.runtime, self.runtime.controls.read(), rule, alert, name)
            raised_alerts.show_alerts(self.runtime)
        except Retryable:
            if alert is not None:
                log.alert(alert)
                log.alert(alert, is_kept=True)

    def _write_roster(self) -> None:
        server_pid = 0 if self.server is None else self.server.pid
        self.roster.write(self.processes, server_pid)

    def stop(self) -> None:
        """End beat and serve, then the workers, in bounded time."""
        stop(list(reversed(self.processes)), STOP_SECONDS)
        self.forks.close()
        self.roster.close()

    def _start(self, name: str, module: str, *arguments: str) -> None:
        """Start a process of G6, with the settings in its environment."""
        command = [sys.executable, "-m", module, *arguments]
        self._run(name, command, child_environment(self._own_settings()))

    def _own_settings(self) -> dict[str, str]:
        return environment(self.settings) | {"G6_REDIS__BROKER_URL": self.broker}

    def _run(self, name: str, command: list[str], variables: Mapping[str, str]) -> None:
        process = Process(
            name,
            command,
            variables,
            self.log_dir / f"{name}.log",
            launch=self.forks.launch,
        )
        self.processes.append(process)
        process.start()
        self._write_roster()

    @property
    def _vitals(self) -> RedisVitals:
        return vitals(wire(self.settings, self.broker))

    _expected: int = 0


def _has_failed(process: Process) -> bool:
    """Return whether a worker that starts has ended, and another start would not help."""
    if process.alive:
        return False
    # Out of memory the kernel kills whoever is largest, and a fork server takes its children along.
    # A worker that ends by itself does the same at each start: its settings are wrong.
    was_killed = process.exit_code is None or process.exit_code < 0
    return not was_killed or process.restarts >= MOST_RESTARTS


@contextmanager
def running(
    settings: Settings,
    *,
    who: str = "g6",
    fresh: bool = False,
    mix: bool = False,
    bounded: bool = False,
    collects: bool = True,
    forks: ForkServer | None = None,
) -> Iterator[Stack]:
    """Own the data directory and a Redis for the block, and end everything that it started.

    `fresh` forgets what Redis still knows of an earlier simulated run, whose instants this one
    repeats. `bounded`: what the block leaves in Redis is its own and goes with it. `collects`:
    false of workers for one command. `who`: what a person calls this process. `forks`: a fork
    server that was begun already.

    Raises:
        Unavailable: Another system owns the directory, or its Redis does not start.
    """
    directory = settings.directory
    broker = settings.redis.broker_url or ""
    roster = _roster_without_orphans(directory, who, collects=collects)
    with ExitStack() as cleanup:
        server: EmbeddedServer | None = None
        owner = owning_system(settings, broker) if broker else system_of_its_own(settings)
        write_address = cleanup.enter_context(owned_directories(settings, who, owner, mix=mix))
        if fresh and not mix:
            refuse_other_seed(settings)
        if not broker:
            if fresh:
                shutil.rmtree(directory / Folder.REDIS, ignore_errors=True)
            server = embedded_redis(settings, directory / Folder.REDIS)
            broker = cleanup.enter_context(server).url
            write_address(broker)
        app = create_app(settings, broker)
        for warning in lint(
            settings, app.conf, **redis_facts(broker, settings.redis.master_name or "")
        ):
            sys.stderr.write(f"g6: {warning}\n")
        runtime = app.runtime
        record_configuration(settings_in_force(settings, runtime.provider))
        driver = _driver(settings, broker, runtime, who, bounded=bounded)
        driver.begin(fresh=fresh)
        cleanup.callback(driver.leave)
        logs = directory / Folder.LOGS
        forks = forks or ForkServer()
        stack = Stack(settings, runtime, broker, logs, driver, roster, forks, server)
        cleanup.callback(stack.stop)
        yield stack


def _roster_without_orphans(directory: Path, who: str, *, collects: bool) -> Roster:
    """Return the roster of a directory, once what a killed supervisor had left is ended."""
    roster = Roster(directory / Folder.RUNNING, who, collects)
    if orphans := roster.end_orphans(STOP_SECONDS):
        sys.stderr.write(
            f"g6: ended what a killed supervisor had left running: {', '.join(orphans)}\n"
        )
    return roster


def _driver(
    settings: Settings, broker: str, runtime: Runtime, who: str, *, bounded: bool
) -> Driver:
    # An embedded server keeps what it holds of a run that is over, for g6 rerun and g6 trace.
    # On a Redis of one's own a second simulated run went by the first one's clock and collected
    # nothing, so there a bounded run takes along what it wrote.
    frames = settings.redis.cache_url
    return Driver(
        settings,
        broker,
        redis_namespace(settings, broker),
        runtime.controls,
        runtime.vitals,
        runtime.clock,
        who,
        bounded=bounded and bool(settings.redis.broker_url or not settings.simulated),
        cache=redis_namespace(settings, frames) if frames else None,
    )
