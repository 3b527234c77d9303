"""Whether this machine can run a session: what is wrong, and the command that mends it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from g6.domain.documents.machine_facts import MachineFacts
from g6.ports.readers import MachineReader
from g6.studies.checks.health_finding import Check, HealthFinding
from g6.studies.checks.machine_checks import MACHINE_CHECKS
from g6.studies.checks.system_checks import SYSTEM_CHECKS
from g6.studies.documents import columns_of

__all__ = ["CHECKS", "HealthFinding", "HealthParameters", "MachineHealth", "answer", "findings"]

CHECKS: tuple[Check, ...] = (*MACHINE_CHECKS, *SYSTEM_CHECKS)
"""Every look, in the order of its findings."""


@dataclass(frozen=True, slots=True)
class HealthParameters:
    """Looks at everything. There is nothing to choose."""


@dataclass(frozen=True, slots=True)
class MachineHealth:
    """Everything that was looked at, in one order."""

    findings: tuple[HealthFinding, ...]

    @property
    def passes(self) -> bool:
        """Whether everything is well."""
        return all(finding.ok for finding in self.findings)

    @property
    def mark(self) -> str:
        """What is wrong: who watches is shown the findings again once that is another."""
        names = [finding.check for finding in self.findings if not finding.ok]
        return ", ".join(names) or "all is well"

    def with_fixes(self, completed: Callable[[str], str]) -> MachineHealth:
        """Return the same with every fix completed by a function."""
        return MachineHealth(
            tuple(replace(finding, fix=completed(finding.fix)) for finding in self.findings)
        )

    def columns(self) -> Mapping[str, list[object]]:
        """Return one line per thing."""
        return columns_of(HealthFinding, self.findings)


def answer(
    reader: MachineReader,
    parameters: HealthParameters,  # noqa: ARG001
) -> MachineHealth:
    """Look at Redis, the disk, the login, the calendar, the ports, the settings and the system."""
    return MachineHealth(tuple(findings(reader.facts())))


def findings(facts: MachineFacts) -> Iterator[HealthFinding]:
    """Yield what each check finds.

    >>> from datetime import date
    >>> from g6.domain.documents.machine_facts import CalendarHealth
    >>> facts = MachineFacts(0.0, CalendarHealth(date(2026, 11, 18), frozenset({2026})))
    >>> [finding.check for finding in findings(facts) if not finding.ok]
    ['redis']
    """
    for check in CHECKS:
        if facts.vitals is not None or not check.of_system:
            yield from check.look(facts)
