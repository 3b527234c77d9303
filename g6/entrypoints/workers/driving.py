"""The driver of a namespace in Redis: the one process that sends cycles into it.

On a Redis of one's own a second simulated run went by the first one's clock and collected nothing.
A replay found its cycles closed and waited for hours. The window of a live run bound every later
beat. So a namespace has a kind and a driver. A simulated market begins on a clean slate, is refused
on a live ledger, and takes with it what it wrote.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import psutil

from g6 import __version__
from g6.adapters.data_dir.owner import address
from g6.adapters.redis.server import DRIVEN_SECONDS, RedisNamespace
from g6.config import Settings, config_id, flat, values
from g6.domain.cycles.cycle import isoformat_z, parse_z
from g6.domain.reports.switches import RunWindow
from g6.domain.schema.json_reading import number, text, whole
from g6.domain.schema.words import MarketKind
from g6.errors import Retryable, Unavailable
from g6.errors.masking import mask_setting
from g6.ports import Clock, Controls, Vitals

DriverRecord = Mapping[str, object]
"""A driver as it signs in Redis: pid, host, who, bounded, run, at."""
KEPT_SECONDS = 3600
"""How long a rerun and a trace find what a bounded run of a simulated market left in Redis.

The next run deletes it before.
"""
PATHS = ("data_dir", "demo_dir", "storage.csv.base_dir", "provider.recording", "status_file")
"""Settings that hold a path, which is another one in another working directory."""


@dataclass(slots=True)
class Driver:
    """This process as the one that sends cycles into a namespace, until `leave`.

    Attributes:
        settings: The configuration.
        redis_url: Where the namespace is.
        namespace: The facts of the namespace there.
        controls: Its switches.
        vitals: Its workers.
        clock: Times the wait for another start or end in the namespace.
        who: What a person calls this process.
        bounded: Whether the run ends by itself. What it leaves in Redis goes with it.
        cache: The same namespace on the server of the frames, where that is another.
        other: Another process that drives the namespace.
    """

    settings: Settings
    redis_url: str
    namespace: RedisNamespace
    controls: Controls
    vitals: Vitals
    clock: Clock
    who: str = "g6"
    bounded: bool = False
    cache: RedisNamespace | None = None
    other: DriverRecord | None = field(default=None, init=False)
    _others_window: RunWindow | None = field(default=None, init=False)
    _signed_at: float = field(default=0.0, init=False)

    def begin(self, *, fresh: bool) -> None:
        """Take the namespace.

        Args:
            fresh: Delete what an earlier simulated market or replay left.

        Raises:
            Unavailable: The namespace holds a live market, or somebody lives by its clock.
        """
        with self.namespace.exclusively(self.clock):
            others = self._others()
            self.other = others[0] if others else None
            kind = self.settings.kind
            before = self.namespace.kind()
            if kind is not MarketKind.LIVE and before == MarketKind.LIVE:
                raise Unavailable(
                    f"{self._namespace_name} holds the ledger of a live market; "
                    f"this run's market is {kind}",
                    self._advice,
                )
            is_market_of_its_own = before not in ("", MarketKind.LIVE) and (fresh or before != kind)
            if is_market_of_its_own and not self._is_same_run(others):
                self._refuse_company()
                self._delete_keys()
            self._others_window = self.controls.read().window if self.other else None
            if not self.settings.simulated and self.other is None:
                # Of a bounded run that was killed.
                self.controls.set("window", None)
            self.namespace.set_kind(kind)
            self.keep()
            if self.other is None:
                self.namespace.put_settings(start_record(self.settings, self.who))

    def join(self) -> bool:
        """Drive without a supervisor, as `celery beat` does by itself.

        Returns:
            False where the driver started this process, itself or by a fork server.

        Raises:
            Unavailable: As `begin`.
        """
        host = socket.gethostname()
        ancestors = {(parent.pid, host) for parent in psutil.Process().parents()}
        drivers = self.namespace.drivers()
        if any((driver["pid"], driver["host"]) in ancestors for driver in drivers):
            return False
        self.begin(fresh=False)
        return True

    def open_window(self, first: datetime, last: datetime | None) -> None:
        """Tell beat and the sweep which instants this run has, None without an end.

        Beside a live system that sends every cycle the window stays open. Beside another bounded
        run it holds both.
        """
        with self.namespace.exclusively(self.clock):
            # Workers start in between: of two bounded runs that began together the first to open
            # its window had none of the other's, and lost its own to it.
            others = self._others()
            theirs = self.controls.read().window if others else None
            self._others_window = theirs
            if theirs is None and not all(other.get("bounded") for other in others):
                return
            self._widen_window(theirs, first, last)

    def _widen_window(
        self, theirs: RunWindow | None, first: datetime, last: datetime | None
    ) -> None:
        """Set the window to a run's instants, and to those of another one."""
        if theirs is not None and last is not None:
            if theirs.first:
                first = min(first, parse_z(theirs.first))
            last = max(last, parse_z(theirs.last)) if theirs.last else None
        window = RunWindow(isoformat_z(first), isoformat_z(last) if last else None)
        self.controls.set("window", window.to_json())

    def keep(self) -> None:
        """Sign, every few seconds, as the driver of the namespace."""
        now = time.monotonic()
        if not self._signed_at or now - self._signed_at >= DRIVEN_SECONDS / 3:
            self.namespace.add_driver(self._signature)
            self._signed_at = now

    def leave(self) -> None:
        """Leave the namespace.

        A bounded run takes with it what it wrote. A Redis that is away keeps it.
        """
        with suppress(Retryable, Unavailable), self.namespace.exclusively(self.clock):
            self.namespace.remove_driver(self._signature)
            if not self.bounded:
                return
            others = self._others()
            if not self.settings.simulated:
                theirs = self._others_window if others else None
                self.controls.set("window", theirs.to_json() if theirs else None)
            elif not others:
                self.namespace.retire(KEPT_SECONDS, bindings=bool(self._workers()))

    @property
    def _signature(self) -> DriverRecord:
        settings = self.settings
        run = [
            config_id(settings),
            settings.kind,
            settings.market.start.isoformat(),
            settings.market.speed,
            str(settings.provider.recording),
        ]
        return {
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "who": self.who,
            "bounded": self.bounded,
            "run": run,
        }

    @property
    def _namespace_name(self) -> str:
        return f"the namespace {self.settings.namespace} of the Redis at {address(self.redis_url)}"

    @property
    def _advice(self) -> str:
        return "give this run a namespace of its own: --set namespace=NAME"

    def _others(self) -> list[DriverRecord]:
        """Return who else drives the namespace and lives."""
        own = (os.getpid(), socket.gethostname())
        return [
            driver
            for driver in self.namespace.drivers()
            if (driver["pid"], driver["host"]) != own and _drives(driver)
        ]

    def _is_same_run(self, others: Sequence[DriverRecord]) -> bool:
        """Return whether the others are the same bounded run, with which one ledger is shared."""
        if not self.bounded or not others:
            return False
        run = self._signature["run"]
        return all(other.get("bounded") and other["run"] == run for other in others)

    def _delete_keys(self) -> None:
        self.namespace.delete_keys()
        if self.cache is not None:
            self.cache.delete_keys(everything=True)

    def _refuse_company(self) -> None:
        """Refuse to start a market's clock anew under those who live by the one that runs."""
        if self.other is not None:
            who = self.other.get("who", "g6")
            pid = self.other.get("pid", "?")
            raise Unavailable(
                f"{self._namespace_name} is driven by another G6 (process {pid}, {who}), "
                "whose market's clock this run would share",
                f"stop it (kill -TERM {pid}), or {self._advice}",
            )
        workers = self._workers()
        if workers:
            names = ", ".join(f"{name} (process {pid})" for name, pid in workers.items())
            pids = " ".join(str(pid) for pid in workers.values())
            raise Unavailable(
                f"{self._namespace_name} has workers that live by an earlier market's clock: "
                f"{names}",
                f"stop them (kill -TERM {pids}), or {self._advice}",
            )

    def _workers(self) -> dict[str, int]:
        """Return the process ids of the workers that live in the namespace, by name."""
        pids: dict[str, int] = {}
        for name, worker in self.vitals.read().workers.items():
            if worker.up and _lives(worker.host, worker.pid):
                pids[name] = worker.pid
        return pids


def _drives(driver: DriverRecord) -> bool:
    """Return whether a driver lives, on another host because it signed of late."""
    if driver["host"] == socket.gethostname():
        return _lives(text(driver, "host"), whole(driver, "pid"))
    return time.time() - number(driver, "at") < DRIVEN_SECONDS


def _lives(host: str, pid: int) -> bool:
    """Return whether a process lives, which is taken for granted on another host."""
    if host != socket.gethostname():
        return True
    with suppress(psutil.Error):
        return psutil.Process(int(pid)).status() != psutil.STATUS_ZOMBIE
    return False


def start_record(settings: Settings, who: str) -> dict[str, object]:
    """Return the settings of a start as others may read them.

    Every value stands by its path, secrets masked, with where it came from.
    """
    by_path = flat(mask_setting(values(settings)))
    for path in PATHS:
        if by_path[path]:
            by_path[path] = str(Path(str(by_path[path])).absolute())
    return {
        "version": __version__,
        "config_id": config_id(settings),
        "who": who,
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "values": by_path,
        "origins": dict(settings.origins),
        "file": str(settings.config_file or ""),
    }
