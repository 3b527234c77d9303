"""Guards over memory alone, for a test: a clock that moves when somebody waits is not needed, for nothing is spaced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pybreaker

from g6.adapters.clocks import WallClock
from g6.adapters.memory.limiter import MemoryLimiter
from g6.adapters.memory.shared_cache import MemorySharedCache
from g6.adapters.wrapping.resilient import Breaker, Patience, RequestGate
from g6.domain.reports import ProviderState
from g6.ports import Clock

UNSPACED = {"quote": 1e-6, "historical": 1e-6, "other": 1e-6}


@dataclass
class Guards:
    """A gate and what it stands on; `told` is what a person reads."""

    spacings: Mapping[str, float] = field(default_factory=lambda: dict(UNSPACED))
    failures: int = 5
    seconds: float = 60.0
    patience: Patience = field(default_factory=lambda: Patience(3, 0.001, 0.002))
    shelf: MemorySharedCache = field(default_factory=MemorySharedCache)
    storage: pybreaker.CircuitMemoryStorage = field(
        default_factory=lambda: pybreaker.CircuitMemoryStorage(pybreaker.STATE_CLOSED)
    )
    told: list[ProviderState] = field(default_factory=list)
    clock: Clock = field(default_factory=WallClock)

    def __post_init__(self) -> None:
        self.limiter = MemoryLimiter(spacings=self.spacings)

    def breaker(self) -> Breaker:
        """Return the breaker as one more process has it: same storage, same shelf."""
        return Breaker(
            "kite",
            lambda: self.storage,
            self.shelf,
            self.clock,
            failures=self.failures,
            seconds=self.seconds,
            notify=self.told.append,
        )

    def gate(self) -> RequestGate:
        return RequestGate(self.limiter, self.breaker(), self.patience, self.clock)


class Answers:
    """A server: what it answers in turn, the last for ever; errors are raised. Counts how often it was asked."""

    def __init__(self, *answers: Any) -> None:
        self._answers, self.asked = list(answers), 0

    def __call__(self) -> Any:
        self.asked += 1
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer
