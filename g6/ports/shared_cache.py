"""The shared cache: a few bytes that one worker fetched and all need."""

from __future__ import annotations

from typing import Protocol


class SharedCache(Protocol):
    """A few bytes that every worker needs and one of them fetched: a dump, a token, who is about to fetch it."""

    def get(self, name: str) -> bytes | None:
        """Return what lies under `name`, None when nothing does (any more)."""
        ...

    def put(self, name: str, content: bytes, seconds: float) -> None:
        """Lay `content` under `name` for `seconds`."""
        ...

    def claim(self, name: str, seconds: float) -> bool:
        """Become the only one to do what `name` says, for `seconds`; False when somebody else is."""
        ...

    def drop(self, name: str) -> None:
        """Forget what lies under `name`, a claim too."""
        ...
