"""A trading day as `g6 day` looks at it: the machine, the calendar and what is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from g6.adapters.data_dir.killed_systems import killed_systems
from g6.bootstrap.reading.study_readers import archive_reader, past_reader, stored_reader
from g6.bootstrap.wiring import live_clock
from g6.config import Settings
from g6.domain.market.instrument import INDICES, exchanges_of
from g6.domain.schema.layout import Folder
from g6.ports.readers import ArchiveReader, MachineReader, PastReader

__all__ = ["DayReading"]


@dataclass(frozen=True, slots=True)
class DayReading:
    """Looks at a day under some settings."""

    settings: Settings
    machine: MachineReader

    @property
    def at(self) -> datetime:
        """Return the market's instant: of a simulated market the newest one that is stored."""
        if self.settings.source.is_live:
            return live_clock(self.settings).market()
        return stored_reader(self.settings).last_cycle() or self.settings.market.start

    @property
    def exchanges(self) -> Sequence[str]:
        """Return the exchanges of the enabled indices."""
        return sorted(exchanges_of(INDICES[name] for name in self.settings.indices))

    @property
    def was_killed(self) -> bool:
        """Return whether the system that collected here last was killed, and none came after it.

        One that ends in order takes its roster along, and the next start that of a killed one.
        """
        rosters = self.settings.directory / Folder.RUNNING
        return any(system.collects for system in killed_systems(rosters))

    @property
    def start(self) -> str:
        """Return the command that starts the collection of a day."""
        return "g6 live" if self.settings.source.is_live else "g6 up"

    @property
    def past(self) -> PastReader:
        """Return the reader of the stored days."""
        return past_reader(self.settings)

    @property
    def archive(self) -> ArchiveReader:
        """Return the reader of the stored files."""
        return archive_reader(self.settings)
