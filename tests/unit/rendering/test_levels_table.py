"""The table of levels through a session."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from rich.console import Console

from g6.rendering.parts import Line, print_parts
from g6.rendering.tables.stored.levels_table import LevelsView, fitted, parts
from g6.studies.stored.overview.levels_by_cycle import FIGURES, LevelsByCycle

DAY = date(2026, 11, 24)
NEXT = date(2026, 12, 1)


def levels(expiry: tuple[date | None, ...]) -> LevelsByCycle:
    count = len(expiry)
    first = datetime(2026, 11, 24, 9, 58, tzinfo=UTC)
    instants = tuple(first + timedelta(minutes=n) for n in range(count))
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
    print_parts(console, parts(levels((DAY, NEXT)), LevelsView()))
    text = console.export_text()
    (line,) = [line for line in text.splitlines() if line.lstrip().startswith("15:29")]
    assert line.split()[1] == "*"
    assert "* from 15:29 on, figures are of the expiry Tue 01 Dec" in text


def test_a_session_of_one_expiry_has_no_mark() -> None:
    lines = [
        part.text for part in parts(levels((NEXT, NEXT)), LevelsView()) if isinstance(part, Line)
    ]
    assert lines == []


def test_a_low_screen_shows_cycles_of_the_whole_session_and_marks_the_line_after_a_roll() -> None:
    session = levels((DAY,) * 8 + (NEXT,) * 12)
    console = Console(width=80, height=14, record=True, force_terminal=False)
    print_parts(console, parts(session, fitted(LevelsView(), console.height)))
    text = console.export_text()
    clocks = [line.split()[0] for line in text.splitlines() if line.lstrip().startswith("15:")]
    assert clocks == ["15:28", "15:38", "15:47"]
    (line,) = [line for line in text.splitlines() if line.split()[1:2] == ["*"]]
    assert line.lstrip().startswith("15:38")
    assert "3 of 20 cycles" in text
    assert "--all shows all" in text
    assert fitted(LevelsView(all_=True), 14) == LevelsView(all_=True)
