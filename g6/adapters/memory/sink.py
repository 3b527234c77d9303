"""A server of time series, and a channel to people, in memory."""

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


class MemoryChannel:
    """AlarmChannel port. It takes everything, unless it is told to be away.

    Attributes:
        is_away: Whether it takes no message.
        messages: Titles and texts that it took.

    >>> channel = MemoryChannel("1 (memory)")
    >>> channel.send("G6: test", "text")
    >>> channel.messages
    [('G6: test', 'text')]
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.is_away = False
        self.messages: list[tuple[str, str]] = []

    def send(self, title: str, text: str) -> None:
        """Take a message.

        Raises:
            SinkAway: It is away.
        """
        if self.is_away:
            raise SinkAway(f"channel {self.name} took no message: it is away")
        self.messages.append((title, text))
