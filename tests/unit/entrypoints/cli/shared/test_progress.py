"""What takes longer shows how far it is: a bar to whoever watches, lines to a file."""

from __future__ import annotations

import ast
import io
from pathlib import Path

import pytest
from rich.console import Console

from g6.entrypoints import cli
from g6.entrypoints.cli.shared.screen import progress
from g6.entrypoints.cli.shared.screen.breaking_console import BreakingConsole
from g6.entrypoints.cli.shared.screen.progress import bar, followed


def told(*, terminal: bool, items: int = 20) -> str:
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=terminal, width=80)
    assert list(followed(range(items), "repairing NIFTY", console)) == list(range(items))
    return screen.getvalue()


def test_a_terminal_gets_a_bar_with_the_time_it_will_still_take() -> None:
    shown = told(terminal=True)
    assert "repairing NIFTY" in shown
    assert "━" in shown
    assert "20/20" in shown
    assert shown.count("0:00:0") >= 2


def test_a_file_gets_a_plain_line_for_every_tenth() -> None:
    lines = told(terminal=False).splitlines()
    assert lines == [f"repairing NIFTY: {done} of 20" for done in range(2, 21, 2)]


@pytest.mark.parametrize("coloured", [False, True], ids=["as it is", "console.colour=always"])
def test_a_pipe_gets_the_answer_alone(
    capsys: pytest.CaptureFixture[str], *, coloured: bool
) -> None:
    console = BreakingConsole(force_terminal=coloured or None)
    for _ in followed(range(4), "checking", console):
        pass
    console.print("the answer", style=None)
    shown = capsys.readouterr()
    assert shown.out == "the answer\n"
    assert "checking: 4 of 4" in shown.err


def test_what_is_printed_under_a_bar_on_standard_error_stays_in_the_answer(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with bar(Console(stderr=True, force_terminal=True, width=80)) as shown:
        shown.add_task("asking", total=None)
        print("the answer")
    assert capsys.readouterr().out == "the answer\n"


def test_every_bar_of_the_command_line_is_made_here() -> None:
    makers = {
        path
        for path in Path(cli.__path__[0]).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in {"Progress", "track"}
    }
    assert makers == {Path(progress.__file__)}
