"""Outages as a person hears of them: begun a while ago, going on, over."""

from __future__ import annotations

import time
from collections.abc import Callable

from g6.domain.reports import ProviderState
from g6.ports import SharedCache

REMEMBERED_SECONDS = 86_400.0


class Outage:
    """Notes every success and failure of one provider, of all workers, and notifies of what lasts.

    It notifies when `threshold` seconds went without an answer, and again every `every` seconds
    while that lasts.
    """

    def __init__(
        self,
        name: str,
        cache: SharedCache,
        notify: Callable[[ProviderState], None],
        *,
        threshold: float = 30.0,
        every: float = 300.0,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._name = name
        self._cache = cache
        self._notify = notify
        self._wall = wall
        self._threshold = threshold
        self._every = every

    def failed(self, error: Exception) -> None:
        """Note a question that got no answer."""
        now = self._wall()
        since = self._cache.get(self._key("since"))
        if since is None:
            since = repr(now).encode()
            self._cache.put(self._key("since"), since, REMEMBERED_SECONDS)
        seconds = now - float(since)
        if seconds < self._threshold or not self._cache.claim(self._key("told"), self._every):
            return
        self._cache.put(self._key("heard"), b"1", REMEMBERED_SECONDS)
        sentence = f"{self._name} has not answered for {seconds:.0f} s: {error}"
        facts = {"seconds": round(seconds, 1)}
        fix = "g6 check says what is wrong"
        self._notify(ProviderState("outage", sentence, fix=fix, facts=facts))

    def answered(self) -> None:
        """Note an answer."""
        since = self._cache.get(self._key("since"))
        if since is None:
            return
        # A short outage that nobody heard of ends without a word too.
        was_notified = self._cache.get(self._key("heard")) is not None
        for part in ("since", "told", "heard"):
            self._cache.drop(self._key(part))
        if not was_notified:
            return
        seconds = self._wall() - float(since)
        sentence = f"{self._name} answers again after {seconds:.0f} s"
        facts = {"seconds": round(seconds, 1)}
        self._notify(ProviderState("answers", sentence, fix="", facts=facts))

    def _key(self, part: str) -> str:
        return f"outage:{self._name}:{part}"
