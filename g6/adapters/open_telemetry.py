"""Spans of cycles as OpenTelemetry has them, sent by any exporter of its SDK."""

from __future__ import annotations

from collections.abc import Sequence

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, TraceFlags
from opentelemetry.trace.status import Status, StatusCode

from g6.domain.reports.spans import CycleSpan

SCOPE = InstrumentationScope("g6")
TIMEOUT_SECONDS = 5.0


class OpenTelemetrySink:
    """SpanSink port over an exporter.

    The spans are made whole: they are of the past and of other processes, which the SDK's tracers
    do not start.
    """

    def __init__(self, exporter: SpanExporter, namespace: str, version: str) -> None:
        self._exporter = exporter
        self._resource = Resource(
            {"service.name": "g6", "service.namespace": namespace, "service.version": version}
        )

    def send(self, spans: Sequence[CycleSpan]) -> bool:
        """Export spans, and return whether they were taken."""
        readable = [self._readable(span) for span in spans]
        return bool(self._exporter.export(readable) is SpanExportResult.SUCCESS)

    def _readable(self, span: CycleSpan) -> ReadableSpan:
        failed = Status(StatusCode.ERROR, str(span.facts.get("g6.reason", "")))
        return ReadableSpan(
            name=span.name,
            context=_context(span.trace, span.id),
            parent=_context(span.trace, span.parent) if span.parent else None,
            resource=self._resource,
            attributes={name: value for name, value in span.facts.items() if value != ""},
            kind=SpanKind.INTERNAL,
            status=failed if span.has_failed else Status(StatusCode.OK),
            start_time=round(span.began * 1e9),
            end_time=round(span.ended * 1e9),
            instrumentation_scope=SCOPE,
        )


def otlp_sink(endpoint: str, namespace: str, version: str) -> OpenTelemetrySink:
    """Return a sink that posts spans to a collector by OTLP over HTTP."""
    exporter = OTLPSpanExporter(endpoint=endpoint, timeout=TIMEOUT_SECONDS)
    return OpenTelemetrySink(exporter, namespace, version)


def _context(trace: str, span: str) -> SpanContext:
    flags = TraceFlags(TraceFlags.SAMPLED)
    return SpanContext(int(trace, 16), int(span, 16), is_remote=False, trace_flags=flags)
