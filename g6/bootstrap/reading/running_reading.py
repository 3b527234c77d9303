"""The running system as studies read it: its ports, and who owns its data directory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from g6.adapters.data_dir.owner import owner
from g6.bootstrap.processes.process_runtime import build_runtime
from g6.bootstrap.wiring import wire
from g6.config import Settings
from g6.domain.schema.json_reading import part
from g6.pipeline import Runtime
from g6.ports import Bus, Ledger, Vitals

__all__ = ["DirectoryRunning", "owners_of"]


@dataclass(frozen=True, slots=True)
class DirectoryRunning:
    """Reads the system that runs in a data directory or on a configured Redis."""

    runtime: Runtime
    directory: Path

    @classmethod
    def of(cls, settings: Settings) -> DirectoryRunning:
        """Return the reader of the system that runs under some settings.

        Raises:
            Unavailable: No Redis is known.
        """
        return cls(build_runtime(wire(settings)), settings.directory)

    @property
    def ledger(self) -> Ledger:
        """Return the account of cycles, units and stages."""
        return self.runtime.ledger

    @property
    def bus(self) -> Bus:
        """Return the stream of events."""
        return self.runtime.bus

    @property
    def vitals(self) -> Vitals:
        """Return the state of queues, workers and hosts."""
        return self.runtime.vitals

    @property
    def owners(self) -> Mapping[int, str]:
        """Return who owns the data directory of this host, by process id its name."""
        return owners_of(self.directory)


def owners_of(directory: Path) -> Mapping[int, str]:
    """Return who owns a data directory of this host, by process id its name."""
    record = owner(directory) or {}
    members = part(record, "members")
    return {int(pid): str(who) for pid, who in members.items()}
