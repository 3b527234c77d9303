"""A schedule is a list of deviations from a run in which nothing goes wrong."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Deviation:
    """What goes wrong in a run, at the first step from its number on at which it can.

    Attributes:
        step: The number of the step, counted over all actors from 0.
        kind: A name of `KINDS`.
        amount: Seconds, for kinds that last. For `die` how the message of the task comes back, and
            for how long a beat is gone. For `rerun` how long the queue's worker is busy with other
            work before; 0 makes it one of the last unit that was run again or stood still.
    """

    step: int
    kind: str
    amount: float = 0.0

    def __str__(self) -> str:
        return f"{self.step}:{self.kind}:{self.amount:g}"

    @classmethod
    def parse(cls, text: str) -> Deviation:
        """Return the deviation that `str` wrote.

        Raises:
            ValueError: It is written otherwise, or there is no such kind. A kind that was renamed
                since a command was printed struck nothing, and the schedule was said to be well.
        """
        step, kind, amount = text.split(":")
        if kind not in KINDS:
            kinds = ", ".join(KINDS)
            raise ValueError(f"no kind of deviation is called {kind!r}; there are {kinds}")
        return cls(int(step), kind, float(amount))


RANGES: dict[str, tuple[float, float]] = {
    "die": (0.0, 40.0),
    "die_after": (0.0, 40.0),
    "stand_still": (0.5, 25.0),
    "slow": (0.5, 12.0),
    "lose": (0.0, 0.0),
    "double": (0.0, 6.0),
    "delay": (0.5, 12.0),
    "jump_clock": (-20.0, 20.0),
    "redis_away": (0.5, 25.0),
    "redis_emptied": (0.0, 3.0),
    "redis_restored": (0.5, 3.0),
    "disk_full": (0.5, 20.0),
    "kill_worker": (0.0, 40.0),
    "kill_beat": (1.0, 30.0),
    "rerun": (0.0, 20.0),
    "pause": (1.0, 15.0),
    "fail_provider": (0.5, 15.0),
    "slow_provider": (1.0, 14.0),
    "evict_frames": (0.0, 0.0),
    "overload": (0.5, 6.0),
}
"""Each kind with the least and the largest amount that is drawn for it."""
KINDS = tuple(RANGES)
RARE = frozenset(("redis_emptied", "redis_restored", "kill_beat", "pause", "evict_frames"))
"""Kinds that end so much that they hide the others. They are drawn a third as often."""

AT_A_CALL = frozenset(("die", "die_after", "stand_still", "slow"))
"""Kinds that strike a process where it calls a port."""
AT_A_MESSAGE = frozenset(("lose", "double", "delay"))
"""Kinds that strike a message where it is sent."""
LOCAL_KINDS = AT_A_CALL | AT_A_MESSAGE | {"kill_worker"}
"""Kinds that strike one process or one message."""
AT: Mapping[str, frozenset[str]] = {
    "call": AT_A_CALL,
    "send": AT_A_MESSAGE,
    "acknowledge": AT_A_CALL | {"lose"},
    "renew": frozenset(("die", "stand_still", "lose")),
}
"""By the place of a step: which of the kinds above strike there. All others strike anywhere."""


def strikes_at(kind: str, place: str) -> bool:
    """Return whether a kind of deviation does something at a step of this place.

    >>> strikes_at("lose", "call"), strikes_at("lose", "send"), strikes_at("disk_full", "call")
    (False, True, True)
    """
    return kind in AT[place] or kind not in AT_A_CALL | AT_A_MESSAGE


BEGINNING = 200
"""Steps of the first two or three cycles."""


def draw(seed: int, steps: int) -> tuple[Deviation, ...]:
    """Return the deviations of a seed for a run of about `steps` steps, in their order."""
    random_ = random.Random(f"g6 simulation {seed}")
    if random_.random() < 0.1:
        return _overtaken(random_, steps)
    weights = [1 if kind in RARE else 3 for kind in KINDS]
    count = random_.choice((1, 1, 2, 2, 3, 4, 6, 9))
    # Faults that meet are the ones that nobody thought of: half of the schedules strike within a short stretch.
    # One schedule in five strikes the beginning, where a run has no mark, no panel and no row yet.
    center = random_.randrange(BEGINNING if random_.random() < 0.2 else steps)
    is_burst = random_.random() < 0.5
    deviations = []
    for _ in range(count):
        kind = random_.choices(KINDS, weights)[0]
        low, high = RANGES[kind]
        step = center + random_.randrange(-60, 60) if is_burst else random_.randrange(steps)
        amount = round(random_.uniform(low, high), 2)
        deviations.append(Deviation(max(0, step), kind, amount))
    return tuple(sorted(deviations))


def _overtaken(random_: random.Random, steps: int) -> tuple[Deviation, ...]:
    """Return a process that stands still among reruns of its unit, or a rerun that loses its frames.

    Drawn one by one, two reruns around a process that stands still met in none of 7,000 schedules,
    and frames were evicted between the analysis of a rerun and its persistence in none of 10,000.
    """
    first = random_.randrange(steps)
    if random_.random() < 0.2:
        return Deviation(first, "rerun"), Deviation(
            first + random_.randrange(5, 50), "evict_frames"
        )
    stops = first + random_.randrange(5, 50)
    seconds = round(random_.uniform(5.0, 15.0), 2)
    stand_still = Deviation(stops, "stand_still", seconds)
    if random_.random() < 0.4:
        return stand_still, Deviation(stops + random_.randrange(300, 600), "rerun")
    second = stops + random_.randrange(1, 40)
    return Deviation(first, "rerun"), stand_still, Deviation(second, "rerun")


def shrink(
    deviations: Sequence[Deviation], fails: Callable[[Sequence[Deviation]], bool]
) -> tuple[Deviation, ...]:
    """Return a subset of deviations that still fails, of which none can be left out."""
    rest = list(deviations)
    position = 0
    while position < len(rest):
        without = rest[:position] + rest[position + 1 :]
        if fails(without):
            rest = without
            position = 0
        else:
            position += 1
    return tuple(rest)
