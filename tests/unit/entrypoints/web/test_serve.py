"""The process that answers over HTTP, on real ports."""

import socket
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest

from g6.adapters.clocks import ScaledClock
from g6.adapters.memory.bus import MemoryBus
from g6.adapters.memory.controls import MemoryControls
from g6.adapters.memory.frames import MemoryFrames
from g6.adapters.memory.ledger import MemoryLedger
from g6.adapters.memory.panels import MemoryPanels
from g6.adapters.memory.sender import MemorySender
from g6.adapters.memory.store import MemoryStore
from g6.adapters.memory.totals import MemoryTotals
from g6.adapters.memory.vitals import MemoryVitals
from g6.config import calendar
from g6.domain.cycles.cycle import Timing, isoformat_z
from g6.domain.cycles.plan import IndexPlan, Plan
from g6.domain.market.instrument import INDICES
from g6.domain.reports import (
    CollectCounts,
    Heartbeat,
    ProviderFacts,
    StageReport,
    VitalSigns,
    WorkerFacts,
    parse_report,
)
from g6.domain.reports.provider_facts import RequestTally
from g6.entrypoints.web.serving import ServeOptions, serve
from g6.errors import RedisDown, Unavailable
from g6.pipeline import Runtime
from g6.simulation import SimulatedMarket
from tests.waiting import eventually

NOON = datetime(2026, 11, 18, 6, 30, tzinfo=UTC)
CYCLE = isoformat_z(NOON)
ROW = {"underlying": "NIFTY", "spot": 26_000.0, "observed_at": CYCLE, "pcr_nearest": 0.9}


class Away(MemoryTotals):
    """Totals behind a server that does not answer."""

    def load(self):
        raise RedisDown("Redis: away")


def world():
    days, bus = calendar(), MemoryBus()
    plan = Plan(
        60,
        {name: IndexPlan(INDICES[name], ("this_week",)) for name in ("NIFTY", "SENSEX")},
        config_id="cafe",
    )
    return Runtime(
        plan=plan, timing=Timing(60.0), calendar=days, clock=ScaledClock(time.time(), NOON), provider=SimulatedMarket(days),
        frames=MemoryFrames(), ledger=MemoryLedger(bus), store=MemoryStore(), panels=MemoryPanels(), panel_files=MemoryPanels(),
        bus=bus, controls=MemoryControls(), sender=MemorySender(), vitals=MemoryVitals(),
    )  # fmt: skip


class Serving:
    """A `serve` in a thread, its ports open."""

    def __init__(self, runtime, totals, web_port=0, **options):
        self.stop, self.lines, announced = threading.Event(), [], threading.Event()

        def announce(line):
            self.lines.append(line)
            if len(self.lines) == 2:
                announced.set()

        self.thread = threading.Thread(
            target=serve,
            args=(runtime, totals, "127.0.0.1", 0, web_port),
            kwargs={"options": ServeOptions(announce=announce, **options), "stop": self.stop},
        )
        self.thread.start()
        assert announced.wait(90)
        self.metrics, self.web = (line.split()[-1].rpartition("/")[0] for line in self.lines)

    def get(self, path, *, base=None):
        return httpx.get((base or self.web) + path, timeout=90)

    def end(self):
        self.stop.set()
        self.thread.join(90)
        assert not self.thread.is_alive()


@pytest.fixture
def runtime():
    return world()


@pytest.fixture
def totals():
    return MemoryTotals()


@pytest.mark.parametrize("port", ["metrics", "web"])
def test_with_a_token_only_who_sends_it_is_answered(runtime, totals, port):
    serving = Serving(runtime, totals, token="sesame-sesame-sesame")
    base, path = getattr(serving, port), "/metrics" if port == "metrics" else "/panels"
    try:
        sent = [
            {},
            {"Authorization": "Bearer wrong"},
            {"Authorization": "Bearer sesame-sesame-sesame"},
        ]
        assert [httpx.get(base + path, headers=each, timeout=90).status_code for each in sent][
            :2
        ] == [401, 401]
        assert eventually(
            lambda: httpx.get(base + path, headers=sent[2], timeout=90).status_code == 200
        )
        assert httpx.get(base + "/healthz", timeout=90).status_code == 200
    finally:
        serving.end()


