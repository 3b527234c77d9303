"""The command line in a directory of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from g6.entrypoints.cli import main
from g6.entrypoints.cli.shared.screen import terminal
from tests.worlds.stored_cycles import STORED_CYCLES, Stored

__all__ = ["STORED_CYCLES", "Answer", "Run", "Stored"]


class Answer(NamedTuple):
    """What a command left: exit code and both streams."""

    code: int
    out: str
    err: str


Run = Callable[..., Answer]


@pytest.fixture
def g6(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        terminal, "plain_in_c_locale", lambda: None
    )  # the answers are compared as they are in UTF-8

    def run(*arguments: str) -> Answer:
        code = main(arguments)
        return Answer(code, *capsys.readouterr())

    return run
