"""What a look at the machine found, as lines marked as well or not."""

from __future__ import annotations

from collections.abc import Iterator

from g6.rendering.parts import Line, NoView, Part
from g6.rendering.tables.finding_lines import finding_lines
from g6.studies.checks.machine_health import MachineHealth


def parts(document: MachineHealth, _: NoView) -> Iterator[Part]:
    """Yield a line per thing, the fix of one that is wrong, and how many are."""
    yield from finding_lines(document.findings)
    wrong = sum(not finding.ok for finding in document.findings)
    yield Line(f"{wrong} to mend" if wrong else "all is well")


def json_value(document: MachineHealth) -> dict[str, object]:
    """Return the findings, and whether all is well."""
    return {"ok": document.passes, "findings": document.findings}
