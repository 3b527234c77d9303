"""A muted provider is named within two cycles, and a healthy system is ready in every part."""

from __future__ import annotations

from g6.domain.cycles.cycle import parse_z
from g6.domain.documents.readiness import PARTS
from g6.domain.documents.system_facts import MarketPhase, SystemFacts
from g6.domain.reports import CycleReport, Heartbeat
from g6.errors import ProviderBusy
from g6.studies.now.system_health import SystemHealth, health_of
from tests.worlds.pipeline import FIRST, SECOND, World


def health(world: World) -> SystemHealth:
    """Return the health after the newest cycle of a world."""
    payloads = [event.payload for event in world.bus.read("0")]
    report = [payload for payload in payloads if isinstance(payload, CycleReport)][-1]
    return health_of(
        SystemFacts(
            wall=world.clock.now,
            market=world.clock.market(),
            step=60.0,
            interval=60,
            indices=("NIFTY", "BANKNIFTY"),
            provider="sim",
            report=report,
            beat=Heartbeat(),
            beat_at=world.clock.now,
            last_success=parse_z(FIRST).timestamp(),
            phases={"NSE": MarketPhase(is_open=True, phase="continuous")},
        )
    )


def test_a_muted_provider_is_named_within_two_cycles_and_no_longer_once_it_answers() -> None:
    world = World()
    world.cycle(FIRST)
    assert health(world).passes
    world.provider.errors = {name: ProviderBusy("timeout") for name in ("NIFTY", "BANKNIFTY")}
    world.cycle(SECOND)
    found = health(world)
    assert found.missing == ("provider: provider in the last cycle; fix: g6 check",)
    assert [part.part for part in found.parts if not part.ok] == ["provider"]
    world.provider.errors = {}
    world.cycle("2026-11-18T05:32:00Z")
    assert health(world).passes


def test_each_part_has_a_line() -> None:
    world = World()
    world.cycle(FIRST)
    assert tuple(part.part for part in health(world).parts) == PARTS