@pytest.fixture
def serving(runtime, totals, tmp_path):
    serving = Serving(runtime, totals, status_file=tmp_path / "status.json")
    yield serving
    serving.end()


def run_a_cycle(runtime, cycle=CYCLE):
    analysed = {
        "cycle": cycle,
        "index": "NIFTY",
        "stage": "analyse",
        "status": "OK",
        "counts": {"options": 400},
    }
    runtime.bus.publish(parse_report("unit.report", analysed))
    report = {
        "cycle": cycle, "status": "PARTIAL", "units": {"NIFTY": "OK", "SENSEX": "MISSING"}, "reasons": {"SENSEX": "provider"},
        "options": {"NIFTY": 400, "SENSEX": 0}, "lateness_seconds": 0.01, "elapsed_seconds": 0.5, "rows": [ROW],
    }  # fmt: skip
    runtime.bus.publish(parse_report("cycle.report", report))


def metric(serving, line):
    return lambda: line in serving.get("/metrics", base=serving.metrics).text.splitlines()


def test_it_is_alive_on_both_ports(serving):
    assert (
        serving.get("/healthz").status_code
        == serving.get("/healthz", base=serving.metrics).status_code
        == 200
    )


def test_metrics_list_families_before_the_first_cycle(serving):
    eventually(lambda: serving.get("/metrics", base=serving.metrics).status_code == 200)
    answer = serving.get("/metrics", base=serving.metrics)
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert 'g6_units_total{index="NIFTY",status="OK"} 0.0' in answer.text
    assert 'config_hash="cafe"' in answer.text


def test_a_report_on_the_bus_becomes_a_sample(runtime, serving):
    run_a_cycle(runtime)
    eventually(metric(serving, 'g6_index_options_processed_total{index="NIFTY"} 400.0'))
    eventually(metric(serving, 'g6_units_total{index="SENSEX",status="MISSING"} 1.0'))


def test_totals_go_on_after_a_restart(runtime, totals):
    first = Serving(runtime, totals)
    run_a_cycle(runtime)
    eventually(metric(first, 'g6_cycles_total{status="PARTIAL"} 1.0'))
    first.end()
    run_a_cycle(runtime, "2026-11-18T06:31:00Z")
    second = Serving(runtime, totals)
    eventually(metric(second, 'g6_index_options_processed_total{index="NIFTY"} 800.0'))
    second.end()


def test_no_zeros_are_shown_before_the_stored_totals_are_read(runtime):
    serving = Serving(runtime, Away())
    answer = serving.get("/metrics", base=serving.metrics)
    serving.end()
    assert answer.status_code == 503


def test_the_status_shows_the_newest_cycle(runtime, serving):
    run_a_cycle(runtime)
    found = eventually(lambda: (doc := serving.get("/status").json())["cycle"] and doc)
    assert found["cycle"] == CYCLE
    assert found["indices"] == ["NIFTY", "SENSEX"]
    assert found["indices_info"]["NIFTY"]["options"] == 400
    assert found["market"]["open"] is True
    assert 0 <= found["sleep_sec"] <= 60


def test_readiness_names_what_is_missing(serving):
    answer = serving.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["ready"] is False
    assert any("heartbeat: none yet" in text for text in answer.json()["missing"])
    parts = {part["part"]: part for part in answer.json()["parts"]}
    assert not parts["heartbeat"]["ok"]
    assert parts["heartbeat"]["fix"] == "g6 ps lists what lives"
    assert parts["redis"]["ok"]


class SilentVitals(MemoryVitals):
    """Signs in a server that does not answer."""

    def read(self):
        raise RedisDown("Redis: away")


def test_a_redis_that_is_away_is_named_and_the_process_lives_on(runtime, totals):
    serving = Serving(replace(runtime, vitals=SilentVitals()), totals)
    try:
        answer = serving.get("/readyz")
        assert answer.status_code == 503
        assert answer.json()["missing"][0].startswith("redis: Redis: away; fix: start that server")
        assert serving.get("/healthz").status_code == 200
    finally:
        serving.end()


