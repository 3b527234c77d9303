"""The page of capacities: what was measured, and what wishes need by that."""

from __future__ import annotations

from pathlib import Path

from g6.domain.cycles.capacity import Capacity, Wish, capacity
from g6.domain.cycles.capacity_constants import COMMANDS, PROCESSOR, SCALE

MEASURED = Path(__file__).parents[1] / "benchmarks/scale.md"
OPTIONS, EXPIRIES, CORES = 414, 4, 8
WISHES = ((1, 60), (6, 60), (6, 1), (24, 5), (60, 60), (60, 5), (220, 60), (220, 1), (22_000, 1))
"""Indices, and seconds between two cycles."""
HEAD = """\
# Capacity

What cycles cost as indices, options and processes grow, and what wishes need by that. [Sizing](../how-to/sizing.md) says how to
read it and what to do beyond one system.

## Measured

`make bench-scale`, {date}, {machine}. Each row is a run of its own processes, started as on [many hosts](../how-to/many-hosts.md),
on invented indices of the simulated market whose quotes were simulated before. Everything is done as in a live run: files, events,
panels.

"""
CONSTANTS = """
![Processor time of an option and time of a cycle](../../benchmarks/scale.png)

## Constants

Fitted to these rows. Processor time of a cycle is the first column, plus the second for each index, plus the third for each option.

| part | ms a cycle | ms an index | µs an option |
|---|---:|---:|---:|
{costs}

Redis is asked {cycle:.0f} times a cycle and {unit:.0f} times more for each index in it.

## Wishes

Indices of {options} options in {expiries} expiries, hosts of {cores} cores, as `g6 plan` counts. Rows of more indices than were measured are
on paper.

| indices | seconds apart | cores busy | hosts | collect, analytics, persist, closing processes | GB of memory | commands a second | GB a day | used up first |
|---:|---:|---:|---:|---:|---:|---:|---:|---|
"""


def render() -> str:
    """Return docs/reference/capacity.md."""
    head = HEAD.format(date=SCALE.date[:10], machine=SCALE.machine)
    costs = "\n".join(
        f"| {part} | {cost.cycle_ms:.1f} | {cost.unit_ms:.2f} | {cost.option_us:.1f} |"
        for part, cost in PROCESSOR.items()
    )
    constants = CONSTANTS.format(
        costs=costs,
        cycle=COMMANDS.cycle,
        unit=COMMANDS.unit,
        options=OPTIONS,
        expiries=EXPIRIES,
        cores=CORES,
    )
    rows = "\n".join(_row(*wish) for wish in WISHES)
    return head + MEASURED.read_text("utf-8") + constants + rows + "\n"


def _row(indices: int, interval: int) -> str:
    needs: Capacity = capacity(
        Wish(indices=indices, options=OPTIONS, expiries=EXPIRIES, interval=interval, cores=CORES)
    )
    processes = ", ".join(f"{pool.processes:,}" for pool in needs.pools)
    first = needs.bounds[0]
    cells = (
        f"{indices:,}",
        str(interval),
        f"{needs.busy_cores:,.2f}",
        f"{needs.hosts:,}",
        processes,
        f"{needs.megabytes / 1e3:,.1f}",
        f"{needs.commands_a_second:,.0f}",
        f"{needs.day.compacted / 1e9:,.2f}",
        f"{first.name} ({first.share:,.0%})",
    )
    return f"| {' | '.join(cells)} |"
