"""The lines that the processes of a machine wrote of themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from g6.domain.schema.json_types import Json


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of a log.

    Attributes:
        at: Its instant, ISO in UTC, empty where neither it nor a line before it says one.
        level: debug, info, warning or error.
        process: Whose log it stands in: `g6` for the run as a whole, `cycle`, `persist`, `beat` …
        event: What happened.
        cycle: The cycle that it is about, empty for none.
        index: The index that it is about.
        trace: The trace id of the message that was worked on.
        more: What else the line says.
    """

    at: str
    level: str
    process: str
    event: str
    cycle: str = ""
    index: str = ""
    trace: str = ""
    more: Mapping[str, Json] = field(default_factory=dict)


class LogReader(Protocol):
    """Reads the logs below a data directory, and changes nothing there."""

    @property
    def place(self) -> str:
        """Return where the logs are, as a person names it."""
        ...

    def lines(self, since: datetime | None) -> Sequence[LogLine]:
        """Return the lines that were written since the last call, by their instants.

        Args:
            since: Files whose last line is older are left out. None reads of each process the file
                that is being written and the one before it.

        Raises:
            NothingToDo: There is no log.
        """
        ...

    def wait(self, seconds: float) -> None:
        """Wait before the logs are read again."""
        ...
