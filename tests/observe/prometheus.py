"""A real Prometheus that scrapes one system, in a directory of its own."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

import httpx

from g6.observability.generators import prometheus_files
from tests.observe.observer import Observer
from tests.worlds.web.ports import free_port

PROGRAM = shutil.which("prometheus")
WHY_NOT = "prometheus is not installed: make test-services"


class Prometheus(Observer):
    """Prometheus with the generated rules, which it reads and evaluates every `seconds`.

    `alertmanager` is the address of one; `shorter` divides how long alerts hold.
    """

    def __init__(
        self,
        directory: Path,
        target: str,
        *,
        seconds: float = 1.0,
        alertmanager: str = prometheus_files.ALERTMANAGER_TARGET,
        shorter: int = 1,
    ) -> None:
        assert PROGRAM is not None
        self.port = free_port()
        rules = directory / "rules"
        rules.mkdir(parents=True)
        (rules / "g6.yml").write_text(prometheus_files.rules_file(shorter), "utf-8")
        text = prometheus_files.prometheus_settings(target, alertmanager, seconds=seconds)
        (directory / "prometheus.yml").write_text(text, "utf-8")
        command = (
            PROGRAM,
            f"--config.file={directory / 'prometheus.yml'}",
            f"--storage.tsdb.path={directory / 'series'}",
            f"--web.listen-address=127.0.0.1:{self.port}",
            # What it sends before it has found Alertmanager is lost, and sent again in a minute.
            "--rules.alert.resend-delay=5s",
        )
        super().__init__(directory, f"http://127.0.0.1:{self.port}", command)

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Return the series that an expression gives now."""
        answer = httpx.get(
            f"{self.url}/api/v1/query",
            params={"query": expression, "time": str(time.time())},
            timeout=10.0,
        )
        document = answer.json()
        assert document["status"] == "success", (expression, document)
        result: list[dict[str, Any]] = document["data"]["result"]
        return result
