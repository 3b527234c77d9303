"""The broker's faults through a whole running system: what is collected, what is a gap, what the operator reads; and no secret."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import httpx
import psutil
import pytest

from g6.adapters.redis.bus import RedisBus
from g6.adapters.redis.server import EmbeddedServer, connect
from g6.domain.cycles.cycle import parse_z
from tests.e2e.faults import canary
from tests.e2e.faults.canary import SECRETS
from tests.e2e.running import BIN, Child, World, clean_environment
from tests.waiting import eventually
from tests.worlds.kite import Kite, kite_server
from tests.worlds.web.ports import free_port

START = "2026-11-20T05:00:00Z"
CONFIGURED = {
    "interval": 6,
    "log": {"level": "DEBUG", "format": "json"},
    "collection": {"scope": "window"},
    "ticker": {"enabled": False},
    "provider": {
        "name": "kite",
        "timeout": 3.0,
        "retry_base": 0.05,
        "breaker_failures": 6,
        "breaker_seconds": 4,
        "outage_threshold": 5,
        "outage_log_every": 600,
    },
    "index_params": {
        **{name: {"strikes_itm": 5, "strikes_otm": 5} for name in ("NIFTY", "SENSEX")},
        **{name: {"enabled": False} for name in ("BANKNIFTY", "FINNIFTY", "MIDCPNIFTY", "BANKEX")},
    },
    "workers": {"cycle": 2, "closing": 1},
}


@dataclass
class Live:
    """`g6 up` on the look-alike, and what it left so far."""

    world: World
    kite: Kite
    system: Child
    broker: str
    metrics: int
    page: int
    titles: set[str] = field(default_factory=set)

    def rows(self, after: str = "") -> list[dict[str, Any]]:
        """Return the overview rows of the cycles that closed after a cycle."""
        reports = [
            event.document
            for event in self.events("cycle.report")
            if event.document["cycle"] > after
        ]
        return [row for report in reports for row in report["rows"]]

    def last(self) -> str:
        """Return the newest closed cycle."""
        return max((event.document["cycle"] for event in self.events("cycle.report")), default="")

    def events(self, *types: str) -> list[Any]:
        with connect(self.broker) as client:
            return [
                event for event in RedisBus(client).read("0", count=20_000) if event.type in types
            ]

    def units(self, after: str) -> list[dict[str, Any]]:
        """Return the reports of collections that began after a cycle."""
        reports = [event.document for event in self.events("unit.report")]
        return [each for each in reports if each["stage"] == "collect" and each["cycle"] > after]

    def meets(self, status: str, reason: str = "", *, seconds: float = 90.0) -> dict[str, Any]:
        """Wait for a row of that status and reason in a cycle that is still to close."""
        after = self.last()

        def found() -> dict[str, Any] | None:
            fit = (
                row
                for row in self.rows(after)
                if row["status"] == status and reason in (row["reason"] or "")
            )
            return next(fit, None)

        return eventually(found, seconds, every=0.3) or {}

    def recovers(self) -> None:
        """Clear the faults and wait for a cycle in which all is well."""
        self.kite.clear_faults()
        newest = self.last()
        after = "" if _whole([row for row in self.rows() if row["timestamp"] == newest]) else newest
        eventually(lambda: _whole(self.rows(after)), 120.0, every=0.3)

    def retries(self, after: str) -> dict[str, int]:
        found: dict[str, int] = {}
        for unit in self.units(after):
            for reason, n in unit["counts"].get("provider", {}).get("retries", {}).items():
                found[reason] = found.get(reason, 0) + n
        return found


def _whole(rows: list[dict[str, Any]]) -> bool:
    by_cycle: dict[str, list[str]] = {}
    for row in rows:
        by_cycle.setdefault(row["timestamp"], []).append(row["status"])
    return ["OK", "OK"] in by_cycle.values()


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    base = tmp_path_factory.mktemp("kite")
    secrets = base / "credentials.json"
    told = {
        name: getattr(SECRETS, name)
        for name in ("api_key", "api_secret", "access_token", "request_token")
    }
    secrets.write_text(json.dumps(told), "utf-8")
    with (
        EmbeddedServer.start(base / "broker") as server,
        kite_server(start=START, credentials=secrets) as kite,
    ):
        state = kite.state()
        origin = state["wall"] - (parse_z(state["market"]) - parse_z(START)).total_seconds()
        world, metrics, page = World(base), free_port(), free_port()
        config = base / "kite.json"
        config.write_text(json.dumps(CONFIGURED), "utf-8")
        broker = canary.protect(server.url)
        world.environment = clean_environment(
            G6_CONFIG=str(config), G6_DEMO_DIR=str(world.data), G6_REDIS__BROKER_URL=broker, G6_PROVIDER__ROOT=kite.root,
            G6_MARKET__START=START, G6_MARKET__ORIGIN=repr(origin), PYTHONFAULTHANDLER="1", **canary.OWN,
            G6_SERVE__METRICS_PORT=str(metrics), G6_SERVE__WEB_PORT=str(page),
        )  # fmt: skip
        try:
            # As on a host that keeps core dumps of whatever crashes.
            line = f"ulimit -c unlimited; exec {BIN}/g6 up --no-banner --data-dir {world.data}"
            system = world.start("g6", "/bin/sh", "-c", line)
            running = Live(world, kite, system, broker, metrics, page)
            eventually(lambda: _whole(running.rows()), 150.0, every=0.3)
            yield running
        finally:
            world.end()


@pytest.fixture(autouse=True)
def all_is_well_again(live: Live) -> Iterator[None]:
    yield
    live.titles |= canary.titles()
    live.recovers()


def test_a_start_of_many_workers_costs_one_token_exchange_and_one_dump_per_exchange(
    live: Live,
) -> None:
    assert live.kite.state()["exchanges"] == 1
    dumps = [
        each["path"]
        for each in live.kite.arrivals("other")
        if each["path"].startswith("/instruments")
    ]
    assert sorted(dumps) == ["/instruments/BFO", "/instruments/NFO"]


def test_every_row_says_that_it_came_over_rest(live: Live) -> None:
    row = live.meets("OK")
    eventually(lambda: live.world.parts(row["timestamp"], row["underlying"]))
    chain = live.world.chain(row["timestamp"], row["underlying"])
    assert set(chain["ce_source"]) | set(chain["pe_source"]) <= {"rest", ""}
    assert set(chain["spot_source"]) == {"live"}


PASSING = {
    "429": "rate_limit",
    "html": "server",
    "reset": "network",
    "truncated": "server",
    "no_content_type": "server",
}


def test_a_passing_fault_costs_another_try_and_no_row(live: Live) -> None:
    for fault, kind in PASSING.items():
        _is_tried_again(live, fault, kind)
    live.meets("OK")


def _is_tried_again(live: Live, fault: str, kind: str) -> None:
    """Let a fault strike one request, until a collection that had time for another try meets it."""
    before, used_up = live.retries("").get(kind, 0), ""
    live.kite.fault(fault, family="quote", count=1)

    def counted() -> bool:
        nonlocal used_up
        # On a busy machine it may strike a request whose unit has no time left: nobody tries again,
        # and it strikes once more when that cycle has closed.
        if not used_up and not live.kite.state()["faults"]:
            used_up = live.last()
        elif used_up and live.last() > used_up:
            live.kite.fault(fault, family="quote", count=1)
            used_up = ""
        return live.retries("").get(kind, 0) > before

    eventually(counted, every=0.2)


def test_a_provider_that_is_too_slow_is_a_gap_with_its_reason(live: Live) -> None:
    live.kite.fault("delay", value="6", family="quote")
    row = live.meets("MISSING", "provider")
    assert row["spot"] is None
    assert any(event.document["reason"] == "provider" for event in live.events("gap.opened"))


def test_after_failures_in_a_row_the_provider_is_left_alone_and_asked_again_later(
    live: Live,
) -> None:
    live.kite.fault("html", family="quote")
    live.meets("SKIPPED", "breaker")
    opened = [
        event.document
        for event in live.events("provider.state")
        if event.document["state"] == "breaker"
    ]
    assert "left alone" in opened[0]["sentence"]
    live.recovers()
    eventually(lambda: _breaker(live) == "closed", every=0.3)


def _breaker(live: Live) -> str:
    """Return the state of the breaker as it was told last."""
    states = [
        event.document["breaker"]
        for event in live.events("provider.state")
        if "breaker" in event.document
    ]
    return str(states[-1])


def test_a_long_outage_is_told_once_by_all_workers_and_so_is_its_end(live: Live) -> None:
    before = len(live.events("alert"))
    live.kite.fault("html", family="quote")
    eventually(lambda: _outages(live, before), 200.0, every=0.3)
    live.meets("SKIPPED", "breaker")
    live.recovers()
    eventually(lambda: len(_outages(live, before)) >= 2, every=0.3)
    told, over = _outages(live, before)
    assert over["over"] is True
    assert "kite has not answered for" in told["sentence"]
    assert told["fix"].startswith("g6 check")
    ends = eventually(lambda: _answers(live), every=0.3)
    assert "answers again after" in ends[-1]["sentence"]


def _answers(live: Live) -> list[dict[str, Any]]:
    return [
        event.document
        for event in live.events("provider.state")
        if event.document["state"] == "answers"
    ]


def _outages(live: Live, before: int) -> list[dict[str, Any]]:
    return [
        event.document
        for event in live.events("alert")[before:]
        if event.document["state"] == "outage"
    ]


def test_keys_that_do_not_come_are_asked_for_again_and_then_told(live: Live) -> None:
    live.kite.fault("missing_keys", value="0.5", family="quote")
    row = live.meets("PARTIAL", "strikes_missing")
    assert row["options"] > 0
    asked = [each["keys"] for each in live.kite.arrivals("quote")]
    assert any(later < earlier for earlier, later in pairwise(asked))


def test_a_frozen_index_is_collected_and_its_chain_priced(live: Live) -> None:
    live.kite.fault("freeze", value="NIFTY")
    after = live.last()
    rows = eventually(
        lambda: [r for r in live.rows(after) if r["underlying"] == "NIFTY" and r["status"] == "OK"][
            :2
        ],
    )
    assert rows[0]["forward_source"] == "parity"
    assert rows[0]["iv_ok"] > 0


def test_a_dead_token_pauses_collection_until_somebody_logs_in(live: Live) -> None:
    alerts = len(live.events("alert"))
    live.kite.flush()
    live.meets("SKIPPED", "token")
    asked = len(live.kite.arrivals("quote"))
    after = live.last()
    eventually(lambda: len({row["timestamp"] for row in live.rows(after)}) >= 2, every=0.3)
    assert len(live.kite.arrivals("quote")) == asked
    told = [event.document for event in live.events("alert")][alerts:]
    # A busy machine is late at times, which is an alert of its own.
    told = [each for each in told if each["state"] == "token"]
    fix = f"g6 login --data-dir {live.world.data}"
    assert [(each["state"], each["fix"]) for each in told] == [("token", fix)]
    eventually(lambda: f'"fix": "{fix}"' in live.system.said, every=0.3)
    assert live.system.said.count(f'"fix": "{fix}"') == 1
    status = live.world.g6("status")
    assert "run g6 login" in status.stdout
    login = live.world.g6("login", "--headless", KITE_REQUEST_TOKEN="")
    assert login.returncode == 0, login.stderr
    assert "06:00 IST" in login.stdout
    assert (live.world.data / ".token").stat().st_mode & 0o777 == 0o600
    live.meets("OK")
    assert live.kite.state()["exchanges"] == 2


def test_a_crash_shows_where_it_was_and_leaves_no_memory_behind(live: Live) -> None:
    pool = [process for process in live.world.left_behind() if is_of_pool(process)]
    assert pool
    for number, child in zip((signal.SIGABRT, signal.SIGSEGV), pool, strict=False):
        os.kill(child.pid, number)
        eventually(lambda child=child: not child.is_running())
    eventually(lambda: "Fatal Python error: Aborted" in everything_said(live))
    live.meets("OK")
    assert [path for path in live.world.base.rglob("core*") if path.is_file()] == []


def is_of_pool(process: psutil.Process) -> bool:
    """Tell whether a process runs tasks: a worker's title is that of the one that started it."""
    parent = process.parent()
    title = process.cmdline()
    return parent is not None and title == parent.cmdline() and "cycle" in " ".join(title)


