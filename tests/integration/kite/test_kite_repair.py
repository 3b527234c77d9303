"""A gap filled from the broker's minute candles, over a look-alike, in the request slots that all workers share."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from g6.adapters.redis.server import EmbeddedServer, connect
from g6.bootstrap.stored_files.repairing import repair_runtime
from g6.config import Settings, calendar, load
from g6.domain.cycles.cycle import Unit
from g6.domain.schema.words import Status
from g6.errors import ProviderRefused
from g6.pipeline import repair
from g6.simulation import SimulatedMarket
from tests.worlds.kite import Kite, kite_server

NOW, UNIT = "2026-11-20T06:00:00Z", Unit("2026-11-20T05:30:00Z", "NIFTY")


@dataclass(frozen=True)
class World:
    """A look-alike, a broker of messages, and the settings of somebody who repairs."""

    kite: Kite
    broker: str
    settings: Settings


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Kite, str]]:
    with (
        EmbeddedServer.start(tmp_path_factory.mktemp("redis"), append_only=False) as server,
        kite_server(start=NOW, speed=0.0, in_thread=True) as kite,
    ):
        yield kite, server.url


@pytest.fixture
def world(servers: tuple[Kite, str], tmp_path: Path) -> Iterator[World]:
    kite, broker = servers
    given = {
        "provider.name": "kite", "provider.root": kite.root, "provider.token_provider": "fake", "provider.retries": 0,
        "redis.broker_url": broker, "market.start": NOW, "market.origin": time.time() + 36_000, "interval": 60,
        "demo_dir": str(tmp_path / "rows"), "collection.scope": "window", "index_params.NIFTY.expiries": ["this_week"],
        "index_params.NIFTY.strikes_itm": 1, "index_params.NIFTY.strikes_otm": 1,
    }  # fmt: skip
    kite.ask("DELETE", "/arrivals")
    yield World(kite, broker, load("", given, {}))
    kite.clear_faults()
    kite.admit("demo")


@contextmanager
def slots_taken(world: World, family: str) -> Iterator[list[bytes]]:
    """Hear each time that a slot is taken; the key itself is gone a second after the last."""
    taken: list[bytes] = []
    with connect(world.broker) as client, client.pubsub() as ear:
        client.config_set("notify-keyspace-events", "K$")
        ear.subscribe(f"__keyspace@0__:{world.settings.namespace}:slots:{family}:last")
        assert ear.get_message(timeout=90)
        yield taken
        while message := ear.get_message(timeout=1.0):
            taken.append(message["data"])


def test_a_missing_cycle_is_filled_from_the_brokers_candles_in_shared_slots(world: World) -> None:
    runtime, shop = repair_runtime(world.settings)
    with slots_taken(world, "historical") as slots:
        assert repair(runtime, UNIT) is Status.OK
    frame = runtime.store.read_chain(UNIT)
    assert frame is not None
    market, contracts = (
        SimulatedMarket(calendar()),
        runtime.provider.listing("NIFTY", UNIT.instant).contracts,
    )
    wanted = market.quotes("NIFTY", contracts, UNIT.instant - timedelta(seconds=1)).values["last"]
    place = {
        key: n
        for n, key in enumerate(
            zip(contracts.expiry.tolist(), contracts.strike.tolist(), strict=True)
        )
    }
    rows = [
        place[key]
        for key in zip(
            frame.columns["expiry"].tolist(), frame.columns["strike"].tolist(), strict=True
        )
    ]
    assert frame.columns["ce_last"].tolist() == wanted[0, rows].tolist()
    assert (frame.columns["ce_source"] == "backfill").all()
    assert np.isfinite(frame.columns["spot"]).all()
    assert np.isfinite(frame.columns["vix"]).all()
    asked = world.kite.arrivals("historical")
    assert len(asked) == shop.requests == 3 + 2 * len(frame)
    assert len(slots) >= len(asked)


def test_a_busy_broker_is_asked_again(world: World) -> None:
    world.kite.fault("429", family="historical", count=1)
    _, shop = repair_runtime(world.settings)
    seen = shop.underlying("NIFTY", UNIT.instant)
    assert (seen.spot > 0, seen.vix > 0, seen.future > 0, shop.requests) == (True, True, True, 4)


def test_a_refusal_of_the_index_itself_is_no_absence_of_candles(world: World) -> None:
    world.kite.fault("error", value=403, error_type="PermissionException", family="historical")
    runtime, _ = repair_runtime(world.settings)
    with pytest.raises(ProviderRefused):
        repair(runtime, UNIT)
    assert runtime.store.read_chain(UNIT) is None
