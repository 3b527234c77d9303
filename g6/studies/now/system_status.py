"""The state of the running system: its newest cycle, indices, queues and market."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from g6.domain.documents.status import IndexStatus, RuntimeStatus, runtime_status
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
        page: All of it, which `/status` answers as JSON.
    """

    cycle: str | None
    indices: tuple[IndexStatus, ...]
    page: RuntimeStatus

    def columns(self) -> Mapping[str, list[object]]:
        """Return one line per index."""
        return columns_of(IndexStatus, self.indices)


def answer(reader: StatusReader, parameters: StatusParameters) -> SystemStatus:  # noqa: ARG001
    """Return the state of now.

    Raises:
        RedisDown: The system's Redis does not answer.
    """
    page = runtime_status(reader.facts(), reader.restart_reasons())
    return SystemStatus(page.cycle, page.indices, page)
