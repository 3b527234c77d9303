"""This machine as `g6 doctor` looks at it."""

from __future__ import annotations

import os
import resource
import shutil
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from datetime import time as clock_time
from pathlib import Path
from shlex import quote

import psutil

from g6.adapters.data_dir.owner import owner
from g6.adapters.redis.server import DRIVEN_SECONDS
from g6.bootstrap.ownership import owning_system, redis_namespace
from g6.bootstrap.processes.redis_ports import controls, redis_facts, redis_room, vitals
from g6.bootstrap.processes.running_code import code_on_disk
from g6.bootstrap.quote_sources.sources import provider
from g6.bootstrap.settings_checks.settings_lint import cautions, refusals
from g6.bootstrap.wiring import Wiring, live_clock, redis_url, wire, wire_without_redis
from g6.config import Settings, calendar
from g6.config.derive import LOCAL_SESSIONS
from g6.domain.documents.machine_facts import (
    CalendarHealth,
    DirectoryHealth,
    DriverHealth,
    DumpHealth,
    MachineFacts,
    OwnCode,
    PortHealth,
    RedisHealth,
)
from g6.domain.market.calendar import IST, Calendar, day_of
from g6.domain.market.instrument import INDICES
from g6.domain.reports import ProviderFacts, Switches, VitalSigns
from g6.domain.reports.alerts import rows_refused
from g6.domain.schema.json_reading import number, part, text, whole
from g6.domain.schema.layout import Folder
from g6.errors import G6Error, Unavailable
from g6.errors.masking import mask
from g6.ports.sources import Ability

__all__ = ["MachineReading"]

PRIVATE = 0o600
SECRET_FILES = (".token", ".running")
WATCH_SECONDS = 5.0
"""Seconds between two looks of one who watches: each costs some 0.3 s of processor time."""
DUMP_TIME = clock_time(8, 15)
"""Clock time in India from which on Kite's dump is surely of today."""

Holder = Callable[[int], tuple[int, str] | None]
"""Returns who listens on a port: process id and name."""


def _nobody(_: int) -> tuple[int, str] | None:
    return None


