"""The outlet: what was stored reaches a server of time series, however long it is away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import pytest

from g6.adapters.memory.bus import MemoryBus
from g6.adapters.memory.store import MemoryStore
from g6.domain.cycles.cycle import Unit
from g6.domain.reports import MissedSpan, SinkReport, StageReport, SubscriberPosition, WriteReport
from g6.domain.schema.overview_row import OverviewRow
from g6.domain.schema.words import Stage, Status
from g6.errors import BadInput, Unavailable
from g6.pipeline.maintenance.outlet import BATCH_UNITS
from tests.integration.influx.outlets import FEW, INDEX, OPEN, OutletWorld, instants, row_of

HOUR = 60
DAY = 376


def reports(world: OutletWorld) -> list[SinkReport]:
    payloads = [event.payload for event in world.bus.read("0", count=100_000)]
    return [payload for payload in payloads if isinstance(payload, SinkReport)]


def test_a_stored_unit_is_sent_in_at_most_one_request(tmp_path: Path) -> None:
    world = OutletWorld(tmp_path)
    world.live(instants(3))
    assert world.cycles_in_server() == instants(3)
    assert len(world.sink.requests) <= 6
    kinds = {
        line.partition(",")[0].partition(" ")[0] for lines in world.sink.requests for line in lines
    }
    assert kinds == {"option_data", "options_overview", "g6_cycle"}


def test_a_rerun_sends_the_same_series_at_the_same_instants_byte_for_byte(tmp_path: Path) -> None:
    world = OutletWorld(tmp_path)
    world.live(instants(1))
    first = [line for lines in world.sink.requests for line in lines]
    world.sink.requests.clear()
    world.collect(OPEN, attempt=2, elapsed=0.7)
    world.settle()
    again = [line for lines in world.sink.requests for line in lines]
    cycle = [line for line in first if line.startswith("g6_cycle")]
    assert [line for line in again if line not in first] == [
        cycle[0].replace(",elapsed_seconds=0.5", "")
    ]
    assert len(again) == len(first)
    assert len(world.sink.points) == len(first)


@pytest.mark.parametrize(("minutes", "most"), [(1, 10_000), (HOUR, 10_000), (DAY, 500)])
def test_a_server_that_was_away_has_every_cycle_in_the_end(
    tmp_path: Path, minutes: int, most: int
) -> None:
    world = OutletWorld(tmp_path, most)
    cycles = instants(minutes + 4)
    world.live(cycles[:2])
    world.sink.is_away = True
    world.live(cycles[2:-2])
    state = world.outlet.outbox.state()
    assert state.units == min(2 * minutes, most)
    assert state.spans == (1 if 2 * minutes > most else 0)
    world.sink.is_away = False
    world.live(cycles[-2:])
    world.settle()
    assert world.cycles_in_server() == cycles


def test_units_are_sent_in_the_order_in_which_they_were_stored(tmp_path: Path) -> None:
    world = OutletWorld(tmp_path)
    world.sink.is_away = True
    world.live(instants(HOUR))
    world.sink.is_away = False
    world.settle()
    sent = [line.rpartition(" ")[2] for lines in world.sink.requests for line in lines]
    assert sent == sorted(sent)
    assert len(world.sink.requests) <= 2 * HOUR / BATCH_UNITS + 1


def test_the_backlog_is_told_and_an_alert_lasts_while_points_wait(tmp_path: Path) -> None:
    world = OutletWorld(tmp_path)
    world.sink.is_away = True
    world.live(instants(3))
    newest = reports(world)[-1]
    assert (newest.is_up, newest.units, newest.points) == (False, 6, 3 * (2 * 42 + 2))
    assert newest.waiting_seconds >= 60
    assert list(world.controls.read().alerts) == ["sink_away:memory"]
    world.sink.is_away = False
    world.settle()
    newest = reports(world)[-1]
    assert (newest.is_up, newest.units, newest.points, newest.error) == (True, 0, 0, "")
    assert not world.controls.read().alerts


def test_a_sender_that_was_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    world = OutletWorld(tmp_path)
    cycles = instants(8)
    world.sink.is_away = True
    world.live(cycles[:4])
    world.outlet.outbox.close()
    for cycle in cycles[4:]:
        world.collect(cycle)
    world.sink.is_away = False
    world.start()
    world.settle()
    assert world.cycles_in_server() == cycles


def test_what_the_bus_dropped_unread_is_filled_from_the_store(tmp_path: Path) -> None:
    world = OutletWorld(tmp_path, events=10)
    cycles = instants(20)
    world.live(cycles[:2])
    for cycle in cycles[2:]:
        world.collect(cycle)
    world.settle()
    assert world.cycles_in_server() == cycles


def test_a_bus_that_was_emptied_leaves_no_hole(tmp_path: Path) -> None:
    world = OutletWorld(tmp_path)
    cycles = instants(12)
    world.live(cycles[:4])
    # Stored while the sender was away, and told on a bus that is gone since.
    for cycle in cycles[4:8]:
        world.store.write_chain(Unit(cycle, INDEX), FEW)
        world.store.write_overview(cycle, [row_of(cycle)])
    world.outlet.outbox.note([], SubscriberPosition("0-0", 1_000_000))
    world.outlet.outbox.close()
    world.bus = MemoryBus(wall=world.clock.wall)
    world.start()
    for cycle in cycles[8:]:
        world.collect(cycle)
    world.settle()
    assert world.cycles_in_server() == cycles


class ColdStore(MemoryStore):
    """Rows of an archived day, in a place that is away for a while."""

    is_away = True

    def overview_cycles(self, first: datetime, last: datetime) -> Mapping[str, frozenset[str]]:
        if self.is_away:
            raise Unavailable("/mnt/cold does not answer", "see that the place is there")
        return super().overview_cycles(first, last)


def test_an_archived_place_that_is_away_is_waited_for(tmp_path: Path) -> None:
    store = ColdStore()
    world = OutletWorld(tmp_path, store=store)
    cycles = instants(6)
    for cycle in cycles[:3]:
        store.write_chain(Unit(cycle, INDEX), FEW)
        store.write_overview(cycle, [row_of(cycle)])
    world.outlet.outbox.miss(MissedSpan(cycles[0], cycles[2], 0, "full"))
    world.outlet.step()
    assert "/mnt/cold does not answer" in world.outlet.error
    world.live(cycles[3:])
    assert world.cycles_in_server() == cycles[3:]
    store.is_away = False
    world.settle()
    assert (world.cycles_in_server(), world.outlet.error) == (cycles, "")


def test_one_refused_unit_holds_up_no_other(tmp_path: Path) -> None:
    world = OutletWorld(tmp_path)
    cycles = instants(4)
    world.sink.is_away = True
    world.live(cycles)
    world.sink.is_away = False
    world.sink.refuses = "options_overview"
    world.settle()
    assert sum(report.refused for report in reports(world)) == 4
    assert {series.partition(",")[0] for series, _ in world.sink.points} == {"option_data"}


def test_a_unit_that_parquet_refused_is_not_sent(tmp_path: Path) -> None:
    world = OutletWorld(tmp_path)
    world.outlet.step()
    counts = WriteReport({"csv": 42}, errors={"parquet": "no space"})
    world.bus.publish(StageReport(OPEN, "NIFTY", Stage.PERSIST, Status.PARTIAL, counts=counts))
    assert world.outlet.take() == 0


class StoreWithDamage(MemoryStore):
    """A store of which the files of some cycles are damaged."""

    damaged: tuple[str, ...] = ()

    def read_overview(self, cycle: str) -> Sequence[OverviewRow]:
        """Return the rows.

        Raises:
            BadInput: Their file is damaged.
        """
        if cycle in self.damaged:
            raise BadInput(f"{cycle}.parquet", None, "is damaged")
        return super().read_overview(cycle)


def test_a_damaged_file_holds_up_nothing_behind_it(tmp_path: Path) -> None:
    store = StoreWithDamage()
    world = OutletWorld(tmp_path, store=store)
    cycles = instants(6)
    world.sink.is_away = True
    world.live(cycles)
    store.damaged = (cycles[1], cycles[4])
    world.outlet.outbox.miss(MissedSpan(cycles[0], cycles[-1], 0, "bus"))
    world.sink.is_away = False
    world.settle()
    assert world.cycles_in_server() == [cycles[0], cycles[2], cycles[3], cycles[5]]