def everything_said(live: Live) -> str:
    logs = [*live.world.base.glob("*.log"), *live.world.data.rglob("*.log")]
    return "\n".join(path.read_text("utf-8", errors="replace") for path in logs)


def test_no_secret_is_written_or_shown_anywhere(live: Live) -> None:
    needles = [*canary.NEEDLES, *issued(live)]
    port = free_port()
    live.world.start(
        "flower", "celery", "-A", "g6", "flower", "--address=127.0.0.1", f"--port={port}"
    )
    pages = eventually(lambda: flower_pages(port), every=0.3)
    commands = (
        "status --json",
        "config show",
        "config show --origin",
        "ps",
        "doctor",
        "events --all",
        "trace latest",
    )
    kinds = {
        "files": canary.files(live.world.data, live.world.elsewhere)
        | {str(path): path.read_bytes() for path in live.world.base.glob("*.log")}
        | canary.files(live.world.base / "broker"),
        "redis": canary.redis_places(live.broker),
        "web": canary.web_places(f"http://127.0.0.1:{live.page}", f"http://127.0.0.1:{live.metrics}"),
        "commands": {words: said(live, words) for words in commands},
        "titles": {title: title.encode() for title in live.titles | canary.titles()},
        "flower": pages,
    }  # fmt: skip
    # What cannot be found where it stands would not be found where it leaks.
    planted = {"files": "NIFTY", "redis": "NIFTY", "web": "NIFTY", "commands": "NIFTY", "titles": "celery", "flower": "collect"}  # fmt: skip
    for kind, places in kinds.items():
        assert canary.hits(places, [planted[kind]]), kind
    found = {kind: canary.hits(places, needles) for kind, places in kinds.items()}
    assert found == {kind: {} for kind in kinds}