@dataclass(frozen=True, slots=True)
class MachineReading:
    """Looks at this machine under some settings, and changes nothing.

    Attributes:
        settings: The configuration.
        restart_reasons: What changed since the running system started.
        orphans: What a killed supervisor left running, by name its process id.
        holder_of: Who listens on a port.
        version: The version of G6 that looks.
    """

    settings: Settings
    restart_reasons: Sequence[str] = ()
    orphans: Mapping[str, int] = field(default_factory=dict)
    holder_of: Holder = _nobody
    version: str = ""

    def facts(self) -> MachineFacts:
        """Return what is found, errors as sentences."""
        redis = self._redis()
        has_system = bool(redis.address) and not redis.trouble
        wiring = wire(self.settings) if has_system else None
        source = self._provider(wiring)
        drivers = tuple(self._drivers(wiring))
        switches = self._switches(wiring)
        alerts = [raised.alert for raised in switches.alerts.values()]
        refused = switches.longest_refusals()
        if refused:
            alerts.insert(0, rows_refused(refused))
        return MachineFacts(
            now=time.time(),
            calendar=self._calendar(),
            redis=redis,
            directory=self._directory(),
            login=source.login,
            breaker=source.breaker or "",
            dumps=self._dumps(),
            vitals=self._vitals(wiring),
            drivers=drivers,
            ports=tuple(self._ports()),
            refusals=tuple((refusal.sentence, refusal.fix) for refusal in refusals(self.settings)),
            cautions=tuple(cautions(self.settings)),
            restart_reasons=self.restart_reasons if drivers else (),
            paused={index: reason or "" for index, reason in switches.paused.items()},
            alerts=tuple((alert.sentence, alert.fix or "") for alert in alerts),
            refused_since=refused[0].first if refused else "",
            own=OwnCode(
                socket.gethostname(), self.version, code_on_disk(), self.settings.namespace
            ),
            open_files=resource.getrlimit(resource.RLIMIT_NOFILE)[0],
        )

    def wait(self, seconds: float) -> None:
        """Wait before the next look, longer than a screen that costs less."""
        live_clock(self.settings).sleep(max(seconds, WATCH_SECONDS))

    def _redis(self) -> RedisHealth:
        try:
            url = redis_url(self.settings)
        except Unavailable as error:
            return RedisHealth(fix=error.fix)
        address = mask(url)
        master = self.settings.redis.master_name or ""
        try:
            facts = redis_facts(url, master)
            used, most = redis_room(url, master)
        except G6Error as error:
            return RedisHealth(address, error.sentence, error.fix or "")
        return RedisHealth(
            address,
            maxmemory_policy=facts["maxmemory_policy"],
            appendonly=facts["appendonly"],
            used_bytes=used,
            most_bytes=most,
            is_own=not self.settings.redis.broker_url,
        )

    def _directory(self) -> DirectoryHealth:
        directory = self.settings.directory
        existing = next(path for path in (directory, *directory.parents) if path.exists())
        trouble, fix = _write_trouble(existing)
        who, pid = self._other_owner()
        return DirectoryHealth(
            str(directory),
            trouble,
            fix,
            who,
            pid,
            float(shutil.disk_usage(existing).free),
            open_secrets=tuple(_open_secrets(directory)),
            orphans=self.orphans,
            is_there=directory.is_dir(),
        )

    def _other_owner(self) -> tuple[str, int]:
        """Return who owns the directory and is of another system than the configured one."""
        record = owner(self.settings.directory)
        url = self.settings.redis.broker_url
        if not record or not url or not record.get("broker"):
            return "", 0
        if owning_system(self.settings, url).is_of(record):
            return "", 0
        first = (str(record.get("pid", 0)), record.get("who", "G6"))
        pid, who = next(iter(part(record, "members").items()), first)
        return f"{who}, process {pid}, broker {record['broker']}", int(pid)

    def _calendar(self) -> CalendarHealth:
        settings = self.settings
        at = (
            settings.market.start if settings.source.is_simulated else live_clock(settings).market()
        )
        return CalendarHealth(
            day_of(at),
            calendar().covered_years,
            LOCAL_SESSIONS.as_posix(),
            has_file=LOCAL_SESSIONS.is_file(),
        )

    def _dumps(self) -> DumpHealth | None:
        settings = self.settings
        if not settings.source.can(Ability.DUMPS):
            return None
        exchanges = sorted({INDICES[name].derivatives for name in settings.indices})
        folder = settings.directory / Folder.DUMPS
        newest: dict[str, date | None] = {}
        for exchange in exchanges:
            newest[exchange] = _newest_dump(folder / exchange)
        now = live_clock(settings).market().astimezone(IST)
        is_due = now.time() >= DUMP_TIME and _has_session(calendar(), settings, now.date())
        return DumpHealth(newest, now.date() if is_due else None)

    def _provider(self, wiring: Wiring | None) -> ProviderFacts:
        with suppress(G6Error):
            return provider(wiring or wire_without_redis(self.settings)).describe()
        return ProviderFacts()

    def _vitals(self, wiring: Wiring | None) -> VitalSigns | None:
        with suppress(G6Error):
            return None if wiring is None else vitals(wiring).read()
        return None

    def _switches(self, wiring: Wiring | None) -> Switches:
        with suppress(G6Error):
            return Switches() if wiring is None else controls(wiring).read()
        return Switches()

    def _drivers(self, wiring: Wiring | None) -> Iterator[DriverHealth]:
        """Yield who sends cycles into the namespace and lives."""
        if wiring is None:
            return
        with suppress(G6Error):
            namespace = redis_namespace(self.settings, wiring.clients.url)
            record = namespace.settings() or {}
            starter = (record.get("pid"), record.get("host"))
            for driver in namespace.drivers():
                place = (whole(driver, "pid"), text(driver, "host"))
                if not _lives(*place, number(driver, "at")):
                    continue
                version = str(record.get("version", "")) if place == starter else ""
                yield DriverHealth(str(driver.get("who", "g6")), *place, version)

    def _ports(self) -> Iterator[PortHealth]:
        """Yield why a port of g6 serve cannot be opened, unless a system of this directory runs."""
        if not self.settings.features.serve or owner(self.settings.directory):
            return
        serve = self.settings.serve
        for setting, port in (("metrics_port", serve.metrics_port), ("web_port", serve.web_port)):
            family = socket.AF_INET6 if ":" in serve.host else socket.AF_INET
            try:
                socket.create_server((serve.host, port), family=family).close()
            except OSError as error:
                pid, name = self.holder_of(port) or (0, "")
                trouble = f"{serve.host}:{port} cannot be opened: {error.strerror}"
                who = f" ({name}, process {pid})" if pid else ""
                yield PortHealth(f"serve.{setting}", f"{trouble}{who}", pid)


def _lives(pid: int, host: str, at: float) -> bool:
    """Tell whether a driver lives: on another host because it signed of late."""
    if time.time() - at > DRIVEN_SECONDS:
        return False
    if host != socket.gethostname():
        return True
    with suppress(psutil.Error):
        return psutil.Process(int(pid)).status() != psutil.STATUS_ZOMBIE
    return False


def _write_trouble(existing: Path) -> tuple[str, str]:
    """Return why a directory cannot be written in, and what helps, empty where it can."""
    if not existing.is_dir():
        place = quote(str(existing))
        return f"{existing} is a file where a directory must be", f"mv {place} {place}.away"
    if not os.access(existing, os.W_OK | os.X_OK):
        if existing.stat().st_uid == os.getuid():
            return f"{existing} cannot be written", f"chmod u+rwx {quote(str(existing))}"
        return f"{existing} cannot be written", ""
    return "", ""


def _has_session(days: Calendar, settings: Settings, day: date) -> bool:
    with suppress(G6Error):
        exchanges = {INDICES[name].exchange for name in settings.indices}
        return any(days.session(exchange, day) is not None for exchange in exchanges)
    return False


def _newest_dump(folder: Path) -> date | None:
    days = [path.name[:10] for path in folder.glob("????-??-??.csv.gz")]
    return date.fromisoformat(max(days)) if days else None


def _open_secrets(directory: Path) -> Iterator[tuple[str, str]]:
    """Yield files with secrets that others than their owner may read."""
    for path in (*(directory / name for name in SECRET_FILES), Path(".env")):
        with suppress(OSError):
            mode = path.stat().st_mode & 0o777
            if path.is_file() and mode & ~PRIVATE:
                yield str(path), f"{mode:o}"
