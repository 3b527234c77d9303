"""What the stream says of itself: counts as they were on the wire, times, traces, the backlog."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator

import pytest

from g6.domain.reports import StageReport
from g6.domain.schema.words import Stage, Status
from g6.entrypoints.python.panel_stream import (
    FIRST_WAIT_SECONDS,
    LONGEST_WAIT_SECONDS,
    PanelStream,
)
from tests.waiting import eventually
from tests.worlds.web.listening import Listening, stalled_listener
from tests.worlds.web.web_stream import Running

pytestmark = pytest.mark.timeout(300)
# What is measured reaches /metrics every five seconds, and some tests wait for it twice.
TYPED = re.compile(r'^g6_sse_events_total\{type="(\w+)"\} (\d+)', re.MULTILINE)
STAGES = (
    "g6_sse_pub_diff_build_seconds",
    "g6_sse_serialize_seconds",
    "g6_sse_pub_emit_latency_seconds",
    "g6_sse_http_event_queue_latency_seconds",
    "g6_sse_flush_latency_seconds",
    "g6_sse_applied_latency_seconds",
)


@pytest.fixture
def running() -> Iterator[Running]:
    one = Running()
    yield one
    if one.serving is not None:
        one.serving.end()


def sample(running: Running, name: str) -> float:
    """Return a sample of /metrics, 0 where it is not there."""
    text = running.serving.get("/metrics", base=running.serving.metrics).text
    values = [line.rpartition(" ")[2] for line in text.splitlines() if line.startswith(f"{name} ")]
    return float(values[0]) if values else 0.0


def counted(running: Running) -> Counter[str]:
    """Return the events that the server says it has written, by type."""
    text = running.serving.get("/metrics", base=running.serving.metrics).text
    return Counter({kind: int(count) for kind, count in TYPED.findall(text) if int(count)})


def test_counters_match_what_went_over_the_wire_and_times_reach_the_metrics(
    running: Running,
) -> None:
    running.cycle(overview={"n": 0}, health={"ok": True})
    running.begin()
    listeners = [Listening(running), Listening(running, topics=("overview",))]
    for one in listeners:
        one.hears("snapshot")
    for number in (1, 2, 3):
        running.cycle(overview={"n": number}, health={"ok": number % 2 == 0})
        for one in listeners:
            one.hears("end_of_cycle", number)
    wire = Counter(kind for one in listeners for kind in one.types())
    # /resync, which begin() asks for, is answered with a snapshot as well.
    resyncs = eventually(lambda: sample(running, 'g6_sse_snapshots_total{reason="resync"}'))
    wire["snapshot"] += int(resyncs)
    eventually(lambda: counted(running) == wire)
    for name in STAGES:
        assert sample(running, f"{name}_count") >= 3, name
    for stage in ("publish", "serialize", "flush", "applied"):
        assert sample(running, f'g6_sse_trace_stages_total{{stage="{stage}"}}') >= 3, stage
    assert sample(running, "g6_sse_listeners") == 2
    # Each event was encoded once, however many listen, and written to the second without it.
    events_of_first = [kind for kind in listeners[0].types() if kind != "snapshot"]
    assert sample(running, "g6_serial_cache_misses_total") == len(events_of_first)
    assert sample(running, "g6_serial_cache_hits_total") > 0


def test_one_trace_leads_from_the_collection_to_the_event(running: Running) -> None:
    running.cycle(overview={"n": 0})
    running.begin()
    one = Listening(running)
    one.hears("snapshot")
    bus = running.runtime.bus
    cycle = "2026-11-18T06:31:00Z"
    bus.publish(StageReport(cycle, "NIFTY", Stage.COLLECT, Status.OK), key=cycle)
    assert running.cycle(overview={"n": 1}) == cycle
    one.hears("end_of_cycle")
    trace = one.heard[-1].data["_trace"]
    (collected,) = [event for event in bus.read("0") if event.type == "unit.report"]
    assert trace["id"] == collected.meta.trace
    assert len(trace["id"]) == 32
    assert trace["publish_ts"] <= trace["serialize_ts"] <= trace["flush_ts"]


def test_an_event_that_is_too_large_is_marked_and_whoever_needs_it_asks_for_everything(
    running: Running,
) -> None:
    running.cycle(overview={"text": "short"})
    running.begin()
    one = Listening(running)
    one.hears("snapshot")
    running.cycle(overview={"text": "x" * 1_100_000})
    one.hears("snapshot", 2)
    (marked,) = [event for event in one.heard if event.type == "panel_diff"]
    assert marked.data["truncated"] > 1_000_000
    assert "diff" not in marked.data
    assert one.stream.state.panels == running.panels()
    eventually(lambda: sample(running, "g6_sse_events_truncated_total") == 1)
    assert sample(running, 'g6_sse_reconnects_total{reason="not_whole"}') == 1


def test_the_gauges_say_that_a_listener_does_not_read_and_that_it_is_gone(
    running: Running,
) -> None:
    running.cycle(overview={"text": "x"})
    running.begin()
    other = Listening(running)
    other.hears("snapshot")
    stalled = stalled_listener(running)
    for number in range(8):
        running.cycle(overview={"text": f"{number:02}" * 50_000})
        other.hears("end_of_cycle", number + 1)
    eventually(lambda: sample(running, "g6_events_degraded_mode") == 1.0)
    assert sample(running, "g6_adaptive_backlog_ratio") > 0
    assert sample(running, 'g6_adaptive_transitions_total{reason="enter"}') == 1
    assert sample(running, 'g6_events_backpressure_events_total{reason="drop"}') >= 1
    stalled.close()
    eventually(lambda: sample(running, "g6_events_degraded_mode") == 0.0)
    assert sample(running, "g6_adaptive_backlog_ratio") == 0.0


@pytest.mark.parametrize("seed", range(20))
def test_each_try_waits_longer_and_not_as_long_as_those_of_others(seed: int) -> None:
    waits = []
    for one in (random.Random(seed), random.Random(f"another {seed}")):
        stream = PanelStream("http://127.0.0.1:9", _random=one)
        stream.close()  # so that no wait takes any time
        for tries in range(1, 12):
            stream._wait(tries)
        longest = FIRST_WAIT_SECONDS
        for seconds in stream.waits:
            assert longest / 2 <= seconds <= longest
            longest = min(2 * longest, LONGEST_WAIT_SECONDS)
        waits.append(stream.waits)
    assert all(mine != theirs for mine, theirs in zip(*waits, strict=True))


def test_a_server_that_starts_five_times_finds_its_listener_again(running: Running) -> None:
    running.cycle(overview={"n": 0})
    running.begin()
    port = int(running.url.rpartition(":")[2])
    one = Listening(running)
    one.hears("snapshot")
    for number in range(1, 6):
        running.serving.end()
        running.cycle(overview={"n": number})
        running.begin(web_port=port)
        one.hears("snapshot", number + 1)
        assert one.stream.state.panels == running.panels()
        assert one.stream.state.losses == number
    assert one.stream.reconnects >= 5
    for seconds in one.stream.waits:
        assert FIRST_WAIT_SECONDS / 2 <= seconds <= LONGEST_WAIT_SECONDS
    eventually(lambda: sample(running, 'g6_sse_reconnects_total{reason="epoch"}') == 1)
    assert sample(running, 'g6_sse_snapshots_total{reason="lost"}') == 1
    assert sample(running, "g6_sse_backoff_seconds_count") >= 1
