"""The judge of a run: the grid and what is stored. The ledger is never asked."""

from __future__ import annotations

from collections.abc import Iterator

from g6.domain.cycles.cycle import Unit
from tests.ledger_check import WORDS, grid
from tests.simulate.system import System

MOST_WAITING = 400
"""Messages in one queue."""


def problems(system: System) -> list[str]:
    """Return what is wrong with a run that is over, as sentences; none when all is well."""
    world = system.world
    found = list(world.violations)
    indices = sorted(world.plan.indices)
    for cycle, index in grid(world.cycles[0], world.cycles[-1], world.interval, indices):
        rows = [row for row in world.store.read_overview(cycle) if row["underlying"] == index]
        if len(rows) != 1:
            found.append(f"{index} at {cycle} has {len(rows)} overview rows")
        else:
            found.extend(_row_problems(system, Unit(cycle, index), rows[0]))
    if system.longest_queue > MOST_WAITING:
        found.append(f"{system.longest_queue} messages waited in one queue")
    return found


def _row_problems(system: System, unit: Unit, row: dict[str, object]) -> Iterator[str]:
    world = system.world
    name = f"{unit.index} at {unit.cycle}"
    status = str(row["status"])
    if status not in WORDS:
        yield f"{name} has the status {status!r}"
        return
    if (status == "OK") == bool(row["reason"]):
        yield f"{name} is {status} with the reason {row['reason']!r}"
    chain = world.store.read_chain(unit)
    has_figures = status in ("OK", "PARTIAL")
    if has_figures and chain is None and not world.disk_was_full and not world.redis_lost_state:
        yield f"{name} is {status} and no chain is stored"
    if not has_figures and chain is not None and not world.redis_lost_state:
        yield f"{name} is {status} and a chain is stored"
    if has_figures and chain is not None and row["spot"] != chain.header["request"]:
        yield f"{name}: the row is of answer {row['spot']}, the stored chain of {chain.header['request']}"
