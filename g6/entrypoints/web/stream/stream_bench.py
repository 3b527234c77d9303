"""Times the stream: a serving process and a Redis of their own, cycles, and listeners that read."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic

import numpy as np
import psutil

from g6.bootstrap.processes import redis_ports
from g6.bootstrap.processes.embedded_redis import embedded_redis
from g6.bootstrap.wiring import wire
from g6.config import Settings, environment, load
from g6.domain.cycles.cycle import isoformat_z
from g6.domain.documents.panels import envelope
from g6.domain.reports import CycleReport
from g6.domain.schema.words import Status
from g6.entrypoints.web.stream.stream_readers import StreamReaders
from g6.errors import Unavailable
from g6.ports import Bus
from g6.ports.panels import PanelStore

__all__ = ["ServedStream", "StreamSpeed", "bench_settings", "served_stream", "stream_speed"]

HOST = "127.0.0.1"
START_SECONDS = 60.0
END_SECONDS = 10.0
WARM_CYCLES = 3
"""Cycles before those that are measured: the first ones import what the later ones use."""
LAST_SECONDS = 5.0
"""How long the last cycles may be on their way."""
FIRST_CYCLE = datetime(2026, 11, 18, 4, 0, tzinfo=UTC)
PORT = re.compile(r" on http://[^:]+:(\d+)/(?:metrics|status)\n")
_Server = tuple[subprocess.Popen[bytes], tuple[int, int]]
"""A process, and the ports of /metrics and of the web pages."""
KEPT = (
    "stream_events",
    "stream_backlog_bytes",
    "stream_backlog_warn",
    "stream_backlog_degrade",
    "stream_backlog_exit",
    "stream_calm_seconds",
    "stream_cooldown_seconds",
    "stream_trace_every",
)
"""The settings that are measured as they are configured."""


@dataclass(frozen=True, slots=True)
class StreamSpeed:
    """How fast the stream of this machine is.

    Attributes:
        listeners: Connections that read.
        cycles: Cycles that were published while it was measured.
        bytes_per_cycle: Bytes that a listener receives for one of them.
        p50_ms: From publication to the end of the cycle at a listener; p95 and p99 likewise.
        events_per_second: Events that reached listeners.
        bytes_per_listener: What one listener received.
        lost: Ends of cycles that did not reach a listener.
        server_us_per_cycle: Processor time of the server for one cycle.
        server_us_per_delivery: The same for one cycle at one listener.
    """

    listeners: int
    cycles: int
    bytes_per_cycle: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    events_per_second: float
    bytes_per_listener: float
    lost: int
    server_us_per_cycle: float
    server_us_per_delivery: float


class ServedStream:
    """A `g6 serve` over a Redis of its own, to which cycles are published.

    Attributes:
        host: Where it listens.
        port: Of the web pages.
        metrics_port: Of /metrics.
        process: The server.
    """

    def __init__(
        self, ports: tuple[int, int], process: psutil.Process, panels: PanelStore, bus: Bus
    ) -> None:
        self.host = HOST
        self.metrics_port, self.port = ports
        self.process = process
        self._panels = panels
        self._bus = bus
        self._number = 0

    def cpu_seconds(self) -> float:
        """Return the processor time of the server so far."""
        times = self.process.cpu_times()
        return times.user + times.system

    def publish(self, size: int) -> tuple[str, float]:
        """Change so many bytes of a panel, end its cycle, and return cycle and instant."""
        cycle = isoformat_z(FIRST_CYCLE + timedelta(seconds=self._number))
        self._number += 1
        data = {"text": f"{self._number:08}" * max(1, size // 8)}
        self._panels.put({"overview": envelope("overview", data, cycle, cycle)})
        at = monotonic()
        self._bus.publish(_report(cycle), key=cycle)
        return cycle, at


def bench_settings(configured: Settings, directory: Path, broker_url: str) -> Settings:
    """Return the settings of a server that is measured: nothing of the running system but limits.

    Args:
        configured: Whose limits for listeners are measured.
        directory: Where the server may write.
        broker_url: Its Redis.
    """
    limits = {f"serve.{name}": getattr(configured.serve, name) for name in KEPT}
    own = {
        "data_dir": directory,
        "redis.broker_url": broker_url,
        "serve.host": HOST,
        "serve.metrics_port": 0,
        "serve.web_port": 0,
    }
    return load("", {**limits, **own}, {})


@contextmanager
def served_stream(configured: Settings) -> Iterator[ServedStream]:
    """Run a server over a Redis of its own, in a directory that is deleted afterwards.

    Args:
        configured: Whose limits for listeners are in force.

    Raises:
        Unavailable: The Redis or the server does not start.
    """
    with ExitStack() as stack:
        temporary = tempfile.TemporaryDirectory(prefix="g6-bench-", ignore_cleanup_errors=True)
        directory = Path(stack.enter_context(temporary))
        redis_server = stack.enter_context(embedded_redis(configured, directory / "redis"))
        settings = bench_settings(configured, directory, redis_server.url)
        wiring = wire(settings, redis_server.url)
        panels = redis_ports.panels(wiring)
        bus = redis_ports.bus(wiring)
        child, ports = stack.enter_context(_server(settings, directory / "serve.log"))
        yield ServedStream(ports, psutil.Process(child.pid), panels, bus)


@contextmanager
def _server(settings: Settings, log: Path) -> Iterator[_Server]:
    """Run `g6 serve` until the block ends.

    Raises:
        Unavailable: It does not say where it listens.
    """
    variables = {name: text for name, text in os.environ.items() if not name.startswith("G6_")}
    with log.open("wb") as file:
        child = subprocess.Popen(
            [sys.executable, "-m", "g6.entrypoints.cli", "serve"],
            env=variables | environment(settings),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        yield child, _ports_of(child, log)
    finally:
        child.terminate()
        try:
            child.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait(END_SECONDS)


def _ports_of(child: subprocess.Popen[bytes], log: Path) -> tuple[int, int]:
    """Return the ports of /metrics and of the web pages, as the server announces them."""
    limit = monotonic() + START_SECONDS
    while monotonic() < limit:
        ports = PORT.findall(log.read_text(encoding="utf-8", errors="replace"))
        if len(ports) == 2:
            return int(ports[0]), int(ports[1])
        try:
            child.wait(0.05)
        except subprocess.TimeoutExpired:
            continue
        break
    words = " ".join(log.read_text(encoding="utf-8", errors="replace").split())
    raise Unavailable(f"g6 serve does not start: {words[-400:]}", "g6 serve --metrics-port 0")


def stream_speed(
    served: ServedStream, listeners: int, seconds: float, rate: float, size: int
) -> StreamSpeed:
    """Publish cycles to listeners that read, and return how late they were.

    Args:
        served: The server.
        listeners: How many listen.
        seconds: For how long it is measured.
        rate: Cycles a second.
        size: Bytes of a panel that change in each.

    Raises:
        Unavailable: A listener is refused, or none hears anything.
    """
    with StreamReaders() as readers:
        served.publish(size)
        readers.connect(served.host, served.port, listeners)
        _publish_for(WARM_CYCLES / rate, served, readers, rate, size)
        readers.arrivals.clear()
        before = _BenchTotals.of(served, readers)
        published = _publish_for(seconds, served, readers, rate, size)
        after = _BenchTotals.of(served, readers)
        late = [
            1e3 * (arrival.at - published[arrival.cycle])
            for arrival in readers.arrivals
            if arrival.cycle in published
        ]
    if not late:
        raise Unavailable(
            f"no cycle reached a listener within {LAST_SECONDS:g} s", "g6 bench stream --rate 1"
        )
    p50, p95, p99 = np.percentile(late, (50, 95, 99)).tolist()
    cycles = len(published)
    bytes_per_listener = (after.received - before.received) / listeners
    cpu_us = 1e6 * (after.cpu_seconds - before.cpu_seconds)
    return StreamSpeed(
        listeners=listeners,
        cycles=cycles,
        bytes_per_cycle=bytes_per_listener / cycles,
        p50_ms=p50,
        p95_ms=p95,
        p99_ms=p99,
        events_per_second=(after.events - before.events) / (after.at - before.at),
        bytes_per_listener=bytes_per_listener,
        lost=listeners * cycles - len(late),
        server_us_per_cycle=cpu_us / cycles,
        server_us_per_delivery=cpu_us / len(late),
    )


@dataclass(frozen=True, slots=True)
class _BenchTotals:
    """What was counted up to an instant."""

    at: float
    events: int
    received: int
    cpu_seconds: float

    @classmethod
    def of(cls, served: ServedStream, readers: StreamReaders) -> _BenchTotals:
        """Return what is counted now."""
        return cls(monotonic(), readers.events, readers.received, served.cpu_seconds())


def _publish_for(
    seconds: float, served: ServedStream, readers: StreamReaders, rate: float, size: int
) -> dict[str, float]:
    """Publish cycles, read what they become, and return when each was published."""
    published: dict[str, float] = {}
    arrived = len(readers.arrivals)
    begun = monotonic()
    while (due := begun + len(published) / rate) < begun + seconds:
        readers.read(max(0.0, due - monotonic()))
        cycle, at = served.publish(size)
        published[cycle] = at
    _wait_for(readers, arrived + len(readers) * len(published))
    return published


def _wait_for(readers: StreamReaders, count: int) -> None:
    """Read until so many ends of cycles have arrived, or a little while has passed."""
    limit = monotonic() + LAST_SECONDS
    while len(readers.arrivals) < count and monotonic() < limit:
        readers.read(0.01)


def _report(cycle: str) -> CycleReport:
    return CycleReport(
        cycle=cycle,
        status=Status.OK,
        units={"NIFTY": Status.OK},
        reasons={},
        options={"NIFTY": 1},
        lateness_seconds=0.0,
        elapsed_seconds=0.0,
    )
