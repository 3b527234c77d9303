"""The span sink: who takes the spans of cycles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from g6.domain.reports.spans import CycleSpan


class SpanSink(Protocol):
    """Takes the spans of cycles. A span that comes twice has the same ids."""

    def send(self, spans: Sequence[CycleSpan]) -> bool:
        """Send spans, and return whether they were taken."""
        ...
