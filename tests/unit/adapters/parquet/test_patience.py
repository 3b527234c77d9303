"""A bar only for what takes long, and only where somebody watches."""

import io

from rich.console import Console

from g6.adapters.parquet.queries.patience import shown
from tests.waiting import eventually


def console_to(screen: io.StringIO, *, terminal: bool) -> Console:
    return Console(file=screen, force_terminal=terminal, width=60)


def test_within_one_long_item_a_bar_is_shown() -> None:
    screen = io.StringIO()
    for _ in shown([1], "loading chain", console_to(screen, terminal=True), 0.0):
        eventually(lambda: "loading chain" in screen.getvalue())


def test_the_bar_says_how_much_is_done() -> None:
    screen = io.StringIO()
    for item in shown([1, 2, 3, 4], "loading chain", console_to(screen, terminal=True), 0.0):
        if item == 2:
            eventually(lambda: "25%" in screen.getvalue())


def test_what_is_quick_shows_nothing() -> None:
    screen = io.StringIO()
    assert list(shown([1, 2], "loading chain", console_to(screen, terminal=True), 60.0)) == [1, 2]
    assert screen.getvalue() == ""


def test_a_file_gets_no_bar() -> None:
    screen = io.StringIO()
    assert list(shown([1, 2], "loading chain", console_to(screen, terminal=False), 0.0)) == [1, 2]
    assert screen.getvalue() == ""
