"""Spans in one process's memory."""

from __future__ import annotations

from collections.abc import Sequence

from g6.domain.reports.spans import CycleSpan


class MemorySpanSink:
    """SpanSink port. `spans` holds what was sent; while `is_away` nothing is taken."""

    def __init__(self) -> None:
        self.spans: list[CycleSpan] = []
        self.is_away = False

    def send(self, spans: Sequence[CycleSpan]) -> bool:
        """Keep spans, and return whether they were taken."""
        if not self.is_away:
            self.spans += spans
        return not self.is_away
