"""Counts the commands that a cycle costs a server: those of some cycles, less those of as many idle seconds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

Calls = Mapping[str, float]
"""How often each command was called, by its name."""


@dataclass
class CommandCounts:
    """The commands of the first cycles of a run, which are as many as it has at most.

    `read` returns the calls of each command so far. `wanted` is over how many cycles they are to be counted, 0 for none.
    """

    read: Callable[[], Calls]
    wanted: int
    cycles: int
    busy: Calls = field(default_factory=dict, init=False)
    _before: Calls = field(default_factory=dict, init=False)

    @property
    def span(self) -> int:
        """How many cycles are counted."""
        # A run of 20 cycles that was asked for 60 counted none of them, and then took away the
        # commands of 60 idle seconds: its report said −34 commands a cycle.
        return min(self.wanted, self.cycles)

    def begin(self) -> None:
        """Remember what was called before the first cycle."""
        if self.span:
            self._before = self.read()

    def passed(self, cycles: int) -> None:
        """Note that so many cycles have passed."""
        if cycles == self.span > 0:
            self.busy = less(self.read(), self._before)

    def a_cycle(self, wait: Callable[[float], None]) -> dict[str, float]:
        """Return the calls of a cycle beyond those of an idle second, the most frequent first.

        `wait` lets seconds pass in which there are no cycles.
        """
        before = self.read()
        wait(self.span)
        rest = less(self.busy, less(self.read(), before))
        by_count = sorted(rest.items(), key=lambda item: -item[1])
        return {name: calls / self.span for name, calls in by_count}


def less(some: Calls, others: Calls) -> dict[str, float]:
    """Return how much more often each was called."""
    return {
        name: some.get(name, 0.0) - others.get(name, 0.0) for name in some.keys() | others.keys()
    }
