"""Relief of memory: what fills it is cut back level by level, told once, and comes back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from g6.adapters.memory.vitals import MemoryVitals
from g6.domain.cycles.cycle import Unit
from g6.domain.cycles.memory_pressure import PressureRules
from g6.domain.reports import Alert, Heartbeat, OptionDetail, VitalSigns, WorkerFacts
from g6.domain.reports.option_detail import DetailMode, DetailRules
from g6.pipeline import heartbeat
from tests.worlds.pipeline import FIRST, NIFTY, SECOND, World

LIMIT = 1_000.0


@pytest.fixture
def world() -> World:
    world = World()
    world.runtime = replace(world.runtime, pressure_rules=PressureRules(limit_bytes=LIMIT))
    return world


def observe(world: World, *resident: float) -> None:
    """Let workers of one host take shares of the limit, and one heartbeat pass."""
    workers = {
        f"w{number}": WorkerFacts(host="a", resident_bytes=share * LIMIT)
        for number, share in enumerate(resident)
    }
    world.runtime = replace(world.runtime, vitals=MemoryVitals(VitalSigns(workers=workers)))
    heartbeat(world.runtime)


def level(world: World) -> int:
    return int(world.runtime.controls.read().pressure.level)


def told(world: World) -> list[tuple[str, bool]]:
    alerts = [event.payload for event in world.bus.read("0")]
    return [
        (alert.sentence.partition("they may: ")[2], alert.is_over)
        for alert in alerts
        if isinstance(alert, Alert) and alert.state == "memory"
    ]


def test_workers_of_one_host_count_together(world: World) -> None:
    observe(world, 0.4, 0.31)
    assert level(world) == 1


def test_a_silent_worker_takes_no_memory(world: World) -> None:
    dead = WorkerFacts(host="a", resident_bytes=LIMIT, up=False)
    signs = VitalSigns(workers={"dead": dead, "w": WorkerFacts(host="a", resident_bytes=1.0)})
    world.runtime = replace(world.runtime, vitals=MemoryVitals(signs))
    heartbeat(world.runtime)
    assert level(world) == 0


def test_every_level_is_told_when_it_begins_and_when_it_ends(world: World) -> None:
    for _ in range(3):
        observe(world, 0.85)
    effects = ["series of single options are dropped", "Greeks are suspended"]
    assert told(world) == [(effect, False) for effect in effects]
    for _ in range(7):
        world.clock.now += 40.0
        observe(world, 0.1)
    assert told(world)[2:] == [(effect, True) for effect in reversed(effects)]
    assert level(world) == 0


def test_the_heartbeat_carries_it(world: World) -> None:
    observe(world, 0.96)
    beat = [event.payload for event in world.bus.read("0") if event.type == "heartbeat"][-1]
    assert isinstance(beat, Heartbeat)
    assert beat.pressure is not None
    assert (int(beat.pressure.level), beat.pressure.share) == (4, 0.96)
    assert Heartbeat.from_json(beat.to_json()) == beat


def collected(world: World, cycle: str) -> tuple[int, int, bool, str]:
    """Return strikes, expiries, whether there are Greeks, and the status of a unit."""
    unit = Unit(cycle, "NIFTY")
    world.run(unit, "collect")
    world.run(unit, "analyse")
    chain = world.frames.get(unit, "chain")
    strikes = len(chain)
    expiries = len(np.unique(chain.columns["expiry"]))
    has_greeks = bool(np.isfinite(chain.columns["ce_delta"].astype(float)).any())
    return strikes, expiries, has_greeks, world.ledger.record(cycle).units["NIFTY"].status


@pytest.mark.parametrize("scope", ["window", "chain"])
def test_levels_cut_greeks_then_strikes_then_expiries(scope: str) -> None:
    whole = collected(_pressed(scope, 0.0), FIRST)
    no_greeks = collected(_pressed(scope, 0.81), FIRST)
    fewer_strikes = collected(_pressed(scope, 0.89), FIRST)
    fewer_expiries = collected(_pressed(scope, 0.96), FIRST)
    assert whole[2:] == (True, "OK")
    assert no_greeks == (whole[0], whole[1], False, "OK")
    assert fewer_strikes[0] < whole[0]
    assert fewer_strikes[1:] == (whole[1], False, "OK")
    assert (fewer_expiries[1], fewer_expiries[3]) == (1, "PARTIAL")


def _pressed(scope: str, share: float) -> World:
    world = World()
    world.settle_on(collection__scope=scope)
    world.runtime = replace(world.runtime, pressure_rules=PressureRules(limit_bytes=LIMIT))
    observe(world, share)
    return world


def test_what_was_cut_comes_back_with_the_next_unit(world: World) -> None:
    observe(world, 0.96)
    assert collected(world, FIRST)[2] is False
    for _ in range(10):
        world.clock.now += 40.0
        observe(world, 0.1)
    world.clock.now = NIFTY.instant.timestamp() + 60.0
    assert collected(world, SECOND)[1:] == (3, True, "OK")


def details(world: World) -> list[OptionDetail]:
    payloads = [event.payload for event in world.bus.read("0")]
    return [payload for payload in payloads if isinstance(payload, OptionDetail)]


def test_series_of_single_options_end_under_pressure_and_what_they_lack_is_counted(
    world: World,
) -> None:
    wanted = DetailRules(DetailMode.BAND, band=1)
    world.runtime = replace(world.runtime, detail_rules=wanted)
    collected(world, FIRST)
    observe(world, 0.71)
    world.clock.now = NIFTY.instant.timestamp() + 60.0
    collected(world, SECOND)
    band, none = details(world)
    assert (band.mode, none.mode) == (DetailMode.BAND, DetailMode.AGGREGATE)
    assert 0 < len(band.options) <= 2 * 3 * 3
    assert band.rejected > 0
    assert none.options == ()
    assert none.rejected > len(band.options)


def test_nobody_publishes_single_options_unless_they_are_wanted(world: World) -> None:
    collected(world, FIRST)
    assert details(world) == []
