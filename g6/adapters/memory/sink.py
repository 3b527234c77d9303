"""A server of time series in memory."""

from __future__ import annotations

from collections.abc import Sequence

from g6.errors import SinkAway, SinkRefused


class MemorySink:
    """Sink port. It takes everything, unless it is told to be away or to refuse.

    Attributes:
        is_away: Whether it answers nobody.
        refuses: A word that no line may contain, empty for none.
        requests: The lines of each request that was taken.
        points: The newest fields of each series and instant.
    """

    name = "memory"

    def __init__(self) -> None:
        self.is_away = False
        self.refuses = ""
        self.requests: list[tuple[str, ...]] = []
        self.points: dict[tuple[str, str], str] = {}

    def write(self, lines: Sequence[str]) -> int:
        """Take lines.

        Raises:
            SinkAway: It is away.
            SinkRefused: A line contains the word that it refuses.
        """
        if self.is_away:
            raise SinkAway("the sink in memory is away")
        if self.refuses and any(self.refuses in line for line in lines):
            raise SinkRefused(f"the sink in memory refuses lines with {self.refuses}")
        self.requests.append(tuple(lines))
        for line in lines:
            series, _, rest = line.partition(" ")
            fields, _, instant = rest.rpartition(" ")
            self.points[series, instant] = fields
        return sum(len(line) + 1 for line in lines)
