"""The damage of a data directory, as the study of it reads it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from g6.adapters.clocks import WallClock
from g6.adapters.data_dir.owner import owner
from g6.bootstrap.stored_files.damage_search import lasting, searches
from g6.config import Settings
from g6.ports.history import Finding
from g6.ports.readers import DamageSearch

__all__ = ["DirectoryDamage"]

SETTLING_SECONDS = 3.0
"""How long a cycle's last file may come after its first: 0.4 s on a loaded machine of two cores."""


@dataclass(frozen=True, slots=True)
class DirectoryDamage:
    """Searches the configured data directory, its CSV files and its panels."""

    settings: Settings

    @property
    def place(self) -> str:
        """Return the directory."""
        return str(self.settings.directory)

    def searches(self, day: date | None) -> Sequence[DamageSearch]:
        """Return a search for each part of the directory, or of one session day."""
        return searches(self.settings, day)

    def lasting(self, searches: Iterable[DamageSearch]) -> Sequence[Finding]:
        """Return the damage that searches find, twice where a running system writes meanwhile."""
        # A running system is between two files of a cycle: what is damaged is looked at twice.
        is_running = owner(self.settings.directory) is not None
        return lasting(searches, WallClock(), SETTLING_SECONDS if is_running else 0.0)
