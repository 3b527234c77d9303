"""The shared cache in one process's memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class MemorySharedCache:
    """SharedCache port of one process."""

    def __init__(self, wall: Callable[[], float] = time.time) -> None:
        self._wall = wall
        self._contents: dict[str, tuple[bytes, float]] = {}
        self._lock = threading.Lock()

    def get(self, name: str) -> bytes | None:
        """Return the bytes under `name`, None when there are none or they have expired."""
        content, until = self._contents.get(name, (None, 0.0))
        return content if until > self._wall() else None

    def put(self, name: str, content: bytes, seconds: float) -> None:
        """Store `content` under `name` for `seconds`."""
        self._contents[name] = (content, self._wall() + seconds)

    def claim(self, name: str, seconds: float) -> bool:
        """Claim what `name` stands for during `seconds`. False when somebody else has it."""
        with self._lock:
            if self.get(name) is not None:
                return False
            self.put(name, b"1", seconds)
        return True

    def drop(self, name: str) -> None:
        """Remove what is stored under `name`, a claim included."""
        self._contents.pop(name, None)
