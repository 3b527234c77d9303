"""Cells of notebooks, run in this process: six kernels took 50 s to start.

This module is imported where cells are run. What it needs takes three seconds of processor time,
which each process of a run of tests spent to collect tests of which one process runs these.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import matplotlib as mpl
import nbformat
import pandas as pd
from IPython.core.displayhook import DisplayHook
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from traitlets.config import Config

AS_IN_A_KERNEL = ("display.width", 80, "display.max_columns", 20)
"""pandas takes what is no kernel for a terminal, of which it asks the width."""


class SilentHook(DisplayHook):
    """Keeps what a cell answers, and prints nothing of it."""

    def write_output_prompt(self) -> None:
        """Print no `Out[1]:`."""

    def write_format_data(self, format_dict: object, md_dict: object = None) -> None:
        """Print no answer."""

    def finish_displayhook(self) -> None:
        """Print no line end."""


@contextmanager
def quiet_shell() -> Iterator[InteractiveShell]:
    """Give what a kernel runs cells with."""
    # Cells that are run in this process draw without a display. A kernel of its own has its own.
    mpl.use("Agg")
    quiet = Config()
    quiet.HistoryManager.enabled = False
    shell = InteractiveShell(config=quiet, displayhook_class=SilentHook)
    # Of a picture its words are asked for: drawing each costs a second.
    shell.display_formatter.active_types = ["text/plain"]
    with pd.option_context(*AS_IN_A_KERNEL):
        yield shell


def shipped(path: Path) -> Sequence[nbformat.NotebookNode]:
    """Return the cells of a notebook."""
    cells: Sequence[nbformat.NotebookNode] = nbformat.read(path, as_version=4).cells
    return cells


def answers_of(shell: InteractiveShell, source: str) -> list[str]:
    """Run a cell, and return what it printed, and what it answered in words.

    Raises:
        Exception: What the cell raised.
    """
    with capture_output() as captured:
        done = shell.run_cell(source, store_history=True)
    done.raise_error()
    answers = [captured.stdout]
    if done.result is not None:
        answers.append(shell.display_formatter.format(done.result)[0]["text/plain"])
    return answers
