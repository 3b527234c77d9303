"""What takes longer shows how far it is: a bar to whoever watches, lines to a file."""

from __future__ import annotations

import io

from rich.console import Console

from g6.entrypoints.cli.shared.screen.progress import followed


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
