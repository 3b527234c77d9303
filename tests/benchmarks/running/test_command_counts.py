"""The commands of a cycle are those of busy seconds without those of idle ones, however long the run is."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import pytest

from tests.benchmarks.running.command_counts import CommandCounts


@dataclass
class Server:
    """A server that is called 40 times a cycle, and 34 times in each second besides."""

    calls: Counter[str] = field(default_factory=Counter)

    def read(self) -> dict[str, float]:
        return dict(self.calls)

    def cycle(self) -> None:
        self.calls.update({"evalsha": 30, "lpush": 10})
        self.idle(1.0)

    def idle(self, seconds: float) -> None:
        self.calls.update({"brpop": int(30 * seconds), "ping": int(4 * seconds)})


@pytest.mark.parametrize(("cycles", "wanted"), [(20, 60), (60, 60), (200, 60), (1, 1)])
def test_a_cycle_costs_what_it_calls_beyond_an_idle_second(cycles: int, wanted: int) -> None:
    server = Server()
    counts = CommandCounts(server.read, wanted, cycles)
    counts.begin()
    for number in range(cycles):
        counts.passed(number)
        server.cycle()
    counts.passed(cycles)
    assert counts.a_cycle(server.idle) == {"evalsha": 30, "lpush": 10, "brpop": 0, "ping": 0}


def test_what_came_before_the_first_cycle_does_not_count() -> None:
    server = Server()
    server.cycle()
    counts = CommandCounts(server.read, wanted=2, cycles=2)
    counts.begin()
    for number in (1, 2):
        server.cycle()
        counts.passed(number)
    assert sum(counts.a_cycle(server.idle).values()) == 40
