"""A real Prometheus that scrapes one system, in a directory of its own."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from g6.adapters.redis.server import free_port
from g6.observability.generators import prometheus_files
from tests.waiting import eventually

PROGRAM = shutil.which("prometheus")
WHY_NOT = "prometheus is not installed: make test-services"


class Prometheus:
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
        self.directory = directory
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        rules = directory / "rules"
        rules.mkdir(parents=True)
        (rules / "g6.yml").write_text(prometheus_files.rules_file(shorter), "utf-8")
        text = prometheus_files.prometheus_settings(target, alertmanager, seconds=seconds)
        (directory / "prometheus.yml").write_text(text, "utf-8")
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        assert PROGRAM is not None
        with (self.directory / "prometheus.log").open("wb") as log:
            self._child = subprocess.Popen(
                [
                    PROGRAM,
                    f"--config.file={self.directory / 'prometheus.yml'}",
                    f"--storage.tsdb.path={self.directory / 'series'}",
                    f"--web.listen-address=127.0.0.1:{self.port}",
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
            answer = httpx.get(f"{self.url}/-/ready", timeout=5.0)
        except httpx.TransportError:
            return False
        return answer.status_code == httpx.codes.OK

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
