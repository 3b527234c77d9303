"""The sink: a server of time series, which takes points and may be away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Sink(Protocol):
    """A server that takes points. A point that comes twice replaces itself."""

    @property
    def name(self) -> str:
        """The word under which its backlog and its writes are counted."""
        ...

    def write(self, lines: Sequence[str]) -> int:
        """Send lines of InfluxDB's line protocol in one request.

        Returns:
            The bytes that were sent.

        Raises:
            SinkAway: It does not answer, or cannot take points now. The same lines may be sent
                again.
            SinkRefused: It will never take these lines.
        """
        ...
