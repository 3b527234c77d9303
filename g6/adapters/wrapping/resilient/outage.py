"""Outages as a person hears of them: begun a while ago, going on, over."""

from __future__ import annotations

import time
from collections.abc import Callable

from g6.domain.reports import ProviderState, StateFacts
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
        last_sign: Callable[[], float] = lambda: 0.0,
    ) -> None:
        """Note the successes and failures of one provider.

        Args:
            name: What a person calls it.
            cache: What all workers share.
            notify: Takes facts for the bus.
            threshold: Seconds without an answer.
            every: Seconds between two notifications.
            wall: The wall clock.
            last_sign: Returns the wall time at which the provider last sent something unasked.
        """
        self._name = name
        self._cache = cache
        self._notify = notify
        self._wall = wall
        self._threshold = threshold
        self._every = every
        self._last_sign = last_sign

    def failed(self, error: Exception) -> None:
        """Note a question that got no answer."""
        now = self._wall()
        since = self._cache.get(self._key("since"))
        if since is None:
            since = repr(now).encode()
            self._cache.put(self._key("since"), since, REMEMBERED_SECONDS)
        # While a stream feeds, REST is asked for a few contracts a minute at most: counted from the
        # last question that failed, an outage of 2 s was said to last 96 s.
        begin = max(float(since), self._last_sign())
        seconds = now - begin
        if seconds < self._threshold or not self._cache.claim(self._key("told"), self._every):
            return
        self._cache.put(self._key("heard"), repr(begin).encode(), REMEMBERED_SECONDS)
        sentence = f"{self._name} has not answered for {seconds:.0f} s: {error}"
        facts = StateFacts(seconds=round(seconds, 1))
        fix = "g6 check says what is wrong"
        self._notify(ProviderState("outage", sentence, fix=fix, facts=facts))

    def answered(self) -> None:
        """Note an answer."""
        since = self._cache.get(self._key("since"))
        if since is None:
            return
        # A short outage that nobody heard of ends without a word too.
        begin = self._cache.get(self._key("heard"))
        for part in ("since", "told", "heard"):
            self._cache.drop(self._key(part))
        if begin is None:
            return
        seconds = self._wall() - float(begin)
        sentence = f"{self._name} answers again after {seconds:.0f} s"
        facts = StateFacts(seconds=round(seconds, 1))
        self._notify(ProviderState("answers", sentence, fix="", facts=facts))

    def _key(self, part: str) -> str:
        return f"outage:{self._name}:{part}"
