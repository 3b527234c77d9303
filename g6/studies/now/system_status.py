"""The state of the running system: its newest cycle, indices, queues and market."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from g6.domain.documents.status import IndexStatus, index_statuses, runtime_status
from g6.ports.readers import StatusReader
from g6.studies.documents import columns_of

__all__ = ["StatusParameters", "SystemStatus", "answer"]


@dataclass(frozen=True, slots=True)
class StatusParameters:
    """Asks how the running system fares. There is nothing to choose."""


@dataclass(frozen=True, slots=True)
class SystemStatus:
    """How the running system fares.

    Attributes:
        cycle: The newest cycle, None before the first one.
        indices: Each index in that cycle.
        page: All of it, as `/status` has it.
    """

    cycle: str | None
    indices: tuple[IndexStatus, ...]
    page: Mapping[str, object]

    def columns(self) -> Mapping[str, list[object]]:
        """Return one line per index."""
        return columns_of(IndexStatus, self.indices)


def answer(reader: StatusReader, parameters: StatusParameters) -> SystemStatus:  # noqa: ARG001
    """Return the state of now.

    Raises:
        RedisDown: The system's Redis does not answer.
    """
    facts = reader.facts()
    page = runtime_status(facts) | {"restart_needed": list(reader.restart_reasons())}
    cycle = None if facts.report is None else facts.report.cycle
    return SystemStatus(cycle, tuple(index_statuses(facts)), page)
