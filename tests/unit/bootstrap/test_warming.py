"""Warming before a fork: what is worked out is what will be collected."""

from __future__ import annotations

from typing import Any

from g6.bootstrap.processes.warming import rehearse
from g6.bootstrap.quote_sources.sources import collection_plan, provider
from g6.bootstrap.wiring import wire
from g6.config import calendar, load
from g6.domain.market.expiry import resolve
from g6.entrypoints.cli.shared.arguments.options import enabled_indices
from g6.ports.sources import abilities_of


def test_a_rehearsal_works_out_the_expiries_that_are_collected_and_no_others() -> None:
    settings = load(None, {"provider.name": "sim", **enabled_indices("FINNIFTY,SENSEX")}, {})
    source = provider(wire(settings, "redis://127.0.0.1:9"))
    rehearse(source, settings)
    market: Any = abilities_of(source).rehearsal
    made = {(index, expiry) for index, expiry, _ in market.world.cache.pieces["tape"]}
    collected: set[tuple[str, object]] = set()
    at = settings.market.start
    for index, planned in collection_plan(settings, source).indices.items():
        listed = source.listing(index, at).contracts.expiries
        resolved = resolve(
            listed, at, calendar(), planned.index.exchange, planned.rules, underlying=index
        )
        collected |= {(index, slot.expiry) for slot in resolved.slots}
        assert len(resolved.slots) <= len(listed)
    assert made == collected
    assert len(made) < len(source.listing("SENSEX", at).contracts.expiries)
