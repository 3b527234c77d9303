"""The lines of one index's day, gathered and written once into each file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from g6.adapters.csv.csv_store import CsvStore
from g6.adapters.csv.lines import put_lines
from g6.domain.cycles.cycle import Unit
from g6.domain.schema.frame import Frame
from g6.domain.schema.overview_row import OverviewRow


@dataclass(slots=True)
class _FileLines:
    header: str
    lines: dict[str, str] = field(default_factory=dict)


class DayLines:
    """Gathers what `CsvStore` would write cycle by cycle.

    A line goes into each of a hundred files a cycle. Opened, locked and looked at 386 times a day
    they take longer than the figures in them.
    """

    def __init__(self, base: Path) -> None:
        self._store = CsvStore(base)
        self._files: dict[Path, _FileLines] = {}

    def add_chain(self, unit: Unit, frame: Frame) -> None:
        """Gather the lines of one unit's chain."""
        if len(frame):
            self._add(self._store.chain_lines(unit, frame))

    def add_overview(self, cycle: str, rows: Sequence[OverviewRow]) -> None:
        """Gather the lines of one cycle's overview rows."""
        self._add(self._store.overview_lines(cycle, rows))

    def _add(self, lines: Mapping[Path, tuple[str, str]]) -> None:
        for path, (header, line) in lines.items():
            of_file = self._files.setdefault(path, _FileLines(header))
            of_file.lines[line.partition(",")[0]] = line

    def write(self) -> None:
        """Put what was gathered into its files, and forget it.

        Raises:
            StoreBusy: A disk refuses a line.
        """
        for path, of_file in self._files.items():
            put_lines(path, of_file.header, of_file.lines)
        self._files.clear()
