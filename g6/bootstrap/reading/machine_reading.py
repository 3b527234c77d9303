"""This machine as `g6 doctor` looks at it."""

from __future__ import annotations

import os
import resource
import shutil
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from g6.adapters.data_dir.owner import owner
from g6.bootstrap.processes.redis_ports import redis_facts, vitals
from g6.bootstrap.quote_sources.sources import provider
from g6.bootstrap.settings_checks.settings_lint import cautions, refusals
from g6.bootstrap.wiring import Wiring, redis_url, wire, wire_without_redis
from g6.config import Settings, calendar
from g6.domain.documents.machine_facts import DirectoryHealth, MachineFacts, RedisHealth
from g6.domain.market.calendar import day_of
from g6.domain.reports import LoginFacts, VitalSigns
from g6.errors import G6Error, Unavailable
from g6.errors.masking import mask

__all__ = ["MachineReading"]

PRIVATE = 0o600
SECRET_FILES = (".token", ".running")


@dataclass(frozen=True, slots=True)
class MachineReading:
    """Looks at this machine under some settings, and changes nothing."""

    settings: Settings
    restart_reasons: Sequence[str] = ()

    def facts(self) -> MachineFacts:
        """Return what is found, errors as sentences."""
        now = time.time()
        redis = self._redis()
        has_system = bool(redis.address) and not redis.trouble
        wiring = wire(self.settings) if has_system else None
        return MachineFacts(
            now=now,
            today=day_of(datetime.fromtimestamp(now, UTC)),
            last_year=max(calendar().covered_years),
            redis=redis,
            directory=self._directory(),
            login=self._login(wiring),
            vitals=self._vitals(wiring),
            ports=dict(self._ports()),
            refusals=tuple((refusal.sentence, refusal.fix) for refusal in refusals(self.settings)),
            cautions=tuple(cautions(self.settings)),
            restart_reasons=self.restart_reasons,
            open_files=resource.getrlimit(resource.RLIMIT_NOFILE)[0],
        )

    def _redis(self) -> RedisHealth:
        try:
            url = redis_url(self.settings)
        except Unavailable as error:
            return RedisHealth(fix=error.fix)
        address = mask(url)
        try:
            facts = redis_facts(url, self.settings.redis.master_name or "")
        except G6Error as error:
            return RedisHealth(address, error.sentence, error.fix or "start that server")
        return RedisHealth(
            address,
            maxmemory_policy=facts["maxmemory_policy"],
            appendonly=facts["appendonly"],
            is_own=not self.settings.redis.broker_url,
        )

    def _directory(self) -> DirectoryHealth:
        directory = self.settings.directory
        existing = next(path for path in (directory, *directory.parents) if path.exists())
        is_writable = existing.is_dir() and os.access(existing, os.W_OK | os.X_OK)
        return DirectoryHealth(
            str(directory),
            "" if is_writable else f"{existing} cannot be written",
            float(shutil.disk_usage(existing).free),
            open_secrets=tuple(_open_secrets(directory)),
        )

    def _login(self, wiring: Wiring | None) -> LoginFacts | None:
        with suppress(G6Error):
            source = provider(wiring or wire_without_redis(self.settings))
            return source.describe().login
        return None

    def _vitals(self, wiring: Wiring | None) -> VitalSigns | None:
        with suppress(G6Error):
            return None if wiring is None else vitals(wiring).read()
        return None

    def _ports(self) -> Iterator[tuple[str, str]]:
        """Yield why a port of g6 serve cannot be opened, unless a system of this directory runs."""
        if not self.settings.features.serve or owner(self.settings.directory):
            return
        serve = self.settings.serve
        for setting, port in (("metrics_port", serve.metrics_port), ("web_port", serve.web_port)):
            family = socket.AF_INET6 if ":" in serve.host else socket.AF_INET
            try:
                socket.create_server((serve.host, port), family=family).close()
            except OSError as error:
                where = f"{serve.host}:{port}"
                yield f"serve.{setting}", f"{where} cannot be opened: {error.strerror}"


def _open_secrets(directory: Path) -> Iterator[tuple[str, str]]:
    """Yield files with secrets that others than their owner may read."""
    for path in (*(directory / name for name in SECRET_FILES), Path(".env")):
        with suppress(OSError):
            mode = path.stat().st_mode & 0o777
            if path.is_file() and mode & ~PRIVATE:
                yield str(path), f"{mode:o}"
