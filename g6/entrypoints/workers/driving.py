"""Driving a namespace in Redis: finding out who does, leaving nothing behind, and never going on with another market's past."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil

from g6 import __version__
from g6.adapters.data_dir.owner import address
from g6.adapters.redis.server import DRIVEN_SECONDS, RedisNamespace
from g6.config import Settings, config_id, flat, values
from g6.domain.cycles.cycle import isoformat_z, parse_z
from g6.domain.reports.switches import RunWindow
from g6.errors import Retryable, Unavailable
from g6.masking import mask_setting
from g6.ports import Controls, Vitals

KEPT_SECONDS = 3600
"""How long a rerun and a trace find what a bounded run of a simulated market left.

The next run forgets it before.
"""
PATHS = ("data_dir", "demo_dir", "storage.csv.base_dir", "provider.recording", "status_file")
"""Settings that hold a path, which is another one in another working directory."""


@dataclass(slots=True)
class Driver:
    """This process as the one who sends cycles into a namespace, until `leave`.

    `bounded`: what it leaves in Redis binds nobody and goes with it. What a simulated market or a
    replay wrote there is told from a live market's by the kind of the namespace, so that neither
    goes on with the clock, the ledger or the messages of the other. `cache`: the same namespace on
    the server of the frames, where that is another.
    """

    settings: Settings
    broker: str
    namespace: RedisNamespace
    controls: Controls
    vitals: Vitals
    who: str = "g6"
    bounded: bool = False
    cache: RedisNamespace | None = None
    other: Mapping[str, Any] | None = field(default=None, init=False)
    _window: RunWindow | None = field(default=None, init=False)
    _said: float = field(default=0.0, init=False)

    def begin(self, *, fresh: bool) -> None:
        """Take the namespace: `fresh` forgets what an earlier simulated market or replay left.

        Errors: Unavailable.
        """
        with self.namespace.exclusively():
            others = self._others()
            self.other = next(iter(others), None)
            before, kind = self.namespace.kind(), self.settings.kind
            if kind != "live" and before == "live":
                raise Unavailable(
                    f"{self._place} holds the ledger of a live market; this run's market is {kind}",
                    self._elsewhere,
                )
            if (
                before not in ("", "live")
                and (fresh or before != kind)
                and not self._same_run(others)
            ):
                self._refuse_company()
                self._forget()
            self._window = self.controls.read().window if self.other else None
            if not self.settings.simulated and self.other is None:
                self.controls.set("window", None)  # of a bounded run that was killed
            self.namespace.set_kind(kind)
            self.keep()
            if self.other is None:
                self.namespace.put_settings(running_record(self.settings, self.who))

    def join(self) -> bool:
        """Drive without a supervisor, as `celery beat` does by itself.

        False where this process's parent is the driver.
        """
        parent = (os.getppid(), socket.gethostname())
        if any((driver["pid"], driver["host"]) == parent for driver in self.namespace.drivers()):
            return False
        self.begin(fresh=False)
        return True

    def open_window(self, first: datetime, last: datetime | None) -> None:
        """Tell beat and the sweep which instants this run has; None leaves the end open.

        Beside a live system that sends every cycle the window stays open; beside another bounded
        run it holds both.
        """
        if self.other is not None and self._window is None and not self.other.get("bounded"):
            return
        if self._window is not None and last is not None:
            first = min(first, parse_z(self._window.first)) if self._window.first else first
            others_last = self._window.last
            last = max(last, parse_z(others_last)) if others_last else None
        window = RunWindow(isoformat_z(first), isoformat_z(last) if last else None)
        self.controls.set("window", window.to_json())

    def keep(self) -> None:
        """Say again, every few seconds, that this process drives."""
        if time.monotonic() - self._said >= DRIVEN_SECONDS / 3 or not self._said:
            self.namespace.add_driver(self._me)
            self._said = time.monotonic()

    def leave(self) -> None:
        """Leave the namespace.

        A bounded run takes with it what it wrote. A Redis that is away keeps it.
        """
        with suppress(Retryable, Unavailable), self.namespace.exclusively():
            self.namespace.remove_driver(self._me)
            others = self._others()
            if self.bounded and self.settings.simulated and not others:
                self.namespace.retire(KEPT_SECONDS, bindings=bool(self._workers()))
            elif self.bounded and not self.settings.simulated:
                window = self._window.to_json() if self._window and others else None
                self.controls.set("window", window)

    @property
    def _me(self) -> dict[str, Any]:
        chosen = self.settings
        run = [
            config_id(chosen),
            chosen.kind,
            chosen.market.start.isoformat(),
            chosen.market.speed,
            str(chosen.provider.recording),
        ]
        return {
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "who": self.who,
            "bounded": self.bounded,
            "run": run,
        }

    @property
    def _place(self) -> str:
        return f"the namespace {self.settings.namespace} of the Redis at {address(self.broker)}"

    @property
    def _elsewhere(self) -> str:
        return "give this run a namespace of its own: --set namespace=NAME"

    def _others(self) -> list[Mapping[str, Any]]:
        """Return who else drives the namespace and lives."""
        me = (os.getpid(), socket.gethostname())
        return [
            driver
            for driver in self.namespace.drivers()
            if (driver["pid"], driver["host"]) != me and drives(driver)
        ]

    def _same_run(self, others: Sequence[Mapping[str, Any]]) -> bool:
        """Return whether the others are the same bounded run at the same time: one ledger, one claim, one clock."""
        return (
            self.bounded
            and bool(others)
            and all(other.get("bounded") and other["run"] == self._me["run"] for other in others)
        )

    def _forget(self) -> None:
        self.namespace.delete_keys()
        if self.cache is not None:
            self.cache.delete_keys(everything=True)

    def _refuse_company(self) -> None:
        """Refuse to start a market's clock anew under those who live by the one that runs."""
        if self.other is not None:
            who, pid = self.other.get("who", "g6"), self.other.get("pid", "?")
            raise Unavailable(
                f"{self._place} is driven by another G6 (process {pid}, {who}), whose market's clock this run would share",
                f"stop it (kill -TERM {pid}), or {self._elsewhere}",
            )
        if workers := self._workers():
            said = ", ".join(f"{name} (process {pid})" for name, pid in workers.items())
            raise Unavailable(
                f"{self._place} has workers that live by an earlier market's clock: {said}",
                f"stop them (kill -TERM {' '.join(map(str, workers.values()))}), or {self._elsewhere}",
            )

    def _workers(self) -> dict[str, int]:
        """Return the workers that live in the namespace, by name."""
        workers = self.vitals.read().workers
        return {
            name: worker.pid
            for name, worker in workers.items()
            if worker.up and lives({"host": worker.host, "pid": worker.pid})
        }


def drives(driver: Mapping[str, Any]) -> bool:
    """Return whether a driver lives; of another host's because it said so lately."""
    here = driver["host"] == socket.gethostname()
    return lives(driver) if here else time.time() - driver["at"] < DRIVEN_SECONDS


def lives(process: Mapping[str, Any]) -> bool:
    """Return whether a process (pid, host) lives; of another host's that is taken for granted."""
    if process.get("host") != socket.gethostname():
        return True
    with suppress(psutil.Error):
        return psutil.Process(int(process["pid"])).status() != psutil.STATUS_ZOMBIE
    return False


def running_record(settings: Settings, who: str) -> dict[str, Any]:
    """Return the settings of a start as others may read them: every value by its path, secrets masked, and where it came from."""
    said = flat(mask_setting(values(settings)))
    said |= {path: str(Path(said[path]).absolute()) for path in PATHS if said[path]}
    return {
        "version": __version__, "config_id": config_id(settings), "who": who, "pid": os.getpid(), "host": socket.gethostname(),
        "values": said, "origins": dict(settings.origins), "file": str(settings.config_file or ""),
    }  # fmt: skip
