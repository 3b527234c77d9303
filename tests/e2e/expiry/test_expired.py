"""Contracts that expired: collected by real processes, gone from the broker since, and still there exactly as they were."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from kiteconnect import KiteConnect

import g6
from tests.e2e.running import SMALL, World
from tests.worlds.kite import Kite, kite_server

CYCLE, EXPIRY, LATER = "2026-11-23T09:45:00Z", "2026-11-23", "2026-11-25T04:00:00Z"


class Past(NamedTuple):
    """A world of the day its contracts expired, what it showed of them then, and a broker of a later day."""

    world: World
    shown: str
    broker: Kite


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Past]:
    """One cycle of NIFTY on its day of expiry; days later the broker of the same market neither lists nor quotes what expired."""
    world = World(tmp_path_factory.mktemp("expired"))
    try:
        ran = world.g6("run", "--once", "--start", CYCLE, "--indices", "NIFTY", *SMALL)
        assert ran.returncode == 0, ran.stderr
        with kite_server(start=LATER, speed=0.0, in_thread=True) as broker:
            yield Past(world, shown(world), broker)
    finally:
        world.end()


def shown(world: World, **environment: Any) -> str:
    """Return the chain that `g6 chain` shows of the cycle."""
    told = world.g6("chain", "NIFTY", "--as-of", CYCLE, "--expiry", EXPIRY, "--csv", **environment)
    assert told.returncode == 0, told.stderr
    return told.stdout


def test_a_chain_that_the_broker_knows_no_more_is_shown_and_loaded_exactly(past: Past) -> None:
    chain = past.world.chain(CYCLE, "NIFTY")
    expired = {
        name
        for name, day in zip(chain["ce_symbol"], chain["expiry"], strict=True)
        if day.isoformat() == EXPIRY
    }
    client = KiteConnect("demo", "demo", root=past.broker.root)
    assert len(expired) == 11
    assert not expired & {row["tradingsymbol"] for row in client.instruments("NFO")}
    assert client.quote([f"NFO:{name}" for name in expired]) == {}
    past.broker.ask("DELETE", "/arrivals")
    assert (
        shown(past.world, G6_PROVIDER__NAME="kite", G6_PROVIDER__ROOT=past.broker.root)
        == past.shown
    )
    assert past.broker.arrivals() == []
    assert all(name in past.shown for name in expired)
    loaded = g6.load(
        "NIFTY", EXPIRY, as_of=CYCLE, engine="arrow", tz="UTC", data_dir=past.world.data
    )
    assert loaded.drop_columns(["underlying"]).to_pydict() == chain
