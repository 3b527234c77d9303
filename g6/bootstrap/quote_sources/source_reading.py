"""The sources of quotes that there are: those that ship, and those of other distributions."""

from __future__ import annotations

from collections.abc import Sequence

from g6.config.source_table import SHIPPED, plugged_in
from g6.ports.readers import SourceLine


class RegisteredSources:
    """The table of sources, and the entry points of other distributions."""

    def sources(self) -> Sequence[SourceLine]:
        """Return the sources that ship, then those of other distributions."""
        lines = [
            SourceLine(source.name, source.summary, tuple(sorted(source.abilities)))
            for source in SHIPPED
        ]
        for point in plugged_in():
            distribution = point.dist.name if point.dist else "an entry point"
            summary = f"plugged in by {distribution} ({point.value})"
            # Its record would say what it can do, and importing it may fail or take long.
            lines.append(SourceLine(point.name, summary, None))
        return lines
