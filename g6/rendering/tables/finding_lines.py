"""What was looked at, as a line marked as well or not, with the fix of what is wrong below it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.markup import escape

from g6.rendering.parts import Line
from g6.studies.checks.health_finding import HealthFinding

__all__ = ["finding_lines"]


def finding_lines(findings: Iterable[HealthFinding]) -> Iterator[Line]:
    """Yield a line per thing, and the fix of one that is wrong."""
    for finding in findings:
        mark = "✓" if finding.ok else "✗"
        fix = f"\n  fix: {finding.fix}" if finding.fix else ""
        # `interval: 60 [file] -> 30 [env]`: rich took the brackets for marks and left them out.
        yield Line(escape(f"{mark} {finding.check}: {finding.seen}{fix}"))
