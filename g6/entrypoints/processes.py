"""The processes of one machine: started, watched, started again when they die, ended together."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LONGEST_PAUSE = 30.0
STEADY = 20.0
"""Seconds a process must have run for its restarts to be forgotten."""


@dataclass(slots=True)
class Process:
    """One child in a session of its own, its output in a file. `again`: start it anew when it dies."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    again: bool = True
    restarts: int = 0
    started: float = 0.0
    _next: float = 0.0
    _popen: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def pid(self) -> int:
        """The process id, 0 when it does not run."""
        return self._popen.pid if self._popen else 0

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._popen is not None and self._popen.poll() is None

    def start(self) -> None:
        """Start it."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with undisturbed(), self.log.open("ab") as output:
            self._popen = subprocess.Popen(
                list(self.command), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                env=dict(self.environment), start_new_session=True,
            )  # fmt: skip
        self.started = time.monotonic()

    def watch(self) -> bool:
        """Start it again if it died and its pause is over; True when it was. Pauses double from 0.5 s up to 30 s."""
        if self.alive or not self.again:
            return False
        now = time.monotonic()
        if not self._next:
            self.restarts = 0 if now - self.started > STEADY else self.restarts
            self._next = now + min(LONGEST_PAUSE, 0.5 * 2**self.restarts)
        if now < self._next:
            return False
        self._next = 0.0
        self.restarts += 1
        self.start()
        return True

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process (its main one decides what its children do)."""
        if self.alive and self._popen is not None:
            self._popen.send_signal(number)

    def wait(self, seconds: float) -> None:
        """Wait for its end; after `seconds` kill its whole session."""
        if self._popen is None:
            return
        try:
            self._popen.wait(max(0.0, seconds))
        except subprocess.TimeoutExpired:
            os.killpg(self.pid, signal.SIGKILL)
            self._popen.wait()

    def last_words(self, lines: int = 3) -> str:
        """Return the end of its output."""
        text = self.log.read_text("utf-8", errors="replace") if self.log.exists() else ""
        return "\n".join(text.strip().splitlines()[-lines:])


@contextmanager
def undisturbed() -> Iterator[None]:
    """Put SIGINT and SIGTERM off to the end of the block: who is stopped while a child is being born would never know of it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard: list[tuple[int, Any]] = []
    held = {number: signal.signal(number, lambda *late: heard.append(late)) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in held.items():
            signal.signal(number, handler)
        if heard:
            signal.raise_signal(signal.Signals(heard[0][0]))


def stop(processes: Sequence[Process], seconds: float) -> None:
    """End all: SIGTERM at once, then SIGKILL to the session of what is left after `seconds`."""
    for process in processes:
        process.again = False
        process.signal(signal.SIGTERM)
    limit = time.monotonic() + seconds
    for process in processes:
        process.wait(limit - time.monotonic())
