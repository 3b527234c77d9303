"""The broker's provider over a look-alike in this process: calls, keys, times, what comes back when something is wrong."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from g6.adapters.kite.kite_provider import KiteProvider
from g6.adapters.memory.limiter import MemoryLimiter
from g6.adapters.memory.shared_cache import MemorySharedCache
from g6.adapters.wrapping.resilient import Resilient
from g6.bootstrap.quote_sources.guarding import SharedState, guarded, shared_state
from g6.bootstrap.wiring import wire_if_running
from g6.config import Settings, calendar, load
from g6.domain.cycles.cycle import parse_z
from g6.domain.market.expiry import resolve
from g6.domain.market.instrument import Contracts
from g6.errors import BreakerOpen, ProviderBusy, TokenDead
from g6.simulation import SimulatedMarket
from tests.worlds.guards import UNSPACED
from tests.worlds.kite import Kite as LookAlike
from tests.worlds.kite import kite_server

START = "2026-11-20T05:00:00Z"
AT = parse_z(START)
SIX = ("NIFTY", "BANKNIFTY", "FINNIFTY", "MIDCPNIFTY", "SENSEX", "BANKEX")
BUCKETS = ("this_week", "next_week", "this_month", "next_month")


@dataclass
class World:
    """A look-alike whose clock stands, and providers that share what workers share."""

    kite: LookAlike
    base: Path
    shelf: MemorySharedCache = field(default_factory=MemorySharedCache)
    told: list[Mapping[str, Any]] = field(default_factory=list)

    def settings(self, **more: Any) -> Settings:
        given = {
            "provider.name": "kite", "provider.root": self.kite.root, "provider.token_provider": "fake", "market.start": START,
            "market.origin": time.time() + 36_000, "demo_dir": str(self.base), "interval": 3600, "ticker.enabled": False,
            "provider.retry_base": 0.001, "provider.retries": 1,
        }  # fmt: skip
        return load("", given | {f"provider.{name}": value for name, value in more.items()}, {})

    def shared(self, settings: Settings) -> SharedState:
        alone = shared_state(wire_if_running(settings))
        return replace(
            alone,
            cache=self.shelf,
            limiter=lambda _: MemoryLimiter(spacings=UNSPACED),
            notify=self.told.append,
        )

    def provider(self, **more: Any) -> Resilient:
        settings = self.settings(**more)
        return guarded(
            wire_if_running(settings), self.shared(settings), "kite", self.kite.root, "kite"
        )

    def chain(self, provider: Resilient, index: str) -> Contracts:
        """Return every contract of the four buckets."""
        contracts, exchange = (
            provider.listing(index, AT).contracts,
            "BSE" if index in ("SENSEX", "BANKEX") else "NSE",
        )
        slots = resolve(
            contracts.expiries, AT, calendar(), exchange, BUCKETS, underlying=index
        ).slots
        return contracts.take(
            np.isin(
                contracts.expiry, np.array([slot.expiry for slot in slots], dtype="datetime64[D]")
            )
        )


@pytest.fixture(scope="module")
def kite() -> Iterator[LookAlike]:
    with kite_server(start=START, speed=0.0, in_thread=True) as running:
        running.limits(quote=0, historical=0, other=0)
        yield running


@pytest.fixture
def world(kite: LookAlike, tmp_path: Path) -> Iterator[World]:
    kite.ask("DELETE", "/arrivals")
    yield World(kite, tmp_path)
    kite.clear_faults()
    kite.admit("demo")


def test_six_whole_chains_cost_eleven_calls_of_five_hundred_instruments_at_most(
    world: World,
) -> None:
    provider, options = world.provider(), 0
    for index in SIX:
        found = provider.quotes(index, world.chain(provider, index), AT)
        options += int((found.symbol != "").sum())
        assert np.isfinite(found.last[found.symbol != ""]).mean() > 0.5
    keys = [each["keys"] for each in world.kite.arrivals("quote")]
    assert 3500 < options < 4500
    assert len(keys) == 11
    assert max(keys) <= 500


def test_index_future_and_vix_come_in_the_call_that_has_the_strikes_nearest_the_money(
    world: World,
) -> None:
    provider = world.provider()
    contracts = world.chain(provider, "NIFTY")
    first = provider.quotes("NIFTY", contracts, AT)
    asked: list[list[str]] = []
    source = provider.first
    assert isinstance(source, KiteProvider)
    send = source._requests.quotes
    source._requests.quotes = lambda keys: (asked.append(keys), send(keys))[1]  # type: ignore[method-assign]
    provider.quotes("NIFTY", contracts, AT)
    assert asked[0][:3] == ["NSE:NIFTY 50", "NSE:INDIA VIX", "NFO:NIFTY26NOVFUT"]
    nearest = contracts.take(np.abs(contracts.strike - first.market.spot) < 500)
    assert {f"NFO:{symbol}" for symbol in nearest.symbol.reshape(-1) if symbol} <= set(asked[0])


def test_quotes_are_those_of_the_market_behind(world: World) -> None:
    provider, market = world.provider(), SimulatedMarket(calendar())
    contracts = world.chain(provider, "SENSEX")
    found, wanted = provider.quotes("SENSEX", contracts, AT), market.quotes("SENSEX", contracts, AT)
    for name in ("last", "volume", "oi"):
        known = np.isfinite(found.values[name])
        np.testing.assert_allclose(found.values[name][known], wanted.values[name][known])
    assert (found.market.spot, found.market.spot_source) == (wanted.market.spot, "live")


def test_keys_that_do_not_come_are_asked_for_once_more_and_then_left_for_a_while(
    world: World,
) -> None:
    provider = world.provider()
    contracts = provider.listing("NIFTY", AT).contracts.take(slice(0, 40))
    gone = replace(
        contracts, symbol=np.where(np.arange(40) == 3, "NIFTY99JAN1CE", contracts.symbol)
    )
    for _ in range(2):
        found = provider.quotes("NIFTY", gone, AT)
        assert np.isnan(found.last[:, 3]).all()
    assert [each["keys"] for each in world.kite.arrivals("quote")] == [83, 2, 83]


def test_what_came_before_a_later_call_failed_stands(world: World) -> None:
    provider = world.provider(retries=0)
    contracts = world.chain(provider, "NIFTY")
    source = provider.first
    assert isinstance(source, KiteProvider)
    send = source._requests.quotes

    def second_fails(keys: list[str]) -> Mapping[str, Any]:
        if "NSE:NIFTY 50" not in keys:
            raise ProviderBusy("down", "server")
        return send(keys)

    source._requests.quotes = second_fails  # type: ignore[method-assign]
    found = provider.quotes("NIFTY", contracts, AT)
    assert np.isfinite(found.market.spot)
    assert 0.1 < np.isnan(found.last[found.symbol != ""]).mean() < 0.9


def test_a_dead_token_is_refused_once_and_not_sent_again(world: World) -> None:
    provider = world.provider()
    contracts = provider.listing("NIFTY", AT).contracts.take(slice(0, 4))
    world.kite.flush()
    for _ in range(3):
        with pytest.raises(TokenDead, match="g6 login"):
            provider.quotes("NIFTY", contracts, AT)
    assert len(world.kite.arrivals("quote")) == 1
    assert [each.state for each in world.told] == ["token"]


@pytest.mark.parametrize(
    "fault", ["html", "truncated", "no_content_type", "no_error_type", "reset"]
)
def test_a_bad_moment_is_tried_again_and_booked(world: World, fault: str) -> None:
    provider = world.provider()
    contracts = provider.listing("NIFTY", AT).contracts.take(slice(0, 4))
    world.kite.fault(fault, family="quote", count=1)
    assert np.isfinite(provider.quotes("NIFTY", contracts, AT).market.spot)
    assert sum(provider.describe().to_json()["retries"].values()) == 1


@pytest.mark.parametrize("retries", [0, 2])
def test_a_provider_that_stays_away_is_asked_as_often_as_configured(
    world: World, retries: int
) -> None:
    provider = world.provider(retries=retries, breaker_failures=100)
    contracts = provider.listing("NIFTY", AT).contracts.take(slice(0, 4))
    world.kite.fault("html", family="quote")
    with pytest.raises(ProviderBusy):
        provider.quotes("NIFTY", contracts, AT)
    assert len(world.kite.arrivals("quote")) == retries + 1


def test_a_breaker_that_is_open_is_told_of_and_asks_nothing(world: World) -> None:
    provider = world.provider(retries=0, breaker_failures=2)
    contracts = provider.listing("NIFTY", AT).contracts.take(slice(0, 4))
    world.kite.fault("html", family="quote")
    for _ in range(2):
        with pytest.raises(ProviderBusy):
            provider.quotes("NIFTY", contracts, AT)
    with pytest.raises(BreakerOpen):
        provider.quotes("NIFTY", contracts, AT)
    assert len(world.kite.arrivals("quote")) == 2
    assert provider.describe().to_json()["breaker"] == "open"


def test_when_the_first_fails_the_second_serves_and_says_so(world: World) -> None:
    settings = world.settings(retries=0)
    shared = world.shared(settings)
    second = guarded(wire_if_running(settings), shared, "kite", world.kite.root, "fallback-kite")
    first = guarded(wire_if_running(settings), shared, "kite", "http://127.0.0.1:9", "kite", second)
    contracts = second.listing("NIFTY", AT).contracts.take(slice(0, 4))
    assert first.describe().to_json()["mode"] == "sim"
    assert np.isfinite(first.quotes("NIFTY", contracts, AT).market.spot)
    first.quotes("NIFTY", contracts, AT)
    assert first.describe().to_json()["mode"] == "fallback"
    assert [each.state for each in world.told].count("fallback") == 1


def test_yesterdays_open_interest_comes_from_day_candles_a_few_at_a_time(world: World) -> None:
    provider, market = world.provider(), SimulatedMarket(calendar())
    contracts = world.chain(provider, "BANKEX")
    wanted = market.previous_oi("BANKEX", contracts, AT)
    counts = []
    for _ in range(2):
        found = provider.previous_oi("BANKEX", contracts, AT)
        known = np.isfinite(found)
        counts.append(int(known.sum()))
        np.testing.assert_allclose(found[known], wanted[known], rtol=0.05)
    assert 0 < counts[0] < counts[1] <= 12


def test_beside_a_stream_a_unit_asks_for_no_candle_and_reads_what_another_process_asked_for(
    world: World,
) -> None:
    settings = world.settings()
    settings = settings.model_copy(
        update={"ticker": settings.ticker.model_copy(update={"enabled": True})}
    )
    unit, other = (
        guarded(wire_if_running(settings), world.shared(settings), "kite", world.kite.root, "kite")
        for _ in range(2)
    )
    contracts = world.chain(unit, "BANKEX")
    assert np.isnan(unit.previous_oi("BANKEX", contracts, AT)).all()
    assert world.kite.arrivals("historical") == []
    assert isinstance(other.first, KiteProvider)
    with other.within(30.0):
        assert other.first.learn_previous("BANKEX", contracts, AT, 4) == 4
        assert other.first.learn_previous("BANKEX", contracts, AT, 4) == 4
    assert len(world.kite.arrivals("historical")) == 8
    assert 0 < np.isfinite(unit.previous_oi("BANKEX", contracts, AT)).sum() <= 8


def test_the_dump_is_downloaded_once_a_day_whoever_starts(world: World) -> None:
    world.provider().listing("NIFTY", AT)
    world.provider().listing("BANKNIFTY", AT)
    world.shelf = MemorySharedCache()
    world.provider().listing("FINNIFTY", AT)
    assert (
        len([each for each in world.kite.arrivals("other") if each["path"] == "/instruments/NFO"])
        == 1
    )


def test_a_listing_that_expired_yesterday_is_not_listed_today(world: World) -> None:
    expiries = world.provider().listing("NIFTY", AT).contracts.expiries
    assert expiries[0] >= date(2026, 11, 20)
    assert date(2026, 11, 23) in expiries


def test_the_index_is_frozen_while_the_auction_is_held(tmp_path: Path) -> None:
    auction = "2026-11-20T09:50:00Z"
    with kite_server(start=auction, speed=0.0, in_thread=True) as kite:
        kite.limits(quote=0, historical=0, other=0)
        seen = (
            World(kite, tmp_path)
            .provider(timeout=7)
            .underlying("NIFTY", parse_z(auction) + timedelta(0))
        )
    assert seen.spot_source == "frozen"
    assert seen.future > 0


def test_yesterdays_vix_is_not_todays(tmp_path: Path) -> None:
    early = "2026-11-20T03:30:00Z"
    with kite_server(start=early, speed=0.0, in_thread=True) as kite:
        kite.limits(quote=0, historical=0, other=0)
        seen = World(kite, tmp_path).provider(timeout=7).underlying("NIFTY", parse_z(early))
    assert np.isnan(seen.vix)
    assert seen.prev_close > 0
