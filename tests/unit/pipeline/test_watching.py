"""What the system says of itself between cycles."""

from __future__ import annotations

from g6 import pipeline

from .world import World


def test_a_heartbeat_tells_queues_markets_and_provider(world: World) -> None:
    pipeline.heartbeat(world.runtime)
    (beat,) = world.reports("heartbeat")
    assert beat["queues"] == {"collect": 0}
    assert beat["market_open"] == {"NSE": True}
    assert beat["provider"]["mode"] == "sim"


def test_the_panels_check_says_what_it_found(world: World) -> None:
    world.archive.issues = {"indices.json": "mismatch"}
    pipeline.verify_panels(world.runtime)
    assert world.reports("panels.verify")[0]["issues"] == {"indices.json": "mismatch"}
