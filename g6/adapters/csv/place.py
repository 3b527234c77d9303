"""The path of a CSV file, and what its lines must say because of that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from g6.adapters.csv.sheet import CsvLine
from g6.domain.cycles.cycle import parse_z
from g6.domain.market.calendar import day_of
from g6.domain.schema.layout import Kind, csv_place


@dataclass(frozen=True, slots=True)
class LineKeys:
    """The day of a file, and the cells that every line of it holds, by column."""

    day: date
    cells: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, path: Path) -> LineKeys | None:
        """Return the keys of a file by its path, None where the path has none."""
        is_overview = path.parents[1].name == Kind.OVERVIEW
        place = csv_place(path.parts[-3:] if is_overview else path.parts[-4:])
        if place is None:
            return None
        cells = {"index": place.index}
        if not is_overview:
            cells |= {"expiry_tag": place.bucket, "offset": place.offset}
        return cls(place.day, cells)

    def fault_of(self, columns: Sequence[str], line: CsvLine) -> str:
        """Return what a line says that is not of this file, "" when it belongs there."""
        day = day_of(parse_z(line.instant))
        if day != self.day:
            return f"is of {day}"
        cells = dict(zip(columns, line.cells, strict=True))
        for name, word in self.cells.items():
            if cells.get(name, word) != word:
                return f"has {name} {cells[name]!r} in a file of {word}"
        return ""
