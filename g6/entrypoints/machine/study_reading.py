"""Every reader that a study is handed: those of bootstrap, and the running system as a whole."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from g6 import __version__
from g6.adapters.clocks import wait_by_the_wall, wall_time
from g6.adapters.parquet.queries import market_time
from g6.bootstrap.reading import study_readers
from g6.config import Settings, load
from g6.domain.market.instants import MarketTime
from g6.domain.schema.layout import Folder
from g6.errors import G6Error, RedisDown

if TYPE_CHECKING:
    from g6.domain.documents.system_facts import SystemFacts
    from g6.entrypoints.web.state import Watcher
    from g6.ports.readers import MachineReader

STATUS = "status"
HEALTH = "health"
DAY = "day"
MACHINE = "machine"


def reader(kind: str, settings: Settings | None) -> object:
    """Return the reader of a study's kind.

    Args:
        kind: As `studies.table.STUDIES` names it.
        settings: None for a kind that reads nothing that is configured.

    Raises:
        RedisDown: The running system's Redis does not answer.
        Unavailable: No system runs.
    """
    if kind == STATUS and settings is not None:
        return status_reader(settings)
    if kind == HEALTH and settings is not None:
        return HealthReading(settings)
    if kind == MACHINE and settings is not None:
        return machine_reader(settings)
    if kind == DAY and settings is not None:
        from g6.bootstrap.reading.day_reading import DayReading

        return DayReading(settings, machine_reader(settings))
    return study_readers.reader(kind, settings)


def reader_of_directory(kind: str, directory: Path | None, overrides: dict[str, object]) -> object:
    """Return the reader of a data directory, with defaults where the kind needs settings.

    Args:
        kind: As `studies.table.STUDIES` names it.
        directory: None for a kind that reads no directory.
        overrides: Settings by their paths.
    """
    if directory is None:
        return study_readers.reader(kind, None)
    if kind == "stored":
        return study_readers.directory_reader(directory)
    return reader(kind, load(None, {"data_dir": directory, "demo_dir": directory, **overrides}))


def time_of(settings: Settings | None) -> MarketTime:
    """Return what instants such as `11:02` or `-5m` count from under some settings."""
    return wall_time() if settings is None else study_readers.market_time(settings)


def directory_time(directory: Path | None) -> MarketTime:
    """Return what such instants count from in a data directory, whatever is configured."""
    return wall_time() if directory is None else market_time.directory_time(directory)


def machine_reader(settings: Settings) -> MachineReader:
    """Return the reader of this machine, which knows what changed since its system started."""
    from g6.bootstrap.reading.running_system import recorded_start
    from g6.entrypoints.machine.drift import restart_reasons
    from g6.entrypoints.machine.port_holder import port_holder
    from g6.entrypoints.machine.processes import Roster

    def holder_of(port: int) -> tuple[int, str] | None:
        holder = port_holder(port)
        return None if holder is None else (holder.pid, holder.name)

    reasons: Sequence[str] = ()
    # Without a Redis nobody recorded a start, and the doctor says by itself that there is none.
    with suppress(G6Error):
        reasons = restart_reasons(recorded_start(settings), settings)
    orphans = Roster(settings.directory / Folder.RUNNING).orphans()
    return study_readers.machine_reader(settings, reasons, orphans, holder_of, __version__)


def status_reader(settings: Settings) -> RunningStatus:
    """Return the reader of the system that runs under these settings, all its events read."""
    # The imports take 0.6 s of CPU, and most other readers do not need them. Nothing is sent from
    # here: with Celery they took 1.4 s.
    from g6.bootstrap.processes.process_runtime import build_runtime
    from g6.bootstrap.processes.redis_ports import totals
    from g6.bootstrap.reading.running_system import recorded_start, settings_as_started
    from g6.bootstrap.wiring import redis_url, wire
    from g6.entrypoints.machine.drift import restart_reasons
    from g6.entrypoints.web.state import Watcher
    from g6.observability.follower import BusFollower

    runtime = build_runtime(wire(settings_as_started(settings), redis_url(settings)))
    reasons = restart_reasons(recorded_start(settings), settings)
    follower = BusFollower(runtime.bus, totals(wire(settings)), runtime.plan.indices, keeps=False)
    follower.catch_up()
    return RunningStatus(Watcher(runtime, follower), reasons)


@dataclass(slots=True)
class RunningStatus:
    """The running system as one process sees it."""

    watcher: Watcher
    reasons: Sequence[str] = field(default_factory=tuple)

    def facts(self) -> SystemFacts:
        """Return the facts that the status is made of, as of now."""
        return self.watcher.observed()

    def restart_reasons(self) -> Sequence[str]:
        """Return why a restart is needed, as it was when the reader was made."""
        return self.reasons

    def wait(self, seconds: float) -> None:
        """Read the next events of the bus, and wait for the first at most so long."""
        self.watcher.follower.step(seconds)


@dataclass(slots=True)
class HealthReading:
    """The running system, of which nothing may answer: a Redis that is away is a fact as well."""

    settings: Settings
    _status: RunningStatus | None = None

    def facts(self) -> SystemFacts:
        """Return the facts as of now, the reason alone where Redis does not answer."""
        from g6.domain.documents.system_facts import SystemFacts

        try:
            if self._status is None:
                self._status = status_reader(self.settings)
            return self._status.facts()
        except RedisDown as error:
            now = time.time()
            return SystemFacts(
                wall=now,
                market=datetime.fromtimestamp(now, UTC),
                step=self.settings.wall_interval,
                interval=self.settings.interval,
                indices=self.settings.indices,
                provider=self.settings.provider.name,
                redis_trouble=str(error),
            )

    def restart_reasons(self) -> Sequence[str]:
        """Return nothing: a restart that is needed is no trouble of what runs."""
        return ()

    def wait(self, seconds: float) -> None:
        """Read the next events of the bus, or wait where it does not answer."""
        try:
            if self._status is not None:
                self._status.wait(seconds)
                return
        except RedisDown:
            self._status = None
        wait_by_the_wall(seconds)
