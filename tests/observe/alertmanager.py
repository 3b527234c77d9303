"""A real Alertmanager with the generated settings, in a directory of its own."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from g6.adapters.redis.server import free_port
from g6.observability.generators import prometheus_files
from g6.observability.generators.prometheus_files import AlertTiming
from tests.waiting import eventually

PROGRAM = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")


class Alertmanager:
    """Alertmanager that posts to a webhook."""

    def __init__(self, directory: Path, webhook: str, timing: AlertTiming | None = None) -> None:
        directory.mkdir(parents=True)
        self.directory = directory
        self.address = f"127.0.0.1:{free_port()}"
        text = prometheus_files.alertmanager_settings(webhook, timing)
        (directory / "alertmanager.yml").write_text(text, "utf-8")
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        assert PROGRAM is not None
        with (self.directory / "alertmanager.log").open("wb") as log:
            self._child = subprocess.Popen(
                [
                    PROGRAM,
                    f"--config.file={self.directory / 'alertmanager.yml'}",
                    f"--storage.path={self.directory / 'alerts'}",
                    f"--web.listen-address={self.address}",
                    "--cluster.listen-address=",
                ],
                stdout=log,
                stderr=log,
            )
        eventually(self.is_ready, 30.0, every=0.1)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._child is not None
        self._child.terminate()
        self._child.wait(20.0)

    def is_ready(self) -> bool:
        """Return whether it answers."""
        try:
            answer = httpx.get(f"http://{self.address}/-/ready", timeout=5.0)
        except httpx.TransportError:
            return False
        return answer.status_code == httpx.codes.OK

    def alerts(self) -> list[dict[str, Any]]:
        """Return the alerts that it holds now, silenced ones included."""
        answer = httpx.get(f"http://{self.address}/api/v2/alerts", timeout=10.0)
        alerts: list[dict[str, Any]] = answer.json()
        return alerts
