"""A metric family: its name, labels and unit, and the event that it is made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf, prod
from typing import Literal

FamilyKind = Literal["counter", "gauge", "histogram"]
Shown = Literal["as_is", "age", "lag", "lap", "beat"]
HISTOGRAM_PARTS = ("bucket", "sum", "count")
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


@dataclass(frozen=True, slots=True)
class Family:
    """One metric family.

    In a query it stands for its name, so that a query names families by reference:
    `f"rate({CYCLES_TOTAL}[5m])"`, and `f"{CYCLE_DURATION_SECONDS:bucket}"` for the buckets.

    Attributes:
        source: The event, and the stage, that it is made from.
        primed: Whether its series stand at 0 before the first event. A price is not: 0 would be
            an invented value.
        opt_in: Whether it has series only where somebody configured them. They are made of the
            newest reports and not of totals, so that those of an old chain are gone.
        shown: `age` holds an instant and shows the wall seconds since. `lag` shows how far the
            newest cycle is ahead of the newest data, both in market time. `lap` shows the seconds
            between the last two events. `beat` has series only of what the newest heartbeat names:
            a worker that is forgotten and a subscriber that left have none.
    """

    area: str
    name: str
    kind: FamilyKind
    labels: tuple[str, ...]
    unit: str
    source: str
    help: str
    buckets: tuple[float, ...] = ()
    primed: bool = True
    opt_in: bool = False
    shown: Shown = "as_is"

    def __str__(self) -> str:
        """Return its name."""
        return self.name

    def __format__(self, part: str) -> str:
        """Return the name of one of its series.

        Args:
            part: Empty, or `bucket`, `sum` or `count` of a histogram.

        Raises:
            ValueError: The family has no such part.
        """
        if bool(part) != (self.kind == "histogram") or part not in {"", *HISTOGRAM_PARTS}:
            raise ValueError(f"{self.name} is a {self.kind} and has no series {part!r}")
        return f"{self.name}_{part}" if part else self.name

    @property
    def older(self) -> bool:
        """Whether it counts under an older name that dashboards know.

        prometheus_client would lengthen the name of a counter by `_total`.
        """
        return self.kind == "counter" and not self.name.endswith("_total")

    def series(self, sizes: Mapping[str, int]) -> int:
        """Return the most series this family can have.

        A histogram's count, its sum and every bucket are one each, +Inf included.
        """
        each = len(self.buckets) + 3 if self.kind == "histogram" else 1
        return each * prod(sizes[label] for label in self.labels)


def bounds(family: Family) -> tuple[float, ...]:
    """Return a histogram's upper bounds, +Inf last."""
    return (*family.buckets, inf)
