"""Screens of cells: what is written is what is to be seen, and little more than what changed."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from g6.bootstrap.reading.board_reading import RunningBoard
from g6.domain.documents.board_facts import BoardFacts
from g6.domain.reports import CycleReport
from g6.rendering.screens.cells import CellScreen, painted
from g6.rendering.screens.top_board import board_lines, board_screen, cells_of
from g6.rendering.screens.top_chain import chain_screen
from g6.rendering.screens.top_head import TopView
from g6.rendering.screens.top_lines import TopLines
from tests.worlds.boards import CYCLES, Terminal, board_of, world_of_three_cycles

SIZES = [(80, 24), (120, 40), (200, 60)]
SNAPSHOTS = Path(__file__).parents[2] / "data" / "screens"
VIEW = TopView(index="NIFTY")
BUILD_UPS = {"NIFTY": "short_covering", "BANKNIFTY": "long_build_up"}
LEAST_REFRESH_BYTES = 2048


@pytest.fixture(scope="module")
def board() -> RunningBoard:
    """The reader of three cycles of two indices."""
    return board_of(world_of_three_cycles())


@pytest.fixture(scope="module")
def facts(board: RunningBoard) -> BoardFacts:
    """The state a second after the third cycle."""
    return board.facts()


@pytest.fixture(scope="module")
def history(board: RunningBoard) -> list[CycleReport]:
    """The stored cycles and the newest one."""
    stored = [board.report(cycle) for cycle in CYCLES[:-1]]
    newest = board.facts().report
    return [report for report in [*stored, newest] if report is not None]


def held_against(name: str, lines: Sequence[str]) -> None:
    """Compare with the file of that name. SNAPSHOTS=write writes it, to be looked at."""
    path = SNAPSHOTS / name
    text = "\n".join(lines).rstrip() + "\n"
    if os.environ.get("SNAPSHOTS") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
    assert text == path.read_text("utf-8")


@pytest.mark.parametrize("size", SIZES)
def test_the_board_looks_as_it_did(
    board: RunningBoard, facts: BoardFacts, history: list[CycleReport], size: tuple[int, int]
) -> None:
    strikes = board.strikes("NIFTY", CYCLES[-1])
    screen = board_screen(facts, history, BUILD_UPS, VIEW, size, strikes)
    held_against(f"board-{size[0]}x{size[1]}.txt", screen.lines())


@pytest.mark.parametrize("size", SIZES)
def test_the_chain_looks_as_it_did(
    board: RunningBoard, facts: BoardFacts, history: list[CycleReport], size: tuple[int, int]
) -> None:
    strikes = board.strikes("NIFTY", CYCLES[-1])
    held_against(
        f"chain-{size[0]}x{size[1]}.txt",
        chain_screen(facts, history, strikes, VIEW, size).lines(),
    )


def test_a_stored_chain_has_the_strikes_of_its_panel(board: RunningBoard) -> None:
    newest = board.strikes("NIFTY", CYCLES[-1])
    stored = super(RunningBoard, board).strikes("NIFTY", CYCLES[-1])
    assert [strike["strike"] for strike in stored] == [strike["strike"] for strike in newest]


@given(st.lists(st.tuples(st.integers(0, 3), st.text("ab ▁", max_size=12), st.sampled_from(" bgr"),
                          st.integers(0, 20)), max_size=12))  # fmt: skip
def test_a_terminal_shows_what_the_screen_says(puts: list[tuple[int, str, str, int]]) -> None:
    terminal = Terminal(20, 4)
    before: CellScreen | None = None
    for row, text, style, column in puts:
        screen = CellScreen(20, 4)
        if before is not None:
            screen = CellScreen(20, 4, list(before.texts), list(before.styles))
        screen.put(row, [(text, style)], column)
        terminal.write(painted(screen, before))
        assert terminal.lines == screen.lines()
        before = screen


def test_six_cells_that_change_take_less_than_two_kilobytes(
    board: RunningBoard, facts: BoardFacts, history: list[CycleReport]
) -> None:
    report = history[-1]
    strikes = board.strikes("NIFTY", CYCLES[-1])
    rows = [{**row, "spot": (row["spot"] or 0.0) + 1.05} for row in report.rows]
    moved = CycleReport.from_json({**report.to_json(), "rows": rows})
    for size in SIZES:
        old = board_screen(facts, history, BUILD_UPS, VIEW, size, strikes)
        new = board_screen(facts, [*history[:-1], moved], BUILD_UPS, VIEW, size, strikes)
        text = painted(new, old)
        assert 0 < len(text.encode()) < LEAST_REFRESH_BYTES
        assert painted(new, new) == ""


@pytest.mark.parametrize("size", [(40, 10), (41, 11), (79, 23), (80, 24), (300, 90), (12, 3)])
def test_whatever_the_size_nothing_is_wrapped(
    facts: BoardFacts, history: list[CycleReport], size: tuple[int, int]
) -> None:
    screen = board_screen(facts, history, BUILD_UPS, VIEW, size)
    assert {len(text) for text in screen.texts} == {size[0]}
    assert len(screen.texts) == size[1]


def test_ascii_keeps_every_cell_in_its_place(facts: BoardFacts, history: list[CycleReport]) -> None:
    screen = board_screen(facts, history, BUILD_UPS, VIEW, (120, 40))
    plain = screen.in_ascii()
    assert all(text.isascii() for text in plain.texts)
    assert [len(text) for text in plain.texts] == [120] * 40
    assert "?" not in "".join(plain.texts).replace("? help", "")


def test_without_colours_only_bold_dim_and_inverse_are_sent(
    facts: BoardFacts, history: list[CycleReport]
) -> None:
    screen = board_screen(facts, history, {}, VIEW, (80, 24))
    text = painted(screen, None, has_colours=False)
    assert re.search(r"\x1b\[(0;)?3\dm", text) is None
    assert re.search(r"\x1b\[(0;)?3\dm", painted(screen, None)) is not None


def test_old_data_is_called_stale_and_dimmed(facts: BoardFacts, history: list[CycleReport]) -> None:
    late = replace(facts, now=facts.now.replace(minute=40))
    screen = board_screen(late, history, {}, VIEW, (80, 24))
    assert screen.lines()[0].endswith("STALE")
    assert "no newer cycle than" in screen.lines()[4]


def test_an_index_that_the_filter_leaves_out_is_not_listed(
    facts: BoardFacts, history: list[CycleReport]
) -> None:
    view = TopView(index="BANKNIFTY", pattern="bank")
    assert [line.index for line in board_lines(facts, history[-1], {}, view)] == ["BANKNIFTY"]
    nothing = board_screen(facts, history, {}, TopView(pattern="xyz"), (80, 24))
    assert "no index has 'xyz'" in "\n".join(nothing.lines())


def test_a_healthy_system_has_a_value_in_every_cell(
    facts: BoardFacts, history: list[CycleReport]
) -> None:
    for line in board_lines(facts, history[-1], BUILD_UPS, VIEW):
        assert "–" not in cells_of(line).values(), cells_of(line)


def test_lines_have_only_what_changed(facts: BoardFacts, history: list[CycleReport]) -> None:
    lines = TopLines()
    first = lines.after(replace(facts, report=history[1]))
    assert first[0] == "Wed 18 Nov 2026 11:01 IST, 2 indices"
    assert "status OK" in first[1]
    second = lines.after(replace(facts, report=history[2]))
    assert second
    assert not any("status" in line or "source" in line for line in second)
    assert lines.after(replace(facts, report=history[2])) == []
