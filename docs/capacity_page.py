"""The page of capacities: what was measured, and what wishes need by that."""

from __future__ import annotations

from pathlib import Path

from g6.domain.cycles.capacity import Capacity, Wish, capacity
from g6.domain.cycles.capacity_constants import (
    COMMANDS,
    FRAMES,
    MAIN_MEGABYTES,
    POOL,
    PROCESSOR,
    REDIS_MEGABYTES,
    SCALE,
)

MEASURED = Path(__file__).parents[1] / "benchmarks/scale.md"
OPTIONS, EXPIRIES, CORES = 414, 4, 8
WISHES = ((1, 60), (6, 60), (6, 1), (24, 5), (60, 60), (60, 5), (220, 60), (220, 1), (22_000, 1))
"""Indices, and seconds between two cycles."""
DIVIDED = ((60, 5), (60, 1), (220, 5), (220, 1), (22_000, 1))
"""Of these, those that one system may not carry."""
SINGLE = (
    "the process of beat",
    "the core of Redis",
    "the task that closes a cycle",
    "the host that writes files",
    "the stream of one account",
)
HEAD = """\
# Capacity

What cycles cost as indices, options and processes grow, and what wishes need by that. [Sizing](../how-to/sizing.md) says how to
read it and what to do beyond one system.

## Measured

`make bench-scale`, {date}, {machine}. Each row is a run of its own processes, started as on [many hosts](../how-to/many-hosts.md),
on invented indices of the simulated market whose quotes were simulated before. Everything is done as in a live run: files, events,
panels. Time was measured with nothing else on the machine; memory, which does not depend on that, again the same evening, once
workers left pandas out and gave freed memory back, and without the tapes of the simulated market, which made `collect` grow by 3 MB an
index. Rows that say more than 120 MB a process at 400 options, and more than 130 at 10,000, are from before that.

"""
CONSTANTS = """
![Processor time of an option and time of a cycle](../../benchmarks/scale.png)

## Constants

Fitted to these rows. Processor time of a cycle is the first column, plus the second for each index, the third for each option, and the
fourth for each second until the next cycle.

| part | ms a cycle | ms an index | µs an option | ms a second |
|---|---:|---:|---:|---:|
{costs}

Redis is asked {cycle:.0f} times a cycle and {unit:.0f} times more for each index in it.

A pool process holds at most {process:.0f} MB and {option_kb:.1f} KB more for each option of the chain that it works on, however many
indices there are; the main processes of one worker per queue and beat hold {mains:,.0f} MB together, Redis {redis:.0f} MB and the frames:
{quotes:.0f} bytes an option as quotes, {chain:.0f} as a chain. Quotes stay for sixty cycles and five minutes at least, chains for fifteen and two minutes at least,
together 512 MB at most. (`g6 up` holds less: its processes are forked from one that has G6 imported,
[small machine](../how-to/small-machine.md).)

## Wishes

Indices of {options} options in {expiries} expiries, hosts of {cores} cores, as `g6 plan` counts. Rows of more indices than were measured are
on paper.

| indices | seconds apart | cores busy | hosts | collect, analytics, persist, closing processes | GB of memory | commands a second | GB a day | used up first |
|---:|---:|---:|---:|---:|---:|---:|---:|---|
"""


SINGLES = f"""
## What there is one of

How much of what a system has one of these wishes use. 100 % is all that is planned with: half of a core of beat and of Redis, half of
the interval for closing, seven tenths of it for files. The last columns say into how many systems the indices are divided so that
each has enough, and how many accounts stream them.

| indices | seconds apart | {" | ".join(name.removeprefix("the ") for name in SINGLE)} | systems | accounts |
|---:|---:|{"---:|" * len(SINGLE)}---:|---:|
"""


def render() -> str:
    """Return docs/reference/capacity.md."""
    head = HEAD.format(date=SCALE.date[:10], machine=SCALE.machine)
    costs = "\n".join(
        f"| {part} | {cost.cycle_ms:.1f} | {cost.unit_ms:.2f} | {cost.option_us:.1f} | {cost.second_ms:.2f} |"
        for part, cost in PROCESSOR.items()
    )
    constants = CONSTANTS.format(
        costs=costs,
        cycle=COMMANDS.cycle,
        unit=COMMANDS.unit,
        process=POOL.process_mb,
        option_kb=POOL.option_kb,
        mains=MAIN_MEGABYTES,
        redis=REDIS_MEGABYTES,
        quotes=FRAMES.quotes,
        chain=FRAMES.chain,
        options=OPTIONS,
        expiries=EXPIRIES,
        cores=CORES,
    )
    rows = "\n".join(_row(*wish) for wish in WISHES)
    shares = "\n".join(_shares(*wish) for wish in DIVIDED)
    return f"{head}{MEASURED.read_text('utf-8')}{constants}{rows}\n{SINGLES}{shares}\n"


def _needs(indices: int, interval: int) -> Capacity:
    return capacity(
        Wish(indices=indices, options=OPTIONS, expiries=EXPIRIES, interval=interval, cores=CORES)
    )


def _shares(indices: int, interval: int) -> str:
    needs = _needs(indices, interval)
    share_of = {bound.name: bound.share for bound in needs.bounds}
    shares = [f"{share_of[name]:,.0%}" for name in SINGLE]
    cells = (f"{indices:,}", str(interval), *shares, f"{needs.systems:,}", f"{needs.accounts:,}")
    return f"| {' | '.join(cells)} |"


def _row(indices: int, interval: int) -> str:
    needs = _needs(indices, interval)
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
