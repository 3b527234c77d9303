"""The shared cache: a few bytes that one worker fetched and all need."""

from __future__ import annotations

from typing import Protocol


class SharedCache(Protocol):
    """A few bytes that every worker needs and one of them fetched: a dump, a token, a claim."""

    def get(self, name: str) -> bytes | None:
        """Return the bytes under `name`, None when there are none or they have expired."""
        ...

    def put(self, name: str, content: bytes, seconds: float) -> None:
        """Store `content` under `name` for `seconds`."""
        ...

    def claim(self, name: str, seconds: float) -> bool:
        """Claim what `name` stands for during `seconds`. False when somebody else has it."""
        ...

    def drop(self, name: str) -> None:
        """Remove what is stored under `name`, a claim included."""
        ...
