"""A real Alertmanager with the generated settings, in a directory of its own."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import httpx

from g6.observability.generators import prometheus_files
from g6.observability.generators.prometheus_files import AlertTiming
from tests.observe.observer import Observer
from tests.worlds.web.ports import free_port

PROGRAM = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")


class Alertmanager(Observer):
    """Alertmanager that posts to a webhook."""

    def __init__(self, directory: Path, webhook: str, timing: AlertTiming | None = None) -> None:
        assert PROGRAM is not None
        directory.mkdir(parents=True)
        self.address = f"127.0.0.1:{free_port()}"
        text = prometheus_files.alertmanager_settings(webhook, timing)
        (directory / "alertmanager.yml").write_text(text, "utf-8")
        command = (
            PROGRAM,
            f"--config.file={directory / 'alertmanager.yml'}",
            f"--storage.path={directory / 'alerts'}",
            f"--web.listen-address={self.address}",
            "--cluster.listen-address=",
        )
        super().__init__(directory, f"http://{self.address}", command)

    def alerts(self) -> list[dict[str, Any]]:
        """Return the alerts that it holds now, silenced ones included."""
        answer = httpx.get(f"{self.url}/api/v2/alerts", timeout=10.0)
        alerts: list[dict[str, Any]] = answer.json()
        return alerts
