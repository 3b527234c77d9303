"""Settings -> the sink of spans, where somebody wants traces."""

from __future__ import annotations

from g6.config import Settings
from g6.errors.extras import optional
from g6.ports import SpanSink


def span_sink(settings: Settings, namespace: str, version: str) -> SpanSink | None:
    """Return who takes the spans of cycles, None where nobody does.

    Raises:
        Unavailable: The libraries of OpenTelemetry are not installed.
    """
    endpoint = settings.tracing.otlp_endpoint
    if endpoint is None:
        return None
    # It imports 130 modules, which nobody else pays for.
    with optional():
        from g6.adapters.open_telemetry import otlp_sink
    return otlp_sink(endpoint, namespace, version)
