"""A collector that is killed for twelve minutes of a running system: the gap to the minute, and its repair, once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

import g6
from g6.domain.cycles.cycle import isoformat_z, parse_z
from tests.chaos.stack import THREE, Setup, Stack, started
from tests.e2e.running import World

LOST, DAY = 12, "2026-11-18"
SETUP = Setup(
    interval=60,
    speed=30,
    strikes=1,
    layout={"collect": ("collect", 1), "rest": ("analytics,persist,aggregate,maintenance", 1)},
)
"""A simulated minute takes two seconds of the wall, which a busy machine keeps up with."""


class Outage(NamedTuple):
    """What a killed collector left: minutes that were due without one, rows that are not OK by index, and parts that are."""

    world: World
    due: list[datetime]
    rows: dict[str, list[datetime]]
    live: dict[Path, bytes]


@pytest.fixture(scope="module")
def outage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outage]:
    """SIGKILL to the collector; it is started again when twelve cycles have passed, while beat and the others go on."""
    with started(tmp_path_factory.mktemp("outage"), SETUP) as stack:
        stack.happens()
        stack.children["collect"].kill()
        stack.pass_time(LOST * SETUP.timing.step)
        stack.worker("collect", wait=True)
        stack.passes()
        stack.goes_well(2, after=stack.over)
        last = stack.settle()
        assert stack.check(last).problems == []
        chain = stack.world.data / "chain"
        yield Outage(
            stack.world,
            due(stack),
            not_ok(stack.world),
            {path: path.read_bytes() for path in chain.rglob("*.parquet")},
        )


def due(stack: Stack) -> list[datetime]:
    """Return the minutes that came after the kill and before the new start, the one just after either left out."""
    return [
        at for cycle in stack.stored() if stack.began + 1.0 < stack.clock.wall_of(at := parse_z(cycle)) < stack.over - 1.0
    ]  # fmt: skip


def not_ok(world: World) -> dict[str, list[datetime]]:
    """Return the minutes that are MISSING or SKIPPED by index, as the CSV files have them."""
    rows = [row for row in world.overview() if row["status"] in ("MISSING", "SKIPPED")]
    return {
        index: sorted(parse_z(row["timestamp"]) for row in rows if row["index"] == index)
        for index in THREE
    }


def listed(world: World) -> dict[str, list[datetime]]:
    """Return the minutes of every gap that `g6 data gaps` lists between the first row and the last, by index.

    PARTIAL ones, of which there are rows, are left out, and so are the edges of the day.
    """
    found: dict[str, list[datetime]] = {}
    stored = [parse_z(row["timestamp"]) for row in world.overview()]
    for gap in json.loads(world.g6("data", "gaps", "--json").stdout):
        assert gap["reason"]
        first = parse_z(gap["from"])
        if not min(stored) <= first <= max(stored):
            continue
        minutes = [first + timedelta(minutes=n) for n in range(gap["cycles"])]
        assert isoformat_z(minutes[-1]) == gap["to"]
        found.setdefault(gap["index"], []).extend(minutes if gap["status"] != "PARTIAL" else ())
    return found


def test_a_killed_collector_leaves_a_gap_to_the_minute_that_is_repaired_once(
    outage: Outage,
) -> None:
    world = outage.world
    assert len(outage.due) >= LOST - 2
    assert all(set(outage.due) <= set(minutes) for minutes in outage.rows.values())
    assert listed(world) == outage.rows
    told = json.loads(world.g6("data", "repair", "--json").stdout)
    assert told["repaired"] == told["gaps"] == sum(map(len, outage.rows.values()))
    assert not any(listed(world).values())
    assert {path: path.read_bytes() for path in outage.live} == outage.live
    for index, minutes in outage.rows.items():
        chain = g6.load(index, DAY, tz="UTC", data_dir=world.data)
        filled = chain[chain["ce_source"].eq("backfill") | chain["pe_source"].eq("backfill")]
        assert set(filled["timestamp"]) == set(minutes)
        assert filled["ce_iv"].notna().any()
    stored = {path: path.read_bytes() for path in world.data.rglob("*.parquet")}
    again = json.loads(world.g6("data", "repair", "--json").stdout)
    assert (again["gaps"], again["requests"]) == (0, 0)
    assert {path: path.read_bytes() for path in world.data.rglob("*.parquet")} == stored
