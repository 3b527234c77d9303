"""The table of levels through a session."""

from __future__ import annotations

from datetime import UTC, date, datetime

from rich.console import Console

from g6.rendering.parts import Line, NoView, print_parts
from g6.rendering.tables.stored.levels_table import parts
from g6.studies.stored.overview.levels_by_cycle import FIGURES, LevelsByCycle

DAY = date(2026, 11, 24)
NEXT = date(2026, 12, 1)


def levels(expiry: tuple[date | None, ...]) -> LevelsByCycle:
    count = len(expiry)
    instants = tuple(datetime(2026, 11, 24, 9, 58 + n, tzinfo=UTC) for n in range(count))
    return LevelsByCycle(
        index="NIFTY",
        cycle="2026-11-24T10:00:00Z",
        day=DAY,
        opens=None,
        closes=None,
        cycles=count,
        instant=instants,
        expiry=expiry,
        status=("OK",) * count,
        figures=dict.fromkeys(FIGURES, (24000.0,) * count),
    )


def test_the_cycle_from_which_on_figures_are_of_another_expiry_is_marked() -> None:
    console = Console(width=80, record=True, force_terminal=False)
    print_parts(console, parts(levels((DAY, NEXT)), NoView()))
    text = console.export_text()
    (line,) = [line for line in text.splitlines() if line.lstrip().startswith("15:29")]
    assert line.split()[1] == "*"
    assert "* from 15:29 on, figures are of the expiry Tue 01 Dec" in text


def test_a_session_of_one_expiry_has_no_mark() -> None:
    lines = [part.text for part in parts(levels((NEXT, NEXT)), NoView()) if isinstance(part, Line)]
    assert lines == []
