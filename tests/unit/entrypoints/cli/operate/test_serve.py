"""`g6 serve` and `g6 status` as processes of their own, over a real server."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace

import httpx
import pytest

from g6.adapters.redis.bus import RedisBus
from g6.adapters.redis.server import EmbeddedServer, connect
from g6.domain.cycles.cycle import parse_z
from g6.domain.documents.status import IndexStatus, runtime_status
from g6.domain.documents.system_facts import SystemFacts
from g6.domain.reports import parse_report
from g6.rendering.status_screen import status_line
from tests.waiting import eventually
from tests.worlds.stored_cycles import STORED_CYCLES, store_two_cycles

G6 = [sys.executable, "-m", "g6.entrypoints.cli"]
CYCLE = "2026-11-18T05:30:00Z"
REPORT = {
    "cycle": CYCLE, "status": "OK", "units": {"NIFTY": "OK"}, "options": {"NIFTY": 400}, "lateness_seconds": 0.01,
    "elapsed_seconds": 0.5, "rows": [{"underlying": "NIFTY", "spot": 26_000.0}],
}  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with EmbeddedServer.start(tmp_path_factory.mktemp("redis"), append_only=False) as server:
        yield server


@pytest.fixture
def environment(server, tmp_path):
    with connect(server.url) as client:
        client.flushall()
    places = {"G6_DATA_DIR": str(tmp_path), "G6_DEMO_DIR": str(tmp_path)}
    return os.environ | {"G6_REDIS__BROKER_URL": server.url, **places}


@pytest.fixture
def bus(server):
    with connect(server.url) as client:
        yield RedisBus(client)


@pytest.fixture
def start(environment):
    """Start commands; what a failed test leaves running is ended."""
    processes = []

    def begin(*arguments):
        processes.append(
            subprocess.Popen([*G6, *arguments], env=environment, stdout=subprocess.PIPE, text=True)
        )
        return processes[-1]

    yield begin
    for process in processes:
        process.kill()
        process.communicate(timeout=90)


@pytest.fixture
def serving(start):
    def begin():
        process = start("serve", "--metrics-port", "0", "--web-port", "0")
        metrics, web = (process.stdout.readline().split()[-1] for _ in range(2))
        return process, metrics, web

    return begin


def ended(process, number=signal.SIGTERM):
    process.send_signal(number)
    return process.wait(timeout=90)


def shows(address, text):
    return eventually(lambda: text in httpx.get(address, timeout=90).text.splitlines(), every=0.05)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_cleanly_when_told(serving, number):
    process, _, web = serving()
    with httpx.Client(timeout=90) as client:
        assert client.get(web).status_code == 200
        assert ended(process, number) == 0


@pytest.mark.timeout(300)
def test_what_is_stored_is_answered_by_a_serve_that_was_started_while_redis_hangs(
    server, serving, tmp_path
):
    store_two_cycles(tmp_path)
    place = {"data_dir": str(tmp_path), "demo_dir": str(tmp_path)}
    started = {"provider.name": "sim", "interval": 30, **place}
    with connect(server.url) as client:
        client.set("g6:settings", json.dumps({"values": started}))
    os.kill(server.pid, signal.SIGSTOP)
    try:
        process, _, web = serving()
        chain = web.replace("/status", f"/v1/chain?index=FINNIFTY&at={STORED_CYCLES[0]}")
        assert httpx.get(chain, timeout=90).status_code == 200
        status = httpx.get(web, timeout=90)
        assert status.status_code == 200
        assert "Redis" in status.json()["readiness_reason"]
        assert status.json()["interval"] == 60
    finally:
        os.kill(server.pid, signal.SIGCONT)
    # The system turns out to run at another interval, and is served under that.
    _, web = (process.stdout.readline().split()[-1] for _ in range(2))
    assert httpx.get(web, timeout=90).json()["interval"] == 30
    assert ended(process) == 0


def test_totals_are_exact_over_a_killed_serve(serving, bus):
    process, metrics, _ = serving()
    bus.publish(parse_report("cycle.report", REPORT))
    assert shows(metrics, 'g6_cycles_total{status="OK"} 1.0')
    ended(process, signal.SIGKILL)
    bus.publish(parse_report("cycle.report", REPORT | {"cycle": "2026-11-18T05:31:00Z"}))
    process, metrics, _ = serving()
    assert shows(metrics, 'g6_cycles_total{status="OK"} 2.0')
    assert shows(metrics, 'g6_bus_events_dropped_total{bus="events",reason="trimmed"} 0.0')
    assert ended(process) == 0


def test_status_needs_no_serve(environment, bus):
    bus.publish(parse_report("cycle.report", REPORT))
    asked = subprocess.run(
        [*G6, "status", "--json"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=90,
        check=True,
    )
    found = json.loads(asked.stdout)
    assert found["cycle"] == CYCLE
    unknown = dict.fromkeys(("age_seconds", "pcr", "source", "stale"))
    assert (
        found["indices_info"]["NIFTY"]
        == {"ltp": 26_000.0, "options": 400, "status": "OK"} | unknown
    )


def test_watching_writes_a_line_per_cycle_and_ends_on_an_interrupt(start, bus):
    process = start("status", "--watch")
    assert process.stdout.readline().startswith("no cycle yet")
    bus.publish(parse_report("cycle.report", REPORT))
    assert process.stdout.readline().startswith("Wed 18 Nov 2026 11:00 IST  0.50 s  400 options")
    assert ended(process, signal.SIGINT) == 130


def index_status(index, options, status, *, stale):
    return IndexStatus(index, None, options, status, None, None, None, stale)


def test_a_line_has_cycle_time_options_and_each_index():
    system = SystemFacts(0.0, parse_z(CYCLE), 60.0, 60, ("NIFTY", "BANKEX", "SENSEX"), "sim")
    status = replace(
        runtime_status(system),
        cycle=CYCLE,
        elapsed=0.5,
        options=400,
        indices=(
            index_status("NIFTY", 400, "OK", stale=False),
            index_status("BANKEX", 90, "OK", stale=True),
            index_status("SENSEX", 0, None, stale=None),
        ),
    )
    assert (
        status_line(status) == "Wed 18 Nov 2026 11:00 IST  0.50 s  400 options  "
        "NIFTY OK/400 BANKEX OK/90 stale SENSEX –/0"
    )
