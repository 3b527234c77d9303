"""Debian's victoria-metrics on a free port, with a directory of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.waiting import eventually
from tests.worlds.web.ports import free_port

PROGRAM = shutil.which("victoria-metrics")
MISSING = "victoria-metrics is not installed: make test-services"


@dataclass(frozen=True)
class TimeSeriesServer:
    """A running server."""

    url: str

    def series(self, measurement: str) -> list[dict[str, object]]:
        """Return every series of a measurement: its labels, its values and their instants in milliseconds."""
        self.ask("/internal/force_flush")
        query = urllib.parse.urlencode({"match[]": f'{{__name__=~"{measurement}_.*"}}'})
        return [json.loads(line) for line in self.ask(f"/api/v1/export?{query}").splitlines()]

    def ask(self, path: str) -> str:
        """Return what a path answers."""
        with urllib.request.urlopen(f"{self.url}{path}", timeout=90) as answer:  # noqa: S310 - our own
            return str(answer.read().decode())


@contextmanager
def time_series_server(directory: Path) -> Iterator[TimeSeriesServer]:
    """Run a server for the block."""
    assert PROGRAM is not None
    port = free_port()
    command: Sequence[str] = [
        PROGRAM,
        f"-storageDataPath={directory / 'points'}",
        f"-httpListenAddr=127.0.0.1:{port}",
        "-retentionPeriod=100y",
        "-search.latencyOffset=0s",
        "-memory.allowedBytes=64MB",
        "-loggerLevel=ERROR",
    ]
    with (directory / "server.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    server = TimeSeriesServer(f"http://127.0.0.1:{port}")

    def answers() -> bool:
        with suppress(OSError):
            return server.ask("/health") == "OK"
        return False

    try:
        eventually(answers)
        yield server
    finally:
        process.terminate()
        process.wait(90)
