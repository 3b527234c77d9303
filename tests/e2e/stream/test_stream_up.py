"""The stream under `g6 up`: frozen and killed while collection goes on; and before the open, when nobody has asked yet."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from g6.domain.cycles.cycle import parse_z
from g6.domain.market.calendar import day_of
from g6.domain.pricing.quality import Flag
from tests.e2e.running import BIN
from tests.e2e.streaming_up import up
from tests.waiting import PATIENCE, eventually
from tests.worlds.streaming import Streaming, streaming

SMALL = {
    **{f"index_params.{name}.enabled": False for name in ("BANKNIFTY", "FINNIFTY", "MIDCPNIFTY", "SENSEX", "BANKEX")},
    "index_params.NIFTY.strikes_itm": 5, "index_params.NIFTY.strikes_otm": 5, "collection.scope": "window", "interval": 5,
    "ticker.silent_seconds": 3, "ticker.max_age": 2, "serve.metrics_port": 0, "serve.web_port": 0,
}  # fmt: skip
SEEN = ("volume", "last", "last_trade_time", "price_source", "quality")


def sources(world: Streaming) -> dict[str, int]:
    """Return where the newest analysed unit's quotes came from."""
    done = [
        e.document
        for e in world.runtime.bus.read("0", count=5000)
        if e.type == "unit.report" and e.document["stage"] == "analyse"
    ]
    return dict(done[-1]["counts"].get("sources") or {}) if done else {}


def status(world: Streaming) -> dict[str, Any]:
    done = subprocess.run(
        [str(BIN / "g6"), "status", "--json"], cwd=world.base, env=dict(world.variables),
        capture_output=True, text=True, timeout=PATIENCE, check=True,
    )  # fmt: skip
    return dict(json.loads(done.stdout))


def stored_sources(world: Streaming) -> set[str]:
    """Return every source that stands in a stored row."""
    found: set[str] = set()
    for path in world.base.glob("rows/chain/underlying=NIFTY/*/*.parquet"):
        table = pq.read_table(path, partitioning=None, columns=["ce_source", "pe_source"])
        found |= {
            str(each) for name in table.column_names for each in table[name].unique().to_pylist()
        }
    return found


def stored_interest(world: Streaming) -> float:
    """Return the largest share of calls in a stored chain whose open interest of the day before is known."""
    chains = [
        pq.read_table(path, partitioning=None, columns=["ce_oi_prev"])["ce_oi_prev"].to_numpy()
        for path in world.base.glob("rows/chain/underlying=NIFTY/*/*.parquet")
    ]
    return max((float(np.isfinite(each).mean()) for each in chains), default=0.0)


@pytest.mark.timeout(600)
def test_collection_goes_on_while_the_ticker_is_frozen_and_the_supervisor_starts_a_dead_one_anew() -> (
    None
):
    with streaming(steady=True, settings=SMALL) as world, up(world):
        eventually(lambda: set(sources(world)) == {"stream"}, 90.0, every=0.2)
        eventually(lambda: stored_interest(world) > 0.3, 200.0, every=0.5)
        first, frozen = world.feeds()[0].pid, world.runtime.clock.market()
        os.kill(first, signal.SIGSTOP)
        eventually(lambda: set(sources(world)) == {"rest"}, every=0.2)
        eventually(lambda: status(world)["provider"]["source"] == "rest", every=0.5)
        os.kill(first, signal.SIGKILL)
        eventually(
            lambda: (feed := world.feeds().get(0)) and feed.pid != first and feed.state == "open",
            every=0.2,
        )
        eventually(lambda: set(sources(world)) == {"stream"}, every=0.2)
        told = eventually(
            lambda: (now := status(world)["provider"])["source"] == "stream" and now,
            every=0.5,
        )
        assert told["ticker"]["connections"]["0"]["state"] == "open"
        eventually(lambda: stored_sources(world) >= {"stream", "rest"}, every=0.2)
        reports = [
            e.document for e in world.runtime.bus.read("0", count=5000) if e.type == "cycle.report"
        ]
        reasons = {
            reason
            for each in reports
            if parse_z(each["cycle"]) > frozen
            for reason in each["reasons"].values()
        }
        assert not reasons & {"provider", "token", "breaker"}, reasons


def test_before_the_open_the_day_is_streamed_already_and_silence_alarms_nobody() -> None:
    with streaming(start="2026-11-20T03:30:00Z", settings=SMALL) as world:
        world.start_ticker()
        day = day_of(world.runtime.clock.market())
        wanted = eventually(lambda: world.cache.subscriptions(day).get("NIFTY"))
        symbols = [name for name in wanted if name.endswith(("CE", "PE"))]
        assert len(symbols) == 3 * 2 * 11  # this week is also this month
        eventually(lambda: (world.cache.get(day, "NIFTY", symbols)[0]["source"] == 1).mean() > 0.9)
        eventually(
            lambda: 0 in world.feeds()
        )  # how a feed is, is told a moment after its first ticks
        rows, feeds = world.cache.get(day, "NIFTY", symbols)
        opened = datetime(2026, 11, 20, 3, 45, tzinfo=UTC).timestamp()
        assert np.nanmax(rows["quote_time"]) < opened
        assert rows["received"].max() > feeds[0].since
        world.kite.fault("mute")
        later = world.runtime.clock.market() + timedelta(seconds=5)
        eventually(lambda: world.runtime.clock.market() > later)
        assert (world.feeds()[0].state, world.feeds()[0].reconnects) == ("open", {})
        assert "stream silent" not in world.log


def test_a_settlement_price_from_before_the_open_is_shown_as_old_and_prices_nothing() -> None:
    with streaming(start="2026-11-20T03:44:30Z", settings=SMALL) as world:
        world.kite.fault("settlement")
        with up(world):
            paths = eventually(
                lambda: sorted(world.base.glob("rows/chain/underlying=NIFTY/*/*.parquet")),
                180.0,
                every=0.3,
            )
        opened = datetime(2026, 11, 20, 3, 45, tzinfo=UTC)
        rows = pq.read_table(paths[0], partitioning=None).to_pylist()
        sides = [
            {name: row[f"{side}_{name}"] for name in SEEN} for row in rows for side in ("ce", "pe")
        ]
        settled = [
            each
            for each in sides
            if each["last"]
            and (each["last_trade_time"] is None or each["last_trade_time"] < opened)
        ]
        assert settled
        assert {each["price_source"] for each in settled} <= {"", "mid"}
        assert all(each["quality"] & (Flag.UNTRADED | Flag.STALE) for each in settled)
        assert rows[0]["timestamp"] >= opened
