"""The damage of a data directory on a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rich.markup import escape

from g6.rendering.parts import Line, NoView, Part
from g6.studies.checks.stored_damage import StoredDamage

MOST_SHOWN = 50
"""Findings on a terminal; --json lists them all."""


def parts(document: StoredDamage, _: NoView) -> Iterator[Part]:
    """Yield a line and a fix per damage, and how many there are of each kind."""
    for finding in document.findings[:MOST_SHOWN]:
        sentence = f"{finding.kind}: {finding.path}: {finding.what}"
        yield Line(escape(f"{sentence}\n  fix: {finding.fix}"))
    more = len(document.findings) - MOST_SHOWN
    if more > 0:
        yield Line(f"… and {more} more; --json lists them all")
    if document.passes:
        yield Line(f"everything in {document.place} is whole")
        return
    counts = Counter(finding.kind for finding in document.findings).most_common()
    kinds = ", ".join(f"{count} {kind}" for kind, count in counts)
    yield Line(f"{len(document.findings)} damages: {kinds}")


def json_value(document: StoredDamage) -> dict[str, object]:
    """Return the findings under the names that are published."""
    return {"findings": document.findings, "count": len(document.findings)}
