"""Indices, futures and VIX of all indices in one request, made by the worker that comes first."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from g6.errors import G6Error
from g6.ports import Clock, SharedCache

ANSWER_SECONDS = 30.0
"""Seconds for which an answer stays in the cache."""
ASKING_SECONDS = 8.0
"""A process that claimed the request and did not answer for so long is not waited for."""
POLL_SECONDS = 0.05


class Underlyings:
    """Requests the underlyings of all indices together, once per instant.

    Other workers read it.
    """

    # Where no centre of a window is known (the first cycle of a session), each index would cost a
    # request of its own before its quotes: twelve in place of seven for six indices.
    def __init__(
        self,
        cache: SharedCache,
        ask: Callable[[Sequence[str]], Mapping[str, object]],
        clock: Clock,
    ) -> None:
        self._cache = cache
        self._ask = ask
        self._clock = clock

    def answers(self, keys: Sequence[str], at: datetime) -> Mapping[str, object]:
        """Return the raw answers to `keys` at the cycle of `at`, the same for every worker.

        Raises:
            G6Error: What `ask` raises.
        """
        name = f"underlyings:{at.timestamp():.3f}"
        until = time.monotonic() + ASKING_SECONDS
        while True:
            content = self._cache.get(name)
            if content is not None:
                answers: dict[str, object] = json.loads(content)
                # A worker with other settings may have asked for fewer.
                requested = answers.get("asked", [])
                covered = {*answers, *(requested if isinstance(requested, list) else [])}
                return answers if covered.issuperset(keys) else self._ask(keys)
            if self._cache.claim(f"{name}:asking", ASKING_SECONDS):
                return self._request(name, keys)
            if time.monotonic() > until:
                return self._ask(keys)
            self._clock.sleep(POLL_SECONDS)

    def _request(self, name: str, keys: Sequence[str]) -> Mapping[str, object]:
        try:
            answers = dict(self._ask(keys))
        except G6Error:
            self._cache.drop(f"{name}:asking")
            raise
        content = json.dumps(answers | {"asked": list(keys)}).encode()
        self._cache.put(name, content, ANSWER_SECONDS)
        return answers
