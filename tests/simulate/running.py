"""Runs of schedules: one by one, judged, and shrunk where they fail."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from g6.domain.cycles.cycle import parse_z
from tests.simulate.deviations import Deviation, draw, shrink
from tests.simulate.judge import problems
from tests.simulate.system import System
from tests.simulate.world import World

CYCLES = 16
INTERVALS = (10, 5, 10, 5, 20)
"""Seconds between two cycles, by seed. At 60 s the sweeps between two cycles take most of the run."""
INDICES = ("NIFTY", "BANKNIFTY")
BOUND_SECONDS = 420.0
"""True seconds after the last cycle and the last fault within which everything closes."""
STEPS_A_CYCLE = {5: 135, 10: 175, 20: 265}
"""By interval: sweeps and signs of beats are steps as well."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One run: what was wrong with it, a digest of what it left, and its length."""

    problems: tuple[str, ...]
    digest: str
    steps: int
    struck: int


def run(seed: int, deviations: Sequence[Deviation], cycles: int = CYCLES) -> Outcome:
    """Run one schedule to its end and judge it."""
    interval = INTERVALS[seed % len(INTERVALS)]
    world = World(seed, deviations, cycles=cycles, interval=interval, indices=INDICES)
    system = System(world)
    last = parse_z(world.cycles[-1]).timestamp()
    if world.takes_snapshots:
        _take_snapshots(world)
    ends = last + world.timing.grace + 2.0 * interval
    world.run(
        lambda: world.now >= max(ends, world.quiet_from) and _is_over(system), ends + BOUND_SECONDS
    )
    return Outcome(tuple(problems(system)), _digest(world), world.steps, len(world.struck))


def run_seed(seed: int, cycles: int = CYCLES) -> tuple[Outcome, tuple[Deviation, ...]]:
    """Run the schedule of a seed; return its outcome and its deviations."""
    interval = INTERVALS[seed % len(INTERVALS)]
    deviations = draw(seed, STEPS_A_CYCLE[interval] * cycles)
    return run(seed, deviations, cycles), deviations


def shrunk(
    seed: int, deviations: Sequence[Deviation], cycles: int = CYCLES
) -> tuple[Deviation, ...]:
    """Return the fewest deviations with which the seed still fails."""
    return shrink(deviations, lambda rest: bool(run(seed, rest, cycles).problems))


def _is_over(system: System) -> bool:
    world = system.world
    if not system.is_quiet():
        return False
    stored = world.store.overview_cycles(parse_z(world.cycles[0]), parse_z(world.cycles[-1]))
    if any(len(stored.get(cycle, ())) < len(INDICES) for cycle in world.cycles):
        return False
    return all(record.cycle > world.cycles[-1] for record in world.redis.ledger.open_cycles())


def _take_snapshots(world: World) -> None:
    world.snapshots.append((world.now, world.redis.copy()))
    del world.snapshots[:-6]
    world.later(1.0, lambda: _take_snapshots(world))


def _digest(world: World) -> str:
    """Return a hash of every row and of the origin of every chain."""
    rows = [world.store.read_overview(cycle) for cycle in world.cycles]
    chains = [world.store._chains[unit].header for unit in sorted(world.store._chains)]
    text = json.dumps([world.steps, rows, chains], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
