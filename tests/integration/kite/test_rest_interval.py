"""The least interval over REST that the lint names, run against the look-alike at the broker's own rate: every chain is whole."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from g6.adapters.kite.limits import REQUEST_SPACINGS
from g6.adapters.memory.limiter import MemoryLimiter
from g6.adapters.memory.shared_cache import MemorySharedCache
from g6.adapters.wrapping.resilient import Resilient
from g6.bootstrap.quote_sources.guarding import guarded, shared_state
from g6.bootstrap.settings_checks.rest_budget import least_interval, rest_budget
from g6.bootstrap.wiring import wire_if_running
from g6.config import Settings, calendar, load
from g6.domain.market.expiry import resolve
from g6.domain.market.instrument import Contracts
from g6.domain.quotes.quotes import Quotes
from g6.errors import ProviderBusy
from tests.integration.kite.test_kite_provider import AT, BUCKETS, SIX, START
from tests.waiting import eventually
from tests.worlds.kite import Kite, kite_server

TRIES = 3
"""Intervals of which one is whole: a busy machine spoils one now and then."""


@pytest.fixture(scope="module")
def kite() -> Iterator[Kite]:
    with kite_server(start=START, speed=0.0, in_thread=True) as running:
        yield running


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rows")


def configured(kite: Kite, base: Path, count: int, **more: Any) -> Settings:
    """Return settings of so many indices at the least interval that the lint names."""
    given = {
        "provider.name": "kite", "provider.root": kite.root, "provider.token_provider": "fake", "market.start": START,
        "demo_dir": str(base), "interval": 60, "ticker.enabled": False, "collection.scope": "chain", "provider.retry_base": 0.01,
        **{f"index_params.{name}.enabled": False for name in SIX[count:]}, **more,
    }  # fmt: skip
    return load("", given | {"interval": least_interval(load("", given, {}))}, {})


class Cycle:
    """One cycle of some indices, each in a thread with a provider of its own, as workers have it."""

    def __init__(self, settings: Settings, warm: Resilient) -> None:
        self.contracts = {name: chain(warm, name) for name in settings.indices}
        # The cycle's instant is a moment from now; what all workers share is new with every cycle.
        started = settings.model_copy(
            update={"market": settings.market.model_copy(update={"origin": time.time() + 0.3})}
        )  # fmt: skip
        limiter, shelf = MemoryLimiter(spacings=REQUEST_SPACINGS), MemorySharedCache()
        shared = replace(
            shared_state(wire_if_running(started)), cache=shelf, limiter=lambda _: limiter
        )
        self.providers = {
            name: guarded(wire_if_running(started), shared, "kite", started.provider.root, "kite")
            for name in settings.indices
        }
        for name, provider in self.providers.items():
            provider.listing(name, AT)
        eventually(lambda: time.time() >= (started.market.origin or 0.0))
        with ThreadPoolExecutor(len(self.providers)) as pool:
            self.answers = dict(
                zip(self.providers, pool.map(self._collect, self.providers), strict=True)
            )

    def _collect(self, name: str) -> Quotes | None:
        try:
            return self.providers[name].quotes(name, self.contracts[name], AT)
        except ProviderBusy:
            return None

    def missing(self, name: str) -> int:
        """Return how many options of an index did not come."""
        found = self.answers[name]
        if found is None:
            return int((self.contracts[name].symbol != "").sum())
        return int(((found.symbol != "") & np.isnan(found.oi)).sum())

    def failed(self, name: str) -> int:
        """Return how many requests of an index failed."""
        return int(
            self.providers[name].describe().to_json()["requests"].get("quote", {}).get("busy", 0)
        )


def chain(provider: Resilient, index: str) -> Contracts:
    contracts, exchange = (
        provider.listing(index, AT).contracts,
        "BSE" if index in ("SENSEX", "BANKEX") else "NSE",
    )
    slots = resolve(contracts.expiries, AT, calendar(), exchange, BUCKETS, underlying=index).slots
    return contracts.take(
        np.isin(contracts.expiry, np.array([slot.expiry for slot in slots], dtype="datetime64[D]"))
    )


@pytest.fixture(scope="module")
def warm(kite: Kite, base: Path) -> Resilient:
    """A provider that has the day's dumps, as every cycle but the first of a day has them."""
    settings = configured(kite, base, 6)
    wiring = wire_if_running(settings)
    provider = guarded(wiring, shared_state(wiring), "kite", kite.root, "kite")
    for name in SIX:
        provider.listing(name, AT)
    return provider


@pytest.fixture(autouse=True)
def no_faults(kite: Kite) -> Iterator[None]:
    kite.ask("DELETE", "/arrivals")
    yield
    kite.clear_faults()


@pytest.mark.parametrize("count", [1, 6])
def test_the_interval_that_is_named_is_whole_with_every_further_try_it_counts_on(
    kite: Kite, base: Path, warm: Resilient, count: int
) -> None:  # fmt: skip
    settings = configured(kite, base, count)
    further = rest_budget(settings).further

    def is_whole() -> bool:
        kite.ask("DELETE", "/arrivals")
        kite.fault("html", family="quote", count=further)
        cycle = Cycle(settings, warm)
        kite.clear_faults()
        arrivals = kite.arrivals("quote")
        assert max(each["keys"] for each in arrivals) <= 500
        assert [each["status"] for each in arrivals].count(429) == 0
        failed = sum(cycle.failed(name) for name in settings.indices)
        whole = not any(cycle.missing(name) for name in settings.indices)
        return whole and failed == further

    # Six providers in one process that gets no processor for a second miss their interval.
    assert any(is_whole() for _ in range(TRIES))


def test_tries_of_an_index_in_trouble_cost_no_other_index_its_turn(
    kite: Kite, base: Path, warm: Resilient
) -> None:
    settings = configured(kite, base, 3)
    budget = rest_budget(settings)
    kite.fault("html", family="quote", count=budget.spare + 2)
    cycle = Cycle(settings, warm)
    lost = [name for name in settings.indices if cycle.missing(name)]
    assert all(cycle.failed(name) for name in lost)
    assert len(lost) <= 2
    assert sum(
        sum(each.describe().to_json()["requests"]["quote"].values())
        for each in cycle.providers.values()
    ) <= (budget.requests + budget.spare)


def test_a_first_cycle_under_a_window_asks_once_for_the_underlyings_of_all(
    kite: Kite, base: Path, warm: Resilient
) -> None:
    settings = configured(kite, base, 6, **{"collection.scope": "window"})
    limiter, shelf = MemoryLimiter(spacings=REQUEST_SPACINGS), MemorySharedCache()
    started = settings.model_copy(
        update={"market": settings.market.model_copy(update={"origin": time.time()})}
    )
    shared = replace(shared_state(wire_if_running(started)), cache=shelf, limiter=lambda _: limiter)
    providers = {
        name: guarded(wire_if_running(started), shared, "kite", kite.root, "kite") for name in SIX
    }
    with ThreadPoolExecutor(6) as pool:
        seen = [*pool.map(lambda name: providers[name].underlying(name, AT), SIX)]
    assert all(each.spot > 0 and each.future > 0 for each in seen)
    assert len({each.spot for each in seen}) == 6
    # A request within the second of an earlier test's is refused and sent again: it counts when it is answered.
    assert [each["keys"] for each in kite.arrivals("quote") if each["status"] == 200] == [13]
