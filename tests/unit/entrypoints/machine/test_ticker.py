"""What the stream's process knows of sessions and tokens, and which children it starts."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from g6.adapters.memory.bus import MemoryBus
from g6.adapters.memory.clock import StoppedClock
from g6.adapters.memory.quote_cache import MemoryQuoteCache
from g6.adapters.memory.shared_cache import MemorySharedCache
from g6.adapters.memory.vitals import MemoryVitals
from g6.bootstrap.processes.ticker_ports import TickerPorts
from g6.bootstrap.settings_checks.credentials import token_reader
from g6.bootstrap.wiring import wire
from g6.config import load
from g6.domain.cycles.cycle import parse_z
from g6.domain.reports import parse_report
from g6.domain.reports.stream_reports import (
    STREAM_REPORTS,
    StreamEnd,
    StreamLost,
    StreamOpen,
    StreamRefusal,
)
from g6.entrypoints.machine import ticker_children
from g6.entrypoints.machine.tick_stream import TickerContext


def context(at: str, directory: Path) -> TickerContext:
    """Return the context of a stream whose market shows `at` now; nothing listens behind it."""
    given = {
        "provider.name": "kite", "provider.root": "http://127.0.0.1:9", "provider.ws_root": "ws://127.0.0.1:9",
        "market.start": at, "market.origin": time.time(), "demo_dir": str(directory), "provider.token_provider": "fake",
    }  # fmt: skip
    made = TickerContext(load("", given, environ={}), "redis://127.0.0.1:9/0")
    access = token_reader(wire(made.settings, made.broker), MemorySharedCache())
    made.ports = TickerPorts(MemoryQuoteCache(), MemoryBus(), MemoryVitals(), access)
    return made


@dataclass
class Child:
    """A child of the stream that runs nothing and ends as it is told."""

    exitcode: int | None
    target: object = None

    def start(self) -> None:
        pass

    def join(self, _seconds: float) -> None:
        pass


def begun_by(children: list[Child], child: Child) -> Callable[..., Any]:
    """Return what makes children like `child`, and remembers them."""

    def new_child(target: object, *_: object) -> Child:
        children.append(replace(child, target=target))
        return children[-1]

    return new_child


@pytest.mark.parametrize(("at", "open_at"), [
    ("2026-11-20T03:50:00Z", "2026-11-20T03:45:00Z"),
    ("2026-11-20T09:50:00Z", "2026-11-20T03:45:00Z"),
    ("2026-11-20T10:09:00Z", "2026-11-20T03:45:00Z"),
    ("2026-02-01T05:00:00Z", "2026-02-01T03:45:00Z"),
])  # fmt: skip
def test_contracts_trade_from_the_open_on_while_the_index_is_frozen_too(
    at: str, open_at: str, tmp_path: Path
) -> None:
    made = context(at, tmp_path)
    since = made.trading_since()
    assert since is not None
    assert since == pytest.approx(
        time.time() - (parse_z(at) - parse_z(open_at)).total_seconds(), abs=30
    )


@pytest.mark.parametrize("at", [
    "2026-11-20T03:40:00Z", "2026-11-20T10:11:00Z", "2026-11-24T05:00:00Z", "2026-11-21T05:00:00Z", "2031-01-06T05:00:00Z",
])  # fmt: skip
def test_before_the_open_after_the_close_and_on_holidays_nothing_trades(
    at: str, tmp_path: Path
) -> None:
    assert context(at, tmp_path).trading_since() is None


@pytest.mark.parametrize(("at", "soon"), [
    ("2026-11-20T02:50:00Z", False), ("2026-11-20T03:10:00Z", True), ("2026-11-20T09:00:00Z", True),
    ("2026-11-20T10:30:00Z", False), ("2026-11-24T03:10:00Z", False),
])  # fmt: skip
def test_contracts_are_announced_from_shortly_before_the_open_to_the_close(
    at: str, soon: bool, tmp_path: Path
) -> None:
    made = context(at, tmp_path)
    children: list[Child] = []
    made.new_child = begun_by(children, Child(exitcode=0))
    made.prepare()
    made.prepare()
    assert [child.target for child in children] == [ticker_children.announce_contracts] * soon


@pytest.mark.parametrize(
    ("exit_code", "later", "asked"),
    [(None, 3600, 1), (0, 60, 1), (0, 700, 2), (1, 700, 2), (ticker_children.STORED, 700, 1)],
)
def test_yesterdays_open_interest_is_asked_for_now_and_then_by_one_process_unless_it_is_stored(
    exit_code: int | None, later: float, asked: int, tmp_path: Path
) -> None:
    made = context("2026-11-20T03:10:00Z", tmp_path)
    clock = StoppedClock(parse_z("2026-11-20T03:10:00Z").timestamp())
    children: list[Child] = []
    made.clock = clock
    made.new_child = begun_by(children, Child(exit_code))
    made.beat()
    clock.sleep(later)
    made.beat()
    learn = ticker_children.learn_previous_interest
    assert [child.target for child in children] == [learn] * asked
    sign = (f"ticker@{socket.gethostname()}", os.getpid())
    assert made.ports.vitals.signed == [sign] * 2
    made.leave()
    assert made.ports.vitals.signed_out == [sign]


def test_a_token_that_the_stream_finds_refused_is_an_alert_with_its_fix(tmp_path: Path) -> None:
    made = context("2026-11-20T03:15:00Z", tmp_path)
    made.tell(StreamRefusal("g6 login", 5.0))
    (event,) = made.ports.bus.read("0")
    fix = f"g6 login --data-dir {tmp_path}"
    assert (event.type, event.document["fix"], event.key) == ("alert", fix, "token")


def test_everything_that_happens_has_a_word_and_a_sentence_of_its_own() -> None:
    kinds = STREAM_REPORTS
    assert len({kind.state for kind in kinds}) == len({kind.sentence for kind in kinds}) == 9
    assert all(kind.state and kind.sentence for kind in kinds)
    assert {kind.level for kind in kinds} == {"info", "warning", "error"}


def test_what_is_published_of_the_stream_is_read_as_the_report_it_was() -> None:
    for report in (StreamOpen(1, 900), StreamLost(1, "dropped", None), StreamEnd("no reactor")):
        document = report.to_json()
        assert parse_report(report.type, document) == report
        assert list(document)[:3] == ["name", "state", "sentence"]
