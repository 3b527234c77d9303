"""Sentences break at blanks, and commands stay whole."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.text import Text

from g6.entrypoints.cli.shared.screen.breaking_console import BreakingConsole
from g6.entrypoints.cli.shared.screen.line_breaks import broken, broken_text

FIX = "g6 data repair --from 2026-11-18 --to 2026-11-18 --data-dir '/tmp/my rows'"


def test_what_fits_stays_as_it_is() -> None:
    text = "one line\n\n  another line"
    assert broken(text, 80) == text


def test_further_lines_stand_below_the_first_word() -> None:
    sentence = f"  ✓ gaps: {'word ' * 30}"
    first, second, *_ = broken(sentence, 80).splitlines()
    assert len(first) <= 80
    assert second.startswith("    word")


@pytest.mark.parametrize(
    "sentence",
    [
        f"  fix: stop it and wait for its end, then call {FIX}",
        f"    fix: {FIX}",
        f"it is filled by {FIX}, or left as it is: whoever asks for it later finds what is there",
        "stop it (kill -TERM 4711), or start a worker elsewhere: celery -A g6 worker -Q manual",
    ],
)
@pytest.mark.parametrize("width", [40, 60, 80])
def test_a_command_stays_on_one_line(sentence: str, width: int) -> None:
    lines = broken(sentence, width).splitlines()
    for command in (FIX, "kill -TERM 4711", "celery -A g6 worker -Q manual"):
        assert sum(command in line for line in lines) == sentence.count(command)
    assert " ".join(" ".join(lines).split()) == " ".join(sentence.split())


def test_styles_stay_where_they_were() -> None:
    text = Text.assemble(("bold ", "bold"), "word " * 30)
    assert broken_text(text, 60).spans[0].style == "bold"


def test_a_terminal_shows_whole_words_and_a_pipe_whole_lines() -> None:
    sentence = "[bold]a[/bold] " + "sentence of many words " * 8
    shown = {}
    for is_terminal in (True, False):
        file = StringIO()
        console = BreakingConsole(
            file=file, width=60, force_terminal=is_terminal, color_system=None, highlight=False
        )
        console.print(sentence, soft_wrap=True)
        shown[is_terminal] = file.getvalue()
    assert "\n" not in shown[False].strip()
    assert all(len(line) <= 60 for line in shown[True].splitlines())
    assert shown[True].split() == shown[False].split()
