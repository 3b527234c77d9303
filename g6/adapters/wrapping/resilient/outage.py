"""Outages as a person hears of them: when one has lasted a while, now and then while it lasts, and when it is over."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from g6.ports import SharedCache

KEPT_SECONDS = 86_400.0


class Outage:
    """Told of every success and failure of one provider by all workers; tells when `threshold` seconds went without an answer.

    While it lasts it is told again every `every` seconds.
    """

    def __init__(
        self,
        name: str,
        shelf: SharedCache,
        tell: Callable[[Mapping[str, Any]], None],
        *,
        threshold: float = 30.0,
        every: float = 300.0,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._name, self._shelf, self._tell, self._wall = name, shelf, tell, wall
        self._threshold, self._every = threshold, every

    def failed(self, error: Exception) -> None:
        """Hear of a question that got no answer."""
        held, now = self._shelf.get(self._key("since")), self._wall()
        if held is None:
            self._shelf.put(self._key("since"), repr(now).encode(), KEPT_SECONDS)
            held = repr(now).encode()
        lasted = now - float(held)
        if lasted >= self._threshold and self._shelf.claim(self._key("told"), self._every):
            self._shelf.put(self._key("heard"), b"1", KEPT_SECONDS)
            sentence = f"{self._name} has not answered for {lasted:.0f} s: {error}"
            self._tell(
                {
                    "state": "outage",
                    "seconds": round(lasted, 1),
                    "sentence": sentence,
                    "fix": "g6 check says what is wrong",
                }
            )

    def answered(self) -> None:
        """Hear of an answer."""
        held = self._shelf.get(self._key("since"))
        if held is None:
            return
        heard = self._shelf.get(self._key("heard")) is not None
        for part in ("since", "told", "heard"):
            self._shelf.drop(self._key(part))
        if heard:
            lasted = self._wall() - float(held)
            sentence = f"{self._name} answers again after {lasted:.0f} s"
            self._tell(
                {"state": "answers", "seconds": round(lasted, 1), "sentence": sentence, "fix": ""}
            )

    def _key(self, part: str) -> str:
        return f"outage:{self._name}:{part}"
