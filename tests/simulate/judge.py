"""The judge of a run: the grid and what is stored. The ledger is never asked."""

from __future__ import annotations

from collections.abc import Iterator

from g6.domain.cycles.cycle import Unit
from tests.ledger_check import WORDS, grid
from tests.simulate.system import System

MOST_WAITING = 400
"""Messages in one queue."""


CALM_SECONDS = 75.0
"""Seconds after a fault within which a unit may still feel it: twice the time after which a lost message comes back."""


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
    found.extend(_open_cycles(system))
    if system.longest_queue > MOST_WAITING:
        found.append(f"{system.longest_queue} messages waited in one queue")
    return found


def _row_problems(system: System, unit: Unit, row: dict[str, object]) -> Iterator[str]:
    name = f"{unit.index} at {unit.cycle}"
    status = str(row["status"])
    if status not in WORDS:
        yield f"{name} has the status {status!r}"
        return
    if (status == "OK") == bool(row["reason"]):
        yield f"{name} is {status} with the reason {row['reason']!r}"
    if status != "OK" and _is_undisturbed(system, unit):
        yield f"{name} is {status} ({row['reason']}) and nothing went wrong around it"
    yield from _chain_problems(system, unit, row, status in ("OK", "PARTIAL"))


def _chain_problems(
    system: System, unit: Unit, row: dict[str, object], has_figures: bool
) -> Iterator[str]:
    world = system.world
    name = f"{unit.index} at {unit.cycle}"
    chain = world.store.read_chain(unit)
    if chain is None:
        # A full disk costs chains, which an alert tells; a Redis that forgets costs what it had not handed on.
        if has_figures and not world.disk_was_full and not world.redis_lost_state:
            yield f"{name} is {row['status']} and no chain is stored"
        return
    if chain.header["at"] != unit.cycle:
        yield f"{name} has the chain of {chain.header['at']}"
    if not has_figures and not world.redis_lost_state:
        yield f"{name} is {row['status']} and a chain is stored"
    if has_figures and row["spot"] != chain.header["request"]:
        yield f"{name}: the row is of answer {row['spot']}, the stored chain of {chain.header['request']}"


def _is_undisturbed(system: System, unit: Unit) -> bool:
    """Return whether no fault was near enough to touch a unit."""
    # A rerun that a fault strikes ends its unit anew, however old the unit is.
    if unit in system.world.rerun_units:
        return False
    due = unit.instant.timestamp()
    ends = due + system.world.timing.grace + system.world.interval
    return all(began > ends or ended + CALM_SECONDS < due for began, ended in system.world.strikes)


def _open_cycles(system: System) -> Iterator[str]:
    """Name the cycles that are still looked after: a bound after the last fault there is none."""
    world = system.world
    for record in world.redis.ledger.open_cycles():
        if record.cycle in world.cycles:
            yield f"{record.cycle} is still open"
