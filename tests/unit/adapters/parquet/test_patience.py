"""A bar only for what takes long, and only where somebody watches."""

import io

from rich.console import Console

from g6.adapters.parquet.queries.patience import shown


def told(patience: float, *, terminal: bool) -> str:
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=terminal, width=60)
    assert list(shown([1, 2, 3], "loading chain", console, patience)) == [1, 2, 3]
    return screen.getvalue()


def test_what_takes_longer_is_followed_by_a_bar() -> None:
    assert "loading chain" in told(-1.0, terminal=True)


def test_what_is_quick_shows_nothing() -> None:
    assert told(60.0, terminal=True) == ""


def test_a_file_gets_no_bar() -> None:
    assert told(-1.0, terminal=False) == ""
