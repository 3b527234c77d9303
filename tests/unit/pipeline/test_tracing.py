"""Traces: one for a cycle, from the message of beat to its panels, in any OpenTelemetry exporter."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from threading import Thread
from typing import Any

import pytest

from g6 import pipeline
from g6.adapters.memory.span_sink import MemorySpanSink
from g6.domain.reports.events import trace_of
from g6.domain.reports.spans import spans_of
from g6.pipeline.maintenance.tracing import SUBSCRIBER, CycleTracer
from tests.worlds.pipeline import FIRST, NIFTY, SECOND, World

# An environment that was made before this extra has no SDK: there its tests say so.
pytest.importorskip("opentelemetry.sdk.trace", reason="make lock's environment has it: make test")
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
)
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import (
    InMemorySpanExporter,
)
from opentelemetry.trace.status import StatusCode

OPEN_TELEMETRY: Any = import_module("g6.adapters.open_telemetry")


@pytest.fixture
def sink() -> MemorySpanSink:
    return MemorySpanSink()


@pytest.fixture
def tracer(world: World, sink: MemorySpanSink) -> CycleTracer:
    return CycleTracer(world.bus, world.clock, sink)


def exported(world: World, *cycles: str) -> list[ReadableSpan]:
    """Return what an exporter of OpenTelemetry gets of some cycles."""
    exporter = InMemorySpanExporter()
    sink = OPEN_TELEMETRY.OpenTelemetrySink(exporter, "g6", "1")
    traced = CycleTracer(world.bus, world.clock, sink)
    for cycle in cycles:
        world.cycle(cycle)
    while traced.step() and world.bus.positions()[SUBSCRIBER].id != world.bus.bounds()[1]:
        pass
    return list(exporter.get_finished_spans())


def test_a_cycle_is_one_trace_from_its_first_stage_to_its_panels(world: World) -> None:
    spans = exported(world, FIRST)
    assert {f"{span.context.trace_id:032x}" for span in spans} == {trace_of("g6", FIRST)}
    (whole,) = [span for span in spans if span.parent is None]
    assert whole.name == "cycle"
    stages = {span.name for span in spans if not span.name.startswith("wait")}
    assert stages == {"cycle", "publish"} | {
        f"{stage} {index}"
        for stage in ("collect", "analyse", "persist")
        for index in ("NIFTY", "BANKNIFTY")
    }
    assert {span.parent.span_id for span in spans if span.parent} == {whole.context.span_id}


def test_every_cycle_has_a_trace_of_its_own(world: World) -> None:
    spans = exported(world, FIRST, SECOND)
    traces = {f"{span.context.trace_id:032x}" for span in spans}
    assert traces == {trace_of("g6", FIRST), trace_of("g6", SECOND)}


def test_a_span_says_index_status_and_what_the_time_was_spent_on(world: World) -> None:
    (span,) = [span for span in exported(world, FIRST) if span.name == "collect NIFTY"]
    assert span.attributes is not None
    assert span.attributes["g6.index"] == "NIFTY"
    assert span.attributes["g6.status"] == "OK"
    assert "g6.seconds.quotes" in span.attributes
    assert span.end_time is not None
    assert span.start_time is not None
    assert span.end_time >= span.start_time
    assert span.status.status_code == StatusCode.OK


def test_a_unit_that_is_missing_is_an_error_with_its_reason(world: World) -> None:
    exporter = InMemorySpanExporter()
    traced = CycleTracer(
        world.bus, world.clock, OPEN_TELEMETRY.OpenTelemetrySink(exporter, "g6", "1")
    )
    world.later(1_000.0)
    world.run(NIFTY, "collect")
    assert traced.step() is True
    (span,) = [s for s in exporter.get_finished_spans() if s.name == "collect NIFTY"]
    assert span.status.status_code == StatusCode.ERROR
    assert span.status.description == "expired"


def test_spans_that_were_not_taken_are_sent_again_with_the_same_ids(
    world: World, tracer: CycleTracer, sink: MemorySpanSink
) -> None:
    world.cycle(FIRST)
    sink.is_away = True
    assert tracer.step() is False
    sink.is_away = False
    assert tracer.step() is True
    assert len({span.id for span in sink.spans}) == len(sink.spans)
    again = [span for event in world.bus.read("0") for span in spans_of(event)]
    assert again == sink.spans


def test_what_is_of_no_cycle_is_passed_by(
    world: World, tracer: CycleTracer, sink: MemorySpanSink
) -> None:
    pipeline.heartbeat(world.runtime)
    assert tracer.step() is True
    assert sink.spans == []


@pytest.fixture
def collector() -> Iterator[tuple[str, list[ExportTraceServiceRequest]]]:
    """A collector on a free port, and what was posted to it."""
    requests: list[ExportTraceServiceRequest] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            requests.append(ExportTraceServiceRequest.FromString(body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/v1/traces", requests
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_collector_gets_them_by_otlp(
    world: World, collector: tuple[str, list[ExportTraceServiceRequest]]
) -> None:
    address, requests = collector
    traced = CycleTracer(world.bus, world.clock, OPEN_TELEMETRY.otlp_sink(address, "g6", "1"))
    world.cycle(FIRST)
    assert traced.step() is True
    spans = [
        span
        for request in requests
        for resource in request.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
    assert {span.trace_id.hex() for span in spans} == {trace_of("g6", FIRST)}
    assert {span.name for span in spans} >= {"cycle", "collect NIFTY", "publish"}
