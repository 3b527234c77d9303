"""Indices, their futures and VIX of all indices in one request, whoever asks first: a first cycle needs them before its quotes."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from g6.errors import G6Error
from g6.ports import SharedCache

KEPT_SECONDS = 30.0
ASKING_SECONDS = 8.0
"""A process that claimed to ask and did not answer for so long is not waited for."""
POLL_SECONDS = 0.05


class Underlyings:
    """Asks for the underlyings of all indices together, once for each instant; the other workers read what came.

    Where no centre of a window is known (the first cycle of a session), each index would cost a request of its own before its
    quotes: twelve in place of seven for six indices.
    """

    def __init__(
        self, shelf: SharedCache, ask: Callable[[Sequence[str]], Mapping[str, Any]]
    ) -> None:
        self._shelf, self._ask = shelf, ask

    def answers(self, keys: Sequence[str], at: datetime) -> Mapping[str, Any]:
        """Return the raw answers to `keys`, the same for every worker, at the cycle of `at`. Errors: those of `ask`."""
        name = f"underlyings:{at.timestamp():.3f}"
        until = time.monotonic() + ASKING_SECONDS
        while True:
            held = self._shelf.get(name)
            if held is not None:
                found: Mapping[str, Any] = json.loads(held)
                # A worker with other settings may have asked for fewer.
                return (
                    found
                    if set(keys) <= found.keys() | set(found.get("asked", ()))
                    else self._ask(keys)
                )
            if self._shelf.claim(f"{name}:asking", ASKING_SECONDS):
                return self._fetched(name, keys)
            if time.monotonic() > until:
                return self._ask(keys)
            threading.Event().wait(POLL_SECONDS)

    def _fetched(self, name: str, keys: Sequence[str]) -> Mapping[str, Any]:
        try:
            answers = dict(self._ask(keys))
        except G6Error:
            self._shelf.drop(f"{name}:asking")
            raise
        self._shelf.put(name, json.dumps(answers | {"asked": list(keys)}).encode(), KEPT_SECONDS)
        return answers
