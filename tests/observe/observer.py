"""A server of Prometheus' family as a child of the test, answering while the block lasts."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from tests.waiting import eventually


class Observer:
    """A child whose command and address its maker says; its log stands in `directory`."""

    def __init__(self, directory: Path, url: str, command: Sequence[str]) -> None:
        self.directory = directory
        self.url = url
        self._command = command
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        log_file = self.directory / f"{Path(self._command[0]).name}.log"
        with log_file.open("wb") as log:
            self._child = subprocess.Popen(self._command, stdout=log, stderr=log)
        eventually(self.is_ready, every=0.1)
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
