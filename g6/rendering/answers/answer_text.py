"""A study's answer as text, laid out as its command does for a screen of so many columns."""

from __future__ import annotations

import io

from rich.console import Console

from g6.rendering import parts
from g6.rendering.answers.option_words import OptionWords

__all__ = ["answer_text"]


def answer_text(study: str, document: object, columns: int, words: OptionWords) -> str:
    """Return the sentences and tables of a document, without colours.

    Args:
        study: The study's name.
        document: What it answered with.
        columns: The width. Tables show as many of their columns as fit.
        words: What stands for options in the sentences.
    """
    buffer = io.StringIO()
    console = Console(file=buffer, width=columns, no_color=True, highlight=False)
    parts.print_parts(console, parts.with_commands(parts.parts_of(study, document), words))
    lines = (line.rstrip() for line in buffer.getvalue().splitlines())
    return "\n".join(lines).rstrip() + "\n"
