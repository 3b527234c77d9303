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
    "FRAMES",
    "MAIN_MEGABYTES",
    "POOL",
    "PROCESSOR",
    "REDIS_MEGABYTES",
    "SCALE",
    "CommandCost",
    "ConstantOrigin",
    "FrameCost",
    "MemoryCost",
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
        second_ms: Milliseconds of each second until the next one: sweeps, signs of life.
    """

    cycle_ms: float
    unit_ms: float
    option_us: float
    second_ms: float

    def seconds(self, indices: int, options: int, interval: float) -> float:
        """Return the seconds of a cycle of so many indices and, of all of them, options.

        >>> TimeCost(2.0, 3.0, 10.0, 1.0).seconds(indices=6, options=2_000, interval=5)
        0.045
        """
        units_ms = self.unit_ms * indices + self.option_us * options / 1e3
        return (self.cycle_ms + units_ms + self.second_ms * interval) / 1e3


@dataclass(frozen=True, slots=True)
class CommandCost:
    """Commands to Redis of a cycle, and further ones of each of its indices."""

    cycle: float
    unit: float


@dataclass(frozen=True, slots=True)
class MemoryCost:
    """The memory of one pool process, shared pages in their share.

    Attributes:
        process_mb: MB of any.
        option_kb: Further KB of each option of the chain that it works on.
    """

    process_mb: float
    option_kb: float

    def megabytes(self, options: int) -> float:
        """Return the MB of a process whose chains have so many options.

        >>> MemoryCost(100.0, 5.0).megabytes(options=400)
        102.0
        """
        return self.process_mb + self.option_kb * options / 1e3


@dataclass(frozen=True, slots=True)
class FrameCost:
    """The bytes that an option of a unit takes in Redis: as quotes, and as a part of its chain."""

    quotes: float
    chain: float


SCALE = ConstantOrigin(
    "make bench-scale",
    "benchmarks/scale.json",
    "2026-11-29T18:41:12Z",
    "AMD EPYC, 2 cores",
)
"""The origin of everything below: cycles of up to 60 invented indices and 20,000 options."""
PROCESSOR: Mapping[str, TimeCost] = MappingProxyType(
    {
        "beat": TimeCost(9.06, 0.343, 0.1, 4.17),
        "collect": TimeCost(3.83, 3.627, 3.5, 1.98),
        "analytics": TimeCost(7.69, 5.44, 4.2, 0.0),
        "persist": TimeCost(12.92, 15.23, 3.6, 1.63),
        "closing": TimeCost(6.86, 2.417, 1.0, 8.24),
        "redis": TimeCost(1.38, 1.174, 1.8, 3.86),
    }
)
"""By part: processes of one queue, or the one process of beat and of Redis."""
COMMANDS = CommandCost(45.9, 49.1)
POOL = MemoryCost(85.8, 1.95)
"""The largest pool process of any queue."""
MAIN_MEGABYTES = 449.6
"""The main processes of one worker per queue, and beat."""
REDIS_MEGABYTES = 9.0
"""Redis without frames."""
FRAMES = FrameCost(236.9, 398.3)
"""Of a unit's frames, which stay for as many cycles as `Timing` says."""