def said(live: Live, words: str) -> bytes:
    """Return what a command writes, wherever it writes it."""
    done = live.world.g6(*words.split())
    return f"{done.stdout}{done.stderr}".encode()


def issued(live: Live) -> list[str]:
    """Return the access token that all workers have now, read as a worker reads it."""
    found = subprocess.run(
        [sys.executable, "-c", TOKEN], env=dict(live.world.environment), capture_output=True, text=True, check=True
    )  # fmt: skip
    return [found.stdout.strip()]


TOKEN = """
from g6.bootstrap.quote_sources.guarding import shared_state
from g6.bootstrap.quote_sources.kite_source import token_keeper
from g6.bootstrap.wiring import wire_if_running
from g6.config import load
wiring = wire_if_running(load())
shared = shared_state(wiring)
keeper = token_keeper(wiring.settings, wiring.clock, shared.cache, shared.notify)
print(keeper.token().value)
"""


def flower_pages(port: int) -> dict[str, bytes]:
    """Return Flower's pages; nothing while it starts."""
    found = {}
    for page in ("/", "/tasks", "/broker", "/workers", "/api/tasks?limit=1000"):
        try:
            answer = httpx.get(
                f"http://127.0.0.1:{port}{page}",
                timeout=10.0,
                trust_env=False,
                follow_redirects=True,
            )
        except httpx.TransportError:
            return {}
        found[f"flower {page}"] = answer.content
    return found
