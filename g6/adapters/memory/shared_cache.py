"""The shared cache in one process's memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class MemorySharedCache:
    """Shelf port of one process."""

    def __init__(self, wall: Callable[[], float] = time.time) -> None:
        self._wall = wall
        self._held: dict[str, tuple[bytes, float]] = {}
        self._lock = threading.Lock()

    def get(self, name: str) -> bytes | None:
        """Return what lies under `name`, None when nothing does (any more)."""
        content, until = self._held.get(name, (None, 0.0))
        return content if until > self._wall() else None

    def put(self, name: str, content: bytes, seconds: float) -> None:
        """Lay `content` under `name` for `seconds`."""
        self._held[name] = (content, self._wall() + seconds)

    def claim(self, name: str, seconds: float) -> bool:
        """Become the only one to do what `name` says, for `seconds`; False when somebody else is."""
        with self._lock:
            if self.get(name) is not None:
                return False
            self.put(name, b"1", seconds)
        return True

    def drop(self, name: str) -> None:
        """Forget what lies under `name`, a claim too."""
        self._held.pop(name, None)
