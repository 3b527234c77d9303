"""Where a CSV file stands, and what its lines must say because of that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from g6.adapters.csv.sheet import CsvLine
from g6.domain.cycles.cycle import parse_z
from g6.domain.market.calendar import day_of


@dataclass(frozen=True, slots=True)
class LineKeys:
    """The day of a file, and the cells that every line of it holds, by column."""

    day: date
    cells: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, path: Path) -> LineKeys | None:
        """Return the place of a file by its path, None where the path says none."""
        try:
            day = date.fromisoformat(path.name.removesuffix(".csv"))
        except ValueError:
            return None
        if path.parents[1].name == "overview":
            return cls(day, {"index": path.parent.name})
        return cls(
            day,
            {
                "index": path.parents[2].name,
                "expiry_tag": path.parents[1].name,
                "offset": path.parent.name,
            },
        )

    def wrong(self, columns: Sequence[str], line: CsvLine) -> str:
        """Return what a line says that is not of this place, nothing when it belongs here."""
        day = day_of(parse_z(line.instant))
        if day != self.day:
            return f"is of {day}"
        cells = dict(zip(columns, line.cells, strict=True))
        strange = next(
            (name for name, word in self.cells.items() if cells.get(name, word) != word), None
        )
        return (
            f"has {strange} {cells[strange]!r} in a file of {self.cells[strange]}"
            if strange
            else ""
        )
