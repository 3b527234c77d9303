"""Whether everything that is stored is whole: every damage, with what mends it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated

from g6.ports.history import Finding
from g6.ports.readers import DamageReader, DamageSearch
from g6.studies.documents import columns_of
from g6.studies.parameters import Parameter, session_day

__all__ = ["DamageParameters", "StoredDamage", "answer"]

DamageTrack = Callable[[Sequence[DamageSearch]], Iterable[DamageSearch]]


@dataclass(frozen=True, slots=True)
class DamageParameters:
    """Asks for the damage of everything that is stored, or of one day."""

    day: Annotated[
        date | None,
        Parameter(
            "Only this session day, such as 2026-11-20; else all.",
            "2026-11-18",
            option="--date",
            metavar="DAY",
            read_at=session_day,
        ),
    ] = None


@dataclass(frozen=True, slots=True)
class StoredDamage:
    """The damage of a data directory.

    Attributes:
        place: The directory.
        findings: Each damage, with its file and what mends it.
    """

    place: str
    findings: tuple[Finding, ...]

    @property
    def passes(self) -> bool:
        """Whether everything is whole."""
        return not self.findings

    def columns(self) -> Mapping[str, list[object]]:
        """Return one line per damage."""
        return columns_of(Finding, self.findings)

    def with_fixes(self, completed: Callable[[str], str]) -> StoredDamage:
        """Return the same with every fix completed by a function."""
        findings = [replace(finding, fix=completed(finding.fix)) for finding in self.findings]
        return replace(self, findings=tuple(findings))


def answer(
    reader: DamageReader, parameters: DamageParameters, track: DamageTrack = iter
) -> StoredDamage:
    """Read every stored file and return what is damaged.

    Args:
        reader: Searches the directory part by part.
        parameters: Which day.
        track: Shows the progress over the parts.
    """
    findings = reader.lasting(track(reader.searches(parameters.day)))
    return StoredDamage(reader.place, tuple(findings))
