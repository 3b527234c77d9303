"""What a terminal can show."""

from __future__ import annotations

import ast
import io
from pathlib import Path
from typing import Any

import pytest

from g6.config import load
from g6.entrypoints.cli.shared.screen import terminal
from g6.entrypoints.cli.shared.screen.terminal import console, plain
from g6.rendering.ascii_signs import SIGNS


def painted(capsys: pytest.CaptureFixture[str], **environ: str) -> str:
    console(load("", environ=environ)).print("[green]OK[/]")
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("environ", "coloured"),
    [
        ({"G6_COLOR": "1"}, True),
        ({"G6_COLOR": "0"}, False),
        ({"NO_COLOR": "1"}, False),
        ({}, False),
    ],
)
def test_colours_are_those_that_were_asked_for(
    capsys: pytest.CaptureFixture[str], environ: dict[str, str], coloured: bool
) -> None:
    assert ("\x1b[" in painted(capsys, **environ)) is coloured


def test_ascii_replaces_every_sign_that_has_a_spelling(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    stream: Any = io.TextIOWrapper(raw, encoding="utf-8")
    monkeypatch.setattr("sys.stdout", stream)
    plain()
    stream.write("".join(SIGNS) + "é")
    stream.flush()
    assert raw.getvalue().decode("ascii") == "".join(SIGNS.values()) + "?"


def test_every_sign_that_commands_write_has_a_spelling() -> None:
    pages = [
        ast.parse(path.read_text("utf-8"))
        for path in Path(terminal.__file__).parents[1].rglob("*.py")
    ]
    words = [
        each.value
        for page in pages
        for each in ast.walk(page)
        if isinstance(each, ast.Constant) and isinstance(each.value, str)
    ]
    assert {sign for sign in "".join(words) if not sign.isascii()} - set(SIGNS) == set()