def test_health_says_how_long_cycles_take(runtime, serving):
    for minute in range(20):
        run_a_cycle(runtime, f"2026-11-18T06:{minute:02d}:00Z")
    found = eventually(
        lambda: (
            (latency := serving.get("/readyz").json()["latency"].get("cycle"))
            and latency["count"] == 20
            and latency
        )
    )
    assert 250 < found["p50_ms"] <= found["p95_ms"] <= 500


def test_the_status_says_what_metrics_say(runtime, serving):
    tally = RequestTally({"quote": {"ok": 9, "busy": 1}}, {"quote": [0.2] * 10})
    counts = CollectCounts(options=400, provider=ProviderFacts(tally=tally))
    runtime.bus.publish(StageReport(CYCLE, "NIFTY", "collect", "OK", counts=counts))
    run_a_cycle(runtime)
    worker = WorkerFacts(1, "a", time.time(), (), 150e6, 0.25)
    runtime.bus.publish(Heartbeat(VitalSigns(workers={"all@a": worker})))
    eventually(metric(serving, 'g6_process_resident_bytes{worker="all@a"} 1.5e+08'))
    status = serving.get("/status").json()
    text = serving.get("/metrics", base=serving.metrics).text
    assert status["memory_mb"] == 150.0
    assert status["cpu_pct"] == 25.0
    assert status["api_success_rate"] == 90.0
    assert 'outcome="ok",provider' in text or 'endpoint="quote",outcome="ok"' in text
    assert status["elapsed"] == 0.5
    assert "g6_cycle_duration_seconds_sum 0.5" in text
    assert status["options_last_cycle"] == 400
    assert 'g6_index_options_processed{index="NIFTY"} 400.0' in text
    assert 100.0 < status["api_latency_ms"] <= 250.0


def test_a_beating_system_whose_cycles_close_is_ready(runtime, serving):
    runtime.bus.publish(parse_report("heartbeat", {"workers": {"cycle@a": {"up": True}}}))
    run_a_cycle(runtime)
    eventually(lambda: serving.get("/readyz").status_code == 200)


def test_the_status_file_is_written_after_a_cycle(runtime, serving, tmp_path):
    run_a_cycle(runtime)
    eventually((tmp_path / "status.json").is_file)
    assert f'"cycle": "{CYCLE}"' in (tmp_path / "status.json").read_text()


def test_a_status_file_that_cannot_be_written_is_named_and_stops_nothing(runtime, totals, tmp_path):
    (tmp_path / "file").touch()
    serving = Serving(runtime, totals, status_file=tmp_path / "file" / "status.json")
    run_a_cycle(runtime)
    eventually(metric(serving, 'g6_cycles_total{status="PARTIAL"} 1.0'))
    eventually(lambda: "status.json" in serving.get("/status").json()["readiness_reason"])
    serving.end()


def test_a_panel_is_served_as_it_stands(runtime, serving):
    document = {"panel": "indices", "updated_at": CYCLE, "data": {"NIFTY": 1}}
    runtime.panels.put({"indices": document})
    assert serving.get("/panels/indices").json() == document
    assert serving.get("/panels").json() == {"panels": ["indices"]}


def test_an_unknown_panel_is_not_found_and_those_there_are_are_named(runtime, serving):
    runtime.panels.put({"indices": {"panel": "indices", "updated_at": CYCLE}})
    answer = serving.get("/panels/indexes")
    assert (answer.status_code, answer.json()["fix"]) == (404, "there are indices")


def test_a_taken_port_is_one_sentence_with_its_fix(runtime, totals):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Unavailable, match=rf"127\.0\.0\.1:{port}") as raised:
            serve(runtime, totals, "127.0.0.1", port, 0, ServeOptions(announce=lambda _: None))
    assert "serve.metrics_port" in raised.value.fix


def test_an_address_nobody_has_is_one_sentence(runtime, totals):
    with pytest.raises(Unavailable, match=r"192\.0\.2\.1:0"):
        serve(runtime, totals, "192.0.2.1", 0, 0, ServeOptions(announce=lambda _: None))
