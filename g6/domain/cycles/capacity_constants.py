"""What a cycle costs, measured: the constants that `g6 plan` counts with.

Each has the command that measures it again and the file that the command writes. A test holds them
against that file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

__all__ = [
    "COMMANDS",
    "MAIN_MEGABYTES",
    "POOL_MEGABYTES",
    "PROCESSOR",
    "SCALE",
    "CommandCost",
    "ConstantOrigin",
    "TimeCost",
]


@dataclass(frozen=True, slots=True)
class ConstantOrigin:
    """Where constants come from.

    Attributes:
        command: Measures them again.
        file: What the command writes, below the root of a checkout.
        date: Of the measurement, ISO-8601.
        machine: On which it was made.
    """

    command: str
    file: str
    date: str
    machine: str


@dataclass(frozen=True, slots=True)
class TimeCost:
    """The processor time of one part of the system.

    Attributes:
        cycle_ms: Milliseconds of a cycle, whatever it holds.
        unit_ms: Further milliseconds of each of its indices.
        option_us: Further microseconds of each option of these.
    """

    cycle_ms: float
    unit_ms: float
    option_us: float

    def seconds(self, indices: int, options: int) -> float:
        """Return the seconds of a cycle of so many indices and, of all of them, options.

        >>> TimeCost(2.0, 3.0, 10.0).seconds(indices=6, options=2_000)
        0.04
        """
        return (self.cycle_ms + self.unit_ms * indices + self.option_us * options / 1e3) / 1e3


@dataclass(frozen=True, slots=True)
class CommandCost:
    """Commands to Redis of a cycle, and further ones of each of its indices."""

    cycle: float
    unit: float


SCALE = ConstantOrigin(
    "make bench-scale",
    "benchmarks/scale.json",
    "2026-11-29T16:12:35Z",
    "AMD EPYC, 2 cores",
)
"""The origin of everything below: cycles of up to 24 invented indices and 10,000 options."""
PROCESSOR: Mapping[str, TimeCost] = MappingProxyType(
    {
        "beat": TimeCost(7.3, 1.043, 0.2),
        "collect": TimeCost(3.85, 4.722, 8.7),
        "analytics": TimeCost(9.11, 8.621, 5.4),
        "persist": TimeCost(23.97, 15.415, 21.4),
        "closing": TimeCost(19.89, 2.87, 5.6),
        "redis": TimeCost(5.33, 2.197, 1.6),
    }
)
"""By part: processes of one queue, or the one process of beat and of Redis."""
COMMANDS = CommandCost(40.1, 51.9)
POOL_MEGABYTES = 203.0
"""The largest pool process of any queue, shared pages in their share."""
MAIN_MEGABYTES = 654.0
"""The main processes of one worker per queue, beat and Redis."""
