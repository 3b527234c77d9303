"""Whether the running system is ready, part by part: what `/readyz` says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace

from g6.domain.documents.readiness import PARTS, Trouble, troubles
from g6.domain.documents.system_facts import Latency, SystemFacts
from g6.ports.readers import StatusReader
from g6.studies.documents import columns_of

__all__ = ["PartHealth", "SystemHealth", "SystemHealthParameters", "answer", "health_of"]


@dataclass(frozen=True, slots=True)
class SystemHealthParameters:
    """Asks whether the running system is ready. There is nothing to choose."""


@dataclass(frozen=True, slots=True)
class PartHealth:
    """One part of the running system.

    Attributes:
        part: Its name.
        ok: Whether it is ready.
        seen: What keeps it from being ready, empty where nothing does.
        fix: The command that mends it.
    """

    part: str
    ok: bool
    seen: str = ""
    fix: str = ""


@dataclass(frozen=True, slots=True)
class SystemHealth:
    """Whether the running system is ready.

    Attributes:
        parts: Every part, a line for each thing that is wrong with it.
        missing: What is wrong, a line each.
        latency: How long cycles and requests take, of all that the totals have counted.
    """

    parts: tuple[PartHealth, ...]
    missing: tuple[str, ...] = ()
    latency: Mapping[str, Latency] = field(default_factory=dict)

    @property
    def passes(self) -> bool:
        """Whether everything is ready."""
        return not self.missing

    @property
    def mark(self) -> str:
        """What is wrong: who watches is shown the parts again once that is another."""
        return ", ".join(part.part for part in self.parts if not part.ok) or "ready"

    def with_fixes(self, completed: Callable[[str], str]) -> SystemHealth:
        """Return the same with every fix completed by a function."""
        parts = tuple(replace(part, fix=completed(part.fix)) for part in self.parts)
        return replace(self, parts=parts)

    def columns(self) -> Mapping[str, list[object]]:
        """Return one line per part."""
        return columns_of(PartHealth, self.parts)

    def to_json(self) -> dict[str, object]:
        """Return what `/readyz` answers with. The names are published."""
        return {
            "ready": self.passes,
            "missing": list(self.missing),
            "parts": [asdict(part) for part in self.parts],
            "latency": {what: asdict(latency) for what, latency in self.latency.items()},
        }


def answer(
    reader: StatusReader,
    parameters: SystemHealthParameters,  # noqa: ARG001
) -> SystemHealth:
    """Return whether the running system is ready now."""
    return health_of(reader.facts())


def health_of(facts: SystemFacts) -> SystemHealth:
    """Return the health of a system by its facts."""
    wrong = list(troubles(facts))
    return SystemHealth(
        tuple(_parts(wrong)), tuple(trouble.text for trouble in wrong), facts.latencies
    )


def _parts(wrong: list[Trouble]) -> Iterator[PartHealth]:
    for part in PARTS:
        own = [trouble for trouble in wrong if trouble.part == part]
        if not own:
            yield PartHealth(part, ok=True)
        for trouble in own:
            yield PartHealth(part, ok=False, seen=trouble.sentence, fix=trouble.fix)
