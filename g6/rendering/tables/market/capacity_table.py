"""What a wish needs, as a table of queues and some sentences."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table

from g6.domain.cycles.capacity import Bound, Capacity, PoolNeed
from g6.domain.cycles.sizing import PARTS_SHARE
from g6.rendering.parts import Line, NoView, Part, plain_table
from g6.rendering.wording import counted, megabytes
from g6.studies.market.capacity_plan import CapacityPlan

__all__ = ["parts"]


def parts(document: CapacityPlan, _: NoView) -> Iterator[Part]:
    """Yield the queues, what they need together, and what there is one of."""
    wish = document.wish
    needs = document.needs
    yield Line(
        f"{wish.indices:,} {'index' if wish.indices == 1 else 'indices'} of "
        f"{counted(wish.options, 'option')}, "
        f"every {wish.interval} s, hosts of {counted(wish.cores, 'core')}"
    )
    yield _pools(needs.pools)
    yield Line(
        f"processor: {needs.processor_seconds:.2f} s a cycle, {needs.busy_cores:.2f} cores busy; "
        f"{counted(needs.hosts, 'host')}"
    )
    yield Line(
        f"memory: {megabytes(1e6 * needs.megabytes)} in workers that were started one by one, "
        f"{megabytes(1e6 * needs.frame_megabytes)} of it frames in Redis"
    )
    if needs.hosts == 1:
        yield Line("        g6 up forks its processes from one and holds less: make footprint")
    yield Line(
        f"Redis: {needs.commands:,.0f} commands a cycle, {needs.commands_a_second:,.0f} a second"
    )
    day = needs.day
    yield Line(
        f"disk: {megabytes(day.compacted)} of Parquet a day, "
        f"{megabytes(PARTS_SHARE * day.compacted)} until it is compacted, "
        f"{megabytes(day.csv)} of CSV"
    )
    yield _bounds(needs.bounds)
    if wish.indices > 1:
        yield Line(_division(needs))
    first = document.bottleneck
    yield Line(f"used up first: {first.name} ({first.share:.0%}); beyond it {first.beyond}")
    origin = document.origin
    yield Line(f"measured {origin.date[:10]} on {origin.machine} by {origin.command}")


def _division(needs: Capacity) -> str:
    """Return into how many systems the indices are divided, and by how many accounts streamed."""
    accounts = f"streamed by {counted(needs.accounts, 'account')} of Kite"
    if not needs.systems:
        return f"systems: one index is more than one of them closes in time; {accounts}"
    if needs.systems == 1:
        return f"systems: 1; {accounts}"
    return f"systems: {needs.systems:,}, each with a namespace and a Redis; {accounts}"


def _pools(pools: tuple[PoolNeed, ...]) -> Table:
    table = plain_table()
    for head in ("queue", "cores busy", "processes", "MB"):
        table.add_column(head, justify="left" if head == "queue" else "right", no_wrap=True)
    for pool in pools:
        table.add_row(
            pool.queue, f"{pool.busy_cores:.2f}", str(pool.processes), f"{pool.megabytes:.0f}"
        )
    return table


def _bounds(bounds: tuple[Bound, ...]) -> Table:
    table = plain_table()
    table.add_column("there is one of", no_wrap=True)
    table.add_column("used", justify="right", no_wrap=True)
    for bound in bounds:
        table.add_row(bound.name, f"{bound.share:.0%}")
    return table
