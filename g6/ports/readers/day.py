"""What the checklist of a trading day reads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from g6.ports.readers.archive_reader import ArchiveReader
from g6.ports.readers.machine import MachineReader
from g6.ports.readers.past import PastReader


class DayReader(Protocol):
    """Reads the machine, the calendar and what is stored, and changes nothing."""

    @property
    def at(self) -> datetime:
        """Return the market's instant: of a simulated market the newest one that is stored."""
        ...

    @property
    def exchanges(self) -> Sequence[str]:
        """Return the exchanges of the enabled indices."""
        ...

    @property
    def was_killed(self) -> bool:
        """Return whether the system that collected here last was killed, and none came after it."""
        ...

    @property
    def start(self) -> str:
        """Return the command that starts the collection of a day."""
        ...

    @property
    def machine(self) -> MachineReader:
        """Return the reader of this machine and the system that runs on it."""
        ...

    @property
    def past(self) -> PastReader:
        """Return the reader of the stored days."""
        ...

    @property
    def archive(self) -> ArchiveReader:
        """Return the reader of the stored files."""
        ...
