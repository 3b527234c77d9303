"""Every reason for which a quote is not believed, planted by a proxy between G6 and the look-alike, and counted to the last one."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import numpy as np
import pytest

from g6.adapters.memory.totals import MemoryTotals
from g6.adapters.wrapping.resilient import Resilient
from g6.domain.market.calendar import IST
from g6.domain.pricing.black76 import price
from g6.domain.pricing.quality import Flag
from g6.observability.follower import BusFollower
from tests.integration.kite.test_kite_provider import AT, START, World
from tests.worlds.kite import kite_server
from tests.worlds.pipeline import World as Pipeline

SPOT, RATE, SIGMA = 24_000.0, 0.055, 0.30
EXPIRY = datetime(2026, 11, 23, 15, 30, tzinfo=IST)
YEARS = (EXPIRY - AT).total_seconds() / (365 * 86_400)
TRADED = f"{AT.astimezone(IST) - timedelta(seconds=5):%Y-%m-%d %H:%M:%S}"
EMPTY = {"price": 0, "quantity": 0, "orders": 0}


def book(bid: float, ask: float) -> dict[str, Any]:
    """Return a depth of one level a side; a price of 0 is no level."""
    sides = {"buy": bid, "sell": ask}
    return {
        side: [{"price": level, "quantity": 65, "orders": 1} if level else EMPTY, *[EMPTY] * 4]
        for side, level in sides.items()
    }


def calm(strike: float, side: int) -> dict[str, Any]:
    """Return the answer of an option about which there is nothing to say."""
    fair = float(price(SIGMA, SPOT * np.exp(RATE * YEARS), strike, YEARS, RATE, side))
    mid = max(0.2, round(fair / 0.05) * 0.05)
    return {
        "instrument_token": 1, "timestamp": TRADED, "last_trade_time": TRADED, "last_price": round(mid, 2), "last_quantity": 65,
        "buy_quantity": 650, "sell_quantity": 650, "volume": 65_000, "average_price": mid, "oi": 6_500, "oi_day_high": 6_500,
        "oi_day_low": 6_500, "net_change": 0, "lower_circuit_limit": 0.05, "upper_circuit_limit": 9_999.0,
        "ohlc": {"open": mid, "high": mid, "low": mid, "close": mid}, "depth": book(round(mid - 0.05, 2), round(mid + 0.05, 2)),
    }  # fmt: skip


def spoilt(reason: str, answer: dict[str, Any], n: int) -> dict[str, Any] | None:
    """Return the answer with one thing wrong, the n-th of its kind; None is no answer."""
    last = answer["last_price"]
    old = f"{AT.astimezone(IST) - timedelta(minutes=10):%Y-%m-%d %H:%M:%S}"
    changes: Mapping[str, dict[str, Any] | None] = {
        "stale": {"timestamp": old},
        "untraded": {"volume": 0, "last_trade_time": None},
        "no_book": {
            "depth": [book(0, 0), {"buy": None, "sell": None}, {"buy": [], "sell": []}][n % 3]
        },
        "crossed": {"depth": book(last + 1.0, last)},
        "below_intrinsic": {
            "last_price": last - 200.0,
            "depth": book(round(last - 200.05, 2), round(last - 199.95, 2)),
        },
        "wide": {"depth": book(round(last * 0.5, 2), round(last * 1.8, 2))},
        "missing": None,
        "age_unknown": {"timestamp": ["", None, "1970-01-01 05:30:00"][n % 3]},
        "bad_oi": {"oi": [-65, 2**60][n % 2]},
        "bad_price": {"last_price": [0, -0.05, 0.0][n % 3]},
        "thin": {"oi": 64},
        "outlier": {"last_price": 10 * last},
    }
    change = changes[reason]
    return None if change is None else answer | change


class Proxy(ThreadingHTTPServer):
    """Passes requests on to the look-alike, and answers for the options itself: calm, but for what is planted."""

    daemon_threads = True

    def __init__(self, root: str) -> None:
        super().__init__(("127.0.0.1", 0), Passing)
        self.root, self.options, self.planted = (
            root,
            dict[str, tuple[float, int]](),
            dict[str, tuple[str, int]](),
        )

    def answered(self, answers: dict[str, Any]) -> dict[str, Any]:
        """Return the look-alike's answers with the options' own."""
        for key in [*answers]:
            symbol = key.partition(":")[2]
            if key == "NSE:NIFTY 50":
                answers[key]["last_price"] = SPOT
            if symbol not in self.options:
                continue
            answer: dict[str, Any] | None = calm(*self.options[symbol])
            if symbol in self.planted and answer is not None:
                reason, n = self.planted[symbol]
                answer = spoilt(reason, answer, n)
            if answer is None:
                del answers[key]
            else:
                answers[key] = answer
        return answers


class Passing(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Proxy

    def do_GET(self) -> None:
        headers = {
            name: value
            for name, value in self.headers.items()
            if name.lower() not in ("host", "accept-encoding")
        }
        came = httpx.get(
            f"{self.server.root}{self.path}", headers=headers, timeout=90, trust_env=False
        )
        content = came.content
        if self.path.startswith("/quote?"):
            document = json.loads(content)
            content = json.dumps(
                document | {"data": self.server.answered(document["data"])}
            ).encode()
        self.send_response(came.status_code)
        self.send_header("Content-Type", came.headers["content-type"])
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def proxied(root: str) -> Iterator[Proxy]:
    proxy = Proxy(root)
    thread = threading.Thread(target=proxy.serve_forever, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.shutdown()
        proxy.server_close()
        thread.join(90)


@pytest.fixture(scope="module")
def proxy() -> Iterator[Proxy]:
    with kite_server(start=START, speed=0.0, in_thread=True) as kite, proxied(kite.root) as between:
        kite.limits(quote=0, historical=0, other=0)
        yield between


@pytest.fixture(scope="module")
def provider(proxy: Proxy, tmp_path_factory: pytest.TempPathFactory) -> Resilient:
    class Root:
        root = f"http://127.0.0.1:{proxy.server_port}"

    return World(Root(), tmp_path_factory.mktemp("rows")).provider()  # type: ignore[arg-type]


@pytest.fixture
def counted(proxy: Proxy, provider: Resilient) -> Any:
    """Return what counts one cycle: reasons planted by how many options carry them → totals by reason."""

    def count(planted: Mapping[str, int]) -> dict[str, float]:
        contracts = provider.listing("NIFTY", AT).contracts
        proxy.options = {
            str(contracts.symbol[side, n]): (float(contracts.strike[n]), (1, -1)[side])
            for side in (0, 1)
            for n in range(len(contracts))
            if contracts.symbol[side, n]
        }
        nearest = contracts.take(contracts.expiry == contracts.expiry.min())
        away = np.argsort(np.abs(nearest.strike - SPOT), kind="stable")[9:40]
        # In the money, so that a price can be too low; the seven nearest pairs, of which the forward is made, stay calm.
        inside = [str(nearest.symbol[0 if nearest.strike[n] < SPOT else 1, n]) for n in away]
        reasons = [(reason, n) for reason, many in planted.items() for n in range(many)]
        proxy.planted = dict(zip(inside, reasons, strict=False))
        assert len(proxy.planted) == len(reasons)
        world = Pipeline(provider=provider)  # type: ignore[arg-type]
        world.settle_on(quality__min_oi=65.0, index_params__BANKNIFTY__enabled=False, index_params__NIFTY__expiries=["this_week"],
                        **{f"index_params__NIFTY__strikes_{side}": 25 for side in ("itm", "otm")})  # fmt: skip
        world.cycle(START)
        follower = BusFollower(world.bus, MemoryTotals(), ["NIFTY"])
        follower.catch_up()
        names = [flag.name.lower() for flag in Flag if flag.name]
        return {
            name: follower.totals.value("g6_quotes_rejected_total", "NIFTY", name) for name in names
        }

    return count


def test_nothing_is_counted_of_a_calm_market(counted: Any) -> None:
    assert counted({}) == dict.fromkeys((flag.name.lower() for flag in Flag if flag.name), 0)


SEEDED = {"stale": 2, "untraded": 3, "no_book": 3, "crossed": 2, "below_intrinsic": 2, "wide": 2, "missing": 3, "age_unknown": 3,
          "bad_oi": 2, "bad_price": 3, "thin": 2, "outlier": 2}  # fmt: skip


def test_every_reason_is_counted_exactly(counted: Any) -> None:
    found = counted(SEEDED)
    # A negative open interest is below any least one.
    assert found == SEEDED | {"repaired": 0, "thin": 2 + 1}


@pytest.mark.parametrize("reason", sorted(SEEDED))
def test_each_alone_is_counted_under_its_own_name(counted: Any, reason: str) -> None:
    found = {name: count for name, count in counted({reason: 4}).items() if count}
    assert found == {reason: 4.0} | ({"thin": 2.0} if reason == "bad_oi" else {})
